//! The router over a memory store and memory objects, and a visitor with a cookie. Must not test anything itself.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, Response, StatusCode};
use oncelink_core::Links;
use oncelink_core::object::SourceName;
use oncelink_core::policy::Policy;
use oncelink_core::service::Parts;
use oncelink_http::{App, Brand, Oversize, Settings, Transport, router};
use oncelink_testkit::{FaultyStore, ManualClock, MemoryObjects, MemoryStore, QuickHasher, SeededEntropy};
use serde_json::Value;
use tower::ServiceExt;

/// The router with everything under it.
pub(crate) struct House {
    pub(crate) app: App,
    pub(crate) key: String,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) objects: Arc<MemoryObjects>,
    pub(crate) faulty: Arc<FaultyStore>,
    router: Router,
}

/// Somebody with a browser: what it sends with each request.
#[derive(Clone, Default)]
pub(crate) struct Visitor {
    pub(crate) cookie: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl House {
    /// A house with `a.bin` and two files in folders, in the source `files`.
    pub(crate) async fn new() -> Self {
        Self::at("http://files.example.org", None).await
    }

    pub(crate) async fn at(public_url: &str, transport: Option<Transport>) -> Self {
        let clock = Arc::new(ManualClock::new());
        let memory = Arc::new(MemoryStore::new());
        let faulty = Arc::new(FaultyStore::new(memory.clone()));
        let objects = Arc::new(MemoryObjects::new());
        for key in ["a.bin", "in/b.bin", "in/deep/c.bin"] {
            objects.put(key, &b"content"[..]);
        }
        let links = Links::new(Parts {
            store: faulty.clone(),
            keys: memory,
            sources: vec![(SourceName::parse("files").expect("a source's name"), objects.clone())],
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(7)),
            hasher: Arc::new(QuickHasher::new(4)),
            policy: Policy::default(),
        });
        let key = links.create_first_key().await.expect("a working store").expect("an empty store").reveal().to_owned();
        let settings =
            Settings { public_url: public_url.to_owned(), trusted_proxies: Vec::new(), rate_limit: 0, brand: Brand::default(), transport };
        let app = App::new(Arc::new(links), settings);
        Self { router: router(app.clone()), app, key, clock, objects, faulty }
    }

    /// A house behind a transport that gathers its answers.
    pub(crate) async fn gathering() -> Self {
        let transport = Transport { most: 4 << 20, gathers: true, oversize: Oversize::Segments };
        Self::at("http://files.example.org", Some(transport)).await
    }

    /// The house as one of several that share a secret.
    pub(crate) fn sharing(self, secret: &str) -> Self {
        let app = self.app.with_console_secret(secret).expect("long enough");
        Self { router: router(app.clone()), app, ..self }
    }

    /// Somebody who has signed in with the first key.
    pub(crate) async fn visitor(&self) -> Visitor {
        self.signed_in(&self.key).await
    }

    /// Somebody who has signed in with some key.
    pub(crate) async fn signed_in(&self, key: &str) -> Visitor {
        let answer = self.post(&Visitor::default(), "/console/sign-in", &[("key", key)]).await.expect(303);
        Visitor { cookie: answer.cookie() }
    }

    /// Somebody whose key reaches as far as these scopes, as JSON.
    pub(crate) async fn with_scopes(&self, scopes: Value) -> Visitor {
        // So that it is the newest.
        self.pass(1);
        let body = serde_json::json!({"name": "narrow", "scopes": scopes}).to_string();
        let request = Request::post("/v1/keys")
            .header("Authorization", format!("Bearer {}", self.key))
            .header("Content-Type", "application/json")
            .body(Body::from(body));
        let made: Value = serde_json::from_str(&self.send(request).await.expect(201).body).expect("JSON");
        self.signed_in(made["key"].as_str().expect("a key")).await
    }

    pub(crate) async fn get(&self, visitor: &Visitor, target: &str) -> Answer {
        self.send(visitor.request("GET", target).body(Body::empty())).await
    }

