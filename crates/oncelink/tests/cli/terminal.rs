//! What a person sees at a terminal, and what a pipe doesn't.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use crate::harness::pty::Pty;
use crate::harness::script::{Script, answer, json};
use crate::harness::{finish, program};

const SIZE: usize = 3_000_000;

/// What a link says of its file to whoever only looks.
fn look(size: usize) -> Vec<u8> {
    json("200 OK", &json!({"filename": "report.pdf", "size": size}))
}

fn claim(size: usize) -> Vec<u8> {
    let body = json!({"url": "/c/oc_x", "size": size, "etag": "\"v1\"", "filename": "report.pdf", "lease_until": "2030-01-01T00:00:00Z"});
    json("201 Created", &body)
}

fn bytes(body: &[u8]) -> Vec<u8> {
    answer("200 OK", &["ETag: \"v1\""], body)
}

#[test]
fn get_shows_name_size_and_rate_at_a_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let content = vec![7; SIZE];
    let server = Script::start(vec![look(SIZE), claim(SIZE), bytes(&content)]);
    let terminal = Pty::start(program(folder.path()).args(["get", &format!("{}/d/ol_x", server.url())]));
    let (status, shown) = terminal.ends();
    assert_eq!(status.code(), Some(0), "{shown}");
    assert!(shown.contains("report.pdf") && shown.contains("/3.00 MB") && shown.contains("/s") && shown.contains("left"), "{shown}");
    assert!(shown.contains("report.pdf (3.0 MB)"), "the outcome is told: {shown}");
    assert!(!shown.contains("ol_x") && !shown.contains("oc_x"), "no secret is shown: {shown}");
    assert!(fs::read(folder.path().join("report.pdf")).expect("the file") == content);
}

#[test]
fn get_is_quiet_where_nobody_looks() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Script::start(vec![look(SIZE), claim(SIZE), bytes(&vec![7; SIZE])]);
    let ran = finish(program(folder.path()).args(["get", &format!("{}/d/ol_x", server.url())])).exits(0);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
}

#[test]
fn get_to_standard_output_prints_the_bytes_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Script::start(vec![claim(7), bytes(b"content")]);
    let ran = finish(program(folder.path()).args(["get", &format!("{}/d/ol_x", server.url()), "-o", "-"])).exits(0);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("content", ""));
}

#[test]
fn a_passphrase_is_asked_for_and_not_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let needed = json!({"type": "https://oncelink.example/problems/passphrase-needed", "detail": "This link needs a passphrase."});
    let refusal = answer("401 Unauthorized", &["Content-Type: application/problem+json"], needed.to_string().as_bytes());
    let server = Script::start(vec![look(7), refusal, claim(7), bytes(b"content")]);
    let mut terminal = Pty::start(program(folder.path()).args(["get", &format!("{}/d/ol_x", server.url())]));
    terminal.shows("the question", |text| text.contains("Passphrase: ").then_some(()));
    terminal.types("open sesame\n");
    let (status, shown) = terminal.ends();
    assert_eq!(status.code(), Some(0), "{shown}");
    assert!(shown.contains("This link needs a passphrase.") && !shown.contains("sesame"), "{shown}");
    assert!(server.asked()[2].body.contains("passphrase=open+sesame"), "{:?}", server.asked());
}

#[test]
fn ctrl_c_at_the_passphrase_ends_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let needed = json!({"type": "passphrase-needed", "detail": "This link needs a passphrase."});
    let refusal = answer("401 Unauthorized", &["Content-Type: application/problem+json"], needed.to_string().as_bytes());
    let server = Script::start(vec![look(7), refusal]);
    let mut terminal = Pty::start(program(folder.path()).args(["get", &format!("{}/d/ol_x", server.url())]));
    terminal.shows("the question", |text| text.contains("Passphrase: ").then_some(()));
    terminal.types("\u{3}\n");
    let (status, shown) = terminal.ends();
    assert_eq!(status.code(), Some(1), "{shown}");
}

