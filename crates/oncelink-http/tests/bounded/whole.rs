//! What fits goes in one piece, for as few writes as can be; what doesn't fit is an honest no or a redirect.

use axum::http::{Request, StatusCode, header};
use oncelink_core::create::LinkWish;
use oncelink_core::holder::ClaimHandle;
use oncelink_core::link::{Delivery, Gate};
use oncelink_http::Oversize;
use oncelink_testkit::{ObjectTrouble, StoreCall, StoreTrouble};

use crate::house::{House, address};

fn direct() -> LinkWish {
    LinkWish { gate: Some(Gate::Direct), ..LinkWish::default() }
}

#[tokio::test]
async fn a_page_link_that_fits_costs_two_writes_and_two_reads() {
    let house = House::new(3000, 4000, true, Oversize::Segments);
    let link = house.link(LinkWish::default()).await;
    let claim = house.claim(&link).await;
    assert_eq!(claim["segment"], serde_json::Value::Null);
    let answer = house.send(Request::get(address(&claim))).await;
    assert_eq!((answer.status, answer.body.expect("whole").as_ref()), (StatusCode::OK, house.content.as_slice()));
    assert_eq!((house.calls.changes(), house.calls.reads()), (2, 2));
    assert_eq!(house.send(Request::get(address(&claim))).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_direct_link_that_fits_costs_one_write() {
    let house = House::new(3000, 4000, true, Oversize::Segments);
    let link = house.link(direct()).await;
    let answer = house.send(Request::get(&link)).await;
    assert_eq!((answer.status, answer.body.expect("whole").as_ref()), (StatusCode::OK, house.content.as_slice()));
    assert_eq!((house.calls.changes(), house.calls.reads()), (1, 1));
    assert_eq!(house.send(Request::get(&link)).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn sem_3_a_direct_link_survives_the_loss_of_its_claims_answer() {
    let house = House::new(3000, 4000, true, Oversize::Segments);
    let link = house.link(direct()).await;
    house.faults.next(StoreCall::Claim, StoreTrouble::LoseReply);
    let answer = house.send(Request::get(&link)).await;
    assert_eq!(answer.status, StatusCode::OK, "the claim is recognised as its own");
    assert_eq!(house.send(Request::get(&link)).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_direct_link_that_is_too_large_is_refused_unspent() {
    for oversize in [Oversize::Segments, Oversize::Refuse] {
        let house = House::new(5000, 4000, true, oversize);
        let link = house.link(direct()).await;
        assert_eq!(house.send(Request::get(&link)).await.status, StatusCode::PRECONDITION_REQUIRED);
        assert_eq!(house.calls.calls(StoreCall::Claim), 0);
        let claim = house.claim(&link).await;
        assert_eq!(claim["segment"], 4000, "a POST claims it as any link");
    }
}

#[tokio::test]
async fn sem_9_the_operator_may_let_large_files_be_redirected() {
    let house = House::new(5000, 4000, true, Oversize::Redirect);
    let by_page = address(&house.claim(&house.link(LinkWish::default()).await).await);
    let by_get = house.link(direct()).await;
    for target in [by_page, by_get] {
        let answer = house.send(Request::get(&target)).await;
        assert_eq!(answer.status, StatusCode::FOUND);
        assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert_eq!(house.send(Request::get(&target)).await.status, StatusCode::GONE);
    }
}

#[tokio::test]
async fn sem_9_a_link_made_to_be_streamed_is_not_redirected_for_its_size() {
    let house = House::new(5000, 4000, true, Oversize::Redirect);
    let streamed = |gate| LinkWish { gate: Some(gate), delivery: Some(Delivery::Stream), ..LinkWish::default() };
    let claim = house.claim(&house.link(streamed(Gate::Page)).await).await;
    assert_eq!(claim["segment"], 4000);
    assert_eq!(house.send(Request::get(address(&claim))).await.status, StatusCode::PRECONDITION_REQUIRED);
    let by_get = house.link(streamed(Gate::Direct)).await;
    assert_eq!(house.send(Request::get(&by_get)).await.status, StatusCode::PRECONDITION_REQUIRED);
}

#[tokio::test]
async fn sem_9_who_reads_text_is_told_too_that_a_large_file_is_redirected() {
    for (size, expected) in [(5000, true), (3000, false)] {
        let house = House::new(size, 4000, true, Oversize::Redirect);
        let answer = house.send(Request::get(house.link(LinkWish::default()).await)).await;
        let text = String::from_utf8(answer.body.expect("whole").to_vec()).expect("UTF-8");
        assert_eq!(text.contains("single exchange"), expected, "{text}");
    }
}

#[tokio::test]
async fn sem_11_a_browser_whose_claim_cannot_be_looked_up_does_not_take_another_use() {
    for gate in [Gate::Page, Gate::Direct] {
        let house = House::new(3000, 4000, false, Oversize::Segments);
        let link = house.link(LinkWish { uses: Some(2), gate: Some(gate), ..LinkWish::default() }).await;
        let method = if gate == Gate::Page { Request::post(&link) } else { Request::get(&link) };
        let first = house.send(method).await;
        let cookie = first.headers[header::SET_COOKIE].to_str().expect("ASCII").split(';').next().expect("a pair").to_owned();
        let claims = house.calls.calls(StoreCall::Claim);
        house.faults.next(StoreCall::FindClaim, StoreTrouble::FailBefore);
        let again = Request::get(&link).header(header::COOKIE, cookie).header(header::ACCEPT, "text/html");
        assert_eq!(house.send(again).await.status, StatusCode::SERVICE_UNAVAILABLE, "{gate:?}");
        assert_eq!(house.calls.calls(StoreCall::Claim), claims);
    }
}

#[tokio::test]
async fn the_conditions_of_head_and_post_count_too() {
    let house = House::new(3000, 4000, true, Oversize::Segments);
    let address = address(&house.claim(&house.link(LinkWish::default()).await).await);
    let tag = house.send(Request::head(&address)).await.headers[header::ETAG].clone();
    let head = Request::head(&address).header(header::IF_NONE_MATCH, tag.clone());
    assert_eq!(house.send(head).await.status, StatusCode::NOT_MODIFIED);
    let post = Request::post(&address).header(header::IF_NONE_MATCH, tag);
    assert_eq!(house.send(post).await.status, StatusCode::PRECONDITION_FAILED);
}

#[tokio::test]
async fn head_tells_the_whole_size_and_spends_nothing() {
    let house = House::new(5000, 4000, false, Oversize::Segments);
    let link = house.link(direct()).await;
    let answer = house.send(Request::head(&link)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers[header::CONTENT_LENGTH], "5000");
    assert_eq!(house.calls.changes(), 0);
}

/// How many bytes the record of the link's only claim says were delivered, and sent.
async fn recorded(house: &House, claim: &serde_json::Value) -> (u64, u64) {
    let handle = ClaimHandle::parse(address(claim).rsplit('/').next().expect("a last segment")).expect("a claim's address");
    let found = house.links.store().find_claim(handle.link(), &handle.claim_id()).await.expect("the store reads");
    let claim = found.and_then(|(_, claim)| claim).expect("a claim");
    (claim.coverage.len(), claim.sent)
}

#[tokio::test]
async fn sem_3_what_was_gathered_and_broke_off_was_not_sent_and_what_was_streamed_was() {
    for (gathers, expected) in [(true, (0, 0)), (false, (2000, 2000))] {
        let house = House::new(3000, 4000, gathers, Oversize::Segments);
        let claim = house.claim(&house.link(LinkWish::default()).await).await;
        house.objects.next_open(ObjectTrouble::BreakAt(2000));
        let answer = house.send(Request::get(address(&claim))).await;
        assert_eq!((answer.status, answer.body), (StatusCode::OK, None), "it breaks off");
        assert_eq!(recorded(&house, &claim).await, expected, "gathers: {gathers}");
        let again = house.send(Request::get(address(&claim))).await;
        assert_eq!(again.body.expect("whole").as_ref(), house.content.as_slice());
    }
}
