//! A store that is slow to write what has arrived, or loses its answer, behind connections that know.

use std::sync::Arc;

use std::time::Duration;

use axum::http::{Request, StatusCode, header};
use futures_util::StreamExt;
use oncelink_core::create::LinkWish;
use oncelink_http::{Oversize, Wire};
use oncelink_testkit::fixtures;
use oncelink_testkit::{Gate, StoreCall, StoreTrouble};

use crate::house::{House, Line, address, write};

const SIZE: usize = 3000;

#[tokio::test]
async fn sem_5_a_claim_is_over_when_everything_is_acknowledged_however_slow_the_store_is() {
    let house = House::new(SIZE, 4000, false, Oversize::Segments);
    let link = house.link(LinkWish::default()).await;
    let holder = || Request::post(&link).header(header::ACCEPT, "application/json").header("idempotency-key", "h".repeat(22));
    let claim = serde_json::from_slice(&house.send(holder()).await.body.expect("whole")).expect("JSON");
    let (written, wire) = (Gate::new(), Line::default().wire());
    house.faults.next(StoreCall::Record, StoreTrouble::HangBefore(written.clone()));

    let fetch = || Request::get(address(&claim));
    let whole = house.send(fetch().extension(Arc::clone(&wire))).await;
    assert_eq!(whole.body.expect("whole").as_ref(), house.content.as_slice());
    write(&wire, SIZE);
    written.arrival().await;

    for again in [fetch(), fetch().header(header::RANGE, "bytes=2999-"), holder()] {
        let answer = house.send(again).await;
        let body = answer.body.expect("whole");
        assert_eq!(answer.status, StatusCode::GONE);
        assert!(String::from_utf8_lossy(&body).contains("completed"), "{body:?}");
    }
    written.open();
    house.rest().await;
    assert_eq!(house.send(fetch()).await.status, StatusCode::GONE);
}

/// A house in which an object of [`SIZE`] bytes is claimed, the claim, and a connection to it.
async fn claimed() -> (House, serde_json::Value, Arc<Wire>) {
    let house = House::new(SIZE, 4000, false, Oversize::Segments);
    let link = house.link(LinkWish::default()).await;
    let claim = house.claim(&link).await;
    (house, claim, Line::default().wire())
}

#[tokio::test]
async fn sem_4_a_report_whose_answer_is_lost_counts_its_bytes_once() {
    for (trouble, unseen) in [(StoreTrouble::LoseReply, 0), (StoreTrouble::FailBefore, 0), (StoreTrouble::LoseReply, 2)] {
        let (house, claim, wire) = claimed().await;
        house.faults.next(StoreCall::Record, trouble.clone());
        // Nor can it be looked at at first.
        for nth in 1..=unseen {
            house.faults.nth(StoreCall::Events, nth, StoreTrouble::FailBefore);
        }
        let part = house.send(Request::get(address(&claim)).header(header::RANGE, "bytes=0-999").extension(Arc::clone(&wire))).await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
        write(&wire, 1000);
        house.rest().await;

        let record = house.claimed(&claim).await;
        assert_eq!((record.sent, record.coverage.len()), (1000, 1000), "{trouble:?}, unseen {unseen} times");
    }
}

#[tokio::test(start_paused = true)]
async fn sem_4_a_report_that_failed_is_not_taken_for_another_of_the_same_moment() {
    let (house, claim, wire) = claimed().await;
    let other = Line::default().wire();
    for wire in [&wire, &other] {
        let part = house.send(Request::get(address(&claim)).header(header::RANGE, "bytes=0-999").extension(Arc::clone(wire))).await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    }
    let looked = Gate::new();
    house.faults.next(StoreCall::Record, StoreTrouble::FailBefore);
    house.faults.next(StoreCall::Events, StoreTrouble::HangBefore(looked.clone()));
    write(&wire, 1000);
    // It is about to look whether it was kept after all.
    looked.arrival().await;
    write(&other, 1000);
    while house.claimed(&claim).await.sent < 1000 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    looked.open();
    house.rest().await;
    assert_eq!(house.claimed(&claim).await.sent, 2000, "both have left");
}

#[tokio::test(start_paused = true)]
async fn sem_4_a_renewal_whose_answer_is_lost_counts_its_bytes_once() {
    let (house, claim, wire) = claimed().await;
    let mut body = house.ask(Request::get(address(&claim)).extension(Arc::clone(&wire))).await.into_body().into_data_stream();
    let first = body.next().await.expect("a piece").expect("good bytes");
    house.faults.next(StoreCall::Record, StoreTrouble::LoseReply);
    write(&wire, first.len());
    while house.faults.calls(StoreCall::Record) == 0 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    while let Some(piece) = body.next().await {
        write(&wire, piece.expect("good bytes").len());
    }
    house.rest().await;
    assert_eq!(house.claimed(&claim).await.sent, SIZE as u64);
}

#[tokio::test]
async fn sem_4_a_report_whose_answer_is_lost_counts_once_though_another_replica_reports_meanwhile() {
    let (house, claim, wire) = claimed().await;
    let part = house.send(Request::get(address(&claim)).header(header::RANGE, "bytes=0-999").extension(Arc::clone(&wire))).await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    let looked = Gate::new();
    house.faults.next(StoreCall::Record, StoreTrouble::LoseReply);
    house.faults.next(StoreCall::FindClaim, StoreTrouble::HangBefore(looked.clone()));
    write(&wire, 1000);

    looked.arrival().await;
    let mut other = fixtures::progress(&house.claimed(&claim).await.reference(), house.links.now());
    (other.delivered, other.sent, other.ended) = (fixtures::part(1000..1500), 500, Some(500));
    house.links.store().record(other).await.expect("a store that records");
    looked.open();
    house.rest().await;
    let record = house.claimed(&claim).await;
    assert_eq!((record.sent, record.coverage.len()), (1500, 1500));
}

#[tokio::test]
async fn sem_5_a_repeated_claim_whose_answer_comes_after_the_download_is_refused() {
    let house = House::new(SIZE, 4000, false, Oversize::Segments);
    let link = house.link(LinkWish::default()).await;
    let holder = || Request::post(&link).header(header::ACCEPT, "application/json").header("idempotency-key", "h".repeat(22));
    let claim = serde_json::from_slice(&house.send(holder()).await.body.expect("whole")).expect("JSON");
    let answered = Gate::new();
    house.faults.next(StoreCall::FindClaim, StoreTrouble::HangAfter(answered.clone()));

    let download = async {
        answered.arrival().await;
        let wire = Line::default().wire();
        let whole = house.send(Request::get(address(&claim)).extension(Arc::clone(&wire))).await;
        assert_eq!(whole.status, StatusCode::OK);
        write(&wire, SIZE);
        house.rest().await;
        answered.open();
    };
    let (repeated, ()) = tokio::join!(house.send(holder()), download);
    assert_eq!(repeated.status, StatusCode::GONE);
}
