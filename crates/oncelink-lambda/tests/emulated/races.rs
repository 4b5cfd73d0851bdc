//! Many instances at once: one table decides.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::json;

use crate::emulator::event::Shape;
use crate::house::Plan;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_1_exactly_one_of_64_concurrent_instances_gets_the_link() {
    const INSTANCES: usize = 64;
    let Some(house) = Plan::buffered(Shape::Http).build().await else { return };
    house.put("a.txt", "hello").await;
    let created = house.create("a.txt", json!({})).await;
    let link = house.path(&created["url"]);
    house.gateway.function().start_idle(INSTANCES).await;
    let attempts = (0..INSTANCES).map(|number| {
        let body = format!("holder=holder-number-{number:012}");
        let (house, link) = (&house, &link);
        async move {
            for _ in 0..100 {
                let request = Request::post(link)
                    .header(header::ACCEPT, "application/json")
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(Body::from(body.clone()))
                    .expect("a request");
                let answer = house.send(request).await;
                // So many processes that begin at once on two cores may be slow; the same holder may ask again.
                if !matches!(answer.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            panic!("nobody answers")
        }
    });
    let answers = futures_util::future::join_all(attempts).await;
    let granted: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).collect();
    let refused = answers.iter().filter(|answer| answer.status == StatusCode::GONE).count();
    assert_eq!((granted.len(), refused), (1, INSTANCES - 1), "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert!(house.gateway.function().started() >= INSTANCES, "each in an instance of its own");
    assert_eq!(house.get(&house.path(&granted[0].json()["url"])).await.body, b"hello");
    let record = house.record(&created).await;
    assert_eq!((&record["claimed"], &record["claims"].as_array().map(Vec::len)), (&json!(1), &Some(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_1_exactly_one_of_many_direct_gets_gets_the_file() {
    let Some(house) = Plan::buffered(Shape::FunctionUrl).build().await else { return };
    house.put("a.txt", "hello").await;
    house.gateway.function().start_idle(16).await;
    // A direct link's request can't be repeated, so what an instance does at its first one is done before.
    futures_util::future::join_all((0..16).map(|_| house.get("/readyz"))).await;
    for _ in 0..8 {
        let link = house.link("a.txt", json!({"gate": "direct"})).await;
        let answers = futures_util::future::join_all((0..16).map(|_| house.get(&link))).await;
        let files = answers.iter().filter(|answer| answer.status == StatusCode::OK && answer.body == b"hello").count();
        let refused = answers.iter().filter(|answer| answer.status == StatusCode::GONE).count();
        assert_eq!((files, refused), (1, 15));
    }
}
