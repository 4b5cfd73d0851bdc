//! Pages as browsers get them.

use std::collections::BTreeSet;

use axum::body;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use oncelink_core::link::PassphraseHash;
use oncelink_core::{Fault, FaultKind};
use oncelink_testkit::fixtures;

use super::*;

const HOLDER: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";
const CLAIM: Offer<'_> = Offer::Claim { action: "/once/d/ol_token", holder: HOLDER };

struct Page {
    status: u16,
    headers: axum::http::HeaderMap,
    text: String,
}

async fn read(response: Response) -> Page {
    let (parts, content) = response.into_parts();
    let bytes = body::to_bytes(content, 1 << 20).await.expect("a page is whole");
    let text = String::from_utf8(bytes.to_vec()).expect("a page is UTF-8");
    Page { status: parts.status.as_u16(), headers: parts.headers, text }
}

impl Page {
    fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// What stands between each `<name ...>` and `</name>`.
    fn elements(&self, name: &str) -> Vec<&str> {
        let (open, close) = (format!("<{name}"), format!("</{name}>"));
        let starts = self.text.match_indices(&open).map(|(at, _)| &self.text[at..]);
        let insides = starts.filter_map(|rest| rest.split_once('>')?.1.split_once(&close));
        insides.map(|(inside, _)| inside).collect()
    }
}

fn a_link() -> Link {
    let mut link = fixtures::a_link().size(1_500_000).build();
    link.terms.filename = "r&d <plan>.pdf".to_owned();
    link
}

fn locked_link() -> Link {
    Link { passphrase: Some(PassphraseHash("$argon2id$...".to_owned())), ..a_link() }
}

fn view<'a>(link: &'a Link, offer: Offer<'a>) -> LinkView<'a> {
    LinkView { link, offer, lease: Duration::from_secs(900), redirect_ttl: None, segments: None }
}

fn parts(facts: Option<Facts>, exchange: Option<Duration>) -> Option<Segments> {
    Some(Segments {
        most: 4_000_000,
        link: "0123456789abcdefghijklmnop".to_owned(),
        name: "r&d <plan>.pdf".to_owned(),
        size: 300_000_000,
        facts,
        base: "/once".to_owned(),
        command: "oncelink get https://files.example.org/once/d/ol_token".replace("https://files.example.org", "https://example.org/a?b"),
        exchange,
    })
}

fn facts() -> Option<Facts> {
    Some(Facts { etag: "\"5-abc\"".to_owned(), sha256: Some("ab".repeat(32)) })
}

fn resume(address: &str) -> Offer<'_> {
    Offer::Resume { address, until: Some(fixtures::after(0)) }
}

fn full_brand() -> Brand {
    let mut logo = b"<svg xmlns='http://www.w3.org/2000/svg'>".to_vec();
    logo.resize(6 * 1024, b' ');
    let brand = Brand::default().with_name("Müller & Söhne").and_then(|brand| brand.with_logo(&logo));
    let brand = brand.and_then(|brand| brand.with_colour("#ffd400")).and_then(|brand| brand.with_imprint("https://example.org/a?b&c"));
    brand.expect("a brand")
}

fn every_refusal() -> Vec<Refusal> {
    let at = fixtures::after(0);
    vec![
        Refusal::Unknown,
        Refusal::Spent,
        Refusal::Revoked,
        Refusal::Expired { at },
        Refusal::NotYet { until: at },
        Refusal::Completed { at },
        Refusal::Lapsed { at },
        Refusal::BudgetSpent,
        Refusal::ObjectChanged,
        Refusal::ObjectNotFound,
        Refusal::NoSuchObject {
            source: oncelink_testkit::fixtures::source_name("files"),
            key: oncelink_testkit::fixtures::object_key("a"),
        },
        Refusal::AddressNotAllowed,
        Refusal::PassphraseNeeded,
        Refusal::PassphraseWrong,
        Refusal::Locked { until: at },
        Refusal::invalid("uses", "must be 1 to 1,000"),
        Refusal::Forbidden { detail: "the key may not create".to_owned() },
        Refusal::IdempotencyConflict,
    ]
}

fn every_problem() -> Vec<Problem> {
    let ours = [
        Problem::not_found(),
        Problem::too_many_requests(7),
        Problem::internal(),
        Problem::method_not_allowed(),
        Problem::cross_site(),
        Problem::oversize(9, 4, true),
        Problem::unauthorized(),
    ];
    every_refusal().into_iter().map(Problem::from).chain(every_fault()).chain(ours).collect()
}

