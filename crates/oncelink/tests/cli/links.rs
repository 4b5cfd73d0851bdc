//! Many links at once: from keys, from a prefix, from a table.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::pty::Pty;
use crate::harness::script::{Script, answer, json};
use crate::harness::{Ran, finish, program};

fn ask(folder: &Path, server: &Script, args: &[&str]) -> Ran {
    finish(program(folder).args(args).env("ONCELINK_SERVER", server.url()).env("ONCELINK_KEY", "olk_x"))
}

/// An answer to a batch of so many.
fn made(from: usize, count: usize) -> Vec<u8> {
    let rows: Vec<Value> =
        (from..from + count).map(|number| json!({"id": format!("id{number}"), "url": format!("http://h/d/ol_{number}")})).collect();
    json("200 OK", &json!({ "links": rows }))
}

fn wishes(body: &str) -> Vec<Value> {
    serde_json::from_str::<Value>(body).expect("JSON")["links"].as_array().expect("rows").clone()
}

#[test]
fn a_prefix_makes_a_link_for_everything_beneath_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = |objects: &[&str], folders: &[&str], next: Option<&str>| {
        let objects: Vec<Value> = objects.iter().map(|key| json!({"key": key, "size": 1})).collect();
        json("200 OK", &json!({"source": "files", "objects": objects, "folders": folders, "next_cursor": next}))
    };
    let pages = vec![page(&["out/a"], &["out/in/"], Some("c1")), page(&["out/z"], &[], None), page(&["out/in/b"], &[], None), made(0, 3)];
    let server = Script::start(pages);
    let ran = ask(folder.path(), &server, &["link", "create", "--prefix", "out/", "--uses", "2", "--source", "files"]).exits(0);
    assert_eq!(ran.out, "http://h/d/ol_0\tout/a\nhttp://h/d/ol_1\tout/in/b\nhttp://h/d/ol_2\tout/z\n");
    let asked = server.asked();
    let lines: Vec<&str> = asked.iter().map(|asked| asked.line.trim_end_matches(" HTTP/1.1")).collect();
    let expected = [
        "GET /v1/objects?source=files&prefix=out%2F",
        "GET /v1/objects?source=files&prefix=out%2F&cursor=c1",
        "GET /v1/objects?source=files&prefix=out%2Fin%2F",
        "POST /v1/links/batch",
    ];
    assert_eq!(lines, expected);
    assert_eq!(wishes(&asked[3].body)[1], json!({"key": "out/in/b", "source": "files", "uses": 2}));
}

#[test]
fn an_empty_prefix_is_a_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Script::start(vec![json("200 OK", &json!({"objects": [], "folders": [], "next_cursor": null}))]);
    let ran = ask(folder.path(), &server, &["link", "create", "--prefix", "nothing/"]).exits(1);
    assert!(ran.err.contains("--prefix \"nothing/\""), "{ran:?}");
}

#[test]
fn a_table_makes_hundreds_of_links_and_a_file_of_results() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows: String = (0..250).map(|number| format!("k{number},for {number}\n")).collect();
    fs::write(folder.path().join("in.csv"), format!("key,note\n{rows}")).expect("writable");
    let server = Script::start(vec![made(0, 100), made(100, 100), made(200, 50)]);
    let mut command = program(folder.path());
    command.args(["link", "create", "--csv", "in.csv", "--out", "out.csv", "--ttl", "1h"]);
    let terminal = Pty::start(command.env("ONCELINK_SERVER", server.url()).env("ONCELINK_KEY", "olk_x"));
    let (status, shown) = terminal.ends();
    assert_eq!(status.code(), Some(0), "{shown}");
    assert!(shown.contains("Creating links") && shown.contains("/250") && shown.contains("250 links are in out.csv."), "{shown}");
    assert!(!shown.contains("ol_1"), "the links are in the file only: {shown}");
    let results = fs::read_to_string(folder.path().join("out.csv")).expect("the results");
    assert_eq!(results.lines().count(), 251);
    assert!(results.starts_with("key,id,url,error\nk0,id0,http://h/d/ol_0,\n") && results.ends_with("k249,id249,http://h/d/ol_249,\n"));
    assert_eq!(fs::metadata(folder.path().join("out.csv")).expect("there").permissions().mode() & 0o777, 0o600);
    let asked = server.asked();
    assert_eq!(wishes(&asked[1].body)[0], json!({"key": "k100", "note": "for 100", "expires_in": 3600}));
}

