//! Whole downloads against a server that follows a script. Nothing here waits for the sake of order.

mod held;
mod looking;
mod scripted;
mod segments;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::BASE64;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::sink::Pipe;
use super::*;
use scripted::{Answer, Scripted, always, answer, problem};

const CONTENT: &[u8] = b"0123456789abcdefghij";
const ETAG: (&str, &str) = ("ETag", "\"v1\"");

/// A folder, and what is asked to be downloaded into it.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `oncelink get http://SERVER/d/ol_x -o OUTPUT`.
    async fn get(&self, server: &Scripted, output: &str) -> Result<(), Failure> {
        run(self.order(server, output)?).await
    }

    fn order(&self, server: &Scripted, output: &str) -> Result<Order, Failure> {
        let target = Target::parse(Some(self.path(output).to_str().expect("UTF-8")))?;
        Ok(order(&format!("http://{}/d/ol_x", server.addr), target))
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("a folder");
        let mut names: Vec<String> = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn content(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("the file is there")
    }
}

fn order(url: &str, target: Target) -> Order {
    let milliseconds = Duration::from_millis;
    let pace = Pace { first: milliseconds(1), longest: milliseconds(5), patience: milliseconds(20_000), reach: milliseconds(50) };
    Order { link: LinkAddress::parse(url).expect("a link"), target, passphrase: None, pace, json: false }
}

fn claimed(filename: &str) -> Answer {
    claimed_of(CONTENT.len(), filename)
}

fn claimed_of(size: usize, filename: &str) -> Answer {
    let body = serde_json::json!({"url": "/c/oc_secret", "size": size, "etag": "\"v1\"", "filename": filename, "lease_until": "2030-01-01T00:00:00Z"});
    always("201 Created", &[("Content-Type", "application/json")], body.to_string().as_bytes())
}

/// What a link says of its file to whoever only looks.
fn looked(filename: &str) -> Answer {
    let body = serde_json::json!({"filename": filename, "size": CONTENT.len(), "uses": 1, "uses_left": 1});
    always("200 OK", &[("Content-Type", "application/json")], body.to_string().as_bytes())
}

fn whole() -> Answer {
    always("200 OK", &[ETAG], CONTENT)
}

/// The first `count` bytes, then the connection ends.
fn cut_after(count: usize) -> Answer {
    always("200 OK", &[ETAG, ("Content-Length", "20")], &CONTENT[..count])
}

/// What is asked for by Range, of which only `count` bytes come.
fn ranged(count: usize) -> Answer {
    Box::new(move |asked| {
        let range = asked.header("range").expect("a resumed download asks for a range");
        let start: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().expect("an open range");
        let rest = &CONTENT[start..];
        let headers = [ETAG, ("Content-Range", &*format!("bytes {start}-19/20")), ("Content-Length", &*rest.len().to_string())];
        answer("206 Partial Content", &headers, &rest[..count.min(rest.len())])
    })
}

fn digest_of(content: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64.encode(&Sha256::digest(content)))
}

