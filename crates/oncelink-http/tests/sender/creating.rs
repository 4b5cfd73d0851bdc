//! Creating links: one, many, the classic way; and what is refused.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use oncelink_testkit::{StoreCall, StoreTrouble};
use serde_json::{Value, json};

use crate::house::{Answer, House, Plan};
use crate::side_by_side::SideBySide;

#[tokio::test]
async fn a_created_link_shows_its_url_once() {
    let house = House::planned(Plan { public_url: "https://files.example.org/once", ..Plan::default() }).await;
    let answer = house.ask("POST", "/v1/links", Some(&json!({"key": "a.bin", "note": "for Ada"}))).await.expect(201);
    let made = answer.json();
    let id = made["id"].as_str().expect("an id");
    assert_eq!(answer.header("location"), format!("/once/v1/links/{id}"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let url = made["url"].as_str().expect("the URL");
    let token = url.strip_prefix("https://files.example.org/once/d/").expect("the public URL, then the token");
    for target in [format!("/v1/links/{id}"), "/v1/links".to_owned(), format!("/v1/links/{id}/events"), "/metrics".to_owned()] {
        let shown = house.ask("GET", &target, None).await.expect(200).text();
        assert!(!shown.contains(token) && !shown.contains("\"url\""), "{target}: {shown}");
    }
}

#[tokio::test]
async fn a_redirect_is_never_called_single_use() {
    let house = House::new().await;
    let made = house.link(json!({"key": "a.bin", "delivery": "redirect"})).await;
    assert_eq!(made["delivery_promise"], "single exchange, reusable for 10 seconds");
    assert!(house.link(json!({"key": "a.bin", "delivery": "stream"})).await.get("delivery_promise").is_none());
}

#[tokio::test]
async fn an_idempotency_key_makes_one_link_for_each_sender() {
    let house = House::new().await;
    let body = json!({"key": "a.bin", "passphrase": "open sesame"});
    let first = with_name(&house, &house.key, &body).await.expect(201).json();
    let again = with_name(&house, &house.key, &body).await.expect(200).json();
    assert_eq!(first["id"], again["id"]);
    assert!(first["url"].is_string() && again.get("url").is_none());
    with_name(&house, &house.key, &json!({"key": "a.bin"})).await.refused(422, "idempotency-conflict");
    let other = house.ask("POST", "/v1/keys", Some(&json!({"name": "other"}))).await.expect(201).json();
    let foreign = with_name(&house, other["key"].as_str().expect("a key"), &body).await.expect(201).json();
    assert_ne!(first["id"], foreign["id"], "another sender's word for another thing");
    assert_eq!(house.memory.len(), 2);
}

#[tokio::test]
async fn a_creation_is_repeated_though_its_object_is_gone_by_now() {
    let house = House::new().await;
    let body = json!({"key": "a.bin"});
    let first = with_name(&house, &house.key, &body).await.expect(201).json();
    house.objects.remove("a.bin");
    let again = with_name(&house, &house.key, &body).await.expect(200).json();
    assert_eq!(first["id"], again["id"]);
    with_name(&house, &house.key, &json!({"key": "a.bin", "uses": 2})).await.refused(422, "idempotency-conflict");
    house.ask("POST", "/v1/links", Some(&body)).await.refused(404, "object-not-found");
}

#[tokio::test]
async fn the_classic_call_answers_a_url_and_its_head_creates_nothing() {
    let house = House::new().await;
    let plain = house.ask("GET", "/get-link?file=a.bin", None).await.expect(200);
    assert!(plain.header("content-type").starts_with("text/plain") && plain.text().starts_with("https://files.example.org/d/ol_"));
    let head = house.ask("HEAD", "/get-link?file=a.bin", None).await.expect(405);
    assert_eq!(head.header("allow"), "GET");
    for (query, field) in [
        ("file=a.bin&ttl=0", "ttl"),
        ("file=../a", "file"),
        ("file=", "file"),
        ("file=a.bin&uses=0", "uses"),
        ("file=a.bin&gate=open", "gate"),
        ("file=a.bin&file=b.bin", "file"),
        ("file=a.bin&expires_in=60", "expires_in"),
        ("", "file"),
    ] {
        let answer = house.ask("GET", &format!("/get-link?{query}"), None).await;
        answer.refused(400, "invalid-request");
        assert_eq!(answer.json()["field"], field, "{query}");
    }
    assert_eq!(house.memory.len(), 1);
}

#[tokio::test]
async fn strangers_are_told_nothing_but_401() {
    let house = House::new().await;
    for (method, target) in
        [("POST", "/v1/links"), ("GET", "/v1/links?limit=0"), ("GET", "/get-link"), ("DELETE", "/v1/links/x"), ("DELETE", "/v1/keys/x")]
    {
        let answer = house.send(Request::builder().method(method).uri(target).body(Body::from("no JSON"))).await;
        answer.refused(401, "unauthorized");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
}

#[tokio::test]
async fn a_body_is_json_of_bounded_size_or_refused() {
    let house = House::new().await;
    let post = |kind: &'static str, body: String| {
        let request = Request::post("/v1/links").header("Authorization", format!("Bearer {}", house.key)).header("Content-Type", kind);
        house.send(request.body(Body::from(body)))
    };
    post("text/plain", "{}".to_owned()).await.refused(415, "unsupported-media-type");
    post("application/json; charset=utf-8", json!({"key": "a.bin"}).to_string()).await.expect(201);
    post("application/json", format!("{{\"key\":\"a.bin\",\"note\":\"{}\"}}", "x".repeat(1 << 20))).await.refused(413, "body-too-large");
    post("application/json", "{\"key\":\"a.bin\",\"key\":\"a.bin\"}".to_owned()).await.refused(400, "invalid-request");
    let answer = post("application/json", json!({"key": "a.bin", "colour": "red"}).to_string()).await;
    answer.refused(400, "invalid-request");
    assert_eq!(answer.json()["field"], "colour");
    post("application/json", json!({"key": "missing"}).to_string()).await.refused(404, "object-not-found");
}

#[tokio::test]
async fn a_thousand_rows_are_one_write_and_each_stands_for_itself() {
    let house = House::new().await;
    let mut rows = vec![json!({"key": "a.bin"}); 1_000];
    rows[3] = json!({"key": "missing"});
    rows[4] = json!({"key": "a.bin", "colour": "red"});
    rows[5] = json!("a.bin");
    let answer = house.ask("POST", "/v1/links/batch", Some(&json!({"links": rows.clone()}))).await.expect(200).json();
    let told = answer["links"].as_array().expect("rows");
    let failed: Vec<(usize, &str)> =
        told.iter().enumerate().filter_map(|(place, row)| Some((place, row["error"]["type"].as_str()?))).collect();
    assert_eq!(failed, [(3, "object-not-found"), (4, "invalid-request"), (5, "invalid-request")]);
    assert_eq!(told[4]["error"]["field"], "colour");
    assert!(told.iter().all(|row| row.get("error").is_some() != row["url"].is_string()));
    assert_eq!((house.counting.calls(StoreCall::Insert), house.memory.len()), (1, 997));
    rows.push(json!({"key": "a.bin"}));
    let answer = house.ask("POST", "/v1/links/batch", Some(&json!({"links": rows}))).await;
    answer.refused(400, "invalid-request");
    assert_eq!(answer.json()["field"], "links");
}

#[tokio::test]
async fn the_objects_of_a_batch_are_looked_up_side_by_side() {
    let house = House::planned(Plan { other: Some(Arc::new(SideBySide::new(16))), ..Plan::default() }).await;
    let rows: Vec<Value> = (0..64).map(|number| json!({"source": "other", "key": format!("{number}.bin")})).collect();
    let rows = json!({"links": rows});
    let asked = house.ask("POST", "/v1/links/batch", Some(&rows));
    // One after the other they would wait for each other for ever.
    let answer = tokio::time::timeout(Duration::from_secs(20), asked).await.expect("side by side").expect(200);
    assert!(answer.json()["links"].as_array().expect("rows").iter().all(|row| row["url"].is_string()));
}

#[tokio::test]
async fn rows_that_name_the_same_object_share_one_look_at_it() {
    let source = Arc::new(SideBySide::new(1));
    let house = House::planned(Plan { other: Some(source.clone()), ..Plan::default() }).await;
    let keys = ["0.bin", "gone.bin", "1.bin", "0.bin", "gone.bin", "0.bin"];
    let rows: Vec<Value> = keys.iter().map(|key| json!({"source": "other", "key": key})).collect();
    let answer = house.ask("POST", "/v1/links/batch", Some(&json!({"links": rows}))).await.expect(200).json();
    let made = answer["links"].as_array().expect("rows");
    let told: Vec<&str> = made.iter().map(|row| row["key"].as_str().or(row["error"]["type"].as_str()).expect("a row")).collect();
    assert_eq!(told, ["0.bin", "object-not-found", "1.bin", "0.bin", "object-not-found", "0.bin"]);
    let why = made[1]["error"]["detail"].as_str().expect("a reason");
    assert!(why.contains("'gone.bin'") && why.contains("'other'") && !why.contains("link"), "the sender is told which: {why}");
    let urls: BTreeSet<&str> = made.iter().filter_map(|row| row["url"].as_str()).collect();
    assert_eq!(urls.len(), 4, "each has a token of its own");
    assert_eq!(source.looks(), 3);
}

#[tokio::test]
async fn a_store_that_fails_makes_503_and_tells_when_to_come_back() {
    let house = House::new().await;
    house.faulty.always(StoreCall::Insert, StoreTrouble::FailBefore);
    let one = house.ask("POST", "/v1/links", Some(&json!({"key": "a.bin"}))).await;
    let many = house.ask("POST", "/v1/links/batch", Some(&json!({"links": [{"key": "a.bin"}]}))).await;
    for answer in [one, many] {
        assert_eq!(answer.status, 503);
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "{:?}", answer.headers);
        assert!(!answer.text().contains("as the test wants"), "the cause is the operator's to know: {}", answer.text());
    }
    house.faulty.heal();
    house.link(json!({"key": "a.bin"})).await;
}

async fn with_name(house: &House, key: &str, body: &Value) -> Answer {
    let request = Request::post("/v1/links").header("Authorization", format!("Bearer {key}")).header("Idempotency-Key", "order-4711");
    house.send(request.header("Content-Type", "application/json").body(Body::from(body.to_string()))).await
}
