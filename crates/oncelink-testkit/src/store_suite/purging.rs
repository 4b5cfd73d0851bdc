//! Promises about deleting what ended long ago.

use oncelink_core::Actor;
use oncelink_core::link::Link;
use oncelink_core::ports::{ClaimRequest, InsertOutcome, LinkStore, Progress};
use oncelink_core::token::LinkId;

use super::{StoreUnderTest, find, kept, stored, take};
use crate::fixtures::{LEASE, a_link, after, claim_request, idempotent, part, progress};

/// Expired or revoked before the given time, to the millisecond; being spent is no end.
pub async fn a_purge_takes_what_ended_long_ago_and_nothing_else<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let expired = stored(&*store, a_link().expires_at(after(99)).build()).await;
    let expiring = stored(&*store, a_link().expires_at(after(100)).build()).await;
    let revoked = revoked_at(&*store, 99).await;
    let revoking = revoked_at(&*store, 100).await;
    let spent = stored(&*store, a_link().build()).await;
    take(&*store, ClaimRequest { completed: true, ..claim_request(&spent, 1) }).await;
    let fresh = stored(&*store, a_link().build()).await;
    let before: Vec<Link> = [find(&*store, &expiring).await, find(&*store, &spent).await].into();
    assert_eq!(purge(&*store, 100, 100).await, 2);
    for (id, stays) in [(&expired, false), (&revoked, false), (&expiring, true), (&revoking, true), (&spent, true), (&fresh, true)] {
        assert_eq!(is_there(&*store, id).await, stays);
    }
    assert_eq!([find(&*store, &expiring).await, find(&*store, &spent).await], before[..]);
    assert_eq!(purge(&*store, 100, 100).await, 0, "a second purge finds nothing");
    assert_eq!(purge(&*store, 101, 100).await, 2, "a millisecond later the next two have ended long ago");
}

/// A running lease, or an end that isn't long ago, keeps the link for its holder; so does one claim of several.
pub async fn a_purge_keeps_links_whose_claims_live<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let link = || a_link().uses(3).expires_at(after(10));
    let active = stored(&*store, link().build()).await;
    take(&*store, claim_request(&active, 1)).await;
    let renewed = stored(&*store, link().build()).await;
    let claim = take(&*store, claim_request(&renewed, 1)).await.1.reference();
    let report = Progress { delivered: part(0..1), sent: 1, lease_until: after(2_000_000), ..progress(&claim, after(1)) };
    kept(store.record(report).await.expect("the store records"));
    let completed = stored(&*store, link().build()).await;
    let claim = take(&*store, claim_request(&completed, 1)).await.1.reference();
    store.complete(claim, after(500), Actor::default()).await.expect("the store completes");
    take(&*store, ClaimRequest { completed: true, ..claim_request(&completed, 2) }).await;
    let released = stored(&*store, link().build()).await;
    let claim = take(&*store, claim_request(&released, 1)).await.1.reference();
    store.release(claim, after(500), Actor::default()).await.expect("the store releases");

    let lease = i64::try_from(LEASE.as_millis()).expect("it is short");
    for (before, gone) in [(500, 0), (501, 2), (lease, 0), (lease + 1, 1), (2_000_000, 0), (2_000_001, 1)] {
        assert_eq!(purge(&*store, before, 100).await, gone, "before {before} ms");
    }
    for id in [&active, &renewed, &completed, &released] {
        assert!(!is_there(&*store, id).await);
    }
}

/// So that a purge never holds the store up for long.
pub async fn a_purge_stays_within_its_limit<S: StoreUnderTest>(under: S) {
    let store = under.store();
    for _ in 0..5 {
        let id = stored(&*store, a_link().expires_at(after(10)).build()).await;
        take(&*store, ClaimRequest { completed: true, ..claim_request(&id, 1) }).await;
    }
    let fresh = stored(&*store, a_link().build()).await;
    for (limit, gone) in [(0, 0), (2, 2), (2, 2), (2, 1), (2, 0)] {
        assert_eq!(purge(&*store, 11, limit).await, gone);
    }
    assert!(is_there(&*store, &fresh).await);
}

/// Nothing is left that a later link of the same name or the same creation could meet.
pub async fn a_purge_takes_claims_events_and_the_idempotency_key_along<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let gone = a_link().uses(2).expires_at(after(10)).build();
    let stays = a_link().build();
    let both = vec![idempotent(gone.clone(), "gone", "body"), idempotent(stays.clone(), "stays", "body")];
    store.insert(both).await.expect("the store inserts");
    for holder in [1, 2] {
        take(&*store, ClaimRequest { completed: true, ..claim_request(&gone.id, holder) }).await;
    }
    take(&*store, claim_request(&stays.id, 1)).await;
    assert_eq!(purge(&*store, 11, 100).await, 1);
    assert_eq!(store.find_claim(&gone.id, &claim_request(&gone.id, 1).claim).await.expect("the store finds"), None);
    assert_eq!(store.claims(&gone.id).await.expect("the store reads claims"), []);
    assert_eq!(store.events(&gone.id, 10).await.expect("the store reads events"), []);
    assert_eq!(store.claims(&stays.id).await.expect("the store reads claims").len(), 1);
    assert_eq!(store.events(&stays.id, 10).await.expect("the store reads events").len(), 2);

    let again = vec![idempotent(gone.clone(), "gone", "another body"), idempotent(a_link().build(), "stays", "body")];
    let outcomes = store.insert(again).await.expect("the store inserts");
    assert_eq!(outcomes, [InsertOutcome::Created, InsertOutcome::Repeated(Link { claimed: 1, ..stays })]);
    assert_eq!(store.claims(&gone.id).await.expect("the store reads claims"), [], "no claim of the earlier link");
    assert_eq!(store.events(&gone.id, 10).await.expect("the store reads events").len(), 1, "no event of the earlier link");
    assert_eq!(take(&*store, claim_request(&gone.id, 1)).await.1.epoch, 1);
}

async fn revoked_at(store: &dyn LinkStore, millis: i64) -> LinkId {
    let id = stored(store, a_link().build()).await;
    store.revoke(&id, after(millis), Actor::default()).await.expect("the store revokes");
    id
}

async fn purge(store: &dyn LinkStore, before: i64, limit: usize) -> usize {
    store.purge(after(before), limit).await.expect("the store purges").deleted
}

async fn is_there(store: &dyn LinkStore, id: &LinkId) -> bool {
    store.find(id).await.expect("the store finds").is_some()
}
