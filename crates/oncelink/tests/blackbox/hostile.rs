//! Hostile input, row by row: each has the statuses that it may get, and the server lives on without a panic.

use crate::harness::{Link, Req, Server};

mod recipient;
mod sender;

async fn served() -> (Server, Link) {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link_to("a.bin").await;
    (server, link)
}

/// The server lives, has not panicked, and nothing of the link was spent.
async fn assert_unharmed(server: &mut Server, link: &Link) {
    assert!(server.is_alive(), "the server is alive");
    Req::get("/healthz").send(server.addr).await.expect(200, "healthz");
    server.assert_unspent(link, "hostile input").await;
    let log = server.log();
    assert!(!log.contains("panicked"), "{}", log.lines().find(|line| line.contains("panicked")).unwrap_or_default());
}
