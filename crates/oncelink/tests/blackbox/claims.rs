//! A claim belongs to its holder and to its link, and repeating it takes nothing more.

use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Claim, Link, Proxy, Req, Server, holder, pattern};

#[tokio::test]
async fn sem_3_a_lost_reply_is_repeated_with_the_same_claim_and_one_use() {
    let server = Server::start().await;
    let content = pattern(5_000, 1);
    server.put("a.bin", &content);
    let proxy = Proxy::cutting_after(server.addr, 0).await;
    for round in 0..10 {
        let link = server.link_to("a.bin").await;
        let holder = holder();
        let lost = link.claim_request(&holder).try_send(proxy.addr).await;
        assert!(lost.is_err(), "the proxy swallows the reply: {lost:?}");
        let record = server.show(&link).await;
        assert_eq!(record["claimed"], 1, "round {round}: the claim was made before the reply was lost");
        link.try_claim(server.addr, &self::holder()).await.refused(410, "spent", "another holder");
        let first = link.claim_as(server.addr, &holder).await;
        let second = link.claim_as(server.addr, &holder).await;
        assert_eq!(first.url, second.url);
        assert_eq!(server.show(&link).await["claimed"], 1);
        assert_eq!(first.get().send(server.addr).await.expect(200, "the bytes").body, content);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_3_one_holder_twenty_times_at_once_is_one_claim() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link(json!({"source": "files", "key": "a.bin", "uses": 20})).await;
    let holder = holder();
    let mut running = JoinSet::new();
    for _ in 0..20 {
        let (link, holder, addr) = (link.clone(), holder.clone(), server.addr);
        running.spawn(async move { link.claim_as(addr, &holder).await.url });
    }
    let mut urls = running.join_all().await;
    urls.dedup();
    assert_eq!(urls.len(), 1, "{urls:?}");
    let record = server.show(&link).await;
    assert_eq!((&record["claimed"], &record["uses_left"]), (&json!(1), &json!(19)), "{record}");
    let claimed = server.event_types(&link).await.iter().filter(|event| *event == "claimed").count();
    assert_eq!(claimed, 1, "one claim leaves one event");
}

#[tokio::test]
async fn sem_2_a_holder_is_bound_to_its_link() {
    let server = Server::start().await;
    server.put("a.bin", b"content of a");
    server.put("b.bin", b"content of b");
    let (a, b) = (server.link_to("a.bin").await, server.link_to("b.bin").await);
    let holder = holder();
    let claim_a = a.claim_as(server.addr, &holder).await;
    server.assert_unspent(&b, "the same holder on another link is another claim").await;
    let claim_b = b.claim_as(server.addr, &holder).await;
    assert_ne!(claim_a.secret(), claim_b.secret());
    let crossed = claim_b.path.replace(claim_b.secret(), claim_a.secret());
    Req::get(&crossed).send(server.addr).await.refused(404, "not-found", "the secret of one link on another");
    assert_eq!(claim_a.get().send(server.addr).await.body, b"content of a");
    assert_eq!(claim_b.get().send(server.addr).await.body, b"content of b");
}

#[tokio::test]
async fn sem_2_no_altered_claim_address_gives_a_byte() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let claim = server.link_to("a.bin").await.claim(server.addr).await;
    let start = claim.path.find("/c/").expect("a claim's path") + 3;
    for place in start..claim.path.len() {
        let mut altered = claim.path.clone().into_bytes();
        altered[place] = if altered[place] == b'0' { b'1' } else { b'0' };
        let altered = String::from_utf8(altered).expect("ASCII");
        Req::get(&altered).send(server.addr).await.refused(404, "not-found", &format!("altered at {place}"));
    }
    for altered in [&claim.path[..claim.path.len() - 1], &format!("{}0", claim.path), &format!("{}/", claim.path)] {
        assert_eq!(Req::get(altered).send(server.addr).await.status, 404, "{altered}");
    }
    assert_eq!(claim.get().send(server.addr).await.body, b"content", "the right address still works");
}

#[tokio::test]
async fn a_holder_that_is_short_long_or_odd_is_refused_and_nothing_is_spent() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link_to("a.bin").await;
    let long = "x".repeat(129);
    for odd in [
        "x",
        &"x".repeat(21),
        &long,
        "twenty two characters !",
        "abcdefghijklmnopqrstuv.",
        "abcdefghijklmnopqrstuv\u{e9}",
        "abcdefghijklmnopqrstuv/",
    ] {
        let answer = link.try_claim(server.addr, odd).await;
        answer.refused(400, "invalid-request", &format!("field {odd:?}"));
        assert_eq!(answer.json()["field"], "holder", "{answer}");
        let header = Req::post(&link.path).accept("application/json").header("Idempotency-Key", odd).send(server.addr).await;
        assert_eq!(header.status, 400, "header {odd:?}: {header}");
    }
    server.assert_unspent(&link, "refused holders spend nothing").await;
    for fine in ["x".repeat(22), "x".repeat(128), "AZaz09-_AZaz09-_AZaz09-_".to_owned()] {
        server.link_to("a.bin").await.claim_as(server.addr, &fine).await;
    }
}

