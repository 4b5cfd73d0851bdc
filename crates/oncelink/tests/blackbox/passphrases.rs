//! Passphrases: a wrong one spends nothing, ten wrong ones close the door for a while, whoever asks.

use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Claim, Link, Req, Server, holder};

const RIGHT: &str = "tr\u{fc}e passphrase & more";

async fn locked(gate: &str) -> (Server, Link) {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link(json!({"source": "files", "key": "a.bin", "gate": gate, "passphrase": RIGHT})).await;
    (server, link)
}

fn post(link: &Link, holder: &str, passphrase: &str) -> Req {
    Req::post(&link.path).accept("application/json").form(&[("holder", holder), ("passphrase", passphrase)])
}

#[tokio::test]
async fn sem_3_a_wrong_passphrase_is_401_and_spends_nothing() {
    let (server, link) = locked("page").await;
    link.try_claim(server.addr, &holder()).await.refused(401, "passphrase-needed", "none given");
    for wrong in ["wrong", "true passphrase & more", "tr\u{fc}e passphrase & more "] {
        post(&link, &holder(), wrong).send(server.addr).await.refused(401, "passphrase-wrong", wrong);
    }
    server.assert_unspent(&link, "wrong passphrases").await;
    let holder = holder();
    let answer = post(&link, &holder, RIGHT).send(server.addr).await.expect(201, "the right one");
    let claim = Claim::from_json(&answer.json(), &holder);
    assert_eq!(claim.get().send(server.addr).await.expect(200, "the bytes").body, b"content");
    assert_eq!(server.show(&link).await["passphrase"], true);
}

#[tokio::test]
async fn ten_wrong_passphrases_close_the_link_for_a_while() {
    let (server, link) = locked("page").await;
    for attempt in 0..10 {
        post(&link, &holder(), "wrong").send(server.addr).await.refused(401, "passphrase-wrong", &format!("attempt {attempt}"));
    }
    for (passphrase, from) in [("wrong", [127, 0, 0, 1]), (RIGHT, [127, 0, 0, 1]), (RIGHT, [127, 0, 0, 9])] {
        let answer = post(&link, &holder(), passphrase).from(from).send(server.addr).await;
        answer.refused(429, "too-many-passphrases", "after ten wrong ones");
        let wait: u64 = answer.must("retry-after").parse().expect("seconds");
        assert!((1..=3_600).contains(&wait), "{wait}");
    }
    server.assert_unspent(&link, "a closed link").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_are_bounded_for_guessers_side_by_side() {
    let (server, link) = locked("page").await;
    let mut running = JoinSet::new();
    for _ in 0..40 {
        let (request, addr) = (post(&link, &holder(), "wrong"), server.addr);
        running.spawn(async move { request.send(addr).await.status });
    }
    let statuses = running.join_all().await;
    let checked = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!(checked, 10, "exactly ten guesses are looked at: {statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 401 | 429)), "{statuses:?}");
    server.assert_unspent(&link, "after all guesses").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_1_the_right_passphrase_among_racers_wins_once() {
    let (server, link) = locked("page").await;
    let mut running = JoinSet::new();
    for number in 0..8 {
        let passphrase = if number % 2 == 0 { RIGHT } else { "wrong" };
        let (request, addr) = (post(&link, &holder(), passphrase), server.addr);
        running.spawn(async move { (passphrase, request.send(addr).await.status) });
    }
    let answers = running.join_all().await;
    assert_eq!(answers.iter().filter(|(_, status)| *status == 201).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|(passphrase, status)| *passphrase == RIGHT || matches!(status, 401 | 410)), "{answers:?}");
    assert_eq!(server.show(&link).await["claimed"], 1);
}

#[tokio::test]
async fn the_right_passphrase_costs_no_attempt() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link(json!({"source": "files", "key": "a.bin", "uses": 12, "passphrase": RIGHT})).await;
    for number in 0..12 {
        post(&link, &holder(), RIGHT).send(server.addr).await.expect(201, &format!("right for the {number}. time"));
    }
}

#[tokio::test]
async fn a_browser_is_asked_for_the_passphrase_by_a_form() {
    let (server, link) = locked("page").await;
    let page = Req::get(&link.path).accept("text/html").send(server.addr).await.expect(200, "the page").text();
    assert!(page.contains("name=\"passphrase\""), "{page}");
    let request = Req::post(&link.path).accept("text/html").form(&[("holder", &holder()), ("passphrase", "wrong")]);
    let again = request.send(server.addr).await.expect(401, "wrong, for a browser");
    assert!(again.must("content-type").starts_with("text/html") && again.text().contains("name=\"passphrase\""), "{again}");
    server.assert_unspent(&link, "a wrong passphrase in the form").await;
    let request = Req::post(&link.path).accept("text/html").form(&[("holder", &holder()), ("passphrase", RIGHT)]);
    let answer = request.send(server.addr).await.expect(303, "right, for a browser");
    assert_eq!(Req::get(answer.must("location")).send(server.addr).await.expect(200, "the bytes").body, b"content");
}

#[tokio::test]
async fn a_direct_link_with_a_passphrase_asks_for_it() {
    let (server, link) = locked("direct").await;
    Req::get(&link.path).send(server.addr).await.refused(401, "passphrase-needed", "a program");
    let page = Req::get(&link.path).accept("text/html").send(server.addr).await.expect(401, "a browser");
    assert!(page.text().contains("name=\"passphrase\""), "{page}");
    server.assert_unspent(&link, "a direct link without its passphrase").await;
    let holder = holder();
    let claim = Claim::from_json(&post(&link, &holder, RIGHT).send(server.addr).await.expect(201, "POST with it").json(), &holder);
    assert_eq!(claim.get().send(server.addr).await.expect(200, "the bytes").body, b"content");
}
