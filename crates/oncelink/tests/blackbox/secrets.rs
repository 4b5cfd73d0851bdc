//! After a full life, no secret lies anywhere: not in logs at their loudest, not on disk, not in metrics or errors.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::harness::{Claim, Link, Proxy, Req, Res, Server, Setup, holder, pattern};

/// What must not be found, and the answers in which it must not be found either.
#[derive(Default)]
struct Trail {
    secrets: Vec<(String, String)>,
    refusals: Vec<Res>,
}

impl Trail {
    fn secret(&mut self, what: &str, value: &str) {
        self.secrets.push((what.to_owned(), value.to_owned()));
    }

    fn link(&mut self, link: &Link) {
        self.secret("a token", &link.token);
        self.secret("a token's random part", link.token.trim_start_matches("ol_"));
    }

    fn claim(&mut self, claim: &Claim) {
        self.secret("a claim's secret", claim.secret());
        if !claim.holder.is_empty() {
            self.secret("a holder", &claim.holder);
        }
    }

    fn refused(&mut self, answer: Res) {
        assert!(answer.status >= 400, "{answer}");
        self.refusals.push(answer);
    }
}

#[tokio::test]
async fn sem_10_no_secret_is_found_in_logs_files_metrics_and_errors() {
    let mut server = Setup::new().trace().start().await;
    server.put("a.bin", &pattern(3 << 20, 1));
    let mut trail = Trail::default();
    trail.secret("the first API key", &server.key.clone());
    live_on_a_page_link(&server, &mut trail).await;
    live_on_a_direct_link(&server, &mut trail).await;
    live_with_a_passphrase(&server, &mut trail).await;
    live_with_keys(&server, &mut trail).await;
    live_with_errors(&server, &mut trail).await;
    server.kill();
    server.start_again().await;
    let metrics = server.send(Req::get("/metrics")).await.expect(200, "metrics").text();
    let log = server.log();
    assert!(log.len() > 2_000, "the log is at its loudest");
    for (what, secret) in &trail.secrets {
        assert!(!log.contains(secret), "{what} is in the log: {}", line_with(&log, secret));
        assert!(!metrics.contains(secret), "{what} is in the metrics");
        for answer in &trail.refusals {
            assert!(!holds(&answer.body, secret) && !format!("{:?}", answer.headers).contains(secret), "{what} is in {answer}");
        }
    }
    let looked_at = search_files(&server.data(), &trail.secrets);
    assert!(looked_at >= 1, "there is a store on disk");
    assert!(!log.contains("panicked"), "{}", line_with(&log, "panicked"));
}

async fn live_on_a_page_link(server: &Server, trail: &mut Trail) {
    let link = server.link_to("a.bin").await;
    trail.link(&link);
    let referer = |request: Req| request.header("Referer", &link.url).header("User-Agent", "a browser");
    referer(Req::get(&link.path).accept("text/html")).send(server.addr).await.expect(200, "the page");
    Req::get(&format!("/download?token={}", link.token)).send(server.addr).await.expect(200, "the classic page");
    let claim = link.claim(server.addr).await;
    trail.claim(&claim);
    let by_header = Req::post(&link.path).header("Idempotency-Key", &claim.holder).header("Accept", "application/json");
    referer(by_header).send(server.addr).await.expect(201, "the same holder by header");
    let proxy = Proxy::cutting_after(server.addr, 100_000).await;
    let broken = referer(claim.get()).send(proxy.addr).await;
    assert!(!broken.whole, "the proxy cuts the download");
    let other = holder();
    trail.secret("a refused holder", &other);
    trail.refused(link.try_claim(server.addr, &other).await);
    trail.refused(claim.get().range("bytes=999999999999-").send(server.addr).await);
    let referred = claim.get().header("Referer", &claim.url).header("Cookie", format!("holder={}", claim.holder));
    referred.send(server.addr).await.expect(200, "the bytes");
    trail.refused(claim.get().send(server.addr).await);
    trail.refused(claim.get().accept("text/html").send(server.addr).await);
    trail.refused(Req::get(&link.path).accept("text/html").send(server.addr).await);
    assert_clean_api(server, &link, trail).await;
}

async fn live_on_a_direct_link(server: &Server, trail: &mut Trail) {
    let link = server.link(json!({"source": "files", "key": "a.bin", "gate": "direct", "delivery": "stream"})).await;
    trail.link(&link);
    Req::head(&link.path).send(server.addr).await.expect(200, "HEAD");
    let answer = Req::get(&format!("/download?token={}", link.token)).send(server.addr).await.expect(200, "direct");
    let path = answer.must("content-location");
    trail.secret("a direct claim's secret", &path[path.len() - 64..]);
    trail.refused(Req::get(&link.path).send(server.addr).await);
    trail.refused(Req::get(path).send(server.addr).await);
    assert_clean_api(server, &link, trail).await;
}

