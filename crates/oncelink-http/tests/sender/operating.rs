//! Health, readiness, metrics, and the bound on requests.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::Request;
use oncelink_core::Fault;
use oncelink_core::object::{ByteRange, ObjectError, ObjectInfo, ObjectKey, ObjectPage, ObjectStream, ObjectVersion};
use oncelink_core::ports::ObjectSource;
use oncelink_testkit::{StoreCall, StoreTrouble};
use serde_json::json;

use crate::house::{House, Plan};

#[tokio::test]
async fn alive_is_not_ready_when_the_store_is_gone() {
    let house = House::new().await;
    let get = |path: &'static str| house.send(Request::get(path).body(Body::empty()));
    get("/readyz").await.expect(200);
    house.faulty.always(StoreCall::Ping, StoreTrouble::FailBefore);
    get("/healthz").await.expect(200);
    let answer = get("/readyz").await.expect(503);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    house.faulty.heal();
    get("/readyz").await.expect(200);
}

#[tokio::test]
async fn metrics_count_by_route_and_hold_no_secret() {
    let house = House::new().await;
    let link = house.link(json!({"key": "a.bin"})).await;
    let url = link["url"].as_str().expect("a URL");
    house.send(Request::get(url.strip_prefix("https://files.example.org").expect("its path")).body(Body::empty())).await.expect(200);
    house.send(Request::get("/somewhere/secret").body(Body::empty())).await.expect(404);
    let answer = house.send(Request::get("/metrics").body(Body::empty())).await.expect(200);
    let text = answer.text();
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    for line in ["route=\"/v1/links\",status=\"2xx\"} 1", "route=\"/d/{token}\",status=\"2xx\"} 1"] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    let token = url.rsplit('/').next().expect("a token");
    for secret in [token, house.key.as_str(), "secret"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn guessing_keys_is_bounded_and_probes_are_not() {
    let house = House::planned(Plan { rate_limit: 5, ..Plan::default() }).await;
    let guess = || house.ask_with("olk_nonsense", "GET", "/v1/links", None);
    for _ in 0..5 {
        guess().await.refused(401, "unauthorized");
    }
    let answer = guess().await;
    answer.refused(429, "too-many-requests");
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=12).contains(&seconds)), "{:?}", answer.headers);
    for _ in 0..20 {
        house.send(Request::get("/healthz").body(Body::empty())).await.expect(200);
    }
}

/// A source with a defect.
struct Broken;

#[async_trait]
impl ObjectSource for Broken {
    async fn head(&self, _: &ObjectKey) -> Result<ObjectInfo, ObjectError> {
        panic!("a defect")
    }

    async fn open(&self, _: &ObjectKey, _: &ObjectVersion, _: u64, _: ByteRange) -> Result<ObjectStream, ObjectError> {
        panic!("a defect")
    }

    async fn list(&self, _: &str, _: Option<&str>, _: usize) -> Result<ObjectPage, ObjectError> {
        panic!("a defect")
    }

    async fn ping(&self) -> Result<(), Fault> {
        Ok(())
    }
}

#[tokio::test]
async fn a_defect_in_one_request_is_told_and_counted_and_takes_nobody_along() {
    let house = House::planned(Plan { other: Some(Arc::new(Broken)), ..Plan::default() }).await;
    let terms = json!({"source": "other", "key": "a.bin"});
    let answer = house.ask("POST", "/v1/links", Some(&terms)).await;
    answer.refused(500, "internal");
    assert_eq!(answer.header("cache-control"), "no-store");
    house.link(json!({"source": "files", "key": "a.bin"})).await;
    let text = house.send(Request::get("/metrics").body(Body::empty())).await.expect(200).text();
    assert!(text.contains("route=\"/v1/links\",status=\"5xx\"} 1"), "{text}");
}
