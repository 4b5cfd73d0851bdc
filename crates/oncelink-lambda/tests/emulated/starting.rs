//! Cold starts: what they cost, and what they leave for later.

use axum::http::StatusCode;
use serde_json::json;

use crate::emulator::event::Shape;
use crate::house::Plan;

#[tokio::test]
async fn a_cold_start_is_light_even_without_optimisation() {
    let Some(house) = Plan::buffered(Shape::Http).build().await else { return };
    let instance = house.gateway.function().start().await.expect("the function starts");
    let (milliseconds, kilobytes) = (instance.cpu_nanoseconds() / 1_000_000, instance.resident_kilobytes());
    assert!((1..3_000).contains(&milliseconds), "{milliseconds} ms of CPU");
    assert!((1..200_000).contains(&kilobytes), "{kilobytes} KiB");
}

#[tokio::test]
async fn a_bucket_is_not_asked_before_a_request_needs_it() {
    let Some(house) = Plan::buffered(Shape::Http).build().await else { return };
    house.put("a.txt", "hello").await;
    let link = house.link("a.txt", json!({})).await;
    let cut_off = house.by_way_of("http://127.0.0.1:1");
    assert_eq!(cut_off.get(&link).await.status, StatusCode::OK, "the page needs the table only");
    let answer = cut_off.get("/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text());
    assert_eq!(house.claim(&link).await["size"], 5, "nothing is lost");
}

#[tokio::test]
async fn a_killed_environment_costs_nothing_but_a_cold_start() {
    let Some(house) = Plan::buffered(Shape::Rest).build().await else { return };
    house.put("a.txt", "hello").await;
    let link = house.link("a.txt", json!({})).await;
    house.gateway.function().kill_idle();
    let address = house.address(&link).await;
    house.gateway.function().kill_idle();
    assert_eq!(house.get(&address).await.body, b"hello");
    house.gateway.function().kill_idle();
    assert_eq!(house.get(&address).await.status, StatusCode::GONE);
}
