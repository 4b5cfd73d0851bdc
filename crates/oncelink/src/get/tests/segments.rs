//! Files that come in parts: side by side, in order, and told when they are safe.

use super::*;

/// A claim on the content, of which one response carries eight bytes.
fn claimed_in_parts(sha256: Option<&str>) -> Answer {
    let body =
        serde_json::json!({"url": "/c/oc_secret", "size": 20, "etag": "\"v1\"", "filename": "a.bin", "segment": 8, "sha256": sha256});
    always("201 Created", &[("Content-Type", "application/json")], body.to_string().as_bytes())
}

/// What is asked for: at most `carried` bytes of it, of which `count` come.
fn part_of(carried: usize, count: usize) -> Answer {
    Box::new(move |asked| {
        let (from, last) = asked.range();
        let end = (last + 1).min(from + carried);
        let bytes = &CONTENT[from..end];
        let range = format!("bytes {from}-{}/20", end - 1);
        let headers = [ETAG, ("Content-Range", range.as_str()), ("Content-Length", &*bytes.len().to_string())];
        answer("206 Partial Content", &headers, &bytes[..count.min(bytes.len())])
    })
}

fn part() -> Answer {
    part_of(8, 8)
}

fn done() -> Answer {
    always("204 No Content", &[], b"")
}

fn lost() -> Answer {
    Box::new(|_| Vec::new())
}

fn hex_of(content: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(content))
}

/// The lines about the bytes, in the order of their places: connections overtake each other.
fn sorted(server: &Scripted) -> Vec<String> {
    let mut lines = server.lines()[1..].to_vec();
    lines.sort();
    lines
}

#[tokio::test]
async fn parts_are_put_together_and_the_end_is_told_last() {
    let place = Place::new();
    let server = Scripted::start(vec![claimed_in_parts(Some(&hex_of(CONTENT))), part(), part(), part(), done()]).await;
    assert_eq!(place.get(&server, "b.bin").await, Ok(()));
    assert_eq!((place.content("b.bin"), place.names()), (CONTENT.to_vec(), vec!["b.bin".to_owned()]));
    assert_eq!(server.lines().last().map(String::as_str), Some("POST /c/oc_secret/done"));
    assert_eq!(
        sorted(&server),
        ["GET /c/oc_secret bytes=0-7", "GET /c/oc_secret bytes=16-19", "GET /c/oc_secret bytes=8-15", "POST /c/oc_secret/done"]
    );
    for asked in &server.asked()[1..4] {
        assert_eq!((asked.header("if-range"), asked.header("oncelink-acknowledges")), (Some("\"v1\""), Some("yes")));
    }
}

#[tokio::test]
async fn every_lost_answer_is_asked_for_again() {
    let place = Place::new();
    let script = vec![
        lost(),
        claimed_in_parts(None),
        lost(),
        part_of(8, 3),
        problem("503 Service Unavailable", "store-unavailable"),
        part(),
        part(),
        part(),
        lost(),
        problem("410 Gone", "completed"),
    ];
    let server = Scripted::start(script).await;
    assert_eq!(place.get(&server, "a.bin").await, Ok(()));
    assert_eq!((place.content("a.bin"), place.names().len()), (CONTENT.to_vec(), 1));
    assert_eq!(server.asked().len(), 10, "{:?}", server.lines());
}

#[tokio::test]
async fn less_than_was_asked_for_is_taken_and_the_rest_asked_for() {
    let place = Place::new();
    let mut script = vec![claimed_in_parts(None)];
    script.extend((0..5).map(|_| part_of(4, 4)));
    script.push(done());
    let server = Scripted::start(script).await;
    let mut impatient = place.order(&server, "a.bin").expect("free");
    impatient.pace.patience = Duration::ZERO;
    // The third part fits; the first two take two requests each, between which nobody waits.
    assert_eq!(run(impatient).await, Ok(()));
    assert_eq!((place.content("a.bin"), server.asked().len()), (CONTENT.to_vec(), 7));
}

#[tokio::test]
async fn a_whole_download_takes_less_than_it_asked_for_too() {
    let place = Place::new();
    let short: Answer = always("206 Partial Content", &[ETAG, ("Content-Range", "bytes 7-11/20")], &CONTENT[7..12]);
    let server = Scripted::start(vec![claimed("a.bin"), cut_after(7), short, ranged(20)]).await;
    assert_eq!(place.get(&server, "a.bin").await, Ok(()));
    assert_eq!((place.content("a.bin"), server.lines()[3].as_str()), (CONTENT.to_vec(), "GET /c/oc_secret bytes=12-"));
}

