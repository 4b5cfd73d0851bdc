//! Stores that several servers share, on engines that run beside the tests. Each test gets a database or a table of its own.

use std::io::Write;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A store for several servers: what `--store` takes.
pub(crate) struct SharedStore {
    pub(crate) url: String,
    pub(crate) engine: &'static str,
}

impl SharedStore {
    /// One of each kind whose engine runs; says which don't. With `ONCELINK_TEST_REQUIRE_ENGINES=1` all must.
    pub(crate) fn of_every_kind() -> Vec<Self> {
        let stores = [("PostgreSQL", Self::postgres()), ("DynamoDB", Self::dynamodb())];
        let required = std::env::var("ONCELINK_TEST_REQUIRE_ENGINES").is_ok_and(|word| word == "1");
        let there = stores.into_iter().filter_map(|(engine, store)| {
            assert!(store.is_some() || !required, "{engine} must run for the tests");
            if store.is_none() {
                let _ = writeln!(std::io::stderr(), "skipped on {engine}: its engine doesn't run");
            }
            store
        });
        there.collect()
    }

    fn postgres() -> Option<Self> {
        let server = std::env::var("ONCELINK_TEST_POSTGRES").ok()?;
        let name = format!("blackbox_{}", unique());
        let made = Command::new("psql")
            .args([&server, "--quiet", "--command", &format!("CREATE DATABASE {name}")])
            .output()
            .expect("psql is there");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let (address, parameters) =
            server.split_once('?').map_or((server.as_str(), String::new()), |(address, rest)| (address, format!("?{rest}")));
        let (place, _) = address.rsplit_once('/').expect("the address names a database");
        Some(Self { url: format!("{place}/{name}{parameters}"), engine: "PostgreSQL" })
    }

    fn dynamodb() -> Option<Self> {
        let endpoint = std::env::var("ONCELINK_TEST_DYNAMODB").ok()?;
        Some(Self { url: format!("dynamodb://blackbox-{}?region=us-east-1&endpoint={endpoint}", unique()), engine: "DynamoDB" })
    }
}

/// A name that no other test of this or an earlier run has.
fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
