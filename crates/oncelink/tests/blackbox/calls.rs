//! What a redeem costs at the store, counted on the wire between a real server and a real engine.

use std::time::Duration;

use serde_json::json;

use crate::harness::tap::Tap;
use crate::harness::{Req, Server, Setup, SharedStore, until};

const PATIENCE: Duration = Duration::from_secs(20);

/// Reads and writes among the calls. On PostgreSQL the wire doesn't tell which a statement is.
fn costs(calls: &[String]) -> (usize, usize) {
    let is_read = |call: &&String| ["GetItem", "Query"].contains(&call.as_str());
    let reads = calls.iter().filter(is_read).count();
    (reads, calls.len() - reads)
}

/// What one redeem calls: a page's claim and its download, or a direct link's single request.
async fn redeem(server: &Server, tap: &Tap, gate: &str) -> Vec<String> {
    let link = server.link(json!({"source": "files", "key": "a.bin", "gate": gate})).await;
    tap.take();
    let mut calls = Vec::new();
    let answer = if gate == "direct" {
        server.send(Req::get(&link.path)).await
    } else {
        let claim = link.claim(server.addr).await;
        claim.get().send(server.addr).await
    };
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"content".as_slice()), "{gate}");
    // The last call is made beside the answer, when the client's TCP has acknowledged it.
    let expected = if gate == "direct" { 3 } else { 4 };
    until("the download's record", PATIENCE, || {
        calls.extend(tap.take());
        let done = calls.len() >= expected;
        async move { done.then_some(()) }
    })
    .await;
    assert_eq!(server.show(&link).await["claims"][0]["state"], "completed", "{gate}");
    let (shown, _) = (tap.take(), server.show(&link).await);
    assert_eq!(shown, tap.take(), "beside the redeem's own calls there are only those of looking at it: {gate}");
    calls
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redeem_costs_two_reads_and_two_writes_at_the_most() {
    for store in SharedStore::of_every_kind() {
        let tap = Tap::before(&store).await;
        // Without a purge, which would call in between.
        let server = Setup::new().flag("store", &tap.url).flag("retention", "off").start().await;
        server.put("a.bin", b"content");
        // The first one also pays for what is done once: connections, the sender's key.
        redeem(&server, &tap, "page").await;
        for (gate, reads, writes) in [("page", 2, 2), ("direct", 1, 2)] {
            let calls = redeem(&server, &tap, gate).await;
            if store.engine == "DynamoDB" {
                assert_eq!(costs(&calls), (reads, writes), "{gate}: {calls:?}");
            } else {
                assert_eq!(calls, vec!["Execute"; reads + writes], "{gate}");
            }
        }
    }
}
