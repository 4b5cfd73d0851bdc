//! The router over memory, with the bounds of a transport.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use bytes::Bytes;
use oncelink_core::claim::Claim;
use oncelink_core::create::{CreateOutcome, LinkWish, Sender};
use oncelink_core::holder::ClaimHandle;
use oncelink_core::policy::Policy;
use oncelink_core::service::Parts;
use oncelink_core::{Actor, Links, apikey::Scope};
use oncelink_http::{App, Brand, Oversize, Settings, Socket, Transport, Wire, router};
use oncelink_testkit::{
    CountingStore, FaultyObjects, FaultyStore, ManualClock, MemoryObjects, MemoryStore, QuickHasher, SeededEntropy, fixtures,
};
use tower::ServiceExt;

/// The router, and everything behind it.
pub(crate) struct House {
    pub(crate) links: Arc<Links>,
    pub(crate) calls: Arc<CountingStore>,
    pub(crate) faults: Arc<FaultyStore>,
    pub(crate) objects: Arc<FaultyObjects>,
    pub(crate) content: Vec<u8>,
    app: App,
    router: Router,
}

/// An answer that was read to its end; `body` is nothing when it broke off.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
}

/// A connection whose client acknowledges at once whatever the socket is offered, until it is cut.
#[derive(Clone, Default)]
pub(crate) struct Line(Arc<AtomicBool>);

impl Line {
    pub(crate) fn wire(&self) -> Arc<Wire> {
        Arc::new(Wire::new(Box::new(self.clone())))
    }

    pub(crate) fn cut(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Socket for Line {
    fn unacknowledged(&self) -> io::Result<u64> {
        Ok(0)
    }

    fn unsent(&self) -> io::Result<u64> {
        Ok(0)
    }

    fn is_dead(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn abort(&self) {}
}

/// The connection writes so many bytes, and has written everything.
pub(crate) fn write(wire: &Wire, count: usize) {
    assert!(wire.write(count, || Poll::Ready(Ok(count))).is_ready());
    wire.flushed();
}

impl House {
    /// A house with the object `a.bin` of `size` bytes; one response carries `most` of them.
    pub(crate) fn new(size: usize, most: u64, gathers: bool, oversize: Oversize) -> Self {
        let memory = Arc::new(MemoryStore::new());
        let faults = Arc::new(FaultyStore::new(memory.clone()));
        let calls = Arc::new(CountingStore::new(faults.clone()));
        let clock = Arc::new(ManualClock::new());
        let objects = MemoryObjects::new().with_presigner(clock.clone());
        objects.set_chunk_size(1000);
        let content: Vec<u8> = (0..size).map(|place| (place % 251) as u8).collect();
        objects.put("a.bin", content.clone());
        let objects = Arc::new(FaultyObjects::new(Arc::new(objects)));
        let links = Arc::new(Links::new(Parts {
            store: calls.clone(),
            keys: memory,
            sources: vec![(fixtures::source_name("files"), objects.clone())],
            clock,
            entropy: Arc::new(SeededEntropy::new(7)),
            hasher: Arc::new(QuickHasher::new(4)),
            policy: Policy::default(),
        }));
        let settings = Settings {
            public_url: "https://files.example.org/prod".to_owned(),
            trusted_proxies: Vec::new(),
            rate_limit: 0,
            brand: Brand::default(),
            transport: Some(Transport { most, gathers, oversize }),
        };
        let app = App::new(links.clone(), settings);
        let router = router(app.clone());
        Self { links, calls, faults, objects, content, app, router }
    }

    /// The path of a new link's page.
    pub(crate) async fn link(&self, wish: LinkWish) -> String {
        let sender = Sender { actor: Actor::default(), scope: Scope::full() };
        let wish = LinkWish { key: "a.bin".to_owned(), ..wish };
        let CreateOutcome::Created(draft) = self.links.create(wish, &sender, None).await.expect("a link") else { panic!("it is new") };
        self.calls.reset();
        format!("/prod/d/{}", draft.token.reveal())
    }

    /// Claims by POST; what the claim says.
    pub(crate) async fn claim(&self, link: &str) -> serde_json::Value {
        let request = Request::post(link).header(header::ACCEPT, "application/json");
        let answer = self.send(request).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        serde_json::from_slice(&answer.body.expect("whole")).expect("JSON")
    }

    /// The record of a claim.
    pub(crate) async fn claimed(&self, claim: &serde_json::Value) -> Claim {
        let handle = ClaimHandle::parse(address(claim).rsplit_once('/').expect("a path").1).expect("a handle");
        let found = self.links.store().find_claim(handle.link(), &handle.claim_id()).await.expect("a store that answers");
        found.and_then(|(_, claim)| claim).expect("it is claimed")
    }

    /// Waits until everything that runs beside the answers has come to its end.
    pub(crate) async fn rest(&self) {
        self.app.deliveries().close();
        self.app.deliveries().wait().await;
        self.app.deliveries().reopen();
    }

    /// An answer whose body nobody has asked for yet.
    pub(crate) async fn ask(&self, request: axum::http::request::Builder) -> axum::response::Response {
        self.router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("infallible")
    }

    pub(crate) async fn send(&self, request: axum::http::request::Builder) -> Answer {
        let response = self.ask(request).await;
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.ok();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

/// The path of the claim's address.
pub(crate) fn address(claim: &serde_json::Value) -> String {
    claim["url"].as_str().and_then(|url| url.strip_prefix("https://files.example.org")).expect("an absolute address").to_owned()
}