fn every_fault() -> Vec<Problem> {
    let kinds = [FaultKind::Unavailable, FaultKind::Denied, FaultKind::Corrupt, FaultKind::Internal];
    let faults = kinds.into_iter().flat_map(|kind| [Fault::new(kind, "no answer"), Fault::new(kind, "no answer").of_source()]);
    faults.map(Problem::from).collect()
}

async fn refused(problem: Problem, lang: Lang, brand: &Brand) -> Page {
    let plain = problem.clone().into_response();
    read(super::problem(problem, plain, lang, brand)).await
}

/// One page of each kind.
async fn every_page(lang: Lang, brand: &Brand) -> Vec<Page> {
    let (open, locked) = (a_link(), locked_link());
    let exchange = LinkView { redirect_ttl: Some(Duration::from_secs(10)), ..view(&open, CLAIM) };
    let mut pages = vec![
        read(link(&view(&open, CLAIM), lang, brand)).await,
        read(link(&exchange, lang, brand)).await,
        read(link(&view(&open, resume("/c/oc_address")), lang, brand)).await,
        read(link(&view(&locked, CLAIM), lang, brand)).await,
        read(link_with_problem(&view(&locked, CLAIM), Refusal::PassphraseWrong.into(), lang, brand)).await,
        read(home(lang, brand)).await,
    ];
    for segments in [parts(None, None), parts(None, Some(Duration::from_secs(10)))] {
        pages.push(read(link(&LinkView { segments, ..view(&open, CLAIM) }, lang, brand)).await);
    }
    pages.push(read(link(&LinkView { segments: parts(None, None), ..view(&locked, CLAIM) }, lang, brand)).await);
    pages.push(read(link(&LinkView { segments: parts(facts(), None), ..view(&open, resume("/c/oc_address")) }, lang, brand)).await);
    for problem in every_problem() {
        pages.push(refused(problem, lang, brand).await);
    }
    pages
}

#[tokio::test]
async fn the_page_says_what_there_is_and_has_one_button() {
    let open = a_link();
    let page = read(link(&view(&open, CLAIM), Lang::English, &Brand::default())).await;
    assert_eq!((page.status, page.header(header::CONTENT_TYPE)), (200, "text/html; charset=utf-8"));
    assert!(!page.text.contains("<plan>") && page.text.contains("<bdi>r&#38;d &#60;plan&#62;.pdf</bdi>"), "{}", page.text);
    assert!(page.text.contains("<p class=\"size\">1.5\u{a0}MB</p>"), "{}", page.text);
    let until = page.elements("time")[0];
    assert!(until.ends_with(" UTC") && page.elements("dd")[0].contains("datetime=\"20"), "{until}");
    assert_eq!(page.elements("dd")[1], format!("{} of {}", open.uses_left(), open.terms.uses));
    assert!(page.text.contains("<form method=\"post\" action=\"/once/d/ol_token\">"));
    assert!(page.text.contains(&format!("<input type=\"hidden\" name=\"holder\" value=\"{HOLDER}\">")));
    assert_eq!((page.elements("h1"), page.elements("button").len()), (vec!["A file for you"], 1));
    assert!(page.elements("button")[0].ends_with("Download") && !page.text.contains("passphrase"));
    let note = page.text.find("within 15\u{a0}min and press the button again");
    assert!(note.is_some(), "{}", page.text);
}

#[tokio::test]
async fn the_brand_is_on_the_page() {
    let brand = full_brand();
    let open = a_link();
    let page = read(link(&view(&open, CLAIM), Lang::German, &brand)).await;
    assert_eq!(page.elements("h1"), ["<bdi>Müller &#38; Söhne</bdi> hat Ihnen eine Datei geschickt"]);
    assert!(page.elements("header")[0].contains("<img src=\"data:image/svg+xml;base64,"));
    assert!(page.text.contains("href=\"https://example.org/a?b&#38;c\"") && page.elements("footer")[0].contains("Impressum"));
    assert!(page.elements("style")[1].contains("--fill:#ffd400;--on:#000"));
    assert!(page.header(header::CONTENT_SECURITY_POLICY).contains("img-src data:;"));
}

