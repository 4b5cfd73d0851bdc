//! A file in segments: each as large as one response carries, the end when the holder says so.

use axum::http::{Request, StatusCode, header};
use futures_util::StreamExt;
use oncelink_core::create::LinkWish;
use oncelink_http::Oversize;
use oncelink_testkit::{StoreCall, StoreTrouble};

use crate::house::{Answer, House, address};

const SIZE: usize = 10_500;

fn house() -> House {
    House::new(SIZE, 4000, true, Oversize::Segments)
}

async fn segment(house: &House, address: &str, from: usize) -> Answer {
    let range = format!("bytes={from}-");
    house.send(Request::get(address).header(header::RANGE, range).header("Oncelink-Acknowledges", "yes")).await
}

#[tokio::test]
async fn sem_4_segments_together_are_the_object_and_the_holder_says_when_it_has_them() {
    let house = house();
    let link = house.link(LinkWish::default()).await;
    let claim = house.claim(&link).await;
    assert_eq!(claim["segment"], 4000);
    let address = address(&claim);
    let mut got = Vec::new();
    while got.len() < SIZE {
        let answer = segment(&house, &address, got.len()).await;
        assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT);
        let body = answer.body.expect("whole");
        let last = got.len() + body.len() - 1;
        assert_eq!(answer.headers[header::CONTENT_RANGE], format!("bytes {}-{last}/{SIZE}", got.len()));
        assert!(body.len() <= 4000);
        got.extend_from_slice(&body);
    }
    assert_eq!(got, house.content);
    let again = segment(&house, &address, 8000).await;
    assert_eq!(again.body.expect("a lost last segment can be had again"), house.content[8000..]);
    assert_eq!(house.send(Request::post(format!("{address}/done"))).await.status, StatusCode::NO_CONTENT);
    assert_eq!(segment(&house, &address, 8000).await.status, StatusCode::GONE);
    assert_eq!(house.send(Request::post(format!("{address}/done"))).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn sem_5_without_the_holders_word_the_last_byte_ends_it() {
    let house = house();
    let link = house.link(LinkWish::default()).await;
    let address = address(&house.claim(&link).await);
    for from in [0, 4000, 8000] {
        let answer = house.send(Request::get(&address).header(header::RANGE, format!("bytes={from}-"))).await;
        assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT);
    }
    assert_eq!(segment(&house, &address, 0).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn sem_4_a_holder_that_never_says_so_gets_no_more_than_its_budget() {
    // Budget: twice the object and 8 MiB; with a large enough object the third copy is refused.
    let house = House::new(20 << 20, 12 << 20, true, Oversize::Segments);
    let link = house.link(LinkWish::default()).await;
    let address = address(&house.claim(&link).await);
    let (mut total, mut last) = (0, StatusCode::OK);
    for _ in 0..8 {
        let answer = segment(&house, &address, 0).await;
        last = answer.status;
        total += if last == StatusCode::PARTIAL_CONTENT { answer.body.map_or(0, |body| body.len()) } else { 0 };
    }
    assert_eq!(last, StatusCode::GONE);
    assert!(total <= (2 * 20 + 8) << 20, "{total}");
}

#[tokio::test]
async fn sem_11_a_segment_is_sent_once_its_record_is_kept() {
    let house = house();
    let link = house.link(LinkWish::default()).await;
    let address = address(&house.claim(&link).await);
    house.faults.next(StoreCall::Record, StoreTrouble::FailBefore);
    let answer = segment(&house, &address, 0).await;
    assert!(answer.body.is_some_and(|body| body[..] == house.content[..4000]), "it is asked again and then sent");
}

#[tokio::test]
async fn plain_clients_are_told_how_and_nothing_is_lost() {
    let house = house();
    let link = house.link(LinkWish::default()).await;
    let address = address(&house.claim(&link).await);
    let answer = house.send(Request::get(&address)).await;
    assert_eq!(answer.status, StatusCode::PRECONDITION_REQUIRED);
    let text = String::from_utf8(answer.body.expect("whole").to_vec()).expect("UTF-8");
    assert!(text.contains("range-required") && text.contains("oncelink get"), "{text}");
    assert_eq!(segment(&house, &address, 0).await.status, StatusCode::PARTIAL_CONTENT, "the claim goes on");
}

#[tokio::test]
async fn sem_3_a_plain_client_that_posts_is_told_how_before_anything_is_spent() {
    for oversize in [Oversize::Segments, Oversize::Refuse] {
        let house = House::new(SIZE, 4000, true, oversize);
        let link = house.link(LinkWish::default()).await;
        for accept in ["*/*", "text/html"] {
            let answer = house.send(Request::post(&link).header(header::ACCEPT, accept)).await;
            assert_eq!(answer.status, StatusCode::PRECONDITION_REQUIRED, "{accept}");
        }
        assert_eq!(house.calls.calls(StoreCall::Claim), 0);
        let part = Request::post(&link).header(header::RANGE, "bytes=0-999");
        assert_eq!(house.send(part).await.status, StatusCode::SEE_OTHER, "who follows with a range gets it");
        let link = house.link(LinkWish::default()).await;
        let own = Request::post(&link).header("Idempotency-Key", "abcdefghijklmnopqrstuv");
        assert_eq!(house.send(own).await.status, StatusCode::SEE_OTHER, "who chose a holder can come back with it");
        let late = house.send(Request::post(&link)).await;
        assert_eq!(late.status, StatusCode::GONE, "what else is to be said comes first");
    }
}

#[tokio::test]
async fn sem_5_what_is_under_way_ends_when_the_holder_says_that_it_has_everything() {
    let house = House::new(SIZE, 4000, false, Oversize::Segments);
    let address = address(&house.claim(&house.link(LinkWish::default()).await).await);
    let range = Request::get(&address).header(header::RANGE, "bytes=0-").header("Oncelink-Acknowledges", "yes");
    let running = house.ask(range).await;
    assert_eq!(house.send(Request::post(format!("{address}/done"))).await.status, StatusCode::NO_CONTENT);
    let first = running.into_body().into_data_stream().next().await.expect("a word of it");
    assert!(first.is_err(), "not one byte more");
}