#[test]
fn share_shows_a_code_that_cameras_read_as_the_link() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("gift.bin"), b"a gift").expect("writable");
    let terminal = Pty::start(program(folder.path()).args(["share", "gift.bin", "--ttl", "1h"]));
    let shown = terminal.shows("what to do", |text| text.contains("Ctrl-C takes it back").then(|| text.to_owned()));
    let url = link_in(&shown).expect("the link");
    assert_eq!(scanned(&shown).as_deref(), Some(url.as_str()));
    assert!(shown.contains("gift.bin (6 bytes) can be taken once until") && shown.contains("UTC"), "{shown}");
    terminal.shows("how far the link reaches", |text| text.contains("this machine only").then_some(()));
    terminal.interrupt();
    terminal.shows("why it ends", |text| text.contains("the link is revoked").then_some(()));
    let (status, shown) = terminal.ends();
    assert_eq!(status.code(), Some(1), "{shown}");
}

#[test]
fn share_shows_who_downloads_and_how_far_and_ends_when_a_folder_was_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("gift")).expect("writable");
    // Larger than what sockets hold, so that a slow reader is a running download.
    fs::File::create(folder.path().join("gift/hole")).and_then(|file| file.set_len(60_000_000)).expect("sparse files");
    fs::write(folder.path().join("gift/note.txt"), b"a gift").expect("writable");
    std::os::unix::fs::symlink("note.txt", folder.path().join("gift/link")).expect("a symlink");
    let terminal = Pty::start(program(folder.path()).args(["share", "gift", "--gate", "direct"]));
    let url = terminal.shows("the link", link_in);
    terminal.shows("what is left out", |text| text.contains("Left out").then_some(()));
    let address = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).expect("an address");
    let mut wire = TcpStream::connect(address).expect("it listens");
    let path = url.rsplit_once(address).expect("a path").1;
    write!(wire, "GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: slow-reader/1\r\nConnection: close\r\n\r\n").expect("it reads");
    let mut first = [0; 20_000];
    wire.read_exact(&mut first).expect("the first bytes");
    assert!(first.starts_with(b"HTTP/1.1 200 OK"), "{}", String::from_utf8_lossy(&first[..200]));
    terminal.shows("who downloads, how far", |text| {
        text.lines()
            .any(|line| line.contains("127.0.0.1 (slow-reader/1)") && line.contains("/60.00 MB") && line.contains("/s"))
            .then_some(())
    });
    let mut rest = Vec::new();
    wire.read_to_end(&mut rest).expect("the rest");
    drop(wire);
    let (status, shown) = terminal.ends();
    assert_eq!(status.code(), Some(0), "{shown}");
    assert!(shown.contains("Taken: 1 of 1 by 127.0.0.1 (slow-reader/1)."), "{shown}");
    assert!(shown.contains("gift.zip (60.0 MB) can be taken once"), "{shown}");
    assert!(first.len() + rest.len() > 60_000_000 && rest[rest.len() - 22..].starts_with(b"PK\x05\x06"), "an archive to its end");
}

/// The link on the screen; what steers the terminal may stand right before it.
fn link_in(screen: &str) -> Option<String> {
    let from = screen.find("http://")?;
    screen[from..].split_whitespace().next().filter(|word| word.contains("/d/ol_")).map(str::to_owned)
}

/// What a camera reads from the screen: a white module is what is white, whatever the terminal's own colours are.
fn scanned(screen: &str) -> Option<String> {
    let rows = screen
        .lines()
        .filter_map(|line| line.split_once("[38;5;16;48;5;231m").map(|(_, rest)| rest.split('\u{1b}').next().unwrap_or_default()));
    let mut modules: Vec<Vec<bool>> = Vec::new();
    for row in rows {
        let half = |dark: &[char]| row.chars().map(|block| dark.contains(&block)).collect::<Vec<_>>();
        modules.push(half(&['\u{2588}', '\u{2580}']));
        modules.push(half(&['\u{2588}', '\u{2584}']));
    }
    const SCALE: usize = 4;
    let (width, height) = (modules.first()?.len() * SCALE, modules.len() * SCALE);
    let shade = |x: usize, y: usize| if modules[y / SCALE].get(x / SCALE).copied().unwrap_or(false) { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, shade);
    let grid = image.detect_grids().into_iter().next()?;
    grid.decode().ok().map(|(_, text)| text)
}