#[tokio::test]
async fn the_holder_may_come_as_a_header_and_the_field_beats_it() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link(json!({"source": "files", "key": "a.bin", "uses": 2})).await;
    let (first, second) = (holder(), holder());
    let by_field = link.claim_as(server.addr, &first).await;
    let by_header = claim_by_header(&server, &link, &first, None).await;
    assert_eq!(by_field.url, by_header.url);
    let both = claim_by_header(&server, &link, &second, Some(&first)).await;
    assert_eq!(by_field.url, both.url, "the field beats the header");
    assert_eq!(server.show(&link).await["claimed"], 1);
    let other = claim_by_header(&server, &link, &second, None).await;
    assert_ne!(by_field.url, other.url);
    assert_eq!(server.show(&link).await["claimed"], 2);
}

#[tokio::test]
async fn without_a_holder_the_server_makes_one() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link(json!({"source": "files", "key": "a.bin", "uses": 2})).await;
    let request = Req::post(&link.path).accept("application/json");
    let first = request.send(server.addr).await.expect(201, "a claim without a holder").json();
    let second = request.send(server.addr).await.expect(201, "another claim without a holder").json();
    assert_ne!(first["url"], second["url"]);
    assert_eq!(request.send(server.addr).await.slug(), "spent");
}

#[tokio::test]
async fn a_form_post_redirects_to_the_bytes_with_303() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let by_path = server.link_to("a.bin").await;
    let by_field = server.link_to("a.bin").await;
    let requests = [
        Req::post(&by_path.path).accept("text/html,*/*;q=0.8").form(&[("holder", &holder())]),
        Req::post("/download").form(&[("token", &by_field.token), ("holder", &holder())]),
    ];
    for request in requests {
        let answer = request.send(server.addr).await.expect(303, "a form post");
        let location = answer.must("location").to_owned();
        assert!(location.starts_with("/c/"), "Location is relative: {location}");
        let bytes = Req::get(&location).send(server.addr).await.expect(200, "the claim");
        assert_eq!(bytes.body, b"content");
    }
}

#[tokio::test]
async fn the_classic_download_route_takes_the_token_as_a_field_or_in_the_query() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link_to("a.bin").await;
    let page = Req::get(&format!("/download?token={}", link.token)).accept("application/json").send(server.addr).await;
    assert_eq!(page.expect(200, "the page").json()["filename"], "a.bin");
    let holder = holder();
    let form = Req::post("/download").accept("application/json").form(&[("token", &link.token), ("holder", &holder)]);
    let claim = Claim::from_json(&form.send(server.addr).await.expect(201, "claim").json(), &holder);
    assert_eq!(claim.get().send(server.addr).await.body, b"content");
}

#[tokio::test]
async fn a_claim_tells_what_the_contract_lists() {
    let server = Server::start().await;
    server.put("dir/a name.bin", b"content");
    let link = server.link_to("dir/a name.bin").await;
    let value = link.try_claim(server.addr, &holder()).await.expect(201, "claim").json();
    assert!(value["url"].as_str().expect("a URL").starts_with(&format!("{}/c/", server.url())), "{value}");
    assert_eq!((&value["size"], &value["filename"]), (&json!(7), &json!("a name.bin")), "{value}");
    let etag = value["etag"].as_str().expect("an ETag");
    assert!(etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"'), "strong and quoted: {etag}");
    let lease: jiff::Timestamp = value["lease_until"].as_str().expect("a date").parse().expect("RFC 3339");
    let left = lease.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((14 * 60..=15 * 60).contains(&left), "the default lease is 15 minutes: {left} s");
}

#[tokio::test]
async fn sem_4_the_same_browser_is_offered_to_resume() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link_to("a.bin").await;
    let page = Req::get(&link.path).accept("text/html").send(server.addr).await.expect(200, "the page");
    let claim = Req::post(&link.path).accept("text/html").form(&[("holder", &holder())]).send(server.addr).await.expect(303, "the click");
    let set = page.headers.iter().chain(&claim.headers).filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let cookies: Vec<&str> = set.map(|(_, cookie)| cookie.split(';').next().expect("a first part")).collect();
    let address = claim.must("location");
    let stranger = Req::get(&link.path).accept("text/html").send(server.addr).await.expect(410, "another browser");
    assert!(!stranger.text().contains(address));
    let back = Req::get(&link.path).accept("text/html").header("Cookie", cookies.join("; ")).send(server.addr).await;
    assert!(back.expect(200, "the same browser").text().contains(address), "the page offers the claim's address");
    assert_eq!(Req::get(address).send(server.addr).await.expect(200, "the bytes, without any cookie").body, b"content");
}

async fn claim_by_header(server: &Server, link: &Link, header: &str, field: Option<&str>) -> Claim {
    let request = Req::post(&link.path).accept("application/json").header("Idempotency-Key", header);
    let request = match field {
        Some(field) => request.form(&[("holder", field)]),
        None => request,
    };
    Claim::from_json(&request.send(server.addr).await.expect(201, "claim by header").json(), header)
}
