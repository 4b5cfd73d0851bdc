//! Several servers share one store: the promises hold across all of them, and one may die.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::harness::proxy::RoundRobin;
use crate::harness::{Claim, Link, Server, Setup, SharedStore, holder, pattern, until};

/// `count` servers on one store, with one folder of files.
async fn replicas(store: &SharedStore, count: usize) -> Vec<Server> {
    let first = Setup::new().flag("store", &store.url).start().await;
    let mut servers = vec![first];
    while servers.len() < count {
        servers.push(Setup::beside(&servers[0]).start().await);
    }
    servers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_1_of_64_racers_at_four_replicas_exactly_one_gets_the_bytes() {
    for store in SharedStore::of_every_kind() {
        let servers = replicas(&store, 4).await;
        let content = pattern(3_000, 21);
        servers[0].put("prize.bin", &content);
        for gate in ["page", "direct"] {
            for round in 0..5 {
                let link = servers[0].link(json!({"source": "files", "key": "prize.bin", "gate": gate})).await;
                let winners = race(&servers, &link, gate, &content).await;
                assert_eq!(winners, 1, "{} {gate} round {round}", store.engine);
                assert_eq!(servers[3].show(&link).await["claimed"], 1);
            }
        }
    }
}

async fn race(servers: &[Server], link: &Link, gate: &str, content: &[u8]) -> usize {
    let start = Arc::new(Barrier::new(64));
    let mut running = JoinSet::new();
    for number in 0..64 {
        let (link, start, addr) = (link.clone(), start.clone(), servers[number % servers.len()].addr);
        let (content, direct) = (content.to_vec(), gate == "direct");
        running.spawn(async move {
            start.wait().await;
            if direct {
                let answer = crate::harness::Req::get(&link.path).send(addr).await;
                return answer.status == 200 && answer.body == content;
            }
            let holder = holder();
            let mut answer = link.try_claim(addr, &holder).await;
            while answer.status == 503 {
                answer = link.try_claim(addr, &holder).await;
            }
            answer.status == 201 && Claim::from_json(&answer.json(), &holder).get().send(addr).await.body == content
        });
    }
    running.join_all().await.into_iter().filter(|won| *won).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_3_a_claim_that_one_replica_made_is_found_again_at_another() {
    for store in SharedStore::of_every_kind() {
        let servers = replicas(&store, 2).await;
        servers[0].put("a.bin", b"content");
        let link = servers[0].link_to("a.bin").await;
        let first = link.claim(servers[0].addr).await;
        let again = link.claim_as(servers[1].addr, &first.holder).await;
        assert_eq!(first.path, again.path, "{}", store.engine);
        link.try_claim(servers[1].addr, &holder()).await.refused(410, "spent", "another holder elsewhere");
        assert_eq!(again.get().send(servers[1].addr).await.body, b"content");
        until("the end is known everywhere", Duration::from_secs(10), async || {
            (first.get().send(servers[0].addr).await.status == 410).then_some(())
        })
        .await;
        assert_eq!(servers[0].show(&link).await["claimed"], 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_4_a_download_begun_on_one_replica_is_finished_on_another() {
    for count in [2, 4] {
        for store in SharedStore::of_every_kind() {
            let servers = replicas(&store, count).await;
            let balancer = RoundRobin::over(servers.iter().map(|server| server.addr).collect()).await;
            let content = pattern(8 << 20, 22);
            servers[0].put("big.bin", &content);
            // Each of them begins one, and each finishes another's.
            for _ in 0..count {
                begin_here_and_finish_there(&servers, &balancer, &content).await;
            }
        }
    }
}

async fn begin_here_and_finish_there(servers: &[Server], balancer: &RoundRobin, content: &[u8]) {
    let link = servers[0].link_to("big.bin").await;
    // One connection is the claim's, so that the next download begins at another one.
    let claim = link.claim(balancer.addr).await;
    balancer.served();
    let mut open = claim.get().receive_buffer(64 * 1024).open(balancer.addr).await;
    let mut got = open.read(1_000_000).await;
    drop(open);
    // The last of it may not have been acknowledged, and counts only when it comes again.
    got.truncate(900_000);
    let rest = claim.resume("bytes=900000-").send(balancer.addr).await.expect(206, "on the next replica");
    let [begun, finished] = balancer.served()[..] else { panic!("two connections") };
    assert_ne!(begun, finished);
    got.extend(rest.body);
    assert!(got == content, "byte-identical");
    // Only looked at: another GET would complete what both together did not.
    until("both parts are the whole", Duration::from_secs(20), async || {
        (servers[0].show(&link).await["claims"][0]["state"] == "completed").then_some(())
    })
    .await;
    for server in servers {
        claim.get().send(server.addr).await.refused(410, "completed", "everywhere");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_4_two_halves_side_by_side_at_two_replicas_cut_nothing_off() {
    for store in SharedStore::of_every_kind() {
        let servers = replicas(&store, 2).await;
        let content = pattern(24 << 20, 24);
        servers[0].put("big.bin", &content);
        let claim = servers[0].link_to("big.bin").await.claim(servers[0].addr).await;
        let mut slow = claim.get().range("bytes=0-").receive_buffer(64 * 1024).open(servers[0].addr).await;
        let mut got = slow.read(100_000).await;
        let half = content.len() / 2;
        let rest = claim.resume(&format!("bytes={half}-")).send(servers[1].addr).await.expect(206, "the second half elsewhere");
        assert!(rest.body == content[half..], "{}", store.engine);
        got.extend(slow.read(half - got.len()).await);
        assert!(got == content[..half], "{}: nobody took the open end for a word about the beginning", store.engine);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_4_a_replica_killed_with_a_hundred_running_downloads_loses_none_for_its_holders() {
    for count in [2, 4] {
        for store in SharedStore::of_every_kind() {
            kill_one_with_a_hundred_downloads(replicas(&store, count).await).await;
        }
    }
}

async fn kill_one_with_a_hundred_downloads(mut servers: Vec<Server>) {
    const DOWNLOADS: usize = 100;
    let content = Arc::new(pattern(2 << 20, 23));
    servers[0].put("big.bin", &content);
    let balancer = RoundRobin::over(servers.iter().map(|server| server.addr).collect()).await;
    let wishes = vec![json!({"source": "files", "key": "big.bin"}); DOWNLOADS];
    let made = servers[0].api("POST", "/v1/links/batch", Some(&json!({"links": wishes}))).await.expect(200, "a batch").json();
    let links: Vec<Link> = made["links"].as_array().expect("links").iter().map(Link::from_json).collect();
    let begun = Arc::new(Barrier::new(DOWNLOADS + 1));
    let killed = Arc::new(Barrier::new(DOWNLOADS + 1));
    let mut running = JoinSet::new();
    for link in links.clone() {
        running.spawn(finish(link, [servers[0].addr, balancer.addr], begun.clone(), killed.clone()));
    }
    begun.wait().await;
    servers[0].kill();
    killed.wait().await;
    for got in running.join_all().await {
        assert!(got == *content, "byte-identical");
    }
    let listed = servers[1].api("GET", "/v1/links?limit=200", None).await.expect(200, "the list").json();
    let spent = listed["links"].as_array().expect("links").iter().filter(|row| row["claimed"] == 1);
    let spent: BTreeSet<&str> = spent.filter_map(|row| row["id"].as_str()).collect();
    assert!(links.iter().all(|link| spent.contains(link.id.as_str())), "one use each: {}", spent.len());
}

/// Claims, begins the download at the first address, waits for the kill that cuts it, and finishes it with ordinary ranges at the
/// second, however often it is cut.
async fn finish(link: Link, [first, then]: [SocketAddr; 2], begun: Arc<Barrier>, killed: Arc<Barrier>) -> Vec<u8> {
    let holder = holder();
    let claim = loop {
        let answer = link.try_claim(then, &holder).await;
        assert!(matches!(answer.status, 201 | 503), "{answer}");
        if answer.status == 201 {
            break Claim::from_json(&answer.json(), &holder);
        }
    };
    let mut open = loop {
        let open = claim.get().receive_buffer(64 * 1024).open(first).await;
        assert!(matches!(open.head.status, 200 | 503), "{}", open.head);
        if open.head.status == 200 {
            break open;
        }
    };
    let mut got = open.read(100_000).await;
    begun.wait().await;
    killed.wait().await;
    got.extend(open.read(usize::MAX).await);
    let size = usize::try_from(claim.size).expect("small");
    assert!(got.len() < size, "the kill cut it");
    while got.len() < size {
        let Ok(rest) = claim.resume(&format!("bytes={}-", got.len())).try_send(then).await else { continue };
        assert!(matches!(rest.status, 206 | 503), "{rest}");
        if rest.status == 206 {
            got.extend(rest.body);
        }
    }
    got
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_7_a_link_revoked_at_one_replica_is_dead_at_all() {
    for store in SharedStore::of_every_kind() {
        let servers = replicas(&store, 2).await;
        servers[0].put("a.bin", b"content");
        let link = servers[0].link(json!({"source": "files", "key": "a.bin", "uses": 2})).await;
        let claim = link.claim(servers[1].addr).await;
        servers[0].api("DELETE", &format!("/v1/links/{}", link.id), None).await.expect(200, "revoke");
        link.try_claim(servers[1].addr, &holder()).await.refused(410, "revoked", "a claim elsewhere");
        claim.get().send(servers[1].addr).await.refused(410, "revoked", "the claim's bytes elsewhere");
    }
}
