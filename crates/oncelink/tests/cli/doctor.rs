//! `doctor` and `store init`: what they find, and that looking changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::harness::script::{Script, answer};
use crate::harness::{Ran, finish, program, run};

fn findings(ran: &Ran) -> Vec<Value> {
    let told: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    told["findings"].as_array().expect("findings").clone()
}

fn status(ran: &Ran, check: &str) -> String {
    let found =
        findings(ran).into_iter().find(|finding| finding["check"] == check).unwrap_or_else(|| panic!("nothing of {check}: {ran:?}"));
    assert!(found["status"] == "ok" || found["remedy"].is_string(), "a finding has a remedy: {found}");
    found["status"].as_str().expect("a status").to_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_sound_configuration_passes_and_looking_makes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("files")).expect("writable");
    fs::write(folder.path().join("files/a"), b"content").expect("writable");
    let ran = run(folder.path(), &["doctor", "files", "--json"]).exits(0);
    for check in ["configuration", "data folder", "disk space", "store", "source 'files'"] {
        assert_eq!(status(&ran, check), "ok", "{ran:?}");
    }
    assert_eq!(status(&ran, "public URL"), "warn", "links work on this machine only");
    assert_eq!(names(folder.path()), ["files"]);
    let shown = run(folder.path(), &["doctor", "files"]).exits(0).out;
    assert!(shown.contains("ok    store: ") && shown.contains("warn  public URL: ") && shown.contains("--public-url"), "{shown}");
}

#[test]
fn what_must_be_mended_is_told_with_its_remedy_and_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("oncelink-data")).expect("writable");
    fs::write(folder.path().join("oncelink-data/api-key"), "olk_hush").expect("writable");
    fs::set_permissions(folder.path().join("oncelink-data/api-key"), fs::Permissions::from_mode(0o644)).expect("ours");
    fs::write(folder.path().join("oncelink-data/oncelink.db"), "no database, but long enough to look like one from the outside")
        .expect("writable");
    let ran = run(folder.path(), &["doctor", "not-there", "--brand-logo", "no.svg", "--json"]).exits(1);
    for check in ["API key", "store", "source 'not-there'", "brand"] {
        assert_eq!(status(&ran, check), "fail", "{check}");
    }
    assert!(ran.err.contains("4 things must be mended") && !ran.out.contains("olk_hush"), "{ran:?}");
}

#[test]
fn a_wrong_file_is_a_finding_and_a_wrong_flag_is_wrong_usage() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("oncelink.toml"), "lisen = \"127.0.0.1:0\"\n").expect("writable");
    let ran = run(folder.path(), &["doctor", "--json"]).exits(1);
    assert_eq!(status(&ran, "configuration"), "fail");
    assert!(ran.out.contains("did you mean 'listen'?"), "{ran:?}");
    fs::remove_file(folder.path().join("oncelink.toml")).expect("there");
    run(folder.path(), &["doctor", "--lease", "soon"]).exits(2);
}

#[test]
fn the_public_url_is_asked_whether_it_leads_here() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = [("200 OK", "ok", 0), ("502 Bad Gateway", "warn", 0), ("301 Moved Permanently", "fail", 1)];
    for (answered, expected, code) in cases {
        let server = Script::start(vec![answer(answered, &["Location: https://elsewhere.invalid/"], b"")]);
        let ran = run(folder.path(), &["doctor", "--public-url", &format!("{}/base", server.url()), "--json"]).exits(code);
        assert_eq!(status(&ran, "public URL"), expected, "{answered}");
        assert_eq!(server.asked()[0].line, "GET /base/healthz HTTP/1.1");
    }
}

#[test]
fn a_buckets_clock_is_compared_with_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    // The service answers whatever else it is asked with an error: only the date is looked at here.
    let server = Script::start(vec![answer("403 Forbidden", &["Date: Sun, 06 Nov 1994 08:49:37 GMT"], b""); 40]);
    let named = format!("b=s3://my-bucket/out?endpoint={}&region=r&path_style=true", server.url());
    for (source, variable) in [(named.as_str(), "UNUSED"), ("b=s3://my-bucket/out?region=r&path_style=true", "AWS_ENDPOINT_URL")] {
        let mut command = program(folder.path());
        command.args(["doctor", source, "--json"]).env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "y");
        command.env("AWS_EC2_METADATA_DISABLED", "true").env(variable, server.url());
        let ran = finish(&mut command).exits(1);
        assert_eq!(status(&ran, "clock"), "fail", "{source}: {ran:?}");
        assert!(ran.out.contains("timedatectl"), "{ran:?}");
    }
}

#[test]
fn the_stores_tables_are_made_once_and_then_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = run(folder.path(), &["store", "init"]).exits(0);
    assert!(first.err.contains("are made"), "{first:?}");
    assert!(names(&folder.path().join("oncelink-data")).contains(&"oncelink.db".to_owned()));
    let again = run(folder.path(), &["store", "init"]).exits(0);
    assert!(again.err.contains("up to date"), "{again:?}");
    let told: Value = serde_json::from_str(&run(folder.path(), &["store", "init", "--json"]).exits(0).out).expect("JSON");
    assert_eq!(told["version"], told["version_before"]);
    let ran = run(folder.path(), &["doctor", "--json"]).exits(0);
    assert!(findings(&ran).iter().any(|finding| finding["detail"].as_str().is_some_and(|detail| detail.contains("latest"))), "{ran:?}");
}
