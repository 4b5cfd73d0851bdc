//! The object that was linked, and no other: changed, deleted, moved away, swapped for something that isn't a file.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::harness::{Claim, Link, Req, Server, holder, within};

#[tokio::test]
async fn sem_8_a_changed_object_is_refused_unspent_and_its_return_works() {
    let server = Server::start().await;
    let path = server.put("a.bin", b"original");
    let time = modified(&path);
    let page = server.link_to("a.bin").await;
    let direct = server.link(json!({"source": "files", "key": "a.bin", "gate": "direct"})).await;
    for changed in [&b"replaced"[..], b"longer than before", b""] {
        write_at(&path, changed, time + Duration::from_secs(5));
        page.try_claim(server.addr, &holder()).await.refused(409, "object-changed", "page gate");
        Req::get(&direct.path).send(server.addr).await.refused(409, "object-changed", "direct gate");
    }
    write_at(&path, b"longer than before", time);
    page.try_claim(server.addr, &holder()).await.refused(409, "object-changed", "another size at the same time");
    write_at(&path, b"original", time + Duration::from_nanos(1));
    page.try_claim(server.addr, &holder()).await.refused(409, "object-changed", "one nanosecond later");
    server.assert_unspent(&page, "page gate").await;
    server.assert_unspent(&direct, "direct gate").await;
    write_at(&path, b"original", time);
    redeem_both(&server, &page, &direct).await;
}

#[tokio::test]
async fn sem_3_a_deleted_object_is_404_unspent_and_its_return_works() {
    let server = Server::start().await;
    let path = server.put("a.bin", b"original");
    let time = modified(&path);
    let page = server.link_to("a.bin").await;
    let direct = server.link(json!({"source": "files", "key": "a.bin", "gate": "direct"})).await;
    fs::remove_file(&path).expect("the file is there");
    for _ in 0..3 {
        page.try_claim(server.addr, &holder()).await.refused(404, "object-not-found", "page gate");
        Req::get(&direct.path).send(server.addr).await.refused(404, "object-not-found", "direct gate");
    }
    server.assert_unspent(&page, "page gate").await;
    server.assert_unspent(&direct, "direct gate").await;
    write_at(&path, b"original", time);
    redeem_both(&server, &page, &direct).await;
}

#[tokio::test]
async fn sem_8_a_claim_sees_the_pinned_object_or_nothing() {
    let server = Server::start().await;
    let path = server.put("a.bin", b"original");
    let time = modified(&path);
    let link = server.link_to("a.bin").await;
    let claim = link.claim(server.addr).await;
    write_at(&path, b"replaced", time + Duration::from_secs(5));
    claim.get().send(server.addr).await.refused(409, "object-changed", "changed after the claim");
    fs::remove_file(&path).expect("the file is there");
    claim.get().send(server.addr).await.refused(404, "object-not-found", "deleted after the claim");
    write_at(&path, b"original", time);
    assert_eq!(claim.get().send(server.addr).await.expect(200, "it came back").body, b"original");
}

#[tokio::test]
async fn sem_3_a_source_that_is_gone_spends_nothing() {
    let server = Server::start().await;
    server.put("a.bin", b"original");
    let page = server.link_to("a.bin").await;
    let direct = server.link(json!({"source": "files", "key": "a.bin", "gate": "direct"})).await;
    let away = server.scratch().join("away");
    fs::rename(server.files(), &away).expect("the folder can be moved");
    for answer in [page.try_claim(server.addr, &holder()).await, Req::get(&direct.path).send(server.addr).await] {
        assert!(matches!(answer.status, 503 | 404), "{answer}");
        assert!(answer.status != 503 || answer.header("retry-after").is_some(), "{answer}");
    }
    server.assert_unspent(&page, "page gate").await;
    server.assert_unspent(&direct, "direct gate").await;
    fs::rename(&away, server.files()).expect("and back");
    redeem_both(&server, &page, &direct).await;
}

#[tokio::test]
async fn nothing_outside_the_source_is_reachable_by_a_symlink() {
    let server = Server::start().await;
    let outside = server.scratch().join("outside");
    fs::create_dir(&outside).expect("a new folder");
    fs::write(outside.join("secret.bin"), b"outside!").expect("writable");
    symlink(outside.join("secret.bin"), server.files().join("absolute.bin")).expect("a symlink");
    symlink("../outside/secret.bin", server.files().join("relative.bin")).expect("a symlink");
    symlink(&outside, server.files().join("folder")).expect("a symlink");
    for key in ["absolute.bin", "relative.bin", "folder/secret.bin"] {
        let answer = try_create(&server, key).await;
        assert!(matches!(answer, 400 | 403 | 404), "{key}: {answer}");
    }
    let path = server.put("honest.bin", b"original");
    let time = modified(&path);
    let link = server.link_to("honest.bin").await;
    let claim = server.link_to("honest.bin").await.claim(server.addr).await;
    write_at(&outside.join("secret.bin"), b"outside!", time);
    fs::remove_file(&path).expect("the file is there");
    symlink(outside.join("secret.bin"), &path).expect("a symlink");
    for answer in [link.try_claim(server.addr, &holder()).await, claim.get().send(server.addr).await] {
        assert!(matches!(answer.status, 403 | 404 | 409 | 503), "a file swapped for a symlink: {answer}");
        assert!(!answer.text().contains("outside!"));
    }
    server.assert_unspent(&link, "a file swapped for a symlink").await;
}

