//! What handlers learn of a connection: who it is, and how much of it has arrived.

use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::routing::get;
use axum::{Extension, Router};
use futures_util::{StreamExt, stream};
use oncelink_http::{Peer, Wire};
use oncelink_server::Limits;
use tokio::io::AsyncReadExt;
use tokio::sync::{mpsc, oneshot};

use super::{ask, connect, count_to_the_end, large, read_head, sized, start, until, within};

#[tokio::test]
async fn the_peer_is_known() {
    let route = get(async |Extension(Peer(peer)): Extension<Peer>| peer.to_string());
    let server = start(Router::new().route("/", route), Limits::new(10));
    let mut client = connect(server.addr).await;
    let me = client.local_addr().expect("an address").to_string();
    ask(&mut client, "/").await;
    read_head(&mut client).await;
    let mut body = vec![0; me.len()];
    within("the body", client.read_exact(&mut body)).await.expect("an address");
    assert_eq!(body, me.as_bytes());
    server.end().await;
}

#[tokio::test]
async fn bytes_count_when_the_clients_tcp_has_acknowledged_them_and_not_before() {
    // Larger than the client's buffer, and small enough for ours to take it as a whole.
    let size = 120 * 1024;
    let (wires, mut wire) = mpsc::unbounded_channel();
    let (guard, handed_over) = oneshot::channel();
    let guard = Arc::new(Mutex::new(Some(guard)));
    let route = get(async move |Extension(wire): Extension<Arc<Wire>>| {
        wires.send(wire).expect("somebody asks");
        large(size, guard.lock().expect("no panic").take())
    });
    let server = start(Router::new().route("/", route), Limits::new(10));
    let mut client = connect(server.addr).await;
    ask(&mut client, "/").await;
    let wire = wire.recv().await.expect("a request");
    let _ = within("all is handed over", handed_over).await;
    assert!(wire.acknowledged() < size as u64, "the client has not read anything");
    let head = read_head(&mut client).await.len();
    let mut body = vec![0; size];
    within("the body", client.read_exact(&mut body)).await.expect("every byte");
    until("all is acknowledged", async || wire.acknowledged() == (head + size) as u64).await;
    // The next response on the same connection is counted on top.
    ask(&mut client, "/nothing").await;
    let more = read_head(&mut client).await.len();
    until("the next is acknowledged", async || wire.acknowledged() == (head + size + more) as u64).await;
    server.end().await;
}

#[tokio::test]
async fn a_broken_response_is_cut_at_once_though_somebody_still_asks_for_its_fate() {
    let (wires, mut wire) = mpsc::unbounded_channel();
    let (breaking, broken) = oneshot::channel::<()>();
    let broken = Arc::new(Mutex::new(Some(broken)));
    let route = get(async move |Extension(wire): Extension<Arc<Wire>>| {
        wires.send(wire).expect("somebody asks");
        let broken = broken.lock().expect("no panic").take().expect("one request");
        let failure = stream::once(async { broken.await.map(|()| Bytes::new()).map_err(std::io::Error::other) });
        sized(4, Body::from_stream(stream::iter([Ok(Bytes::from_static(b"ab"))]).chain(failure)))
    });
    let server = start(Router::new().route("/", route), Limits::new(10));
    let mut client = connect(server.addr).await;
    ask(&mut client, "/").await;
    let wire = wire.recv().await.expect("a request");
    read_head(&mut client).await;
    let mut two = [0; 2];
    within("what was written before", client.read_exact(&mut two)).await.expect("two bytes");
    drop(breaking);
    assert_eq!(count_to_the_end(&mut client).await, 0, "the end is seen, and it is not the whole");
    drop(wire);
    server.end().await;
}
