//! Leases in real time: what lapses stays spent, what moves is never cut.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::harness::{Link, Server, Setup, holder, pattern, until};

#[tokio::test]
async fn sem_5_a_lapsed_claim_stays_spent_and_a_reissue_works() {
    let server = Setup::new().flag("lease", "4s").start().await;
    server.put("a.bin", b"content");
    let link = server.link_to("a.bin").await;
    let claim = link.claim(server.addr).await;
    claim.get().range("bytes=0-2").send(server.addr).await.expect(206, "within the lease");
    until("the lease runs out", Duration::from_secs(20), async || {
        (server.show(&link).await["claims"][0]["state"] == "lapsed").then_some(())
    })
    .await;
    claim.get().send(server.addr).await.refused(410, "lapsed", "the holder's GET");
    claim.resume("bytes=3-").send(server.addr).await.refused(410, "lapsed", "the holder's range");
    link.try_claim(server.addr, &claim.holder).await.refused(410, "lapsed", "the holder's claim");
    link.try_claim(server.addr, &holder()).await.refused(410, "spent", "another holder");
    let record = server.show(&link).await;
    assert_eq!((&record["claimed"], &record["uses_left"], &record["state"]), (&json!(1), &json!(0), &json!("spent")), "{record}");
    assert!(server.event_types(&link).await.iter().any(|event| event == "lapsed"));
    let fresh = server.api("POST", &format!("/v1/links/{}/reissue", link.id), None).await.expect(201, "reissue").json();
    let fresh = Link::from_json(&fresh).claim(server.addr).await;
    assert_eq!(fresh.get().send(server.addr).await.expect(200, "the reissued link").body, b"content");
}

#[tokio::test]
async fn sem_4_a_moving_download_is_never_cut_by_its_lease() {
    let server = Setup::new().flag("lease", "4s").start().await;
    // The small one fits the server's socket buffer as a whole: its bytes still move while the client takes them.
    let (small, large) = (pattern(1 << 20, 1), pattern(12 << 20, 2));
    server.put("small.bin", &small);
    server.put("large.bin", &large);
    tokio::join!(slowly(&server, "small.bin", &small), slowly(&server, "large.bin", &large));
}

/// Downloads for three leases' time, steadily and slowly, then to the end.
async fn slowly(server: &Server, key: &str, content: &[u8]) {
    let link = server.link_to(key).await;
    let claim = link.claim(server.addr).await;
    // So small a buffer that what it takes is acknowledged in small steps.
    let mut open = claim.get().receive_buffer(16 * 1024).open(server.addr).await;
    let begin = Instant::now();
    let mut got = Vec::new();
    while begin.elapsed() < Duration::from_secs(12) {
        got.extend(open.read(4 * 1024).await);
        sleep(Duration::from_millis(80)).await;
    }
    assert!(got.len() < content.len(), "the test was slow enough");
    loop {
        let piece = open.read(256 * 1024).await;
        if piece.is_empty() {
            break;
        }
        got.extend(piece);
    }
    assert!(got == content, "{key}: {} of {} bytes arrived", got.len(), content.len());
    claim.get().send(server.addr).await.refused(410, "completed", "it was delivered");
}

#[tokio::test]
async fn sem_5_a_stalled_response_gives_not_one_byte_after_the_lease() {
    let server = Setup::new().flag("lease", "4s").start().await;
    // One that fits into the kernel's buffers as a whole, and one that doesn't.
    let sizes = [150_000, 8 << 20];
    for size in sizes {
        let content = pattern(size, 5);
        server.put("a.bin", &content);
        let link = server.link_to("a.bin").await;
        let claim = link.claim(server.addr).await;
        let mut open = claim.get().receive_buffer(4096).open(server.addr).await;
        let mut got = open.read(1_000).await;
        until("the lease runs out", Duration::from_secs(20), async || {
            (server.show(&link).await["claims"][0]["state"] == "lapsed").then_some(())
        })
        .await;
        claim.get().send(server.addr).await.refused(410, "lapsed", "another request");
        got.extend(open.read(usize::MAX).await);
        assert!(got.len() < size / 2, "{} of {size} bytes came", got.len());
        assert_eq!(server.show(&link).await["claims"][0]["state"], "lapsed");
    }
}

