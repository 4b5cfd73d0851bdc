//! Many clients want the same use at the same moment. Winners are counted by the bytes they hold, not by statuses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::harness::{Claim, Link, Req, Res, Server, Wire, holder, pattern};

/// How racers try for a link.
#[derive(Clone, Copy)]
enum Way {
    /// POST for a claim, then GET what it names.
    Post,
    /// GET the direct link.
    Direct,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_1_of_64_racers_on_a_page_link_exactly_one_gets_the_bytes() {
    race(Way::Post, "page", 64, 100, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_1_of_64_racers_on_a_direct_link_exactly_one_gets_the_bytes() {
    race(Way::Direct, "direct", 64, 100, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_1_of_40_racers_on_a_link_for_five_exactly_five_get_the_bytes() {
    race(Way::Post, "page", 40, 10, 5).await;
    race(Way::Direct, "direct", 40, 10, 5).await;
}

async fn race(way: Way, gate: &str, racers: usize, links: usize, uses: usize) {
    let server = Server::start().await;
    let content = pattern(3_000, 11);
    server.put("prize.bin", &content);
    let terms = json!({"source": "files", "key": "prize.bin", "gate": gate, "uses": uses});
    let batch = json!({"links": vec![terms; links]});
    let made = server.api("POST", "/v1/links/batch", Some(&batch)).await.expect(200, "a batch").json();
    let links: Arc<Vec<Link>> = Arc::new(made["links"].as_array().expect("rows").iter().map(Link::from_json).collect());
    let start = Arc::new(Barrier::new(racers));
    let mut running = JoinSet::new();
    for number in 0..racers {
        let (links, start, content, addr) = (links.clone(), start.clone(), content.clone(), server.addr);
        running.spawn(async move { run_racer(number, way, addr, &links, &start, &content).await });
    }
    let mut wins = vec![0; links.len()];
    for won in running.join_all().await {
        wins.iter_mut().zip(won).for_each(|(total, won)| *total += usize::from(won));
    }
    assert_eq!(wins, vec![uses; links.len()], "each link is won {uses} times");
    for link in links.iter() {
        let record = server.show(link).await;
        assert_eq!((&record["claimed"], &record["state"]), (&json!(uses), &json!("spent")), "{record}");
    }
}

/// One racer on one connection: tries link after link, each together with all the others. True where it got the bytes.
async fn run_racer(number: usize, way: Way, addr: SocketAddr, links: &[Link], start: &Barrier, content: &[u8]) -> Vec<bool> {
    let from = IpAddr::from(Ipv4Addr::new(127, 0, 1, u8::try_from(number + 1).expect("fewer than 255 racers")));
    let mut wire = None;
    let mut won = Vec::new();
    for link in links {
        start.wait().await;
        let first = match way {
            Way::Post => ask(&mut wire, addr, from, &link.claim_request(&holder())).await,
            Way::Direct => ask(&mut wire, addr, from, &Req::get(&link.path)).await,
        };
        let last = match (way, first.status) {
            (Way::Post, 201) => ask(&mut wire, addr, from, &Claim::from_json(&first.json(), "").get()).await,
            (_, _) => first,
        };
        let got = last.body == content;
        if !got {
            last.refused(410, "spent", "a loser is told that the link is spent");
        }
        won.push(got);
    }
    won
}

/// Sends on the racer's connection, opening it when there is none or the server has closed it after the last answer.
async fn ask(wire: &mut Option<Wire>, addr: SocketAddr, from: IpAddr, request: &Req) -> Res {
    let mut open = match wire.take() {
        Some(open) => open,
        None => Wire::connect_from(addr, Some(from), None).await.expect("the server accepts"),
    };
    let answer = open.send(request, &addr.to_string()).await.expect("every request is answered");
    if answer.header("connection") != Some("close") {
        *wire = Some(open);
    }
    answer
}