#[tokio::test]
async fn a_wrong_passphrase_is_told_at_its_field() {
    let locked = locked_link();
    let fresh = read(link(&view(&locked, CLAIM), Lang::English, &Brand::default())).await;
    assert!(fresh.text.contains("<label for=\"passphrase\">") && !fresh.text.contains("aria-invalid=\"true\""));
    let wrong = link_with_problem(&view(&locked, CLAIM), Refusal::PassphraseWrong.into(), Lang::English, &Brand::default());
    let wrong = read(wrong).await;
    assert_eq!((wrong.status, wrong.header(header::WWW_AUTHENTICATE)), (401, "Passphrase"));
    assert!(wrong.text.contains("autofocus aria-invalid=\"true\" aria-describedby=\"bad hint\""));
    assert!(wrong.text.contains("id=\"bad\">That was not the right passphrase."));
    let now = fixtures::after(0);
    let problem = Problem::of(Refusal::Locked { until: now.plus(Duration::from_secs(900)) }, now);
    let shut = read(link_with_problem(&view(&locked, CLAIM), problem, Lang::English, &Brand::default())).await;
    assert_eq!((shut.status, shut.header(header::RETRY_AFTER)), (429, "901"));
    assert!(shut.text.contains("again in 16\u{a0}min."), "{}", shut.text);
    let needed = link_with_problem(&view(&locked, CLAIM), Refusal::PassphraseNeeded.into(), Lang::English, &Brand::default());
    let needed = read(needed).await;
    assert!(needed.status == 401 && !needed.text.contains("aria-invalid=\"true\""), "nothing was wrong yet");
}

#[tokio::test]
async fn the_browser_that_claimed_is_led_to_its_claim() {
    let locked = locked_link();
    let page = read(link(&view(&locked, resume("/once/c/oc_address")), Lang::English, &Brand::default())).await;
    assert!(page.text.contains("<form action=\"/once/c/oc_address\">"));
    assert!(!page.text.contains("name=\"holder\"") && !page.text.contains("name=\"passphrase\""));
    assert!(page.text.contains("You may continue it until <time datetime=\"20"), "{}", page.text);
}

#[tokio::test]
async fn a_file_in_parts_has_a_button_with_the_script_and_a_command_without() {
    let locked = locked_link();
    let claim = LinkView { segments: parts(None, None), ..view(&locked, CLAIM) };
    let page = read(link(&claim, Lang::English, &Brand::default())).await;
    assert!(
        page.text.contains("<form method=\"post\" action=\"/once/d/ol_token\" hidden data-segment=\"4000000\" data-size=\"300000000\"")
    );
    assert!(
        page.text.contains("data-name=\"r&#38;d &#60;plan&#62;.pdf\">") && !page.text.contains("data-etag"),
        "its version is the holder's"
    );
    assert!(page.elements("code")[0].starts_with("oncelink get ") && page.text.contains("needs JavaScript"));
    assert!(page.text.contains("<script type=\"module\" src=\"/once/assets/segments-en.js\"></script>"));
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains(" 'self'; connect-src 'self'; worker-src 'self'; frame-src 'self';"), "{policy}");
    let going_on = LinkView { segments: parts(facts(), None), ..view(&locked, resume("/once/c/oc_address")) };
    let page = read(link(&going_on, Lang::English, &Brand::default())).await;
    assert!(page.text.contains("data-etag=\"&#34;5-abc&#34;\" data-sha256=\"abab"), "{}", page.text);
}

#[tokio::test]
async fn sem_9_where_large_files_are_redirected_the_button_works_without_the_script() {
    let open = a_link();
    let view = LinkView { segments: parts(None, Some(Duration::from_secs(10))), ..view(&open, CLAIM) };
    let page = read(link(&view, Lang::English, &Brand::default())).await;
    assert!(page.text.contains("action=\"/once/d/ol_token\" data-segment") && page.text.contains("single exchange"), "{}", page.text);
    assert!(page.header(header::CONTENT_SECURITY_POLICY).contains("form-action 'self' https: http:;"));
}

#[tokio::test]
async fn sem_9_the_page_calls_a_redirect_a_single_exchange() {
    let open = a_link();
    let view = LinkView { redirect_ttl: Some(Duration::from_secs(10)), ..view(&open, CLAIM) };
    let page = read(link(&view, Lang::English, &Brand::default())).await;
    assert!(page.text.contains("single exchange") && page.text.contains("reusable for 10\u{a0}s"), "{}", page.text);
    assert!(!page.text.contains("single-use") && !page.text.contains("press the button again"));
    assert!(page.header(header::CONTENT_SECURITY_POLICY).contains("form-action 'self' https: http:;"), "the bucket's address may follow");
}