#[tokio::test]
async fn sem_7_a_stalled_response_of_a_revoked_link_ends_at_the_next_renewal() {
    let server = Setup::new().flag("lease", "3s").start().await;
    let content = pattern(150_000, 6);
    server.put("a.bin", &content);
    let link = server.link_to("a.bin").await;
    let claim = link.claim(server.addr).await;
    let mut open = claim.get().receive_buffer(4096).open(server.addr).await;
    let mut got = open.read(1_000).await;
    server.api("DELETE", &format!("/v1/links/{}", link.id), None).await.expect(200, "revoke");
    until("the response is ended", Duration::from_secs(20), async || {
        server.event_types(&link).await.iter().any(|event| event == "delivered").then_some(())
    })
    .await;
    got.extend(open.read(usize::MAX).await);
    assert!(got.len() < content.len() / 2, "{} bytes came", got.len());
    assert!(!server.event_types(&link).await.iter().any(|event| event == "completed"));
}

#[tokio::test]
async fn sem_4_each_activity_renews_the_lease() {
    let server = Setup::new().flag("lease", "9s").start().await;
    let content = pattern(30_000, 3);
    server.put("a.bin", &content);
    let claim = server.link_to("a.bin").await.claim(server.addr).await;
    let begin = Instant::now();
    let mut got = Vec::new();
    for (from, to) in [(0, 9_999), (10_000, 19_999), (20_000, 29_999)] {
        // Real time has to pass: the three steps together last longer than the lease, each one clearly less.
        sleep(Duration::from_secs(4)).await;
        let part = claim.resume(&format!("bytes={from}-{to}")).send(server.addr).await;
        got.extend(part.expect(206, &format!("after {:?}", begin.elapsed())).body);
    }
    assert!(begin.elapsed() > Duration::from_secs(9) && got == content);
}

#[tokio::test]
async fn what_ended_longer_ago_than_the_retention_is_forgotten() {
    let mut server = Setup::new().flag("lease", "1s").flag("retention", "2s").start().await;
    server.put("a.bin", b"content");
    let ending = server.link(json!({"source": "files", "key": "a.bin", "expires_in": 1})).await;
    let staying = server.link_to("a.bin").await;
    let begin = Instant::now();
    loop {
        // It is looked at when a server starts, and every ten minutes.
        sleep(Duration::from_secs(1)).await;
        server.kill();
        server.start_again().await;
        let asked = server.api("GET", &format!("/v1/links/{}", ending.id), None).await;
        if asked.status == 404 {
            break;
        }
        assert!(asked.status == 200 && begin.elapsed() < Duration::from_secs(60), "{asked}");
    }
    assert_eq!(server.show(&staying).await["state"], "active");
}

#[tokio::test]
async fn sem_7_expiry_bounds_claiming_only() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let claimed = server.link(json!({"source": "files", "key": "a.bin", "expires_in": 4})).await;
    let claim = claimed.claim(server.addr).await;
    // Made later, so it is the last to expire.
    let unclaimed = server.link(json!({"source": "files", "key": "a.bin", "expires_in": "PT4S"})).await;
    until("both links expire", Duration::from_secs(20), async || (server.show(&unclaimed).await["state"] == "expired").then_some(())).await;
    unclaimed.try_claim(server.addr, &holder()).await.refused(410, "expired", "a claim after the expiry");
    let page = crate::harness::Req::get(&unclaimed.path).send(server.addr).await;
    assert_eq!(page.status, 410, "the page of an expired link: {page}");
    assert_eq!(claimed.claim_as(server.addr, &claim.holder).await.url, claim.url, "the holder finds its claim again");
    assert_eq!(claim.get().send(server.addr).await.expect(200, "the claim goes on").body, b"content");
    assert_eq!(server.show(&unclaimed).await["claimed"], 0);
}
