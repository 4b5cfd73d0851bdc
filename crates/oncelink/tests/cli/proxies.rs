//! The proxy that the environment names is used, and not for this machine.

use std::fs;

use serde_json::json;

use crate::harness::script::{Script, answer, json};
use crate::harness::{finish, program, run};

#[test]
fn get_goes_through_the_proxy_of_the_environment() {
    for variable in ["http_proxy", "HTTP_PROXY", "ALL_PROXY"] {
        let folder = tempfile::tempdir().expect("a folder");
        let claim = json!({"url": "/c/oc_x", "size": 7, "etag": "\"v1\"", "filename": "a.bin", "lease_until": null});
        let look = json("200 OK", &json!({"filename": "a.bin", "size": 7}));
        let proxy = Script::start(vec![look, json("201 Created", &claim), answer("200 OK", &["ETag: \"v1\""], b"content")]);
        let mut command = program(folder.path());
        finish(command.args(["get", "http://files.oncelink.invalid/d/ol_x"]).env(variable, proxy.url())).exits(0);
        let lines: Vec<String> = proxy.asked().into_iter().map(|asked| asked.line).collect();
        let expected = ["GET /d/ol_x", "POST /d/ol_x", "GET /c/oc_x"].map(|line| {
            let (method, path) = line.split_once(' ').expect("a method");
            format!("{method} http://files.oncelink.invalid{path} HTTP/1.1")
        });
        assert_eq!(lines, expected, "{variable}");
        assert_eq!(fs::read(folder.path().join("a.bin")).expect("the file"), b"content");
    }
}

#[test]
fn no_proxy_is_used_for_what_it_excludes_and_for_this_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let problem = answer("410 Gone", &["Content-Type: application/problem+json"], b"{\"type\":\"spent\",\"detail\":\"It is spent.\"}");
    let server = Script::start(vec![problem]);
    let proxy = Script::start(Vec::new());
    let mut command = program(folder.path());
    command.args(["get", &format!("{}/d/ol_x", server.url())]).env("HTTP_PROXY", proxy.url());
    let ran = finish(&mut command).exits(3);
    assert!(ran.err.contains("It is spent."), "{ran:?}");
    let mut command = program(folder.path());
    command.args(["get", "http://files.oncelink.invalid/d/ol_x"]).env("HTTP_PROXY", proxy.url()).env("NO_PROXY", ".oncelink.invalid");
    let ran = finish(&mut command).exits(1);
    assert!(ran.err.contains("files.oncelink.invalid") && !ran.err.contains("ol_x"), "{ran:?}");
    assert!(proxy.asked().is_empty());
    run(folder.path(), &["get", "--help"]).exits(0);
}