#[tokio::test]
async fn what_is_no_regular_file_is_refused_at_once() {
    let server = Server::start().await;
    let path = server.put("honest.bin", b"original");
    let link = server.link_to("honest.bin").await;
    make_fifo(&server.files().join("fifo"));
    fs::create_dir(server.files().join("folder")).expect("a new folder");
    for key in ["fifo", "folder"] {
        let answer = within("creation on something odd", Duration::from_secs(10), try_create(&server, key)).await;
        assert!(matches!(answer, 400 | 403 | 404), "{key}: {answer}");
    }
    fs::remove_file(&path).expect("the file is there");
    make_fifo(&path);
    let holder = holder();
    let answer = within("a claim on a FIFO", Duration::from_secs(10), link.try_claim(server.addr, &holder)).await;
    assert!(matches!(answer.status, 403 | 404 | 409 | 503), "a file swapped for a FIFO: {answer}");
    server.assert_unspent(&link, "a file swapped for a FIFO").await;
}

#[tokio::test]
async fn keys_that_lead_astray_are_400_and_odd_but_honest_ones_work() {
    let server = Server::start().await;
    let long = "k".repeat(1_025);
    let astray = ["", "../x", "a/../b", "..", ".", "./a", "a/./b", "a/..", "a\u{0}b", "a\nb", "a\rb", "a\u{7f}b", "\u{1}", "/../x", &long];
    for key in astray {
        let answer = server.api("POST", "/v1/links", Some(&json!({"source": "files", "key": key}))).await;
        answer.refused(400, "invalid-request", &format!("key {key:?}"));
        assert_eq!(answer.json()["field"], "key", "{key:?}: {answer}");
    }
    for key in ["/etc/passwd", "a//b", "a/", "nothing-here", "plain.bin/below"] {
        let answer = try_create(&server, key).await;
        assert!(matches!(answer, 400 | 404), "key {key:?}: {answer}");
    }
    let deep = ["d".repeat(200), "e".repeat(200), "f".repeat(200), "g".repeat(200), "h".repeat(220)].join("/");
    assert_eq!(deep.len(), 1_024);
    let honest =
        ["..a", "a..b", "...", "-x", "%2e%2e", "a\\b", "a?b#c&d=e", "sp ace/\u{e9}\u{4e2d}\u{1f600}.bin", ".hidden", "'\"<>", "+", &deep];
    for key in honest {
        server.put(key, key.as_bytes());
        let claim = server.link_to(key).await.claim(server.addr).await;
        assert_eq!(claim.get().send(server.addr).await.expect(200, key).body, key.as_bytes(), "{key}");
    }
}

#[tokio::test]
async fn a_missing_object_or_source_is_told_at_creation() {
    let server = Server::start().await;
    let answer = server.api("POST", "/v1/links", Some(&json!({"source": "files", "key": "nothing"}))).await;
    answer.refused(404, "object-not-found", "no such object");
    let classic = server.api("GET", "/get-link?file=nothing", None).await;
    classic.refused(404, "object-not-found", "no such object, the classic way");
    let answer = server.api("POST", "/v1/links", Some(&json!({"source": "elsewhere", "key": "a"}))).await;
    answer.refused(400, "invalid-request", "no such source");
    assert_eq!(answer.json()["field"], "source");
}

async fn try_create(server: &Server, key: &str) -> u16 {
    let answer = server.api("POST", "/v1/links", Some(&json!({"source": "files", "key": key}))).await;
    assert!(!answer.text().contains("outside!"), "{answer}");
    answer.status
}

async fn redeem_both(server: &Server, page: &Link, direct: &Link) {
    let claim: Claim = page.claim(server.addr).await;
    assert_eq!(claim.get().send(server.addr).await.expect(200, "page gate, restored").body, b"original");
    assert_eq!(Req::get(&direct.path).send(server.addr).await.expect(200, "direct gate, restored").body, b"original");
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|data| data.modified()).expect("files have a time")
}

fn write_at(path: &Path, content: &[u8], time: SystemTime) {
    fs::write(path, content).expect("writable");
    File::options().write(true).open(path).and_then(|file| file.set_modified(time)).expect("the time can be set");
}

fn make_fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo is there");
    assert!(made.success());
}
