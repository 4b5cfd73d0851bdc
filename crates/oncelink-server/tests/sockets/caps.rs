//! Caps hold, count addresses separately, and free a place when its connection ends.

use oncelink_server::Limits;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::{connect, connect_from, hello, router, start, until};

const OTHER: [u8; 4] = [127, 0, 0, 2];
const PROXY: [u8; 4] = [127, 0, 0, 3];

fn limits() -> Limits {
    Limits { connections_per_address: 3, trusted_proxies: vec!["127.0.0.3/32".parse().expect("a network")], ..Limits::new(8) }
}

/// `count` connections from `address` that have been answered and stay open.
async fn served(count: usize, address: [u8; 4], to: std::net::SocketAddr) -> Vec<TcpStream> {
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = connect_from(address, to).await;
        assert!(hello(&mut client).await, "connection {} of {address:?}", clients.len() + 1);
        clients.push(client);
    }
    clients
}

#[tokio::test]
async fn an_address_has_its_share_and_no_more() {
    let server = start(router(0), limits());
    let mut mine = served(3, [127, 0, 0, 1], server.addr).await;
    assert!(!hello(&mut connect(server.addr).await).await, "a fourth is closed");
    let others = served(3, OTHER, server.addr).await;
    assert!(hello(&mut mine[0]).await, "those that are in stay in");
    drop(mine.pop());
    until("the place is free again", async || hello(&mut connect(server.addr).await).await).await;
    drop(others);
    server.end().await;
}

#[tokio::test]
async fn a_trusted_proxy_carries_many_clients_but_not_more_than_there_may_be() {
    let server = start(router(0), limits());
    let proxied = served(8, PROXY, server.addr).await;
    assert!(!hello(&mut connect_from(OTHER, server.addr).await).await, "the server is full");
    drop(proxied);
    until("there are places again", async || hello(&mut connect_from(OTHER, server.addr).await).await).await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_comes_at_once_is_served() {
    let server = start(router(0), Limits::new(1_000));
    let mut crowd = JoinSet::new();
    for _ in 0..400 {
        let addr = server.addr;
        crowd.spawn(async move {
            let mut client = connect(addr).await;
            (hello(&mut client).await, client)
        });
    }
    let all = crowd.join_all().await;
    assert!(all.iter().all(|(served, _)| *served));
    drop(all);
    server.end().await;
}
