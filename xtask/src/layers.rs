//! The layer table: which crate may depend on which, and whose each driver is.
//!
//! Must not look at anything but declared dependencies: the compiler sees to the rest.

use serde_json::Value;

use crate::Finding;

/// One crate's row.
struct Layer {
    name: &'static str,
    /// The project's own crates that it may depend on.
    ours: &'static [&'static str],
    /// How many normal dependencies it may have: a bound that only a reason may raise.
    most: usize,
}

const CORE: &str = "oncelink-core";
const KERNEL: &str = "oncelink-kernel";
const TESTKIT: &str = "oncelink-testkit";
/// Binaries may import everything.
const BINARY: &str = "oncelink";
/// A binary too, but every cold start loads it: engines that it can't use stay out.
const FUNCTION: &str = "oncelink-lambda";
const IN_THE_FUNCTION: [&str; 6] =
    [CORE, "oncelink-config", "oncelink-http", "oncelink-objects-s3", "oncelink-store-dynamodb", "oncelink-system"];

const LAYERS: [Layer; 15] = [
    Layer { name: CORE, ours: &[], most: 6 },
    // The only `unsafe`, beneath whoever has a socket.
    Layer { name: KERNEL, ours: &[], most: 1 },
    Layer { name: "oncelink-system", ours: &[CORE], most: 6 },
    Layer { name: "oncelink-store-sqlite", ours: &[CORE], most: 8 },
    // TLS takes three of them: the protocol, the authorities, and the driver's way to both.
    Layer { name: "oncelink-store-postgres", ours: &[CORE], most: 9 },
    Layer { name: "oncelink-store-dynamodb", ours: &[CORE], most: 8 },
    Layer { name: "oncelink-objects-local", ours: &[CORE], most: 9 },
    // The SDK is several crates, and the HTTP client beneath it is ours (ADR 15).
    Layer { name: "oncelink-objects-s3", ours: &[CORE, KERNEL], most: 19 },
    Layer { name: "oncelink-objects-zip", ours: &[CORE], most: 9 },
    Layer { name: "oncelink-config", ours: &[CORE], most: 9 },
    Layer { name: TESTKIT, ours: &[CORE], most: 8 },
    // It starts the program like anybody; only its micro-benchmarks and the redeems that are counted look inside.
    Layer { name: "oncelink-bench", ours: &[CORE, "oncelink-http", "oncelink-store-sqlite"], most: 4 },
    // Histories are what clients see: not even its tests look inside.
    Layer { name: "oncelink-prove", ours: &[], most: 4 },
    // The widest: routing, pages, OpenAPI, metrics and rate limits are all of HTTP's making; the console signs its sessions and
    // draws QR codes.
    Layer { name: "oncelink-http", ours: &[CORE], most: 25 },
    Layer { name: "oncelink-server", ours: &[CORE, "oncelink-http", KERNEL], most: 12 },
];

/// All that the rules may import.
const CORE_ONLY: [&str; 6] = ["async-trait", "bytes", "futures-core", "ipnet", "sha2", "thiserror"];

/// Dependencies (by the beginning of their names) that belong to certain crates, binaries aside.
const OWNED: [(&str, &[&str]); 16] = [
    ("rusqlite", &["oncelink-store-sqlite"]),
    ("tokio-postgres", &["oncelink-store-postgres"]),
    ("aws-", &["oncelink-objects-s3", "oncelink-store-dynamodb"]),
    ("cap-std", &["oncelink-objects-local"]),
    ("crc32fast", &["oncelink-objects-zip"]),
    ("axum", &["oncelink-http", "oncelink-server"]),
    ("hyper", &["oncelink-objects-s3", "oncelink-server"]),
    ("tower", &["oncelink-http", "oncelink-objects-s3", "oncelink-server"]),
    ("askama", &["oncelink-http"]),
    ("utoipa", &["oncelink-http"]),
    ("clap", &["oncelink-config"]),
    ("toml", &["oncelink-config"]),
    ("argon2", &["oncelink-system"]),
    ("getrandom", &["oncelink-system"]),
    ("libc", &[KERNEL]),
    ("reqwest", &[]),
];

/// Breaches of the layer table in what `cargo metadata --no-deps` says.
pub fn findings(metadata: &Value) -> Vec<Finding> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = packages.iter().map(name).collect();
    let absent = LAYERS.iter().filter(|layer| !names.contains(&layer.name));
    let mut findings: Vec<Finding> =
        absent.map(|layer| Finding::new(layer.name, "is in the layer table but not in the workspace")).collect();
    for package in packages {
        findings.extend(package_findings(package, &names));
    }
    findings
}

