//! Which connection a request goes by.

use std::time::Duration;

use futures_util::StreamExt;
use oncelink_core::object::{ObjectError, ObjectStream};
use oncelink_core::ports::ObjectSource;
use oncelink_objects_s3::S3Source;
use oncelink_testkit::object_suite::{content, read_all};
use tokio::time::timeout;

use crate::server::Server;
use crate::{key, serve, source, version};

const SIZE: u64 = 300_000;
/// For what happens at once: less than after which idle connections are looked through.
const PATIENCE: Duration = Duration::from_secs(10);

async fn open(source: &S3Source) -> ObjectStream {
    source.open(&key(), &version("e", None), SIZE, 0..SIZE).await.expect("an open object")
}

async fn assert_whole(stream: ObjectStream) {
    assert!(read_all(stream).await.expect("the whole object") == content(21, SIZE as usize));
}

/// The connection of each request.
fn used(server: &Server) -> Vec<usize> {
    server.seen().iter().map(|request| request.connection).collect()
}

/// A server of an object, and a source that asks it.
async fn serving() -> (Server, S3Source) {
    let server = Server::start(|_, request| serve(request, &content(21, SIZE as usize), "e")).await;
    let source = source(server.addr).await;
    (server, source)
}

#[tokio::test]
async fn one_request_after_the_other_goes_by_one_connection() {
    let (server, source) = serving().await;
    source.head(&key()).await.expect("a look");
    assert_whole(open(&source).await).await;
    let part = source.open(&key(), &version("e", None), SIZE, 1_000..2_000).await.expect("an open part");
    assert_eq!(read_all(part).await.expect("the whole part").len(), 1_000);
    let changed = source.open(&key(), &version("f", None), SIZE, 0..SIZE).await;
    assert!(matches!(changed, Err(ObjectError::Changed)));
    assert_whole(open(&source).await).await;
    assert_eq!(used(&server), [0; 5]);
}

#[tokio::test]
async fn downloads_at_once_have_a_connection_each_and_leave_it_to_others() {
    let (server, source) = serving().await;
    let (one, other) = (open(&source).await, open(&source).await);
    assert_whole(other).await;
    assert_whole(one).await;
    assert_whole(open(&source).await).await;
    assert_eq!(used(&server), [0, 1, 0]);
}

#[tokio::test]
async fn a_download_that_is_given_up_takes_its_connection_along() {
    let (server, source) = serving().await;
    let mut given_up = open(&source).await;
    given_up.next().await.expect("a chunk").expect("good bytes");
    drop(given_up);
    timeout(PATIENCE, server.ended(1)).await.expect("the first connection is closed");
    assert_whole(open(&source).await).await;
    // Nor is one used that nobody read from.
    drop(open(&source).await);
    timeout(PATIENCE, server.ended(2)).await.expect("the second one is closed");
    assert_whole(open(&source).await).await;
    assert_eq!(used(&server), [0, 1, 1, 2]);
}

#[tokio::test]
async fn a_connection_that_the_service_closes_while_it_rests_fails_nothing() {
    let server = Server::start(|_, request| serve(request, &content(21, SIZE as usize), "e").hushed()).await;
    let source = source(server.addr).await;
    for _ in 0..5 {
        assert_whole(open(&source).await).await;
    }
    assert_eq!(used(&server), [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn a_connection_by_which_a_request_failed_is_not_used_again() {
    let server = Server::start(|number, request| {
        if number == 0 { crate::Answer::error(500, "InternalError") } else { serve(request, &content(21, SIZE as usize), "e") }
    })
    .await;
    let source = source(server.addr).await;
    assert_whole(open(&source).await).await;
    assert_whole(open(&source).await).await;
    assert_eq!(used(&server), [0, 1, 1]);
}