    /// A form as a browser sends it, without the session's token.
    pub(crate) async fn post(&self, visitor: &Visitor, target: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(visitor.form(target, fields)).await
    }

    /// A form as a page of the console sends it: with what the form at `from` has hidden in it.
    pub(crate) async fn submit(&self, visitor: &Visitor, from: &str, target: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(visitor, from).await.expect(200);
        let (csrf, once) = (page.hidden("csrf"), page.hidden("once"));
        let hidden = [("csrf", csrf.as_str()), ("once", once.as_str())];
        let all: Vec<(&str, &str)> = hidden.iter().filter(|(_, value)| !value.is_empty()).chain(fields).copied().collect();
        self.post(visitor, target, &all).await
    }

    /// Makes a link in the console; its address and its id.
    pub(crate) async fn link(&self, visitor: &Visitor, fields: &[(&str, &str)]) -> (String, String) {
        let answer = self.submit(visitor, "/console/links/new", "/console/links", fields).await.expect(200);
        let url = answer.between("readonly value=\"", "\"").expect("an address");
        let id = answer.between("/console/links/", "\"").map(|_| answer.ids()).expect("an id");
        (url, id[0].clone())
    }

    /// Claims a link as `curl` does, without taking the bytes.
    pub(crate) async fn claim(&self, url: &str) {
        let path = url.strip_prefix(self.app_url()).expect("its path").to_owned();
        let request = Request::post(path).header("Accept", "application/json").header("User-Agent", "curl/8.5.0").body(Body::empty());
        self.send(request).await.expect(201);
    }

    pub(crate) async fn send(&self, request: Result<Request<Body>, axum::http::Error>) -> Answer {
        let response = self.open(request).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 16 << 20).await.expect("a whole body");
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).expect("UTF-8") }
    }

    /// An answer whose body isn't read yet.
    pub(crate) async fn open(&self, request: Result<Request<Body>, axum::http::Error>) -> Response<Body> {
        self.router.clone().oneshot(request.expect("a request")).await.expect("the router never fails")
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn app_url(&self) -> &'static str {
        "http://files.example.org"
    }
}

impl Visitor {
    pub(crate) fn request(&self, method: &str, target: &str) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(target).header("Accept", "text/html").header("Host", "files.example.org");
        if self.cookie.is_empty() { request } else { request.header("Cookie", &self.cookie) }
    }

    pub(crate) fn form(&self, target: &str, fields: &[(&str, &str)]) -> Result<Request<Body>, axum::http::Error> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.request("POST", target).header("Content-Type", "application/x-www-form-urlencoded").body(Body::from(body))
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{:?}\n{}", self.headers, self.body);
        self
    }

    /// Asserts that the page says this.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.body.contains(text), "no {text:?} in\n{}", self.main());
        self
    }

    #[track_caller]
    pub(crate) fn says_not(self, text: &str) -> Self {
        assert!(!self.body.contains(text), "{text:?} in\n{}", self.main());
        self
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The cookie that the answer gives, as a browser sends it back.
    pub(crate) fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
    }

    /// The value of a hidden field of the page; empty where there is none.
    pub(crate) fn hidden(&self, name: &str) -> String {
        self.between(&format!("name=\"{name}\" value=\""), "\"").unwrap_or_default()
    }

    /// What stands between two texts for the first time.
    pub(crate) fn between(&self, before: &str, after: &str) -> Option<String> {
        let rest = &self.body[self.body.find(before)? + before.len()..];
        Some(rest[..rest.find(after)?].to_owned())
    }

    /// The ids of links that the page leads to, each once.
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for part in self.body.split("/console/links/").skip(1) {
            let id: String = part.chars().take_while(char::is_ascii_alphanumeric).collect();
            if id.len() == 32 && !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    /// The page without its style and script, for messages.
    fn main(&self) -> &str {
        self.body.find("<main").map_or(&self.body, |at| &self.body[at..])
    }
}
