//! What browsers get of a file that comes in parts: the page, its scripts, and the way back to a claim.

use axum::http::{Request, StatusCode, header};
use oncelink_core::create::LinkWish;
use oncelink_core::link::{Delivery, Gate};
use oncelink_http::Oversize;
use oncelink_testkit::StoreCall;

use crate::house::{Answer, House, address};

const BROWSER: &str = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8";

fn house(oversize: Oversize) -> House {
    House::new(10_500, 4000, true, oversize)
}

async fn opened(house: &House, path: &str, cookie: Option<&str>) -> (Answer, String) {
    let mut request = Request::get(path).header(header::ACCEPT, BROWSER);
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    let answer = house.send(request).await;
    let text = String::from_utf8(answer.body.clone().expect("whole").to_vec()).expect("UTF-8");
    (answer, text)
}

fn cookie(answer: &Answer) -> &str {
    let given = answer.headers[header::SET_COOKIE].to_str().expect("ASCII");
    given.split(';').next().expect("a pair")
}

#[tokio::test]
async fn the_page_of_a_large_file_loads_the_script_and_that_of_a_small_one_doesnt() {
    let large = house(Oversize::Segments);
    let (answer, page) = opened(&large, &large.link(LinkWish::default()).await, None).await;
    assert!(
        answer.status == StatusCode::OK && page.contains("src=\"/prod/assets/segments-en.js\"") && page.contains("data-segment=\"4000\"")
    );
    let small = House::new(3000, 4000, true, Oversize::Segments);
    let (answer, page) = opened(&small, &small.link(LinkWish::default()).await, None).await;
    assert!(!page.contains("/assets/") && !answer.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn the_scripts_are_there_and_their_own_policy_lets_nothing_in() {
    let house = house(Oversize::Segments);
    for name in ["segments-en.js", "segments-zh-Hans.js", "segments-worker.js", "segments-stream.js"] {
        let answer = house.send(Request::get(format!("/prod/assets/{name}"))).await;
        assert_eq!(
            (answer.status, &answer.headers[header::CONTENT_TYPE]),
            (StatusCode::OK, &"text/javascript; charset=utf-8".parse().expect("a value"))
        );
        assert_eq!(answer.headers[header::CONTENT_SECURITY_POLICY], "default-src 'none'");
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
    for name in ["segments.js", "segments-xx.js", "segments-EN.js", "segments-en.css", "../Cargo.toml", "%ff"] {
        assert_eq!(house.send(Request::get(format!("/prod/assets/{name}"))).await.status, StatusCode::NOT_FOUND, "{name}");
    }
}

#[tokio::test]
async fn sem_3_a_browser_whose_claims_answer_was_lost_is_led_back_to_it() {
    let house = house(Oversize::Segments);
    let link = house.link(LinkWish::default()).await;
    let (answer, page) = opened(&house, &link, None).await;
    let cookie = cookie(&answer).to_owned();
    assert_eq!(house.calls.calls(StoreCall::Claim), 0, "a cookie is no claim");
    let holder = page.split("name=\"holder\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a holder");
    // Its answer never comes.
    house.send(Request::post(&link).header(header::ACCEPT, "application/json").header("Idempotency-Key", holder)).await;
    let (answer, page) = opened(&house, &link, Some(&cookie)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(page.contains("<form action=\"/prod/c/oc_") && page.contains("data-etag="), "{page}");
    let (other, _) = opened(&house, &link, None).await;
    assert_eq!(other.status, StatusCode::GONE, "another browser has nothing of it");
}

#[tokio::test]
async fn a_claim_by_the_pages_script_is_found_again_by_its_cookie() {
    let house = house(Oversize::Segments);
    let link = house.link(LinkWish::default()).await;
    let claimed = house.send(Request::post(&link).header(header::ACCEPT, "application/json")).await;
    assert_eq!(claimed.status, StatusCode::CREATED);
    let (answer, page) = opened(&house, &link, Some(cookie(&claimed))).await;
    assert!(answer.status == StatusCode::OK && page.contains("<form action=\"/prod/c/oc_"));
}

#[tokio::test]
async fn a_direct_link_to_a_large_file_shows_browsers_its_page() {
    let house = house(Oversize::Segments);
    let link = house.link(LinkWish { gate: Some(Gate::Direct), ..LinkWish::default() }).await;
    let (answer, page) = opened(&house, &link, None).await;
    assert!(answer.status == StatusCode::OK && page.contains("data-segment=\"4000\""));
    assert_eq!(house.calls.calls(StoreCall::Claim), 0);
}

#[tokio::test]
async fn sem_9_a_link_that_redirects_is_never_too_large() {
    let house = house(Oversize::Refuse);
    let wish = || LinkWish { delivery: Some(Delivery::Redirect), ..LinkWish::default() };
    let (_, page) = opened(&house, &house.link(wish()).await, None).await;
    assert!(!page.contains("data-segment=") && page.contains("single exchange"), "{page}");
    let claim = house.claim(&house.link(wish()).await).await;
    assert_eq!(claim["segment"], serde_json::Value::Null);
    assert_eq!(house.send(Request::get(address(&claim))).await.status, StatusCode::FOUND);
    let direct = house.link(LinkWish { gate: Some(Gate::Direct), ..wish() }).await;
    assert_eq!(house.send(Request::get(&direct)).await.status, StatusCode::FOUND);
}

#[tokio::test]
async fn programs_are_told_the_one_command_that_works() {
    let house = house(Oversize::Segments);
    let link = house.link(LinkWish::default()).await;
    let text = house.send(Request::get(&link)).await.body.expect("whole");
    let text = String::from_utf8(text.to_vec()).expect("UTF-8");
    assert!(text.contains("\n  oncelink get https://files.example.org/prod/d/") && !text.contains("curl"), "{text}");
    let json = house.send(Request::get(&link).header(header::ACCEPT, "application/json")).await.body.expect("whole");
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(json["how"]["curl"], serde_json::Value::Null);
}
