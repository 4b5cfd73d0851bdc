//! News without reloading. Time is the runtime's own, and stands still until all wait for it.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Response;
use futures_util::StreamExt;
use serde_json::json;

use crate::house::{House, Visitor};

/// Somebody listens.
async fn listen(house: &House, visitor: &Visitor, target: &str) -> Response<Body> {
    house.open(visitor.request("GET", target).body(Body::empty())).await
}

/// The next event's text; nothing at the end. What only shows that the stream lives is passed over.
async fn next(news: &mut BodyDataStream) -> Option<String> {
    for _ in 0..100 {
        let chunk = tokio::time::timeout(Duration::from_secs(600), news.next()).await.expect("something within ten minutes")?;
        let text = String::from_utf8(chunk.expect("a chunk").to_vec()).expect("UTF-8");
        if !text.starts_with(':') {
            return Some(text);
        }
    }
    panic!("nothing new for 25 minutes, and no end");
}

#[tokio::test(start_paused = true)]
async fn a_claim_is_news() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let (url, id) = house.link(&visitor, &[("key", "a.bin")]).await;
    let answer = listen(&house, &visitor, &format!("/console/links/{id}/live")).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.headers()["x-accel-buffering"], "no");
    let mut news = answer.into_body().into_data_stream();
    let first = next(&mut news).await.expect("how it is");
    assert!(first.starts_with("data:") && first.contains("Link created") && !first.contains("Claimed"), "{first}");
    house.claim(&url).await;
    assert!(next(&mut news).await.expect("news").contains("Claimed: one use taken"));
    let mut list = listen(&house, &visitor, "/console/links/live?state=spent").await.into_body().into_data_stream();
    assert!(next(&mut list).await.expect("the list").contains(&id));
}

#[tokio::test(start_paused = true)]
async fn news_end_with_the_session_its_key_and_the_server() {
    let house = House::new().await;
    let admin = house.visitor().await;
    let streams = |visitor: Visitor| {
        let house = &house;
        async move {
            let mut news = listen(house, &visitor, "/console/links/live").await.into_body().into_data_stream();
            next(&mut news).await.expect("how it is");
            news
        }
    };
    let mut signed_out = streams(admin.clone()).await;
    house.submit(&admin, "/console/links", "/console/sign-out", &[]).await.expect(303);
    assert_eq!(next(&mut signed_out).await, None);

    let narrow = house.with_scopes(json!({"actions": ["links:read"]})).await;
    let mut revoked = streams(narrow).await;
    let admin = house.visitor().await;
    let id = house.get(&admin, "/console/keys").await.between("/console/keys/", "/revoke").expect("the newest key's form");
    house.submit(&admin, "/console/keys", &format!("/console/keys/{id}/revoke"), &[]).await.expect(303);
    assert_eq!(next(&mut revoked).await, None);

    let mut idle = streams(house.visitor().await).await;
    house.pass(30 * 60);
    assert_eq!(next(&mut idle).await, None);

    let mut stopped = streams(house.visitor().await).await;
    house.app.deliveries().close();
    assert_eq!(next(&mut stopped).await, None);
}

#[tokio::test(start_paused = true)]
async fn listening_keeps_no_session_alive_and_is_bounded() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let mut open = Vec::new();
    house.pass(120);
    for _ in 0..6 {
        let answer = listen(&house, &visitor, "/console/links/live").await;
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("set-cookie"));
        open.push(answer);
    }
    assert_eq!(listen(&house, &visitor, "/console/links/live").await.status(), 204);
    open.pop();
    assert_eq!(listen(&house, &visitor, "/console/links/live").await.status(), 200);
    assert_eq!(listen(&house, &Visitor::default(), "/console/links/live").await.status(), 303);
    let answer = listen(&house, &visitor, "/console/links/00000000000000000000000000000000/live").await;
    assert_eq!(answer.status(), 404);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_comes_back_is_heard_again() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let mut news = listen(&house, &visitor, "/console/links/live").await.into_body().into_data_stream();
    next(&mut news).await.expect("how it is");
    let trouble = oncelink_testkit::StoreTrouble::FailBefore;
    house.faulty.always(oncelink_testkit::StoreCall::List, trouble);
    assert!(tokio::time::timeout(Duration::from_secs(10), news.next()).await.is_err(), "silent while the store is gone");
    house.faulty.heal();
    let (_, id) = house.link(&visitor, &[("key", "a.bin")]).await;
    assert!(next(&mut news).await.expect("news").contains(&id));
}

#[tokio::test]
async fn where_answers_are_gathered_there_are_no_news() {
    let house = House::gathering().await;
    let visitor = house.visitor().await;
    let page = house.get(&visitor, "/console/links").await.expect(200).says_not("data-live=");
    assert!(!page.header("content-security-policy").contains("connect-src"));
    assert_eq!(listen(&house, &visitor, "/console/links/live").await.status(), 204);
}