fn package_findings(package: &Value, ours: &[&str]) -> Vec<Finding> {
    let crate_name = name(package);
    let mut findings = Vec::new();
    let mut find = |what: String| findings.push(Finding::new(crate_name, what));
    if package["features"].as_object().is_some_and(|features| !features.is_empty()) {
        find("has Cargo features; no feature chooses an engine, a crate does".to_owned());
    }
    let normal = dependencies(package, false);
    if normal.contains(&TESTKIT) {
        find(format!("depends on {TESTKIT}, which is for tests only"));
    }
    if crate_name == BINARY || crate_name == "xtask" {
        return findings;
    }
    if crate_name == FUNCTION {
        for dependency in normal.iter().filter(|name| ours.contains(name) && !IN_THE_FUNCTION.contains(name)) {
            find(format!("may not depend on {dependency}: it only makes cold starts slower"));
        }
        return findings;
    }
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == crate_name) else {
        find("is not in the layer table of xtask/src/layers.rs; give it a row".to_owned());
        return findings;
    };
    for dependency in &normal {
        if ours.contains(dependency) && !layer.ours.contains(dependency) {
            find(format!("may not depend on {dependency}"));
        }
        if crate_name == CORE && !CORE_ONLY.contains(dependency) {
            find(format!("imports {dependency}; the rules import only {}", CORE_ONLY.join(", ")));
        }
        if let Some((_, owners)) = OWNED.iter().find(|(prefix, _)| dependency.starts_with(prefix))
            && !owners.contains(&crate_name)
        {
            find(format!("imports {dependency}, which is not for this layer"));
        }
    }
    if normal.len() > layer.most {
        find(format!("has {} dependencies, more than its {}", normal.len(), layer.most));
    }
    for dependency in dependencies(package, true) {
        if ours.contains(&dependency) && dependency != TESTKIT && !layer.ours.contains(&dependency) {
            find(format!("may not depend on {dependency}, not even in tests"));
        }
    }
    findings
}

fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap_or_default()
}

fn dependencies(package: &Value, for_tests: bool) -> Vec<&str> {
    let all = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter(|dependency| (dependency["kind"] == "dev") == for_tests).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, normal: &[&str], dev: &[&str]) -> Value {
        let normal = normal.iter().map(|name| json!({"name": name, "kind": null}));
        let dev = dev.iter().map(|name| json!({"name": name, "kind": "dev"}));
        json!({"name": name, "features": {}, "dependencies": normal.chain(dev).collect::<Vec<_>>()})
    }

    fn told(broken: Value) -> Vec<String> {
        let mut packages: Vec<Value> = LAYERS.iter().map(|layer| package(layer.name, &[], &[])).collect();
        packages.retain(|package| package["name"] != broken["name"]);
        packages.push(broken);
        findings(&json!({ "packages": packages })).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_kind_of_breach_is_found() {
        let breaches = [
            (package(CORE, &["tokio"], &[]), "the rules import only"),
            (package("oncelink-store-sqlite", &[CORE, "oncelink-objects-s3"], &[]), "may not depend on oncelink-objects-s3"),
            (package("oncelink-store-sqlite", &[CORE], &["oncelink-http"]), "not even in tests"),
            (package("oncelink-http", &[CORE, "aws-sdk-s3"], &[]), "not for this layer"),
            (package("oncelink-http", &[CORE, TESTKIT], &[]), "for tests only"),
            (package(FUNCTION, &[CORE, "oncelink-store-sqlite"], &[]), "cold starts"),
            (package("oncelink-new", &[], &[]), "give it a row"),
            (json!({"name": "oncelink", "features": {"s3": []}, "dependencies": []}), "Cargo features"),
        ];
        for (broken, expected) in breaches {
            let told = told(broken);
            assert!(told.iter().any(|line| line.contains(expected)), "{expected}: {told:?}");
        }
    }

    #[test]
    fn what_the_table_allows_is_no_finding() {
        assert_eq!(told(package("oncelink-objects-s3", &[CORE, "aws-sdk-s3"], &[TESTKIT])), Vec::<String>::new());
        assert_eq!(told(package(BINARY, &["reqwest", "oncelink-store-sqlite"], &[])), Vec::<String>::new());
        assert_eq!(told(package(FUNCTION, &["axum", "oncelink-store-dynamodb"], &[])), Vec::<String>::new());
    }
}