async fn live_with_a_passphrase(server: &Server, trail: &mut Trail) {
    let terms = json!({"source": "files", "key": "a.bin", "passphrase": "correct-horse-battery-71"});
    let link = server.link(terms).await;
    trail.link(&link);
    trail.secret("a passphrase", "correct-horse-battery-71");
    trail.secret("a wrong passphrase", "wrong-horse-battery-72");
    let holder = holder();
    let post = |passphrase: &str| Req::post(&link.path).accept("application/json").form(&[("holder", &holder), ("passphrase", passphrase)]);
    trail.refused(post("wrong-horse-battery-72").send(server.addr).await);
    trail.refused(post("wrong-horse-battery-72").accept("text/html").send(server.addr).await);
    let claim = Claim::from_json(&post("correct-horse-battery-71").send(server.addr).await.expect(201, "the right one").json(), &holder);
    trail.claim(&claim);
    assert_clean_api(server, &link, trail).await;
}

async fn live_with_keys(server: &Server, trail: &mut Trail) {
    let made = server.api("POST", "/v1/keys", Some(&json!({"name": "second"}))).await.expect(201, "a key").json();
    let key = made["key"].as_str().expect("the key is shown once");
    trail.secret("a second API key", key);
    Req::get("/v1/links").bearer(key).send(server.addr).await.expect(200, "the key works");
    trail.refused(Req::get("/v1/links").bearer(&format!("{key}x")).send(server.addr).await);
    trail.refused(Req::get("/v1/links").header("Authorization", format!("Basic {key}")).send(server.addr).await);
    let listed = server.api("GET", "/v1/keys", None).await.expect(200, "keys").text();
    assert!(!listed.contains(key) && !listed.contains(&server.key), "keys are shown once only");
    server.api("DELETE", &format!("/v1/keys/{}", made["id"].as_str().expect("an id")), None).await.expect(204, "revoke the key");
    trail.refused(Req::get("/v1/links").bearer(key).send(server.addr).await);
}

async fn live_with_errors(server: &Server, trail: &mut Trail) {
    let link = server.link_to("a.bin").await;
    trail.link(&link);
    let token = &link.token;
    let requests = [
        Req::get(&format!("/d/{token}x")),
        Req::get(&format!("/d/{token}/")),
        Req::get(&format!("/d/{}", token.to_uppercase())),
        Req::get(&format!("/x/{token}")),
        Req::get(&format!("/download?Token={token}")),
        Req::new("PUT", &link.path),
        Req::new("DELETE", &format!("/download?token={token}")),
        Req::post("/download").form(&[("token", &format!("{token}x"))]),
        Req::post(&link.path).header("Content-Type", "text/plain").body(format!("holder={}", holder())),
        Req::post(&link.path).form(&[("holder", "short")]),
        Req::post(&link.path).header("Sec-Fetch-Site", "cross-site"),
        Req::get(&format!("/v1/links/{token}")).bearer(&server.key),
        Req::get("/v1/links").bearer(token),
        Req::post("/v1/links")
            .bearer(&server.key)
            .json(&json!({"source": "files", "key": "a.bin", "passphrase": ["correct-horse-battery-71"]})),
    ];
    for request in requests {
        trail.refused(request.send(server.addr).await);
    }
    server.put("a.bin", b"changed");
    trail.refused(link.try_claim(server.addr, &holder()).await);
}

/// What the sender may read afterwards holds no secret of the recipient's.
async fn assert_clean_api(server: &Server, link: &Link, trail: &Trail) {
    let record = server.show(link).await.to_string();
    let events = format!("{:?}", server.events(link).await);
    let list = server.api("GET", "/v1/links", None).await.expect(200, "the list").text();
    for (what, secret) in &trail.secrets {
        assert!(![&record, &events, &list].iter().any(|text| text.contains(secret)), "{what} is told by the API");
    }
}

/// Searches every file below `folder` but `api-key`; how many there were.
fn search_files(folder: &Path, secrets: &[(String, String)]) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            count += search_files(&path, secrets);
        } else if path.file_name().is_some_and(|name| name != "api-key") {
            let bytes = fs::read(&path).expect("readable");
            for (what, secret) in secrets {
                assert!(!holds(&bytes, secret), "{what} is in {}", path.display());
            }
            count += 1;
        }
    }
    count
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn line_with(log: &str, text: &str) -> String {
    log.lines().find(|line| line.contains(text)).unwrap_or_default().to_owned()
}
