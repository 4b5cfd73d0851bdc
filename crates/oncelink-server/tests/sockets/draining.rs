//! The end: nobody new, idle connections closed, running responses finished or cut, records waited for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use futures_util::stream;
use oncelink_server::{Limits, Site};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::{Running, ask, connect, count_to_the_end, hello, read_head, router, sized, start, until, within};

const LONG: Duration = Duration::from_secs(3600);

fn limits(drain: Duration) -> Limits {
    Limits { drain, ..Limits::new(100) }
}

/// A running response of four bytes, of which the client has two. The rest comes from the sender.
async fn half_way(drain: Duration) -> (Running, TcpStream, mpsc::UnboundedSender<Bytes>) {
    let (pieces, body) = mpsc::unbounded_channel();
    let body = Arc::new(Mutex::new(Some(body)));
    let route = get(async move || {
        let body = body.lock().expect("no panic").take().expect("one request");
        let arriving = stream::unfold(body, |mut body| async { body.recv().await.map(|piece| (Ok::<Bytes, std::io::Error>(piece), body)) });
        sized(4, Body::from_stream(arriving))
    });
    let server = start(Router::new().route("/", route), limits(drain));
    let mut client = connect(server.addr).await;
    ask(&mut client, "/").await;
    pieces.send(Bytes::from_static(b"ab")).expect("a client");
    read_head(&mut client).await;
    let mut two = [0; 2];
    within("the first two", client.read_exact(&mut two)).await.expect("two bytes");
    (server, client, pieces)
}

#[tokio::test]
async fn a_running_response_is_finished_and_nobody_new_is_let_in() {
    let (server, mut client, pieces) = half_way(LONG).await;
    let addr = server.addr;
    server.stop.send(()).expect("it runs");
    until("nobody new is let in", async || TcpStream::connect(addr).await.is_err()).await;
    assert!(!server.done.is_finished());
    pieces.send(Bytes::from_static(b"cd")).expect("the response still runs");
    let mut rest = Vec::new();
    within("the rest", client.read_to_end(&mut rest)).await.expect("a clean end");
    assert_eq!(rest, b"cd");
    within("the server ends", server.done).await.expect("no panic");
}

#[tokio::test]
async fn what_runs_longer_than_the_drain_is_cut() {
    let (server, mut client, pieces) = half_way(Duration::from_millis(200)).await;
    server.end().await;
    assert_eq!(count_to_the_end(&mut client).await, 0, "cut, not finished");
    assert!(pieces.is_closed(), "and its body is dropped");
}

#[tokio::test]
async fn connections_without_a_running_request_hold_nothing_up() {
    let server = start(router(0), limits(LONG));
    let (mut idle, mut silent, mut half) = (connect(server.addr).await, connect(server.addr).await, connect(server.addr).await);
    assert!(hello(&mut idle).await);
    half.write_all(b"GET / HT").await.expect("the server reads");
    let begin = Instant::now();
    server.end().await;
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    for client in [&mut idle, &mut silent, &mut half] {
        assert_eq!(count_to_the_end(client).await, 0);
    }
}

#[tokio::test]
async fn the_records_of_deliveries_are_waited_for() {
    let deliveries = TaskTracker::new();
    let (written, writing) = oneshot::channel::<()>();
    deliveries.spawn(writing);
    let server = start(Site { router: router(0), deliveries: deliveries.clone() }, limits(LONG));
    server.stop.send(()).expect("it runs");
    until("the server waits for records", async || deliveries.is_closed()).await;
    assert!(!server.done.is_finished());
    written.send(()).expect("somebody writes");
    within("the server ends", server.done).await.expect("no panic");
}
