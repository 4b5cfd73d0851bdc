//! Looking at a link changes nothing: previews, scanners, prefetchers, HEAD and OPTIONS of every kind.

use serde_json::json;

use crate::harness::{Link, Req, Server};

/// Who fetches links by itself, as each one calls itself.
const FETCHERS: &[&str] = &[
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.23.20.0",
    "Twitterbot/1.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 6.1; Win64; x64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "BarracudaCentral/1.0",
    "Mimecast URL Protection",
    "Microsoft Office/16.0 (Microsoft Outlook 16.0.17830; Pro)",
    "",
];

/// Headers that speak of a prefetch or a preview.
const PREFETCHES: &[(&str, &str)] = &[
    ("Sec-Purpose", "prefetch"),
    ("Sec-Purpose", "prefetch;prerender"),
    ("Sec-Purpose", "prefetch;anonymous-client-ip"),
    ("Purpose", "prefetch"),
];

#[tokio::test]
async fn sem_6_no_safe_method_of_any_fetcher_spends_a_page_link() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link_to("a.bin").await;
    let classic = format!("/download?token={}", link.token);
    for target in [&link.path, &classic] {
        for agent in FETCHERS {
            for method in ["GET", "HEAD", "OPTIONS"] {
                for accept in ["*/*", "text/html", "application/json"] {
                    let request = Req::new(method, target).header("User-Agent", agent).accept(accept);
                    let answer = request.send(server.addr).await;
                    assert!(answer.status < 500, "{method} by {agent}: {answer}");
                    assert!(method == "OPTIONS" || answer.status == 200, "{method} by {agent}: {answer}");
                }
            }
        }
        let range = Req::get(target).header("User-Agent", FETCHERS[5]).range("bytes=0-524287").send(server.addr).await;
        assert!(matches!(range.status, 200 | 206), "Facebook's ranged GET: {range}");
        for (name, value) in PREFETCHES.iter().chain(&[("X-Purpose", "preview"), ("X-Moz", "prefetch")]) {
            Req::get(target).header(name, value).send(server.addr).await.expect(200, name);
        }
    }
    server.assert_unspent(&link, "after all that looking").await;
    redeem(&server, &link).await;
}

#[tokio::test]
async fn sem_6_head_options_and_prefetches_never_spend_a_direct_link() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link(json!({"source": "files", "key": "a.bin", "gate": "direct"})).await;
    let classic = format!("/download?token={}", link.token);
    for target in [&link.path, &classic] {
        for agent in FETCHERS {
            let head = Req::head(target).header("User-Agent", agent).send(server.addr).await;
            assert_eq!(head.status, 200, "HEAD by {agent}: {head}");
            let options = Req::new("OPTIONS", target).header("User-Agent", agent).send(server.addr).await;
            assert!(options.status < 500, "OPTIONS by {agent}: {options}");
        }
        for (name, value) in PREFETCHES {
            let answer = Req::get(target).header(name, value).accept("text/html").send(server.addr).await.expect(200, name);
            assert!(answer.must("content-type").starts_with("text/html"), "a prefetch gets the page: {answer}");
        }
    }
    server.assert_unspent(&link, "after all that looking").await;
    let answer = Req::get(&link.path).send(server.addr).await.expect(200, "the first real GET");
    assert_eq!(answer.body, b"content");
    assert_eq!(server.show(&link).await["claimed"], 1);
}

#[tokio::test]
async fn sem_6_looking_at_a_claim_does_not_end_it() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link_to("a.bin").await;
    let claim = link.claim(server.addr).await;
    for method in ["HEAD", "OPTIONS"] {
        for _ in 0..5 {
            let answer = Req::new(method, &claim.path).send(server.addr).await;
            assert!(answer.status < 500, "{method}: {answer}");
        }
    }
    assert_eq!(Req::get(&link.path).send(server.addr).await.status, 410, "the page of a spent link");
    assert_eq!(claim.get().send(server.addr).await.expect(200, "GET after all").body, b"content");
}

