//! Revoking and reissuing.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::served;
use crate::harness::{Link, Req, Res, Server, Setup, holder, pattern, until};

#[tokio::test]
async fn sem_7_revocation_ends_links_and_claims() {
    let server = Server::start().await;
    let content = pattern(8 << 20, 8);
    server.put("a.bin", &content);
    let fresh = server.link_to("a.bin").await;
    revoke(&server, &fresh).await;
    fresh.try_claim(server.addr, &holder()).await.refused(410, "revoked", "a new claim");
    Req::get(&fresh.path).send(server.addr).await.refused(410, "revoked", "the page");
    revoke(&server, &fresh).await;
    let link = server.link(json!({"source": "files", "key": "a.bin", "uses": 2})).await;
    let claim = link.claim(server.addr).await;
    let mut open = claim.get().receive_buffer(64 * 1024).open(server.addr).await;
    open.read(1_000).await;
    revoke(&server, &link).await;
    drop(open);
    claim.resume("bytes=1000-").send(server.addr).await.refused(410, "revoked", "the holder's next request");
    link.try_claim(server.addr, &claim.holder).await.refused(410, "revoked", "the holder's claim");
    link.try_claim(server.addr, &holder()).await.refused(410, "revoked", "the unused use");
    assert_eq!(server.show(&link).await["state"], "revoked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_7_once_a_revocation_is_answered_no_claim_succeeds() {
    let server = served().await;
    for _ in 0..5 {
        let link = server.link(json!({"source": "files", "key": "a.bin", "uses": 1_000})).await;
        let mut running = JoinSet::new();
        for _ in 0..6 {
            running.spawn(claim_until_revoked(link.clone(), server.addr));
        }
        until("some claims are made", Duration::from_secs(10), async || {
            (server.show(&link).await["claimed"].as_u64() > Some(3)).then_some(())
        })
        .await;
        revoke(&server, &link).await;
        let answered = Instant::now();
        let begun: Vec<Instant> = running.join_all().await.into_iter().flatten().collect();
        assert!(begun.iter().all(|begin| *begin <= answered), "a claim begun after the revocation was answered");
        assert_eq!(server.show(&link).await["claimed"], begun.len(), "every use that counts was answered");
    }
}

/// Claims again and again, each time as somebody else; when each claim that succeeded was begun.
async fn claim_until_revoked(link: Link, addr: SocketAddr) -> Vec<Instant> {
    let mut begun = Vec::new();
    loop {
        let begin = Instant::now();
        let answer = link.try_claim(addr, &holder()).await;
        match answer.status {
            201 => begun.push(begin),
            _ => {
                answer.refused(410, "revoked", "after the revocation");
                return begun;
            }
        }
    }
}

#[tokio::test]
async fn sem_7_a_running_download_of_a_revoked_link_ends_at_the_next_renewal() {
    let server = Setup::new().flag("lease", "2s").start().await;
    let content = pattern(32 << 20, 8);
    server.put("a.bin", &content);
    let link = server.link_to("a.bin").await;
    let mut open = link.claim(server.addr).await.get().receive_buffer(64 * 1024).open(server.addr).await;
    open.read(100_000).await;
    revoke(&server, &link).await;
    let begin = Instant::now();
    let mut got = 100_000;
    while begin.elapsed() < Duration::from_secs(8) {
        let piece = open.read(32 * 1024).await;
        got += piece.len();
        if piece.len() < 32 * 1024 {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    // What lay in socket buffers may still arrive; the rest of the object must not.
    loop {
        let piece = open.read(1 << 20).await;
        if piece.is_empty() {
            break;
        }
        got += piece.len();
    }
    assert!(got < content.len(), "the running response was cut: {got} bytes");
}

#[tokio::test]
async fn a_reissue_revokes_and_makes_a_fresh_link_with_the_same_terms() {
    let server = served().await;
    let terms = json!({"source": "files", "key": "a.bin", "uses": 2, "filename": "b.bin", "note": "n", "gate": "direct", "passphrase": "pass phrase"});
    let link = server.link(terms).await;
    link_claim_with(&server, &link, "pass phrase").await.expect(201, "one use of the first");
    let answer = server.api("POST", &format!("/v1/links/{}/reissue", link.id), None).await.expect(201, "reissue");
    let fresh = Link::from_json(&answer.json());
    assert_ne!((&fresh.id, &fresh.token), (&link.id, &link.token));
    let record = answer.json();
    assert_eq!(record["reissue_of"], json!(link.id), "{record}");
    let old = server.show(&link).await;
    for field in ["source", "key", "uses", "filename", "note", "gate", "delivery", "etag", "passphrase"] {
        assert_eq!(record[field], old[field], "{field}");
    }
    assert_eq!((&record["claimed"], &old["state"]), (&json!(0), &json!("revoked")));
    link_claim_with(&server, &link, "pass phrase").await.refused(410, "revoked", "the old link");
    link_claim_with(&server, &fresh, "wrong").await.refused(401, "passphrase-wrong", "the passphrase goes along");
    link_claim_with(&server, &fresh, "pass phrase").await.expect(201, "the fresh link");
}

async fn revoke(server: &Server, link: &Link) {
    let answer = server.api("DELETE", &format!("/v1/links/{}", link.id), None).await.expect(200, "revoke");
    assert_eq!(answer.json()["state"], "revoked");
}

async fn link_claim_with(server: &Server, link: &Link, passphrase: &str) -> Res {
    let request = Req::post(&link.path).accept("application/json").form(&[("holder", &holder()), ("passphrase", passphrase)]);
    request.send(server.addr).await
}