#[tokio::test]
async fn a_refusal_keeps_its_status_and_headers_and_helps() {
    let at = Timestamp::from_millis(1_795_521_600_000);
    let page = refused(Refusal::Expired { at }.into(), Lang::English, &Brand::default()).await;
    assert_eq!((page.status, page.elements("h1")), (410, vec!["This link has expired"]));
    assert!(page.text.contains("until <time datetime=\"2026-11-24T12:00:00.000Z\" dir=\"auto\">2026-11-24 12:00 UTC</time>."));
    assert!(page.text.contains("Ask the sender for a new link."));
    let busy = refused(Problem::too_many_requests(7), Lang::French, &Brand::default()).await;
    assert_eq!((busy.status, busy.header(header::RETRY_AFTER), busy.header(header::CONTENT_LANGUAGE)), (429, "7", "fr"));
    assert!(busy.text.contains("dans 7\u{a0}s."), "{}", busy.text);
    let strange = refused(Problem::unauthorized(), Lang::French, &Brand::default()).await;
    assert!(strange.text.contains("<p lang=\"en\" dir=\"ltr\">An API key is needed"));
    let mut plain = Problem::range_not_satisfiable(7).into_response();
    plain.headers_mut().insert(header::CONTENT_RANGE, HeaderValue::from_static("bytes */7"));
    let kept = read(super::problem(Problem::range_not_satisfiable(7), plain, Lang::English, &Brand::default())).await;
    assert_eq!((kept.status, kept.header(header::CONTENT_RANGE)), (416, "bytes */7"));
}

#[tokio::test]
async fn every_fault_is_told_in_the_readers_own_language() {
    for problem in every_fault() {
        let page = refused(problem.clone(), Lang::German, &Brand::default()).await;
        assert!(!page.text.contains("lang=\"en\"") && page.text.contains("Noch einmal versuchen</a>"), "{}: {}", problem.kind, page.text);
    }
}

#[tokio::test]
async fn every_page_is_whole_in_every_language() {
    for lang in Lang::ALL {
        for page in every_page(lang, &Brand::default()).await {
            let tag = lang.tag();
            let start = format!("<!DOCTYPE html>\n<html lang=\"{tag}\" dir=\"{}\">", if lang == Lang::Arabic { "rtl" } else { "ltr" });
            assert!(page.text.starts_with(&start) && page.header(header::CONTENT_LANGUAGE) == tag, "{lang:?}: {}", page.text);
            assert_eq!((page.elements("h1").len(), page.elements("main").len(), page.elements("title").len()), (1, 1, 1), "{lang:?}");
            assert!(!page.elements("h1")[0].is_empty() && !page.elements("title")[0].is_empty());
            let main = page.elements("main")[0];
            assert!(!main.contains(['{', '}']), "a place without its value in {lang:?}: {main}");
        }
    }
}

#[tokio::test]
async fn the_policy_lets_in_what_stands_in_the_page_and_nothing_else() {
    for brand in [Brand::default(), full_brand()] {
        for page in every_page(Lang::English, &brand).await {
            let policy = page.header(header::CONTENT_SECURITY_POLICY);
            for part in ["default-src 'none';", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
                assert!(policy.contains(part), "{part} in {policy}");
            }
            let inline = page.elements("style").into_iter().chain(page.elements("script")).filter(|text| !text.is_empty());
            let needed: BTreeSet<String> = inline.map(frame::hash).collect();
            let given: BTreeSet<String> = policy.split('\'').filter(|source| source.starts_with("sha256-")).map(str::to_owned).collect();
            assert_eq!(given, needed);
            assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
            let tags = page.elements("main")[0].split('<').filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag);
            let blocked: Vec<&str> = tags.filter(|tag| tag.contains(" style=") || tag.contains(" on")).collect();
            assert!(blocked.is_empty(), "inline styles and handlers would be blocked: {blocked:?}");
            assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
        }
    }
}

#[tokio::test]
async fn sem_6_nothing_in_a_page_submits_or_loads_anything() {
    for page in every_page(Lang::English, &full_brand()).await {
        let text = page.text.to_ascii_lowercase();
        for bad in [
            ".submit(",
            "requestsubmit",
            "onload",
            ".click(",
            "http-equiv",
            "fetch(",
            "xmlhttprequest",
            "<link",
            "<iframe",
            "import(",
            "url(",
        ] {
            assert!(!text.contains(bad), "{bad} in {text}");
        }
        let outside: Vec<&str> = text.match_indices("http").map(|(at, _)| &text[at..text.len().min(at + 24)]).collect();
        assert!(outside.iter().all(|address| address.starts_with("https://example.org/a?b")), "{outside:?}");
    }
}

#[tokio::test]
async fn no_page_weighs_more_than_15_kib() {
    let brand = full_brand();
    for lang in Lang::ALL {
        for page in every_page(lang, &brand).await {
            assert!(page.text.len() < 15 * 1024, "{} bytes in {lang:?}: {}", page.text.len(), page.elements("title")[0]);
        }
    }
}
