//! Bodies that break, stall, or aren't what was asked for.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use oncelink_core::FaultKind;
use oncelink_core::object::{ByteRange, ObjectError, ObjectStream};
use oncelink_core::ports::ObjectSource;
use oncelink_testkit::object_suite::{content, read_all};
use tokio::time::timeout;

use crate::server::{Answer, Request, Server};
use crate::{assert_fault, credentials, fault, key, serve, settings, source, source_with, version};

const SIZE: usize = 300_000;

/// The object of these tests.
fn object() -> Bytes {
    content(21, SIZE)
}

/// Opens `range` of the object as version `e` of a server that answers by `script`.
async fn open(
    range: ByteRange,
    script: impl Fn(usize, &Request) -> Answer + Send + Sync + 'static,
) -> (Server, Result<ObjectStream, ObjectError>) {
    let server = Server::start(script).await;
    let stream = source(server.addr).await.open(&key(), &version("e", None), SIZE as u64, range).await;
    (server, stream)
}

/// Range and condition of each request.
fn asked(server: &Server) -> Vec<(String, String)> {
    let header = |request: &Request, name| request.header(name).unwrap_or("none").to_owned();
    server.seen().iter().map(|request| (header(request, "range"), header(request, "if-match"))).collect()
}

/// Reads to the error; gives it with what came before.
async fn read_to_error(mut stream: ObjectStream) -> (Vec<u8>, ObjectError) {
    let mut got = Vec::new();
    loop {
        match stream.next().await.expect("an error before the end") {
            Ok(chunk) => got.extend_from_slice(&chunk),
            Err(error) => {
                assert!(stream.next().await.is_none(), "an error is the last of a stream");
                return (got, error);
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_is_cut_is_taken_up_where_it_broke() {
    let (server, stream) = open(0..SIZE as u64, |number, request| {
        let answer = serve(request, &object(), "e");
        if number == 0 { answer.cut(100_000) } else { answer }
    })
    .await;
    assert!(read_all(stream.expect("an open object")).await.expect("the whole object") == object());
    let expected = [("none", "\"e\""), ("bytes=100000-299999", "\"e\"")];
    assert_eq!(asked(&server), expected.map(|(range, condition)| (range.to_owned(), condition.to_owned())));
}

#[tokio::test]
async fn a_part_that_is_cut_is_taken_up_within_the_part() {
    let (server, stream) = open(1000..200_000, |number, request| {
        let answer = serve(request, &object(), "e");
        if number == 0 { answer.cut(50_000) } else { answer }
    })
    .await;
    assert!(read_all(stream.expect("an open part")).await.expect("the whole part") == object()[1000..200_000]);
    let ranges: Vec<String> = asked(&server).into_iter().map(|(range, _)| range).collect();
    assert_eq!(ranges, ["bytes=1000-199999", "bytes=51000-199999"]);
}

/// A quick reader is woken when much is there, but not only then.
#[tokio::test]
async fn what_a_quick_service_had_sent_when_it_stalled_comes_through() {
    const SIZE: usize = 64 << 20;
    const SENT: usize = (40 << 20) + 12_345;
    let server = Server::start(|_, request| serve(request, &vec![7; SIZE], "e").stalled(SENT)).await;
    let stream = source(server.addr).await.open(&key(), &version("e", None), SIZE as u64, 0..SIZE as u64).await;
    let mut stream = stream.expect("an open object");
    let mut got = 0;
    while got < SENT {
        let chunk = timeout(Duration::from_secs(10), stream.next()).await.expect("what was sent");
        got += chunk.expect("no end").expect("good bytes").len();
    }
    assert_eq!(got, SENT);
}

#[tokio::test]
async fn a_body_that_stalls_is_taken_up_where_it_stopped() {
    let server = Server::start(|number, request| {
        let answer = serve(request, &object(), "e");
        if number == 0 { answer.stalled(12_345) } else { answer }
    })
    .await;
    let mut impatient = settings(credentials());
    impatient.patience.stall = Duration::from_millis(200);
    let source = source_with(server.addr, impatient).await;
    let stream = source.open(&key(), &version("e", None), SIZE as u64, 0..SIZE as u64).await;
    assert!(read_all(stream.expect("an open object")).await.expect("the whole object") == object());
    assert_eq!(asked(&server)[1].0, "bytes=12345-299999");
}

#[tokio::test]
async fn a_body_that_breaks_often_but_moves_on_arrives() {
    let (server, stream) = open(0..SIZE as u64, |_, request| {
        let answer = serve(request, &object(), "e");
        let rest = request.header("range").and_then(|range| range.strip_prefix("bytes=")?.split('-').next()?.parse().ok()).unwrap_or(0);
        if SIZE - rest > 20_000 { answer.cut(20_000) } else { answer }
    })
    .await;
    assert!(read_all(stream.expect("an open object")).await.expect("the whole object") == object());
    assert_eq!(server.seen().len(), 15);
}

#[tokio::test]
async fn a_body_that_moves_on_no_more_is_given_up_after_three_attempts() {
    let (server, stream) = open(0..SIZE as u64, |number, request| {
        let answer = serve(request, &object(), "e");
        answer.cut(if number == 0 { 1000 } else { 0 })
    })
    .await;
    let (got, error) = read_to_error(stream.expect("an open object")).await;
    assert!(got == object()[..1000]);
    assert_fault(&fault(error), FaultKind::Unavailable, &["dir/file.bin", "the-bucket", "at byte 1000"]);
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_failing_service_is_asked_again_in_mid_body_and_a_refusing_one_is_not() {
    let (server, stream) = open(0..SIZE as u64, |number, request| match number {
        0 => serve(request, &object(), "e").cut(1000),
        // The SDK's own three attempts, then ours.
        1..=3 => Answer::error(503, "SlowDown"),
        _ => serve(request, &object(), "e"),
    })
    .await;
    assert!(read_all(stream.expect("an open object")).await.expect("the whole object") == object());
    assert_eq!(server.seen().len(), 5);
    let (server, stream) = open(0..SIZE as u64, |number, request| match number {
        0 => serve(request, &object(), "e").cut(1000),
        _ => Answer::error(403, "AccessDenied"),
    })
    .await;
    let (_, error) = read_to_error(stream.expect("an open object")).await;
    assert_fault(&fault(error), FaultKind::Denied, &["s3:GetObject"]);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn an_object_that_changes_or_goes_in_mid_body_yields_no_foreign_byte() {
    for honest in [true, false] {
        let (_server, stream) = open(0..SIZE as u64, move |number, request| match (number, honest) {
            (0, _) => serve(request, &object(), "e").cut(100_000),
            (_, true) => serve(request, &content(22, SIZE), "other"),
            // A service that ignores If-Match.
            (_, false) => serve(request, &content(22, SIZE), "e").with("ETag", "\"other\""),
        })
        .await;
        let (got, error) = read_to_error(stream.expect("an open object")).await;
        assert!(matches!(error, ObjectError::Changed), "{error}");
        assert!(got == object()[..100_000]);
    }
    let (_server, stream) = open(0..SIZE as u64, |number, request| match number {
        0 => serve(request, &object(), "e").cut(100_000),
        _ => Answer::error(404, "NoSuchKey"),
    })
    .await;
    let (got, error) = read_to_error(stream.expect("an open object")).await;
    assert!(matches!(error, ObjectError::NotFound) && got == object()[..100_000], "{error}");
}

#[tokio::test]
async fn an_answer_with_another_version_is_refused_although_the_condition_was_ignored() {
    let answer = |etag: &'static str, id: Option<&'static str>| {
        move |_: usize, _: &Request| {
            let answer = Answer::new(200, object()).with("ETag", format!("\"{etag}\""));
            id.map_or(answer.clone(), |id| answer.with("x-amz-version-id", id))
        }
    };
    for (etag, id) in [("f", None), ("E", None), ("e", Some("v1"))] {
        let (_server, stream) = open(0..SIZE as u64, answer(etag, id)).await;
        assert!(matches!(stream.err(), Some(ObjectError::Changed)), "{etag} {id:?}");
    }
    let (_server, stream) = open(0..SIZE as u64, answer("e", Some("null"))).await;
    assert!(read_all(stream.expect("an object older than the bucket's versions")).await.is_ok());
    for (id, fits) in [(Some("v1"), true), (Some("v2"), false), (None, false)] {
        let server = Server::start(answer("e", id)).await;
        let opened = source(server.addr).await.open(&key(), &version("e", Some("v1")), SIZE as u64, 0..SIZE as u64).await;
        assert_eq!(opened.is_ok(), fits, "{id:?}");
        assert!(fits || matches!(opened.err(), Some(ObjectError::Changed)), "{id:?}");
    }
}

#[tokio::test]
async fn an_answer_of_another_size_is_refused() {
    let whole = |size: usize| move |_: usize, _: &Request| Answer::new(200, content(21, size)).with("ETag", "\"e\"");
    for size in [SIZE - 1, SIZE + 1, 0] {
        let (_server, stream) = open(0..SIZE as u64, whole(size)).await;
        assert!(matches!(stream.err(), Some(ObjectError::Changed)), "{size}");
    }
    let (_server, stream) = open(0..10, |_, request| {
        let content = content(21, SIZE + 5);
        serve(request, &content, "e")
    })
    .await;
    assert!(matches!(stream.err(), Some(ObjectError::Changed)));
}

#[tokio::test]
async fn an_answer_with_other_bytes_than_asked_for_is_refused() {
    let part = |told: &'static str, count: usize| {
        move |_: usize, _: &Request| Answer::new(206, vec![0; count]).with("ETag", "\"e\"").with("Content-Range", told)
    };
    for (told, count) in [("bytes 0-9/300000", 10), ("bytes 10-18/300000", 9), ("bytes 10-19/300000", 9), ("bytes 10-20/300000", 11)] {
        let (_server, stream) = open(10..20, part(told, count)).await;
        assert_fault(&fault(stream.err().expect("other bytes")), FaultKind::Unavailable, &["the-bucket", "other bytes"]);
    }
    let (_server, stream) = open(10..20, |_, _| Answer::new(200, object()).with("ETag", "\"e\"")).await;
    assert_fault(&fault(stream.err().expect("the range was ignored")), FaultKind::Unavailable, &["the-bucket", "Range"]);
}

#[tokio::test]
async fn a_body_of_unannounced_length_is_neither_believed_to_be_whole_nor_let_beyond_the_range() {
    let (_server, stream) = open(0..SIZE as u64, |number, request| {
        let mut part = serve(request, &object(), "e");
        if number == 0 {
            part = Answer::new(200, &object()[..70_000]).with("ETag", "\"e\"").unannounced();
        }
        part
    })
    .await;
    assert!(read_all(stream.expect("an open object")).await.expect("the whole object") == object());
    let (_server, stream) = open(0..SIZE as u64, |_, _| Answer::new(200, content(21, SIZE + 1)).with("ETag", "\"e\"").unannounced()).await;
    let (got, error) = read_to_error(stream.expect("an open object")).await;
    assert_fault(&fault(error), FaultKind::Unavailable, &["more bytes"]);
    assert!(got.len() <= SIZE && got == object()[..got.len()]);
}
