//! HTTP/1.1 as far as it is this crate's business: bounded heads, and answers that arrive whatever the client still sends.

use axum::Router;
use axum::routing::post;
use oncelink_server::Limits;
use tokio::io::AsyncWriteExt;

use super::{MIB, ask, connect, hello, read_head, router, start, until_text};

/// The status line of the answer to `bytes`.
async fn status(bytes: &[u8]) -> String {
    let server = start(router(0), Limits::new(10));
    let mut client = connect(server.addr).await;
    client.write_all(bytes).await.expect("the server reads all of it");
    let head = read_head(&mut client).await;
    drop(client);
    server.end().await;
    head.lines().next().expect("a status line").to_owned()
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused_with_an_answer() {
    let many: String = (0..101).map(|number| format!("X-{number}: y\r\n")).collect();
    let long = "x".repeat(100_000);
    for (row, head) in [
        ("a hundred and one headers", format!("GET / HTTP/1.1\r\n{many}\r\n")),
        ("a header of 100 kB", format!("GET / HTTP/1.1\r\nX: {long}\r\n\r\n")),
        ("a target of 100 kB", format!("GET /{long} HTTP/1.1\r\n\r\n")),
    ] {
        let status = status(head.as_bytes()).await;
        assert!(status.starts_with("HTTP/1.1 431"), "{row}: {status}");
    }
    let fits: String = (0..99).map(|number| format!("X-{number}: {}\r\n", "y".repeat(500))).collect();
    let status = status(format!("GET / HTTP/1.1\r\nHost: x\r\n{fits}\r\n").as_bytes()).await;
    assert_eq!(status, "HTTP/1.1 200 OK", "a hundred headers in 50 kB");
}

#[tokio::test]
async fn an_answer_arrives_though_the_client_goes_on_sending_what_nobody_reads() {
    let unread = Router::new().route("/", post(async || "hello"));
    let server = start(unread, Limits::new(10));
    let mut client = connect(server.addr).await;
    let length = 4 * MIB;
    client.write_all(format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n").as_bytes()).await.expect("a head");
    client.write_all(&vec![b'x'; length]).await.expect("the server takes the whole body");
    assert!(until_text(&mut client, "hello").await);
    server.end().await;
}

#[tokio::test]
async fn a_client_that_has_said_its_last_is_answered_all_the_same() {
    let server = start(router(3 * MIB), Limits::new(10));
    let mut client = connect(server.addr).await;
    ask(&mut client, "/large").await;
    client.shutdown().await.expect("the client's end");
    read_head(&mut client).await;
    assert_eq!(super::count_to_the_end(&mut client).await, 3 * MIB);
    server.end().await;
}

#[tokio::test]
async fn requests_in_one_packet_are_answered_in_order() {
    let server = start(router(0), Limits::new(10));
    let mut client = connect(server.addr).await;
    client.write_all(&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20)).await.expect("the server reads");
    for _ in 0..20 {
        assert!(until_text(&mut client, "hello").await);
    }
    assert!(hello(&mut client).await, "and the connection lives on");
    server.end().await;
}