#[tokio::test]
async fn a_download_is_claimed_with_a_secret_and_written_in_one_piece() {
    let place = Place::new();
    let server = Scripted::start(vec![claimed("a.bin"), whole()]).await;
    assert_eq!(place.get(&server, "b.bin").await, Ok(()));
    assert_eq!((place.content("b.bin"), place.names()), (CONTENT.to_vec(), vec!["b.bin".to_owned()]));
    let asked = server.asked();
    assert_eq!(server.lines(), ["POST /d/ol_x", "GET /c/oc_secret"]);
    assert_eq!(asked[0].header("accept"), Some("application/json"));
    let holder = asked[0].header("idempotency-key").expect("a holder");
    assert!(holder.len() == 43 && holder.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{holder}");
    assert!(
        asked[1].header("idempotency-key").is_none() && asked[1].header("referer").is_none(),
        "the bytes need no secret but the address"
    );
}

#[tokio::test]
async fn the_holder_is_on_disk_for_its_owner_alone_before_the_claim_is_made() {
    let place = Place::new();
    let seen = Arc::new(Mutex::new(None));
    let (record, folder) = (seen.clone(), place.folder.path().to_owned());
    let look: Answer = Box::new(move |asked| {
        let state = std::fs::read_dir(folder).expect("a folder").next().expect("one file").expect("an entry");
        let mode = state.metadata().expect("it is there").permissions().mode() & 0o777;
        let holder = asked.header("idempotency-key").expect("a holder").to_owned();
        let holds = std::fs::read_to_string(state.path()).expect("text").contains(&holder);
        *record.lock().expect("no panic holds it") = Some((mode, holds));
        answer("410 Gone", &[], b"{\"type\":\"spent\",\"detail\":\"It is spent.\"}")
    });
    let server = Scripted::start(vec![look]).await;
    assert_eq!(place.get(&server, "a.bin").await, Err(Failure::refused("It is spent.")));
    assert_eq!(*seen.lock().expect("no panic holds it"), Some((0o600, true)));
    assert_eq!(place.names(), Vec::<String>::new(), "a refused link leaves nothing behind");
}

#[tokio::test]
async fn a_token_in_the_query_goes_into_the_form_with_the_passphrase() {
    let place = Place::new();
    let server = Scripted::start(vec![looked("a.bin"), claimed("a.bin"), whole()]).await;
    let mut order = order(&format!("http://{}/base/download?token=ol_x", server.addr), Target::Folder(place.folder.path().to_owned()));
    order.passphrase = Some("open sesame".to_owned());
    assert_eq!(run(order).await, Ok(()));
    let asked = server.asked();
    assert_eq!((asked[0].target.as_str(), asked[0].body.as_str()), ("/base/download?token=ol_x", ""));
    assert_eq!((asked[1].target.as_str(), asked[1].body.as_str()), ("/base/download", "token=ol_x&passphrase=open+sesame"));
    assert_eq!(asked[1].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(place.content("a.bin"), CONTENT);
}

#[tokio::test]
async fn a_cut_download_is_resumed_where_it_broke() {
    let place = Place::new();
    let script = vec![claimed("a.bin"), cut_after(7), problem("503 Service Unavailable", "unavailable"), ranged(5), ranged(20)];
    let server = Scripted::start(script).await;
    assert_eq!(place.get(&server, "a.bin").await, Ok(()));
    assert_eq!(place.content("a.bin"), CONTENT);
    assert_eq!(
        server.lines()[1..],
        ["GET /c/oc_secret", "GET /c/oc_secret bytes=7-", "GET /c/oc_secret bytes=7-", "GET /c/oc_secret bytes=12-"]
    );
    assert!(server.asked()[2..].iter().all(|asked| asked.header("if-range") == Some("\"v1\"")));
}

#[tokio::test]
async fn a_lost_answer_to_the_claim_is_asked_for_again_with_the_same_holder() {
    let place = Place::new();
    let lost: Answer = Box::new(|_| Vec::new());
    let script = vec![lost, problem("503 Service Unavailable", "unavailable"), claimed("a.bin"), whole()];
    let server = Scripted::start(script).await;
    assert_eq!(place.get(&server, "a.bin").await, Ok(()));
    let asked = server.asked();
    let holders: Vec<_> = asked.iter().filter_map(|asked| asked.header("idempotency-key")).collect();
    assert_eq!(holders.len(), 3);
    assert!(holders.iter().all(|holder| *holder == holders[0]));
}

#[tokio::test]
async fn the_same_line_run_again_goes_on_with_the_same_holder() {
    let place = Place::new();
    let first = Scripted::start(vec![claimed("a.bin"), cut_after(7)]).await;
    let mut impatient = place.order(&first, "a.bin").expect("free");
    impatient.pace.patience = Duration::ZERO;
    let failure = run(impatient).await.expect_err("it broke");
    assert!(matches!(&failure, Failure::Failed(message) if message.contains("7 of 20") && message.contains("again")), "{failure}");
    assert_eq!(place.names().len(), 2, "a state and a part: {:?}", place.names());
    let second = Scripted::start(vec![claimed("a.bin"), ranged(20)]).await;
    // The link's name doesn't depend on the server's address, so the second server stands in for the restarted first.
    assert_eq!(place.get(&second, "a.bin").await, Ok(()));
    assert_eq!((place.content("a.bin"), place.names()), (CONTENT.to_vec(), vec!["a.bin".to_owned()]));
    assert_eq!(second.lines()[1], "GET /c/oc_secret bytes=7-");
    assert_eq!(first.asked()[0].header("idempotency-key"), second.asked()[0].header("idempotency-key"));
}

#[tokio::test]
async fn a_claim_that_is_complete_with_everything_here_is_a_success() {
    let place = Place::new();
    // Everything arrives, but the file's name is taken meanwhile.
    let (sender, folder) = (place.path("a.bin"), place.folder.path().to_owned());
    let racing: Answer = Box::new(move |_| {
        std::fs::write(&sender, b"somebody else's").expect("writable");
        answer("200 OK", &[ETAG, ("Repr-Digest", &digest_of(CONTENT))], CONTENT)
    });
    let first = Scripted::start(vec![looked("a.bin"), claimed("a.bin"), racing]).await;
    let failure = run(order(&format!("http://{}/d/ol_x", first.addr), Target::Folder(folder))).await.expect_err("the name is taken");
    assert!(failure.to_string().contains("-o") && place.content("a.bin") == b"somebody else's", "{failure}");
    let second = Scripted::start(vec![problem("410 Gone", "completed")]).await;
    assert_eq!(place.get(&second, "b.bin").await, Ok(()));
    assert_eq!((place.content("b.bin"), place.names()), (CONTENT.to_vec(), vec!["a.bin".to_owned(), "b.bin".to_owned()]));
}

#[tokio::test]
async fn a_claim_that_is_complete_with_something_missing_is_refused() {
    let place = Place::new();
    let server = Scripted::start(vec![claimed("a.bin"), cut_after(7), problem("410 Gone", "completed")]).await;
    let failure = place.get(&server, "a.bin").await.expect_err("13 bytes are missing");
    assert!(matches!(&failure, Failure::Refused(message) if message.contains("only 7 of 20")), "{failure}");
    assert!(!place.path("a.bin").exists());
    assert_eq!(place.names().len(), 1, "what arrived is left, the state isn't: {:?}", place.names());
    assert!(failure.to_string().contains(&place.names()[0]), "{failure}");
}

#[tokio::test]
async fn a_link_that_is_over_is_refused() {
    for (status, kind) in [
        ("404 Not Found", "not-found"),
        ("410 Gone", "spent"),
        ("410 Gone", "revoked"),
        ("410 Gone", "completed"),
        ("409 Conflict", "object-changed"),
        ("403 Forbidden", "not-yet"),
        ("401 Unauthorized", "passphrase-needed"),
        ("429 Too Many Requests", "too-many-passphrases"),
    ] {
        let place = Place::new();
        let server = Scripted::start(vec![problem(status, kind)]).await;
        let failure = place.get(&server, "a.bin").await.expect_err(kind);
        assert!(matches!(&failure, Failure::Refused(message) if message.starts_with(&format!("It is {kind}."))), "{failure:?}");
        assert_eq!(place.names(), Vec::<String>::new(), "{kind}");
    }
}

#[tokio::test]
async fn a_stranger_in_between_doesnt_cost_a_download_that_was_begun() {
    let place = Place::new();
    let first = Scripted::start(vec![claimed("a.bin"), cut_after(7)]).await;
    let mut impatient = place.order(&first, "a.bin").expect("free");
    impatient.pace.patience = Duration::ZERO;
    run(impatient).await.expect_err("it broke");
    let proxy = Scripted::start(vec![always("404 Not Found", &[("Content-Type", "text/html")], b"<html>no such host</html>")]).await;
    let failure = place.get(&proxy, "a.bin").await.expect_err("nobody knows the link there");
    assert!(failure.code() == 1 && failure.to_string().contains("again"), "{failure}");
    assert_eq!(place.names().len(), 2, "the state and the part stay: {:?}", place.names());
    let third = Scripted::start(vec![claimed("a.bin"), ranged(20)]).await;
    assert_eq!(place.get(&third, "a.bin").await, Ok(()));
    assert_eq!(first.asked()[0].header("idempotency-key"), third.asked()[0].header("idempotency-key"));
}

#[tokio::test]
async fn a_changed_digest_or_content_is_noticed_and_thrown_away() {
    let place = Place::new();
    let wrong = digest_of(b"something else");
    let server = Scripted::start(vec![claimed("a.bin"), always("200 OK", &[ETAG, ("Repr-Digest", &wrong)], CONTENT)]).await;
    let failure = place.get(&server, "a.bin").await.expect_err("damaged");
    assert!(failure.code() == 1 && failure.to_string().contains("SHA-256"), "{failure}");
    assert_eq!(place.names(), Vec::<String>::new());
    let right = digest_of(CONTENT);
    let server = Scripted::start(vec![claimed("a.bin"), always("200 OK", &[ETAG, ("Repr-Digest", &right)], CONTENT)]).await;
    assert_eq!(place.get(&server, "a.bin").await, Ok(()));
}

#[tokio::test]
async fn another_version_another_size_and_another_range_are_refused() {
    let other_etag: fn() -> Answer = || always("200 OK", &[("ETag", "\"v2\"")], CONTENT);
    let no_etag: fn() -> Answer = || always("200 OK", &[], CONTENT);
    let longer: fn() -> Answer = || always("200 OK", &[ETAG], b"0123456789abcdefghijk");
    let shorter: fn() -> Answer = || always("200 OK", &[ETAG], b"0123");
    let elsewhere: fn() -> Answer = || always("206 Partial Content", &[ETAG, ("Content-Range", "bytes 3-19/20")], &CONTENT[3..]);
    for bad in [other_etag, no_etag, longer, shorter, elsewhere] {
        let place = Place::new();
        let server = Scripted::start(vec![claimed("a.bin"), bad()]).await;
        assert_eq!(place.get(&server, "a.bin").await.map_err(|failure| failure.code()), Err(1));
        assert!(!place.path("a.bin").exists());
    }
    let place = Place::new();
    let server = Scripted::start(vec![claimed("a.bin"), cut_after(7), other_etag()]).await;
    let failure = place.get(&server, "a.bin").await.expect_err("another version");
    assert!(failure.to_string().contains("changed"), "{failure}");
}

#[tokio::test]
async fn a_server_that_begins_anew_gives_the_right_file_too() {
    let place = Place::new();
    let server = Scripted::start(vec![claimed("a.bin"), cut_after(7), whole()]).await;
    assert_eq!(place.get(&server, "a.bin").await, Ok(()));
    assert_eq!(place.content("a.bin"), CONTENT);
}

#[tokio::test]
async fn an_empty_file_is_asked_for_once_and_written() {
    let place = Place::new();
    let server = Scripted::start(vec![claimed_of(0, "a.bin"), always("200 OK", &[ETAG], b"")]).await;
    assert_eq!(place.get(&server, "a.bin").await, Ok(()));
    assert_eq!((place.content("a.bin"), server.lines().len()), (Vec::new(), 2));
}

#[tokio::test]
async fn an_existing_file_is_refused_before_anything_is_claimed() {
    let place = Place::new();
    std::fs::write(place.path("a.bin"), b"mine").expect("writable");
    let server = Scripted::start(Vec::new()).await;
    let failure = place.get(&server, "a.bin").await.expect_err("it exists");
    assert!(failure.code() == 1 && failure.to_string().contains("-o"), "{failure}");
    assert_eq!((place.content("a.bin"), place.names().len(), server.lines().len()), (b"mine".to_vec(), 1, 0));
}

#[tokio::test]
async fn a_suggested_name_that_exists_keeps_the_claim_for_another_name() {
    let place = Place::new();
    std::fs::write(place.path("a.bin"), b"mine").expect("writable");
    // A look that tells nothing: only the claim says what the file is called.
    let silent: Answer = Box::new(|_| Vec::new());
    let server = Scripted::start(vec![silent, claimed("a.bin"), claimed("a.bin"), whole()]).await;
    let folder = || Target::Folder(place.folder.path().to_owned());
    let failure = run(order(&format!("http://{}/d/ol_x", server.addr), folder())).await.expect_err("it exists");
    assert!(failure.to_string().contains("-o") && failure.to_string().contains("2030"), "{failure}");
    assert_eq!(place.get(&server, "b.bin").await, Ok(()));
    assert_eq!((place.content("a.bin"), place.content("b.bin")), (b"mine".to_vec(), CONTENT.to_vec()));
    let asked = server.asked();
    assert_eq!(asked[1].header("idempotency-key"), asked[2].header("idempotency-key"));
}

#[tokio::test]
async fn a_suggested_name_cant_leave_the_folder() {
    for suggested in ["../../escaped.bin", "/tmp/escaped.bin", "..\\escaped.bin", ".escaped.bin"] {
        let place = Place::new();
        let server = Scripted::start(vec![looked(suggested), claimed(suggested), whole()]).await;
        let order = order(&format!("http://{}/d/ol_x", server.addr), Target::Folder(place.folder.path().to_owned()));
        assert_eq!(run(order).await, Ok(()));
        assert_eq!(place.names(), ["escaped.bin"], "{suggested}");
    }
}

#[tokio::test]
async fn a_redirect_is_followed_without_telling_where_it_came_from_and_is_asked_for_once() {
    let place = Place::new();
    let bucket = Scripted::start(vec![
        always("200 OK", &[("ETag", "\"bucket\""), ("Content-Length", "20")], &CONTENT[..9]),
        always("206 Partial Content", &[("ETag", "\"bucket\""), ("Content-Range", "bytes 9-19/20")], &CONTENT[9..]),
    ])
    .await;
    let location = format!("http://{}/presigned?sig=1", bucket.addr);
    let server = Scripted::start(vec![claimed("a.bin"), always("302 Found", &[("Location", &location)], b"")]).await;
    assert_eq!(place.get(&server, "a.bin").await, Ok(()));
    assert_eq!(place.content("a.bin"), CONTENT);
    assert_eq!(bucket.lines(), ["GET /presigned?sig=1", "GET /presigned?sig=1 bytes=9-"]);
    for asked in bucket.asked() {
        let told = format!("{:?}", asked.headers);
        assert!(!told.contains("ol_x") && !told.contains("oc_secret") && !told.contains(&server.addr.to_string()), "{told}");
    }
}

#[tokio::test]
async fn a_presigned_address_that_has_expired_is_a_refusal() {
    let place = Place::new();
    let bucket = Scripted::start(vec![always("403 Forbidden", &[], b"<Error><Code>AccessDenied</Code></Error>")]).await;
    let location = format!("http://{}/presigned", bucket.addr);
    let server = Scripted::start(vec![claimed("a.bin"), always("307 Temporary Redirect", &[("Location", &location)], b"")]).await;
    assert_eq!(place.get(&server, "a.bin").await.map_err(|failure| failure.code()), Err(3));
}

#[tokio::test]
async fn nobody_there_is_a_failure_soon_and_leaves_nothing() {
    let place = Place::new();
    let server = Scripted::start(Vec::new()).await;
    let failure = place.get(&server, "a.bin").await.expect_err("nobody listens");
    assert!(
        failure.code() == 1 && failure.to_string().contains(&server.addr.to_string()) && !failure.to_string().contains("ol_x"),
        "{failure}"
    );
    assert_eq!(place.names(), Vec::<String>::new());
}

#[tokio::test]
async fn something_else_than_an_oncelink_server_is_said_so() {
    let place = Place::new();
    let page = || always("200 OK", &[("Content-Type", "text/html")], b"<html>a page</html>");
    let server = Scripted::start(vec![page()]).await;
    let mut impatient = place.order(&server, "a.bin").expect("free");
    impatient.pace.patience = Duration::ZERO;
    let failure = run(impatient).await.expect_err("a page");
    assert!(failure.to_string().contains("doesn't answer like an oncelink server"), "{failure}");
}

#[tokio::test]
async fn a_pipe_gets_every_byte_once_across_a_break() {
    let place = Place::new();
    let server = Scripted::start(vec![claimed("a.bin"), cut_after(7), ranged(20)]).await;
    let out = Shared::default();
    let order = order(&format!("http://{}/d/ol_x", server.addr), Target::Stdout);
    assert_eq!(pipe::into(&order, &OsEntropy, Pipe::new(Box::new(out.clone()))).await, Ok(()));
    assert_eq!(*out.0.lock().expect("no panic holds it"), CONTENT);
    assert_eq!(place.names(), Vec::<String>::new());
}

#[tokio::test]
async fn a_pipe_cant_begin_anew_and_notices_damage() {
    let _place = Place::new();
    let wrong = digest_of(b"something else");
    let scripts = [
        vec![claimed("a.bin"), cut_after(7), whole()],
        vec![claimed("a.bin"), always("200 OK", &[ETAG, ("Repr-Digest", &wrong)], CONTENT)],
    ];
    for script in scripts {
        let server = Scripted::start(script).await;
        let order = order(&format!("http://{}/d/ol_x", server.addr), Target::Stdout);
        let outcome = pipe::into(&order, &OsEntropy, Pipe::new(Box::new(Shared::default()))).await;
        assert_eq!(outcome.map_err(|failure| failure.code()), Err(1));
    }
}

/// A pipe whose end a test holds.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic holds it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn unfinished_downloads_of_different_links_dont_share_their_files() {
    let id = |url: &str| LinkAddress::parse(url).expect("a link").id().to_owned();
    assert_ne!(id("http://h/d/ol_x"), id("http://h/d/ol_y"));
    assert_ne!(super::part::Part::path(Path::new("."), "a"), super::part::Part::path(Path::new("."), "b"));
}
