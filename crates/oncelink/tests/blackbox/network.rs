//! Where requests come from and where links point to: networks, proxies, base paths, foreign sites, gates and deliveries.

use serde_json::json;

use crate::harness::link::path_of;
use crate::harness::{Claim, Link, Req, Server, Setup, holder, until};

#[tokio::test]
async fn only_allowed_networks_may_claim() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link(json!({"source": "files", "key": "a.bin", "allow_from": ["127.9.0.0/16", "::1/128"]})).await;
    let request = link.claim_request(&holder());
    request.clone().from([127, 0, 0, 1]).send(server.addr).await.refused(403, "address-not-allowed", "another network");
    let spoofed =
        request.clone().header("X-Forwarded-For", "127.9.0.1").header("Forwarded", "for=127.9.0.1").header("X-Real-IP", "127.9.0.1");
    spoofed.send(server.addr).await.refused(403, "address-not-allowed", "forwarding headers of a stranger");
    server.assert_unspent(&link, "a foreign address").await;
    let answer = request.from([127, 9, 0, 1]).send(server.addr).await.expect(201, "the allowed network");
    let claim = Claim::from_json(&answer.json(), "");
    let foreign = claim.get().from([127, 0, 0, 1]).send(server.addr).await;
    assert_eq!(foreign.status, 403, "the bytes too go to the allowed network only: {foreign}");
    assert_eq!(claim.get().from([127, 9, 0, 1]).send(server.addr).await.expect(200, "the bytes").body, b"content");
    let direct = server.link(json!({"source": "files", "key": "a.bin", "gate": "direct", "allow_from": ["127.9.0.1/32"]})).await;
    Req::get(&direct.path).from([127, 9, 0, 2]).send(server.addr).await.refused(403, "address-not-allowed", "one address only");
    server.assert_unspent(&direct, "a foreign address, directly").await;
}

#[tokio::test]
async fn forwarded_addresses_count_from_trusted_proxies_only() {
    let server = Setup::new().flag("trusted-proxies", "127.7.0.0/16,10.0.0.0/8").start().await;
    server.put("a.bin", b"content");
    let link = server.link(json!({"source": "files", "key": "a.bin", "uses": 10, "allow_from": ["203.0.113.7/32"]})).await;
    let request = |from: [u8; 4], forwarded: &str| link.claim_request(&holder()).from(from).header("X-Forwarded-For", forwarded);
    assert_eq!(request([127, 7, 0, 1], "203.0.113.7").send(server.addr).await.status, 201, "a trusted proxy's word");
    assert_eq!(request([127, 8, 0, 1], "203.0.113.7").send(server.addr).await.status, 403, "a stranger's word");
    assert_eq!(request([127, 7, 0, 1], "203.0.113.7, 10.1.2.3").send(server.addr).await.status, 201, "two trusted proxies");
    assert_eq!(
        request([127, 7, 0, 1], "203.0.113.7, 198.51.100.1").send(server.addr).await.status,
        403,
        "the client invented the first entry"
    );
    assert_eq!(request([127, 7, 0, 1], "nonsense").send(server.addr).await.status, 403, "no address at all");
    let standard = link.claim_request(&holder()).from([127, 7, 0, 1]).header("Forwarded", "for=203.0.113.7;proto=https");
    assert_eq!(standard.send(server.addr).await.status, 201, "the standard header");
}

#[tokio::test]
async fn before_its_time_a_link_is_403_and_then_it_works() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let at = |seconds| jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    for gate in ["page", "direct"] {
        let wish = json!({"source": "files", "key": "a.bin", "not_before": at(3_600).to_string(), "gate": gate});
        let link = server.link(wish).await;
        let answer =
            if gate == "page" { link.try_claim(server.addr, &holder()).await } else { Req::get(&link.path).send(server.addr).await };
        answer.refused(403, "not-yet", gate);
        server.assert_unspent(&link, "too early").await;
    }
    let soon = at(2);
    let link = server.link(json!({"source": "files", "key": "a.bin", "not_before": soon.to_string()})).await;
    let holder = holder();
    let claim = until("its time comes", std::time::Duration::from_secs(20), async || {
        let answer = link.try_claim(server.addr, &holder).await;
        assert!(matches!(answer.status, 201 | 403), "{answer}");
        (answer.status == 201).then(|| Claim::from_json(&answer.json(), &holder))
    })
    .await;
    assert!(jiff::Timestamp::now() >= soon, "not a moment too early");
    assert_eq!(claim.get().send(server.addr).await.expect(200, "the bytes").body, b"content");
}