#[tokio::test]
async fn sem_6_the_page_shows_the_file_and_submits_nothing_by_itself() {
    let server = Server::start().await;
    server.put("r&d <plan>.bin", &[7; 4096]);
    let link = server.link_to("r&d <plan>.bin").await;
    let answer =
        Req::get(&link.path).accept("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8").send(server.addr).await.expect(200, "the page");
    assert!(answer.must("content-type").starts_with("text/html"));
    let policy = answer.must("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    let page = answer.text();
    assert!(!page.contains("<plan>"), "the name is escaped");
    let name = page.replace("&#38;", "&amp;").replace("&#60;", "&lt;").replace("&#62;", "&gt;").replace("&#x26;", "&amp;");
    assert!(name.contains("r&amp;d &lt;plan&gt;.bin"), "the page names the file: {page}");
    let lower = page.to_ascii_lowercase();
    assert!(lower.contains("<form") && lower.contains("method=\"post\"") && lower.contains("<button"), "{page}");
    for bad in [".submit(", "requestsubmit", "http-equiv=\"refresh\"", "onload", ".click("] {
        assert!(!lower.contains(bad), "{bad} in the page");
    }
    assert_ne!(
        form_holder(&page),
        form_holder(&Req::get(&link.path).accept("text/html").send(server.addr).await.text()),
        "a fresh holder each time"
    );
    assert!(form_holder(&page).len() >= 22);
}

#[tokio::test]
async fn a_client_without_html_is_told_how_to_download() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link(json!({"source": "files", "key": "a.bin", "uses": 3})).await;
    for accept in ["*/*", "text/plain"] {
        let answer = Req::get(&link.path).accept(accept).send(server.addr).await.expect(200, accept);
        assert!(answer.must("content-type").starts_with("text/plain"), "{answer}");
        let text = answer.text();
        assert!(text.contains("curl") && text.contains("oncelink get"), "{text}");
    }
    let value = Req::get(&link.path).accept("application/json").send(server.addr).await.expect(200, "JSON").json();
    assert_eq!(
        (&value["filename"], &value["size"], &value["uses"], &value["uses_left"]),
        (&json!("a.bin"), &json!(7), &json!(3), &json!(3)),
        "{value}"
    );
    assert_eq!((&value["gate"], &value["passphrase"]), (&json!("page"), &json!(false)), "{value}");
    assert!(value["how"]["curl"].as_str().is_some_and(|how| how.contains(&link.url)), "{value}");
    assert!(value["how"]["get"].as_str().is_some_and(|how| how.contains("oncelink get")), "{value}");
    let page = Req::get(&link.path).accept("text/html").send(server.addr).await;
    let head = Req::head(&link.path).accept("text/html").send(server.addr).await.expect(200, "HEAD");
    assert_eq!(head.must("content-type"), page.must("content-type"));
}

#[tokio::test]
async fn a_refusal_is_a_page_for_a_browser_and_a_problem_for_a_program() {
    let server = Server::start().await;
    for path in ["/d/nonsense", "/c/nonsense"] {
        let page = Req::get(path).accept("text/html,*/*;q=0.8").send(server.addr).await.expect(404, "for a browser");
        assert!(page.must("content-type").starts_with("text/html"), "{page}");
        for accept in ["*/*", "application/json", "application/problem+json"] {
            Req::get(path).accept(accept).send(server.addr).await.refused(404, "not-found", accept);
        }
    }
}

async fn redeem(server: &Server, link: &Link) {
    let claim = link.claim(server.addr).await;
    assert_eq!(claim.get().send(server.addr).await.expect(200, "it still works").body, b"content");
}

/// The value of the hidden field `holder`.
fn form_holder(page: &str) -> String {
    let field = page.split('<').find(|tag| tag.contains("name=\"holder\"")).unwrap_or_else(|| panic!("no holder field in {page}"));
    let (_, value) = field.split_once("value=\"").unwrap_or_else(|| panic!("no value in {field}"));
    value.split('"').next().expect("a first part").to_owned()
}