#[test]
fn what_was_made_is_told_although_the_rest_failed() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows: String = (0..150).map(|number| format!("k{number}\n")).collect();
    fs::write(folder.path().join("in.csv"), format!("key\n{rows}")).expect("writable");
    let down = || {
        answer(
            "503 Service Unavailable",
            &["Content-Type: application/problem+json"],
            b"{\"type\":\"unavailable\",\"detail\":\"The store is down.\"}",
        )
    };
    let server = Script::start(vec![made(0, 100), down()]);
    let ran = ask(folder.path(), &server, &["link", "create", "--csv", "in.csv", "--json"]).exits(1);
    let told: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(told["links"].as_array().map(Vec::len), Some(100));
    assert!(ran.err.contains("The store is down.") && ran.err.contains("100 of 150"), "{}", ran.err);
    let server = Script::start(vec![made(0, 100), down()]);
    ask(folder.path(), &server, &["link", "create", "--csv", "in.csv", "--out", "out.csv"]).exits(1);
    assert_eq!(fs::read_to_string(folder.path().join("out.csv")).expect("the results").lines().count(), 101);
}

#[test]
fn a_row_that_fails_is_named_and_the_others_are_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = json!({"links": [{"id": "id0", "url": "http://h/d/ol_0"}, {"error": {"type": "object-not-found", "detail": "There is no such object."}}]});
    let server = Script::start(vec![json("200 OK", &rows)]);
    let ran = ask(folder.path(), &server, &["link", "create", "a", "b"]).exits(1);
    assert_eq!(ran.out, "http://h/d/ol_0\ta\n");
    assert!(ran.err.contains("b: There is no such object.") && ran.err.contains("1 of 2 links"), "{ran:?}");
}

#[test]
fn a_refusal_of_the_server_ends_with_3_and_everything_else_that_fails_with_1() {
    let folder = tempfile::tempdir().expect("a folder");
    let id = "0123456789abcdefghjkmnpqrs";
    let lines: [&[&str]; 7] = [
        &["link", "show", id],
        &["link", "revoke", id],
        &["link", "reissue", id],
        &["link", "events", id],
        &["link", "create", "missing.bin"],
        &["key", "create", "x"],
        &["key", "revoke", id],
    ];
    for (status, kind, code) in [
        ("404 Not Found", "not-found", 3),
        ("409 Conflict", "object-changed", 3),
        ("410 Gone", "revoked", 3),
        ("403 Forbidden", "forbidden", 3),
        ("401 Unauthorized", "unauthorized", 1),
        ("400 Bad Request", "invalid-request", 1),
        ("503 Service Unavailable", "store-unavailable", 1),
    ] {
        let problem = json!({"type": kind, "detail": format!("It is {kind}.")}).to_string();
        for line in lines {
            let server = Script::start(vec![answer(status, &["Content-Type: application/problem+json"], problem.as_bytes())]);
            let ran = ask(folder.path(), &server, line).exits(code);
            let told = if kind == "unauthorized" { "--key" } else { kind };
            assert!(ran.out.is_empty() && ran.err.contains(told), "{line:?}: {ran:?}");
        }
    }
    let server = Script::start(vec![answer("404 Not Found", &["Content-Type: text/html"], b"<html>no such host</html>")]);
    ask(folder.path(), &server, &["link", "show", id]).exits(1);
}

#[test]
fn a_wrong_table_is_found_before_anything_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("in.csv"), "key,use\na,2\n").expect("writable");
    let server = Script::start(Vec::new());
    let ran = ask(folder.path(), &server, &["link", "create", "--csv", "in.csv"]).exits(1);
    assert!(ran.err.contains("in.csv") && ran.err.contains("did you mean 'uses'?"), "{ran:?}");
    assert!(server.asked().is_empty());
}

#[test]
fn a_list_follows_every_page_and_a_life_is_a_timeline() {
    let folder = tempfile::tempdir().expect("a folder");
    let link = |id: &str| json!({"id": id, "state": "active", "claimed": 0, "uses": 1, "expires_at": "2030-01-01T00:00:00Z", "source": "files", "key": "a", "note": "x\u{1b}[2J"});
    let page = |id: &str, next: Option<&str>| json("200 OK", &json!({"links": [link(id)], "next_cursor": next}));
    let server = Script::start(vec![page("one", Some("c1")), page("two", None)]);
    let ran = ask(folder.path(), &server, &["link", "list", "--all", "--state", "active"]).exits(0);
    assert!(
        ran.out.starts_with("ID   STATE   USED  EXPIRES           OBJECT   NOTE\none  active  0/1   2030-01-01 00:00  files:a"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("\ntwo ") && !ran.out.contains('\u{1b}'), "{}", ran.out);
    assert_eq!(server.asked()[1].line, "GET /v1/links?cursor=c1&state=active HTTP/1.1");
    let events = json!({"events": [{"at": "2030-01-01T00:00:00Z", "type": "created"}, {"at": "2030-01-01T00:01:00Z", "type": "claimed", "address": "192.0.2.7"}]});
    let server = Script::start(vec![json("200 OK", &link("one")), json("200 OK", &events)]);
    let ran = ask(folder.path(), &server, &["link", "show", "0123456789abcdefghjkmnpqrs"]).exits(0);
    assert!(ran.out.contains("state: active") && ran.out.contains("2030-01-01 00:01:00  claimed  from 192.0.2.7"), "{}", ran.out);
}