#[tokio::test]
async fn links_begin_with_the_public_url_and_routes_answer_with_and_without_its_base_path() {
    let server = Setup::new().flag("public-url", "https://files.example.org/once").start().await;
    server.put("a.bin", b"content");
    let made = server.api("POST", "/v1/links", Some(&json!({"source": "files", "key": "a.bin", "uses": 4}))).await;
    let link = Link::from_json(&made.expect(201, "create").json());
    assert!(link.url.starts_with("https://files.example.org/once/d/"), "{}", link.url);
    let bare = link.path.strip_prefix("/once").expect("the base path");
    for target in [&link.path, bare, &format!("/download?token={}", link.token), &format!("/once/download?token={}", link.token)] {
        Req::get(target).send(server.addr).await.expect(200, target);
        Req::head(target).send(server.addr).await.expect(200, target);
    }
    for path in [&link.path, bare] {
        let request = Req::post(path).form(&[("holder", &holder())]);
        let answer = request.send(server.addr).await.expect(303, path);
        let location = answer.must("location");
        assert!(location.starts_with("/once/c/") || !location.starts_with('/'), "Location keeps the base path: {location}");
        assert_eq!(Req::get(location).send(server.addr).await.expect(200, location).body, b"content");
    }
    let claim = link.claim(server.addr).await;
    assert!(claim.url.starts_with("https://files.example.org/once/c/"), "{}", claim.url);
    let without = claim.path.strip_prefix("/once").expect("the base path");
    assert_eq!(Req::get(without).send(server.addr).await.expect(200, without).body, b"content");
    assert_eq!(Req::get("/once/healthz").send(server.addr).await.status, 200);
    assert_eq!(Req::get("/once/v1/links").bearer(&server.key).send(server.addr).await.status, 200);
    let page = Req::get(&link.path).accept("text/html").send(server.addr).await.text();
    assert!(!page.contains("action=\"/d/"), "the form keeps the base path: {page}");
}

#[tokio::test]
async fn the_host_header_decides_nothing() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let request = Req::post("/v1/links").bearer(&server.key).header("Host", "evil.example").header("X-Forwarded-Host", "evil.example");
    let made = request.json(&json!({"source": "files", "key": "a.bin"})).send(server.addr).await.expect(201, "create");
    assert!(
        !made.text().contains("evil.example") && made.json()["url"].as_str().is_some_and(|url| url.starts_with(&server.url())),
        "{made}"
    );
    let link = Link::from_json(&made.json());
    let page = Req::get(&link.path).header("Host", "evil.example").accept("text/html").send(server.addr).await;
    assert!(!page.text().contains("evil.example"), "{page}");
    let claim = link.claim_request(&holder()).header("Host", "evil.example").send(server.addr).await.expect(201, "claim");
    assert!(!claim.text().contains("evil.example"), "{claim}");
}

#[tokio::test]
async fn a_post_from_a_foreign_site_is_refused_unspent() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link_to("a.bin").await;
    let request = |site: &str| link.claim_request(&holder()).header("Sec-Fetch-Site", site);
    request("cross-site").send(server.addr).await.refused(403, "cross-site", "a foreign page's form");
    let classic = Req::post("/download").form(&[("token", &link.token)]).header("Sec-Fetch-Site", "cross-site");
    assert_eq!(classic.send(server.addr).await.status, 403, "the classic route too");
    server.assert_unspent(&link, "a foreign page's form").await;
    request("same-origin").send(server.addr).await.expect(201, "its own page's form");
}

#[tokio::test]
async fn gates_and_deliveries_come_from_the_operator_unless_the_creation_says() {
    let server = Setup::new().flag("gate", "direct").flag("delivery", "stream").start().await;
    server.put("a.bin", b"content");
    let made = server.api("POST", "/v1/links", Some(&json!({"source": "files", "key": "a.bin"}))).await.expect(201, "defaults").json();
    assert_eq!((&made["gate"], &made["delivery"]), (&json!("direct"), &json!("stream")), "{made}");
    let terms = json!({"source": "files", "key": "a.bin", "gate": "page", "delivery": "auto"});
    let made = server.api("POST", "/v1/links", Some(&terms)).await.expect(201, "its own").json();
    assert_eq!((&made["gate"], &made["delivery"]), (&json!("page"), &json!("auto")), "{made}");
}

#[tokio::test]
async fn sem_9_only_s3_sources_can_redirect() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let terms = json!({"source": "files", "key": "a.bin", "delivery": "redirect"});
    let answer = server.api("POST", "/v1/links", Some(&terms)).await;
    answer.refused(400, "invalid-request", "redirect from a folder");
    assert_eq!(answer.json()["field"], "delivery", "{answer}");
    let classic = server.api("GET", "/get-link?file=a.bin&delivery=redirect", None).await;
    assert_eq!(classic.status, 400, "{classic}");
}

#[tokio::test]
async fn several_sources_have_names_and_the_first_is_the_default() {
    let one = tempfile::tempdir().expect("a folder");
    let two = tempfile::tempdir().expect("a folder");
    std::fs::write(one.path().join("a.bin"), b"of one").expect("writable");
    std::fs::write(two.path().join("a.bin"), b"of two").expect("writable");
    let setup = Setup::new().source(&format!("one={}", one.path().display())).source(&format!("two={}", two.path().display()));
    let server = setup.start().await;
    let classic = server.api("GET", "/get-link?file=a.bin", None).await;
    let link = Link::from_json(&classic.json());
    assert_eq!(link.claim(server.addr).await.get().send(server.addr).await.body, b"of one");
    let named = server.link(json!({"source": "two", "key": "a.bin"})).await;
    assert_eq!(named.claim(server.addr).await.get().send(server.addr).await.body, b"of two");
    let classic = Req::get("/get-link?file=a.bin&source=two").bearer(&server.key).send(server.addr).await;
    let link = Link::from_url(classic.text().trim(), "");
    assert!(path_of(&link.url).starts_with("/d/"));
    assert_eq!(link.claim(server.addr).await.get().send(server.addr).await.body, b"of two");
}
