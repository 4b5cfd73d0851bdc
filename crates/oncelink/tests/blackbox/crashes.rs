//! SIGKILL at random moments, then a start on the same data: no use is lost, doubled or taken over.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Claim, Dice, Link, Req, Res, Server, holder, pattern};

/// Larger than what the kernel can hold for a reader that doesn't read.
const SIZE: usize = 8 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_1_a_kill_during_claims_never_leaves_two_holders() {
    let mut server = Server::start().await;
    let content = pattern(20_000, 3);
    server.put("small.bin", &content);
    let mut dice = Dice::new(seed());
    for round in 0..14 {
        let link = server.link_to("small.bin").await;
        let delay = Duration::from_micros(dice.below(12_000));
        let tries = kill_while_four_claim(&mut server, &link, delay).await;
        let mut winners = Vec::new();
        for (holder, before) in &tries {
            let after = link.try_claim(server.addr, holder).await;
            match after.status {
                201 => winners.push(Claim::from_json(&after.json(), holder)),
                _ => after.refused(410, "spent", &format!("round {round}: a loser")),
            }
            let told = before.as_ref().is_some_and(|answer| answer.status == 201);
            assert!(!told || after.status == 201, "round {round}: whoever was told that it has the claim, has it: {after}");
        }
        assert_eq!(winners.len(), 1, "round {round}, killed after {delay:?}: exactly one holder");
        let got = winners[0].get().send(server.addr).await.expect(200, "the winner's bytes");
        assert_eq!(got.body, content);
        assert_eq!(server.show(&link).await["claimed"], 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_3_a_claim_outlives_a_kill_before_its_first_byte() {
    let mut server = Server::start().await;
    let content = pattern(20_000, 4);
    server.put("small.bin", &content);
    for _ in 0..6 {
        let link = server.link_to("small.bin").await;
        let claim = link.claim(server.addr).await;
        server.kill();
        server.start_again().await;
        link.try_claim(server.addr, &holder()).await.refused(410, "spent", "another holder after the restart");
        let again = link.claim_as(server.addr, &claim.holder).await;
        assert_eq!(again.url, claim.url, "the same holder finds the same claim");
        assert_eq!(claim.get().send(server.addr).await.expect(200, "the bytes").body, content);
        assert_over(&server, &link, &claim).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_4_a_download_broken_by_a_kill_is_finished_by_its_holder_only() {
    let mut server = Server::start().await;
    let content = pattern(SIZE, 5);
    server.put("big.bin", &content);
    let mut dice = Dice::new(seed() ^ 1);
    for round in 0..14 {
        let gate = if round % 2 == 0 { "page" } else { "direct" };
        let link = server.link(json!({"source": "files", "key": "big.bin", "gate": gate})).await;
        let claim = if gate == "page" { Some(link.claim(server.addr).await) } else { None };
        let request = claim.as_ref().map_or_else(|| Req::get(&link.path), Claim::get);
        let mut open = request.receive_buffer(64 * 1024).open(server.addr).await;
        assert_eq!(open.head.status, 200, "round {round}: {}", open.head);
        let have = usize::try_from(dice.below(SIZE as u64 / 4)).expect("small");
        let mut got = open.read(have).await;
        let claim = claim.unwrap_or_else(|| claim_of_direct(&open.head));
        server.kill();
        drop(open);
        server.start_again().await;
        link.try_claim(server.addr, &holder()).await.refused(410, "spent", "another holder after the restart");
        let rest = claim.resume(&format!("bytes={have}-")).send(server.addr).await.expect(206, "the holder resumes");
        assert_eq!(rest.must("etag"), claim.etag);
        got.extend_from_slice(&rest.body);
        assert!(got == content, "round {round}: resumed at {have}, byte-identical");
        assert_over(&server, &link, &claim).await;
    }
}

/// The claim behind a direct answer, as a client finds it that wants to resume.
fn claim_of_direct(head: &Res) -> Claim {
    let path = crate::harness::link::path_of(head.must("content-location"));
    assert!(path.starts_with("/c/"), "{path}");
    Claim { holder: String::new(), url: path.clone(), path, etag: head.must("etag").to_owned(), size: SIZE as u64 }
}

/// Nobody gets a byte more: neither the holder, by either way, nor anybody else.
async fn assert_over(server: &Server, link: &Link, claim: &Claim) {
    claim.get().send(server.addr).await.refused(410, "completed", "the holder, after the end");
    claim.resume("bytes=0-9").send(server.addr).await.refused(410, "completed", "a range, after the end");
    if !claim.holder.is_empty() {
        link.try_claim(server.addr, &claim.holder).await.refused(410, "completed", "the holder's claim, after the end");
    }
    link.try_claim(server.addr, &holder()).await.refused(410, "spent", "somebody else, after the end");
}

async fn kill_while_four_claim(server: &mut Server, link: &Link, delay: Duration) -> Vec<(String, Option<Res>)> {
    let mut running = JoinSet::new();
    for _ in 0..4 {
        let (link, addr) = (link.clone(), server.addr);
        running.spawn(async move {
            let holder = holder();
            let answer = link.claim_request(&holder).try_send(addr).await.ok();
            (holder, answer)
        });
    }
    tokio::time::sleep(delay).await;
    server.kill();
    let tries = running.join_all().await;
    server.start_again().await;
    tries
}

/// The same dice in every run, unless `ONCELINK_TEST_SEED` says otherwise.
fn seed() -> u64 {
    std::env::var("ONCELINK_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_124)
}
