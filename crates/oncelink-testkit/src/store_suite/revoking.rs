//! Promises about taking a link back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use oncelink_core::claim::{ClaimRef, ClaimState};
use oncelink_core::event::EventKind;
use oncelink_core::link::Link;
use oncelink_core::ports::{ClaimOutcome, CompleteOutcome, LinkStore, Progress, RecordOutcome, ReleaseOutcome, RevokeOutcome};
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Refusal};
use tokio::sync::Semaphore;

use super::delivering::{claimed, read};
use super::{StoreUnderTest, find, refusal, stored, take};
use crate::fixtures::{LEASE, NOW, a_link, after, claim_request, link_id, part, progress};

/// Once is enough: the first time stays, and there is one event.
pub async fn revoking_twice_keeps_the_first_time<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let link = a_link().build();
    stored(&*store, link.clone()).await;
    let revoked = Link { revoked_at: Some(after(1)), ..link };
    for millis in [1, 2] {
        let outcome = store.revoke(&revoked.id, after(millis), Actor::default()).await.expect("the store revokes");
        assert_eq!(outcome, RevokeOutcome::Revoked(revoked.clone()));
    }
    assert_eq!(find(&*store, &revoked.id).await, revoked);
    let events = store.events(&revoked.id, 10).await.expect("the store reads events");
    assert_eq!(events.iter().filter(|event| event.kind == EventKind::Revoked).count(), 1);
    let unknown = store.revoke(&link_id(404), NOW, Actor::default()).await.expect("the store revokes");
    assert_eq!(unknown, RevokeOutcome::Unknown);
}

/// Nobody claims, the holder doesn't get the claim again, and it can't be completed by hand; a use may still be given back.
pub async fn sem_7_a_revoked_link_ends_its_claims<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = stored(&*store, a_link().uses(3).build()).await;
    let claim = take(&*store, claim_request(&id, 1)).await.1.reference();
    store.revoke(&id, after(1), Actor::default()).await.expect("the store revokes");
    assert_eq!(refusal(&*store, claim_request(&id, 1)).await, Refusal::Revoked);
    assert_eq!(refusal(&*store, claim_request(&id, 2)).await, Refusal::Revoked);
    let completed = store.complete(claim.clone(), after(2), Actor::default()).await.expect("the store completes");
    assert_eq!(completed, CompleteOutcome::NotActive);
    let released = store.release(claim, after(3), Actor::default()).await.expect("the store releases");
    assert_eq!(released, ReleaseOutcome::Released);
    assert_eq!(find(&*store, &id).await.claimed, 0);
}

/// What was sent is kept, the lease isn't touched, the answer says stop; the last acknowledged byte still completes.
pub async fn sem_7_a_report_on_a_revoked_link_is_kept_but_says_stop<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, 1_000).await;
    store.revoke(&claim.link, after(1), Actor::default()).await.expect("the store revokes");
    let report = Progress { delivered: part(0..500), sent: 600, ended: Some(600), ..progress(&claim, after(2)) };
    assert_eq!(store.record(report).await.expect("the store records"), RecordOutcome::Revoked);
    let now = read(&*store, &claim).await;
    assert_eq!((now.sent, now.coverage), (600, part(0..500)));
    assert_eq!(now.state, ClaimState::Active { lease_until: NOW.plus(LEASE) });
    let last = Progress { delivered: part(500..1_000), may_complete: true, ..progress(&claim, after(3)) };
    assert_eq!(store.record(last).await.expect("the store records"), RecordOutcome::Revoked);
    assert_eq!(read(&*store, &claim).await.state, ClaimState::Completed { at: after(3) });
    let late = store.record(progress(&claim, after(4))).await.expect("the store records");
    assert_eq!(late, RecordOutcome::NotYours, "a completed claim is over, revoked or not");
    let stale = ClaimRef { epoch: 7, ..claim };
    assert_eq!(store.record(progress(&stale, after(4))).await.expect("the store records"), RecordOutcome::NotYours);
}

/// Claims run while the link is revoked: none that began after the revocation returned is granted, and the count is right.
pub async fn sem_7_no_claim_is_granted_once_a_revocation_has_returned<S: StoreUnderTest>(under: S) {
    let store = under.store();
    for _ in 0..5 {
        let id = stored(&*store, a_link().uses(1_000).build()).await;
        let (revoked, grants) = (Arc::new(AtomicBool::new(false)), Arc::new(Semaphore::new(0)));
        let claimers: Vec<_> = (0..8_u128)
            .map(|worker| tokio::spawn(claim_until_refused(store.clone(), id.clone(), worker * 1_000, revoked.clone(), grants.clone())))
            .collect();
        // Only revoke once claims are under way.
        grants.acquire_many(8).await.expect("the semaphore is never closed").forget();
        store.revoke(&id, after(1), Actor::default()).await.expect("the store revokes");
        revoked.store(true, Ordering::SeqCst);
        let mut granted = 0;
        for claimer in claimers {
            granted += claimer.await.expect("no claimer panics");
        }
        assert_eq!(refusal(&*store, claim_request(&id, 99_999)).await, Refusal::Revoked);
        assert_eq!(find(&*store, &id).await.claimed, granted);
        assert_eq!(store.claims(&id).await.expect("the store reads claims").len(), granted as usize);
    }
}

async fn claim_until_refused(store: Arc<dyn LinkStore>, id: LinkId, first: u128, revoked: Arc<AtomicBool>, grants: Arc<Semaphore>) -> u32 {
    let mut granted = 0;
    loop {
        let too_late = revoked.load(Ordering::SeqCst);
        let wish = claim_request(&id, first + u128::from(granted));
        match store.claim(wish).await.expect("the store claims") {
            ClaimOutcome::Granted { fresh, .. } => {
                assert!(fresh && !too_late, "granted although the revocation had returned");
                granted += 1;
                grants.add_permits(1);
            }
            // A quick store may run out of uses first, which is an end as well.
            ClaimOutcome::Refused(refusal) => {
                assert!(matches!(refusal, Refusal::Revoked | Refusal::Spent), "{refusal:?}");
                return granted;
            }
        }
    }
}
