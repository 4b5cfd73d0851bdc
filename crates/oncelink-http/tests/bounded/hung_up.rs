//! Clients that go away while their direct link is being claimed: nobody else knows that holder.

use std::sync::Arc;
use std::task::Poll;

use axum::body::to_bytes;
use axum::http::{Request, StatusCode};
use oncelink_core::create::LinkWish;
use oncelink_core::link::{Delivery, Gate};
use oncelink_http::Oversize;
use oncelink_testkit::{Gate as Barrier, StoreCall, StoreTrouble};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::house::{House, Line};

/// A client hangs up where the claim's write is; then the store goes on.
async fn hangs_up(house: &House, link: &str, trouble: fn(Barrier) -> StoreTrouble) {
    let barrier = Barrier::new();
    house.faults.next(StoreCall::Claim, trouble(barrier.clone()));
    tokio::select! {
        answer = house.send(Request::get(link)) => panic!("answered {} although the store waits", answer.status),
        () = barrier.arrival() => {}
    }
    barrier.open();
    house.rest().await;
}

#[tokio::test]
async fn sem_3_a_direct_link_is_free_again_when_the_client_hangs_up_during_the_claims_write() {
    let house = House::new(3000, 4000, false, Oversize::Segments);
    let link = house.link(LinkWish { gate: Some(Gate::Direct), ..LinkWish::default() }).await;
    for trouble in [StoreTrouble::HangBefore, StoreTrouble::HangAfter] {
        hangs_up(&house, &link, trouble).await;
    }
    let answer = house.send(Request::get(&link)).await;
    assert_eq!((answer.status, answer.body.expect("whole").as_ref()), (StatusCode::OK, house.content.as_slice()));
    assert_eq!(house.send(Request::get(&link)).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn sem_3_no_exchange_is_made_for_a_client_that_is_gone() {
    let house = House::new(3000, 4000, false, Oversize::Segments);
    let link = house.link(LinkWish { gate: Some(Gate::Direct), delivery: Some(Delivery::Redirect), ..LinkWish::default() }).await;
    hangs_up(&house, &link, StoreTrouble::HangAfter).await;
    assert_eq!(house.send(Request::get(&link)).await.status, StatusCode::FOUND);
    assert_eq!(house.send(Request::get(&link)).await.status, StatusCode::GONE);
}

/// A direct link's answer is on a connection when that is cut while the socket is offered so many bytes, before anybody can
/// say that it took them; `begun` when the body was drawn from before. Then somebody else asks.
async fn cut_off(offered: Option<usize>, begun: bool) -> StatusCode {
    let house = House::new(3000, 4000, false, Oversize::Segments);
    let link = house.link(LinkWish { gate: Some(Gate::Direct), ..LinkWish::default() }).await;
    let line = Line::default();
    let wire = line.wire();
    let response = house.ask(Request::get(&link).extension(Arc::clone(&wire))).await;
    assert_eq!(response.status(), StatusCode::OK);
    if begun {
        assert_eq!(to_bytes(response.into_body(), usize::MAX).await.expect("whole").len(), 3000);
    } else {
        drop(response);
    }
    let cut = || {
        line.cut();
        block_in_place(|| Handle::current().block_on(house.rest()));
    };
    match offered {
        None => cut(),
        Some(count) => {
            let written = wire.write(count, || {
                cut();
                Poll::Ready(Ok(count))
            });
            assert!(written.is_ready());
        }
    }
    house.send(Request::get(&link)).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn sem_1_a_direct_link_is_not_given_back_while_its_bytes_are_being_written() {
    assert_eq!(cut_off(Some(3400), true).await, StatusCode::GONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn sem_1_a_direct_link_is_not_given_back_when_its_head_may_have_left() {
    assert_eq!(cut_off(Some(400), false).await, StatusCode::GONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn sem_3_a_direct_link_of_which_nothing_was_written_is_free_again() {
    for begun in [true, false] {
        assert_eq!(cut_off(None, begun).await, StatusCode::OK);
    }
}
