//! A number of direct redeems, one after the other, through the real router over the real SQLite store: what
//! `cargo xtask instructions` counts.
//!
//! Objects are in memory: some valgrinds know the system call that opens files below a directory, some don't. The clock
//! stands still, randomness is seeded, and there is no socket: two runs do the same. Must not measure anything itself.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use oncelink_bench::content::Content;
use oncelink_core::Links;
use oncelink_core::object::SourceName;
use oncelink_core::policy::Policy;
use oncelink_core::service::Parts;
use oncelink_http::{App, Brand, Settings, router};
use oncelink_store_sqlite::SqliteStore;
use oncelink_testkit::{ManualClock, MemoryObjects, QuickHasher, SeededEntropy};
use serde_json::{Value, json};
use tower::ServiceExt;

const SIZE: usize = 1024;
/// How many links the store has: the same, however many are redeemed.
const LINKS: usize = 400;
const HOST: &str = "http://files.example.org";

fn main() -> Result<(), Box<dyn Error>> {
    let wanted = std::env::args().nth(1).and_then(|word| word.parse::<usize>().ok()).filter(|count| *count <= LINKS);
    let count = wanted.ok_or_else(|| format!("usage: redeems COUNT (at most {LINKS})"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Box::pin(redeem(count)))
}

async fn redeem(count: usize) -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let content = Content::default();
    let objects = MemoryObjects::new();
    objects.put("small", content.head(SIZE).to_vec());
    let store = Arc::new(SqliteStore::open(&dir.path().join("oncelink.db"))?);
    let links = Links::new(Parts {
        store: store.clone(),
        keys: store.clone(),
        sources: vec![(SourceName::parse("files").ok_or("a source's name")?, Arc::new(objects))],
        clock: Arc::new(ManualClock::new()),
        entropy: Arc::new(SeededEntropy::new(1)),
        hasher: Arc::new(QuickHasher::new(4)),
        policy: Policy::default(),
    });
    let key = links.create_first_key().await.map_err(|fault| fault.to_string())?.ok_or("the store isn't empty")?;
    let settings =
        Settings { public_url: HOST.to_owned(), trusted_proxies: Vec::new(), rate_limit: 0, brand: Brand::default(), transport: None };
    let app = App::new(Arc::new(links), settings);
    let house = router(app.clone());
    for target in create(&house, key.reveal()).await?.iter().take(count) {
        let request = Request::get(target).header(header::HOST, "files.example.org").header(header::ACCEPT, "*/*").body(Body::empty())?;
        let body = ask(&house, request).await?;
        if !content.is_at(0, &body) || body.len() != SIZE {
            return Err("an object wasn't delivered as it is".into());
        }
    }
    app.deliveries().close();
    app.deliveries().wait().await;
    store.close().await;
    Ok(())
}

/// Makes all links; their targets.
async fn create(house: &Router, key: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let links = vec![json!({ "key": "small", "gate": "direct" }); LINKS];
    let request = Request::post("/v1/links/batch")
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json!({ "links": links }).to_string()))?;
    let told: Value = serde_json::from_slice(&ask(house, request).await?)?;
    let urls = told["links"].as_array().into_iter().flatten().filter_map(|link| link["url"].as_str()?.strip_prefix(HOST));
    let targets: Vec<String> = urls.map(str::to_owned).collect();
    if targets.len() == LINKS { Ok(targets) } else { Err(format!("only {} links were made", targets.len()).into()) }
}

/// The body of an answer, which has to be good.
async fn ask(house: &Router, request: Request<Body>) -> Result<Vec<u8>, Box<dyn Error>> {
    let response = house.clone().oneshot(request).await?;
    let status = response.status();
    let body = to_bytes(response.into_body(), 16 << 20).await?.to_vec();
    // Without the body: it may name tokens.
    if status == StatusCode::OK { Ok(body) } else { Err(format!("answered {status}").into()) }
}