#[tokio::test]
async fn the_same_line_run_again_goes_on_with_the_parts_that_are_here() {
    let place = Place::new();
    // One part arrives, the others don't.
    let by_place: fn() -> Answer = || {
        Box::new(|asked| match asked.range() {
            (0, _) => answer("206 Partial Content", &[ETAG, ("Content-Range", "bytes 0-7/20")], &CONTENT[..8]),
            _ => Vec::new(),
        })
    };
    let first = Scripted::start(vec![claimed_in_parts(None), by_place(), by_place(), by_place()]).await;
    let mut impatient = place.order(&first, "a.bin").expect("free");
    impatient.pace.patience = Duration::ZERO;
    let failure = run(impatient).await.expect_err("it broke");
    assert!(failure.code() == 1 && failure.to_string().contains("again"), "{failure}");
    let second = Scripted::start(vec![claimed_in_parts(None), part(), part(), done()]).await;
    assert_eq!(place.get(&second, "a.bin").await, Ok(()));
    assert_eq!(place.content("a.bin"), CONTENT);
    assert_eq!(sorted(&second)[..2], ["GET /c/oc_secret bytes=16-19", "GET /c/oc_secret bytes=8-15"]);
    assert_eq!(first.asked()[0].header("idempotency-key"), second.asked()[0].header("idempotency-key"));
}

#[tokio::test]
async fn another_version_another_range_and_too_much_are_refused() {
    let other_etag: fn() -> Answer =
        || always("206 Partial Content", &[("ETag", "\"v2\""), ("Content-Range", "bytes 0-7/20")], &CONTENT[..8]);
    let no_etag: fn() -> Answer = || always("206 Partial Content", &[("Content-Range", "bytes 0-7/20")], &CONTENT[..8]);
    let elsewhere: fn() -> Answer = || always("206 Partial Content", &[ETAG, ("Content-Range", "bytes 1-7/20")], &CONTENT[1..8]);
    let beyond: fn() -> Answer = || always("206 Partial Content", &[ETAG, ("Content-Range", "bytes 0-19/20")], CONTENT);
    let too_much: fn() -> Answer = || always("206 Partial Content", &[ETAG, ("Content-Range", "bytes 0-3/20")], &CONTENT[..8]);
    let changed: fn() -> Answer = || problem("412 Precondition Failed", "precondition-failed");
    for bad in [other_etag, no_etag, elsewhere, beyond, too_much, changed] {
        let place = Place::new();
        // Whichever of the parts is answered first.
        let server = Scripted::start(vec![claimed_in_parts(None), bad(), bad(), bad()]).await;
        assert_eq!(place.get(&server, "a.bin").await.map_err(|failure| failure.code()), Err(1));
        assert!(!place.path("a.bin").exists());
    }
}

#[tokio::test]
async fn a_claim_that_is_over_too_early_is_refused() {
    for kind in ["completed", "revoked", "lapsed", "budget-spent"] {
        let place = Place::new();
        let gone = || problem("410 Gone", kind);
        let server = Scripted::start(vec![claimed_in_parts(None), gone(), gone(), gone()]).await;
        assert_eq!(place.get(&server, "a.bin").await.map_err(|failure| failure.code()), Err(3), "{kind}");
        assert_eq!(place.names(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn damage_is_thrown_away_and_the_end_isnt_told() {
    let place = Place::new();
    let server = Scripted::start(vec![claimed_in_parts(Some(&hex_of(b"something else"))), part(), part(), part()]).await;
    let failure = place.get(&server, "a.bin").await.expect_err("damaged");
    assert!(failure.code() == 1 && failure.to_string().contains("SHA-256"), "{failure}");
    assert_eq!((place.names(), server.lines().len()), (Vec::<String>::new(), 4));
}

#[tokio::test]
async fn a_pipe_gets_the_parts_in_order() {
    let _place = Place::new();
    let server = Scripted::start(vec![claimed_in_parts(Some(&hex_of(CONTENT))), part(), part(), part(), done()]).await;
    let out = Shared::default();
    let order = order(&format!("http://{}/d/ol_x", server.addr), Target::Stdout);
    assert_eq!(pipe::into(&order, &OsEntropy, Pipe::new(Box::new(out.clone()))).await, Ok(()));
    assert_eq!(*out.0.lock().expect("no panic holds it"), CONTENT);
    assert_eq!(server.lines().last().map(String::as_str), Some("POST /c/oc_secret/done"));
}
