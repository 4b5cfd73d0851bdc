//! Clients that are silent, slow or stalled are cut; those that move are not, however slowly.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use oncelink_server::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::{MIB, ask, connect, count_to_the_end, hello, large, read_head, router, start, within};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(3600);

fn limits() -> Limits {
    Limits { head: LONG, idle: LONG, stall: LONG, ..Limits::new(100) }
}

#[tokio::test]
async fn a_silent_connection_is_cut() {
    let server = start(router(0), Limits { head: SHORT, ..limits() });
    let begin = Instant::now();
    let mut client = connect(server.addr).await;
    assert_eq!(count_to_the_end(&mut client).await, 0);
    assert!(begin.elapsed() >= SHORT, "not before its time");
    server.end().await;
}

#[tokio::test]
async fn a_head_that_trickles_is_cut() {
    let server = start(router(0), Limits { head: SHORT, ..limits() });
    let mut client = connect(server.addr).await;
    let begin = Instant::now();
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX: ").await.expect("the server reads");
    let (mut reading, mut writing) = client.split();
    let trickle = async {
        while writing.write_all(b"x").await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let mut answer = Vec::new();
    tokio::select! {
        () = trickle => {}
        _ = within("the cut", reading.read_to_end(&mut answer)) => {}
    }
    assert!(begin.elapsed() >= SHORT && answer.is_empty(), "cut in time, and without an answer");
    server.end().await;
}

#[tokio::test]
async fn an_unused_connection_is_cut_after_its_idle_time_and_not_before() {
    let idle = SHORT * 5;
    let server = start(router(0), Limits { head: SHORT, idle, ..limits() });
    let mut client = connect(server.addr).await;
    assert!(hello(&mut client).await);
    // Real time has to pass: longer than a head may take, shorter than a connection may idle.
    sleep(SHORT * 2).await;
    assert!(hello(&mut client).await, "the connection may be used again");
    let begin = Instant::now();
    assert_eq!(count_to_the_end(&mut client).await, 0);
    assert!(begin.elapsed() > SHORT * 2, "idle time, not head time: {:?}", begin.elapsed());
    server.end().await;
}

#[tokio::test]
async fn a_slow_handler_is_not_its_clients_fault() {
    let slow = Router::new().route(
        "/",
        get(async || {
            sleep(SHORT * 3).await;
            "hello"
        }),
    );
    let server = start(slow, Limits { head: SHORT, idle: SHORT, stall: SHORT, ..limits() });
    assert!(hello(&mut connect(server.addr).await).await);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_that_moves_is_never_cut() {
    let stall = Duration::from_secs(2);
    let size = 12 * MIB;
    let server = start(router(size), Limits { head: SHORT, idle: SHORT, stall, ..limits() });
    let mut client = connect(server.addr).await;
    ask(&mut client, "/large").await;
    read_head(&mut client).await;
    let begin = Instant::now();
    let mut piece = vec![0; 32 * 1024];
    let mut got = 0;
    while begin.elapsed() < stall * 3 {
        got += within("a piece", client.read_exact(&mut piece)).await.expect("the download goes on");
        sleep(Duration::from_millis(30)).await;
    }
    assert!(got < size, "the test was slow enough");
    while got < size {
        let count = within("the rest", client.read(&mut piece)).await.expect("the download goes on");
        assert_ne!(count, 0, "cut after {got} bytes");
        got += count;
    }
    server.end().await;
}

#[tokio::test]
async fn a_stalled_reader_is_cut() {
    let (guard, dropped) = oneshot::channel();
    let guard = Arc::new(Mutex::new(Some(guard)));
    let size = 64 * MIB;
    let stalling = Router::new().route("/", get(async move || large(size, guard.lock().expect("no panic").take())));
    let server = start(stalling, Limits { stall: SHORT, ..limits() });
    let mut client = connect(server.addr).await;
    ask(&mut client, "/").await;
    read_head(&mut client).await;
    // The sender is dropped with the body; that is the only sign that a client which doesn't read can't give.
    let _ = within("the response is dropped", dropped).await;
    let got = count_to_the_end(&mut client).await;
    assert!(got < size / 4, "{got} bytes of {size}");
    server.end().await;
}

#[tokio::test]
async fn a_stalled_tail_is_cut_too() {
    // All of it fits into the kernel's buffers, so that the response is over for hyper long before it is for the client.
    let size = 120 * 1024;
    let server = start(router(size), Limits { stall: SHORT, ..limits() });
    let mut client = connect(server.addr).await;
    client.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.expect("the server reads");
    read_head(&mut client).await;
    server.end().await;
    assert!(count_to_the_end(&mut client).await < size, "what the client didn't take in time is dropped");
}
