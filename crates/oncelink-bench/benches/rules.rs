//! Micro-benchmarks of what every redeem computes: tokens, digests, ranges, names, headers, coverage.
//!
//! Must not touch a disk or a socket: that is what the measurements are for.

use std::hint::black_box;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use criterion::{Criterion, criterion_group, criterion_main};
use oncelink_core::Links;
use oncelink_core::coverage::Coverage;
use oncelink_core::holder::{ClaimHandle, Holder};
use oncelink_core::object::SourceName;
use oncelink_core::policy::Policy;
use oncelink_core::ports::Entropy;
use oncelink_core::service::Parts;
use oncelink_core::time::Timestamp;
use oncelink_core::token::Token;
use oncelink_core::{disposition, range};
use oncelink_http::{App, Brand, Settings, router};
use oncelink_testkit::{ManualClock, MemoryObjects, MemoryStore, QuickHasher, SeededEntropy};
use serde_json::{Value, json};
use tower::ServiceExt;

const HOST: &str = "http://files.example.org";
const SIZE: u64 = 1 << 30;
const NOW: Timestamp = Timestamp::from_millis(0);

/// The same bytes each time.
struct Fixed;

impl Entropy for Fixed {
    fn fill(&self, into: &mut [u8]) {
        into.fill(0x5a);
    }
}

fn secrets(bench: &mut Criterion) {
    let token = Token::create(&Fixed, NOW);
    let text = token.reveal().to_owned();
    let holder = Holder::create(&Fixed);
    let handle = ClaimHandle::derive(&token, &holder).reveal();
    bench.bench_function("token: create", |b| b.iter(|| Token::create(black_box(&Fixed), black_box(NOW))));
    bench.bench_function("token: parse", |b| b.iter(|| Token::parse(black_box(&text))));
    bench.bench_function("token: its link's id (a digest)", |b| b.iter(|| black_box(&token).link_id()));
    bench.bench_function("claim: derive its address", |b| b.iter(|| ClaimHandle::derive(black_box(&token), black_box(&holder))));
    let address = ClaimHandle::derive(&token, &holder);
    bench.bench_function("claim: its id (a digest)", |b| b.iter(|| black_box(&address).claim_id()));
    bench.bench_function("claim: parse its address", |b| b.iter(|| ClaimHandle::parse(black_box(&handle))));
}

fn values(bench: &mut Criterion) {
    bench.bench_function("range: none", |b| b.iter(|| range::answer(black_box(None), SIZE)));
    bench.bench_function("range: open-ended", |b| b.iter(|| range::answer(black_box(Some("bytes=8388608-")), SIZE)));
    bench.bench_function("range: the last bytes", |b| b.iter(|| range::answer(black_box(Some("bytes=-500")), SIZE)));
    bench.bench_function("range: beyond the end", |b| b.iter(|| range::answer(black_box(Some("bytes=99999999999-")), SIZE)));
    bench.bench_function("range: nonsense", |b| b.iter(|| range::answer(black_box(Some("bytes=5-2, items=x")), SIZE)));
    bench.bench_function("disposition: plain name", |b| b.iter(|| disposition::attachment(black_box("report-2026.pdf"))));
    bench.bench_function("disposition: name to be encoded", |b| {
        b.iter(|| disposition::attachment(black_box("Übersicht \"März\" – 2026.pdf")))
    });
    bench.bench_function("media type", |b| b.iter(|| disposition::safe_media_type(black_box(Some("application/pdf; charset=binary")))));
}

fn coverage(bench: &mut Criterion) {
    let mut whole = Coverage::new();
    // Every other segment, then those between.
    for segment in (0..128).step_by(2).chain((1..127).step_by(2)) {
        whole.add(segment * (8 << 20)..(segment + 1) * (8 << 20));
    }
    let text = whole.to_text();
    bench.bench_function("coverage: the last of 128 segments", |b| {
        b.iter(|| {
            let mut coverage = black_box(&whole).clone();
            coverage.add(127 * (8 << 20)..SIZE);
            coverage.is_whole(SIZE)
        });
    });
    bench.bench_function("coverage: from its text", |b| b.iter(|| Coverage::from_text(black_box(&text))));
}

/// All headers of an answer, from the link's description to what is true of every answer: HEAD says what GET would, and
/// changes nothing. Routing and the look at the link are in it, out of memory.
fn headers(bench: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let objects = MemoryObjects::new();
    objects.put("report-2026.pdf", vec![0x5a; 1024]);
    objects.set_sha256("report-2026.pdf", [0x5a; 32]);
    let store = Arc::new(MemoryStore::new());
    let links = Links::new(Parts {
        store: store.clone(),
        keys: store,
        sources: vec![(SourceName::parse("files").expect("a source's name"), Arc::new(objects))],
        clock: Arc::new(ManualClock::new()),
        entropy: Arc::new(SeededEntropy::new(1)),
        hasher: Arc::new(QuickHasher::new(4)),
        policy: Policy::default(),
    });
    let key = runtime.block_on(links.create_first_key()).expect("a working store").expect("an empty store");
    let (public_url, brand) = (HOST.to_owned(), Brand::default());
    let settings = Settings { public_url, trusted_proxies: Vec::new(), rate_limit: 0, brand, transport: None };
    let house = router(App::new(Arc::new(links), settings));
    let ask = |request: Request<Body>| runtime.block_on(house.clone().oneshot(request)).expect("the router never fails");
    let post = Request::post("/v1/links").header(header::AUTHORIZATION, format!("Bearer {}", key.reveal()));
    let link = json!({ "key": "report-2026.pdf", "gate": "direct" }).to_string();
    let created = ask(post.header(header::CONTENT_TYPE, "application/json").body(Body::from(link)).expect("a request"));
    let told = runtime.block_on(axum::body::to_bytes(created.into_body(), 1 << 20)).expect("a whole body");
    let told: Value = serde_json::from_slice(&told).expect("JSON");
    let target = told["url"].as_str().and_then(|url| url.strip_prefix(HOST)).expect("a link");
    let look = || Request::head(target).body(Body::empty()).expect("a request");
    let answer = ask(look());
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers().contains_key("repr-digest"), "it is the file's description");
    bench.bench_function("headers: of a direct link's HEAD, routed", |b| b.iter(|| ask(black_box(look()))));
}

criterion_group!(rules, secrets, values, headers, coverage);
criterion_main!(rules);
