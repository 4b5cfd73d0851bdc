//! What keeps the console closed: other sites, hostile names, caches and frames.

use axum::body::Body;
use serde_json::json;

use crate::house::{House, Visitor};

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let page = house.get(&visitor, "/console/links/new").await.expect(200);
    let (csrf, once) = (page.hidden("csrf"), page.hidden("once"));
    let good = [("csrf", csrf.as_str()), ("once", once.as_str()), ("key", "a.bin")];
    for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")] {
        let mut request = visitor.form("/console/links", &good).expect("a request");
        request.headers_mut().insert(name, value.parse().expect("a header's value"));
        house.send(Ok(request)).await.expect(403).says("Sent from another site");
    }
    let other = house.visitor().await;
    let foreign = house.get(&other, "/console/links/new").await.hidden("csrf");
    assert_ne!(foreign, csrf);
    for token in ["", "nonsense", foreign.as_str()] {
        let fields = [("csrf", token), ("once", once.as_str()), ("key", "a.bin")];
        house.post(&visitor, "/console/links", &fields).await.expect(403).says("belong to your session");
    }
    house.get(&visitor, "/console/links").await.expect(200).says("There are no links yet");
    for (name, value) in [("sec-fetch-site", "same-origin"), ("origin", "null"), ("origin", "http://files.example.org")] {
        let page = house.get(&visitor, "/console/links/new").await;
        let (csrf, once) = (page.hidden("csrf"), page.hidden("once"));
        let mut request = visitor.form("/console/links", &[("csrf", &csrf), ("once", &once), ("key", "a.bin")]).expect("a request");
        request.headers_mut().insert(name, value.parse().expect("a header's value"));
        house.send(Ok(request)).await.expect(200);
    }
}

#[tokio::test]
async fn nobody_is_signed_in_by_another_sites_form() {
    let house = House::new().await;
    let mut request = Visitor::default().form("/console/sign-in", &[("key", &house.key)]).expect("a request");
    request.headers_mut().insert("sec-fetch-site", "cross-site".parse().expect("a header's value"));
    let answer = house.send(Ok(request)).await.expect(403);
    assert_eq!(answer.header("set-cookie"), "");
}

#[tokio::test]
async fn every_page_is_private_unframed_and_runs_nothing_but_its_own() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let (_, id) = house.link(&visitor, &[("key", "a.bin")]).await;
    let link = format!("/console/links/{id}");
    for target in
        ["/console/sign-in", "/console/links", "/console/links/new", "/console/files", "/console/keys", &link, "/console/links/none"]
    {
        let answer = house.get(&visitor, target).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{target}");
        assert_eq!((answer.header("referrer-policy"), answer.header("x-frame-options")), ("no-referrer", "DENY"), "{target}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("https:"), "{policy}");
        let body = &answer.body;
        for inline in [" onclick", " onload", " onerror", " onsubmit", " style=\"", "javascript:"] {
            assert!(!body.contains(inline), "{inline} in {target}");
        }
    }
}

#[tokio::test]
async fn hostile_names_stay_text() {
    const HOSTILE: &str = "\"><img src=x onerror=alert(1)><script>alert('x')</script>&amp;{{7*7}}";
    let house = House::new().await;
    let key = format!("in/{}.bin", HOSTILE.replace('/', "\u{2215}"));
    house.objects.put(&key, &b"content"[..]);
    let visitor = house.visitor().await;
    let metadata = json!({"a": HOSTILE}).to_string();
    let fields = [("key", key.as_str()), ("note", HOSTILE), ("metadata", &metadata), ("webhook", "https://e.example/?<script>")];
    let (url, id) = house.link(&visitor, &fields).await;
    let path = url.strip_prefix("http://files.example.org").expect("its path").to_owned();
    house.send(axum::http::Request::get(path).header("User-Agent", HOSTILE).header("Accept", "text/html").body(Body::empty())).await;
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("find", HOSTILE).append_pair("note", HOSTILE).finish();
    for target in [
        "/console/files?prefix=in%2F".to_owned(),
        format!("/console/files?prefix=in%2F&{query}"),
        format!("/console/links?{query}"),
        "/console/links".to_owned(),
        format!("/console/links/{id}"),
        format!("/console/sign-in?next={}", query.replace("find=", "")),
    ] {
        let page = house.get(&visitor, &target).await.expect(200);
        for live in ["<img", "<script>alert", "onerror=alert(1)>", "?<script"] {
            assert!(!page.body.contains(live), "{live} in {target}");
        }
    }
    let made = house.submit(&visitor, "/console/links/new", "/console/links", &[("key", &key)]).await.expect(200);
    assert!(!made.body.contains("<img"));
    let named = house.submit(&visitor, "/console/keys", "/console/keys", &[("name", HOSTILE), ("actions", "links:read")]).await.expect(200);
    assert!(!named.body.contains("<img"));
    assert!(!house.get(&visitor, "/console/keys").await.expect(200).body.contains("<img"));
}

#[tokio::test]
async fn an_address_is_shown_once_and_found_nowhere_else() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let page = house.get(&visitor, "/console/links/new").await;
    let (csrf, once) = (page.hidden("csrf"), page.hidden("once"));
    let fields = [("csrf", csrf.as_str()), ("once", once.as_str()), ("key", "a.bin")];
    let made =
        house.post(&visitor, "/console/links", &fields).await.expect(200).says("http://files.example.org/d/ol_").says("class=\"qr\"");
    let token = made.between("/d/", "\"").expect("a token");
    let id = made.ids().remove(0);
    for target in ["/console/links".to_owned(), format!("/console/links/{id}"), "/console/files".to_owned()] {
        house.get(&visitor, &target).await.expect(200).says_not(&token);
    }
    house.post(&visitor, "/console/links", &fields).await.expect(409).says("Sent twice").says_not(&token);
    assert_eq!(house.get(&visitor, "/console/links").await.ids().len(), 1, "nothing was made a second time");
}
