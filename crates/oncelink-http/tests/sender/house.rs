//! The router over a memory store and memory objects, and the first API key to it. Must not test anything itself.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use oncelink_core::Links;
use oncelink_core::apikey::ApiKeySecret;
use oncelink_core::object::SourceName;
use oncelink_core::policy::Policy;
use oncelink_core::ports::ObjectSource;
use oncelink_core::service::Parts;
use oncelink_http::{App, Brand, Settings, router};
use oncelink_testkit::{CountingStore, FaultyStore, ManualClock, MemoryObjects, MemoryStore, QuickHasher, SeededEntropy};
use serde_json::Value;
use tower::ServiceExt;

/// The router with everything under it, and what tests turn and count.
pub(crate) struct House {
    pub(crate) router: Router,
    pub(crate) key: String,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) memory: Arc<MemoryStore>,
    pub(crate) faulty: Arc<FaultyStore>,
    pub(crate) counting: Arc<CountingStore>,
    pub(crate) objects: Arc<MemoryObjects>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// What differs from house to house.
pub(crate) struct Plan {
    pub(crate) rate_limit: u32,
    pub(crate) public_url: &'static str,
    /// A source `other` beside `files`.
    pub(crate) other: Option<Arc<dyn ObjectSource>>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { rate_limit: 0, public_url: "https://files.example.org", other: None }
    }
}

impl House {
    /// A house with one object, `a.bin` of seven bytes, in the source `files`.
    pub(crate) async fn new() -> Self {
        Self::planned(Plan::default()).await
    }

    pub(crate) async fn planned(plan: Plan) -> Self {
        let clock = Arc::new(ManualClock::new());
        let memory = Arc::new(MemoryStore::new());
        let faulty = Arc::new(FaultyStore::new(memory.clone()));
        let counting = Arc::new(CountingStore::new(faulty.clone()));
        let objects = Arc::new(MemoryObjects::new().with_presigner(clock.clone()));
        objects.put("a.bin", &b"content"[..]);
        let name = |text: &str| SourceName::parse(text).expect("a source's name");
        let mut sources: Vec<(SourceName, Arc<dyn ObjectSource>)> = vec![(name("files"), objects.clone())];
        sources.extend(plan.other.map(|source| (name("other"), source)));
        let links = Links::new(Parts {
            store: counting.clone(),
            keys: memory.clone(),
            sources,
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(7)),
            hasher: Arc::new(QuickHasher::new(4)),
            policy: Policy::default(),
        });
        let key: Option<ApiKeySecret> = links.create_first_key().await.expect("a working store");
        let settings = Settings {
            public_url: plan.public_url.to_owned(),
            trusted_proxies: Vec::new(),
            rate_limit: plan.rate_limit,
            brand: Brand::default(),
            transport: None,
        };
        let router = router(App::new(Arc::new(links), settings));
        let key = key.expect("an empty store").reveal().to_owned();
        Self { router, key, clock, memory, faulty, counting, objects }
    }

    /// A request with the first API key.
    pub(crate) async fn ask(&self, method: &str, target: &str, body: Option<&Value>) -> Answer {
        self.ask_with(&self.key, method, target, body).await
    }

    /// A request with some API key.
    pub(crate) async fn ask_with(&self, key: &str, method: &str, target: &str, body: Option<&Value>) -> Answer {
        let request = Request::builder().method(method).uri(target).header("Authorization", format!("Bearer {key}"));
        self.send(match body {
            Some(body) => request.header("Content-Type", "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        })
        .await
    }

    /// Any request.
    pub(crate) async fn send(&self, request: Result<Request<Body>, axum::http::Error>) -> Answer {
        let response = self.router.clone().oneshot(request.expect("a request")).await.expect("the router never fails");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 16 << 20).await.expect("a whole body").to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Creates a link and gives its record.
    pub(crate) async fn link(&self, terms: Value) -> Value {
        self.ask("POST", "/v1/links", Some(&terms)).await.expect(201).json()
    }
}

impl Answer {
    /// The answer itself when it has `status`; a panic otherwise.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// Asserts that it is a problem document.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, kind: &str) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let problem = self.json();
        assert_eq!((self.status.as_u16(), problem["type"].as_str()), (status, Some(kind)), "{problem}");
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value; empty when it isn't there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
