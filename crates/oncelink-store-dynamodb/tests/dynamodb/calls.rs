//! What a redeem costs, counted at the wire.

use oncelink_core::ports::{ClaimRequest, CompleteOutcome, LinkStore, Progress, RevokeOutcome};
use oncelink_core::{Actor, Refusal};
use oncelink_store_dynamodb::DynamoStore;
use oncelink_testkit::fixtures::{NOW, a_link, after, claim_id, claim_request, part, progress};

use crate::proxy::Proxy;
use crate::support::{Place, report, stored, take};

/// A store behind a proxy that counts.
async fn counted() -> Option<(DynamoStore, Proxy)> {
    let place = Place::new()?;
    let proxy = Proxy::before(&place.endpoint).await;
    let store = place.open_at(&proxy.endpoint()).await.unwrap_or_else(|error| panic!("{error}"));
    Some((store, proxy))
}

/// POST finds and claims, GET finds and records the whole: the calls of `Links::redeem`, `find_delivery` and `report`.
#[tokio::test]
async fn a_happy_redeem_is_two_writes_and_two_reads() {
    let Some((store, proxy)) = counted().await else { return };
    for redeem in 0..3 {
        let id = stored(&store, a_link().build()).await;
        proxy.taken_calls();
        store.find_claim(&id, &claim_id(redeem)).await.expect("the store finds");
        let (_, claim) = take(&store, claim_request(&id, redeem)).await;
        store.find_claim(&id, &claim.id).await.expect("the store finds");
        let whole = Progress {
            delivered: part(0..1_000),
            sent: 1_000,
            may_complete: true,
            ended: Some(1_000),
            ..progress(&claim.reference(), after(1))
        };
        report(&store, whole).await;
        assert_eq!(proxy.taken_calls(), ["GetItem", "UpdateItem", "GetItem", "UpdateItem"]);
    }
}

/// The same on a link with a passphrase: the reservation is one write more, and giving it back costs nothing.
#[tokio::test]
async fn a_passphrase_costs_one_write_more() {
    let Some((store, proxy)) = counted().await else { return };
    let id = stored(&store, a_link().passphrase("hash").build()).await;
    proxy.taken_calls();
    store.reserve_attempt(&id, NOW).await.expect("the store reserves");
    let (link, _) = take(&store, ClaimRequest { proved: Some(NOW), ..claim_request(&id, 1) }).await;
    assert_eq!(link.attempts.map(|attempts| attempts.count), Some(0));
    assert_eq!(proxy.taken_calls(), ["UpdateItem", "UpdateItem"]);
}

/// A direct link whose object fits one response is claimed and complete in one write.
#[tokio::test]
async fn a_direct_link_that_is_complete_at_once_is_one_write() {
    let Some((store, proxy)) = counted().await else { return };
    let id = stored(&store, a_link().build()).await;
    proxy.taken_calls();
    take(&store, ClaimRequest { completed: true, ..claim_request(&id, 1) }).await;
    assert_eq!(proxy.taken_calls(), ["UpdateItem"]);
}

/// A failed condition brings along what explains it.
#[tokio::test]
async fn a_refusal_is_explained_without_a_second_call() {
    let Some((store, proxy)) = counted().await else { return };
    let id = stored(&store, a_link().build()).await;
    take(&store, claim_request(&id, 1)).await;
    proxy.taken_calls();
    let refused = store.claim(claim_request(&id, 2)).await.expect("the store claims");
    assert_eq!(refused, oncelink_core::ports::ClaimOutcome::Refused(Refusal::Spent));
    assert_eq!(proxy.taken_calls(), ["UpdateItem"]);
}

/// Renewals and later reports need no read either; completing by hand, releasing and revoking neither.
#[tokio::test]
async fn every_other_transition_is_one_write() {
    let Some((store, proxy)) = counted().await else { return };
    let id = stored(&store, a_link().uses(3).build()).await;
    let (_, first) = take(&store, claim_request(&id, 1)).await;
    let (_, second) = take(&store, claim_request(&id, 2)).await;
    proxy.taken_calls();
    for millis in 1..=5 {
        report(&store, progress(&first.reference(), after(millis))).await;
    }
    assert_eq!(proxy.taken_calls(), ["UpdateItem"; 5]);
    let completed = store.complete(first.reference(), after(6), Actor::default()).await.expect("the store completes");
    assert_eq!(completed, CompleteOutcome::Completed);
    store.release(second.reference(), after(6), Actor::default()).await.expect("the store releases");
    let revoked = store.revoke(&id, after(7), Actor::default()).await.expect("the store revokes");
    assert!(matches!(revoked, RevokeOutcome::Revoked(_)));
    assert_eq!(proxy.taken_calls(), ["UpdateItem"; 3]);
}
