//! Clients that go away while their direct link is being claimed: nobody else knows that holder.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::{Request, StatusCode};
use oncelink_core::create::LinkWish;
use oncelink_core::link::{Delivery, Gate};
use oncelink_http::{Oversize, Socket, Wire};
use oncelink_testkit::{Gate as Barrier, StoreCall, StoreTrouble};

use crate::house::House;

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

/// A socket whose client may be gone, and took along whatever it was offered.
struct Cut(Arc<AtomicBool>);

impl Socket for Cut {
    fn unacknowledged(&self) -> io::Result<u64> {
        Ok(0)
    }

    fn unsent(&self) -> io::Result<u64> {
        Ok(0)
    }

    fn is_dead(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn abort(&self) {}
}

/// Sends a direct link's whole answer on a connection that is cut while the socket is offered so many bytes, before anybody
/// can say that it took them. Then somebody else asks.
async fn cut_off(offered: Option<usize>) -> StatusCode {
    let house = House::new(3000, 4000, false, Oversize::Segments);
    let link = house.link(LinkWish { gate: Some(Gate::Direct), ..LinkWish::default() }).await;
    let cut = Arc::new(AtomicBool::new(false));
    let wire = Arc::new(Wire::new(Box::new(Cut(Arc::clone(&cut)))));
    let answer = house.send(Request::get(&link).extension(Arc::clone(&wire))).await;
    assert_eq!((answer.status, answer.body.expect("whole").len()), (StatusCode::OK, 3000));
    if let Some(offered) = offered {
        wire.offers(offered);
    }
    cut.store(true, Ordering::Release);
    house.rest().await;
    house.send(Request::get(&link)).await.status
}

#[tokio::test]
async fn sem_1_a_direct_link_is_not_given_back_while_its_bytes_are_being_written() {
    assert_eq!(cut_off(Some(3400)).await, StatusCode::GONE);
}

#[tokio::test]
async fn sem_3_a_direct_link_of_which_nothing_was_written_is_free_again() {
    assert_eq!(cut_off(None).await, StatusCode::OK);
}
