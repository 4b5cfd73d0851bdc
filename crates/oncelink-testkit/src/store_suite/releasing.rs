//! Promises about giving a use back, and about the fence that keeps late actions from doing harm.

use std::sync::Arc;

use oncelink_core::claim::{ClaimRef, ClaimState};
use oncelink_core::coverage::Coverage;
use oncelink_core::event::EventKind;
use oncelink_core::ports::{ClaimOutcome, CompleteOutcome, LinkStore, Progress, RecordOutcome, ReleaseOutcome};
use oncelink_core::{Actor, Refusal, Timestamp};

use super::delivering::{claimed, read};
use super::{StoreUnderTest, find, kept, race, refusal, stored, take};
use crate::fixtures::{LEASE, NOW, a_link, after, claim_id, claim_request, claim_request_at, link_id, part, progress};

/// The use is free for somebody else; repeating the release changes nothing.
pub async fn sem_3_a_release_gives_the_use_back<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, 1_000).await;
    assert_eq!(refusal(&*store, claim_request(&claim.link, 2)).await, Refusal::Spent);
    assert_eq!(release(&*store, &claim, after(1)).await, ReleaseOutcome::Released);
    assert_eq!(find(&*store, &claim.link).await.claimed, 0);
    assert_eq!(read(&*store, &claim).await.state, ClaimState::Released { at: after(1) });
    assert_eq!(release(&*store, &claim, after(2)).await, ReleaseOutcome::NotReleased);
    assert_eq!(read(&*store, &claim).await.state, ClaimState::Released { at: after(1) });
    take(&*store, claim_request_at(&claim.link, 2, after(3))).await;
    assert_eq!(find(&*store, &claim.link).await.claimed, 1);
}

/// The same secret after a release: a use is taken anew, with a clean record in the next epoch.
pub async fn sem_3_the_same_holder_may_claim_again_in_a_new_epoch<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, 1_000).await;
    for epoch in 1..=3 {
        let reference = ClaimRef { epoch, ..claim.clone() };
        assert_eq!(release(&*store, &reference, after(10)).await, ReleaseOutcome::Released);
        let now = after(100 * i64::from(epoch));
        let outcome = store.claim(claim_request_at(&claim.link, 1, now)).await.expect("the store claims");
        let ClaimOutcome::Granted { link, claim, fresh: true } = outcome else { panic!("not taken anew: {outcome:?}") };
        assert_eq!((link.claimed, claim.epoch, claim.claimed_at), (1, epoch + 1, now));
        assert_eq!((claim.state, claim.sent, &claim.coverage), (ClaimState::Active { lease_until: now.plus(LEASE) }, 0, &Coverage::new()));
        assert_eq!(read(&*store, &claim.reference()).await, claim);
    }
    assert_eq!(store.claims(&claim.link).await.expect("the store reads claims").len(), 1);
    let taken = stored(&*store, a_link().build()).await;
    let first = take(&*store, claim_request(&taken, 1)).await.1.reference();
    release(&*store, &first, after(1)).await;
    take(&*store, claim_request(&taken, 2)).await;
    assert_eq!(refusal(&*store, claim_request(&taken, 1)).await, Refusal::Spent, "a released claim has no right to the use");
}

/// Bytes sent or bytes delivered, either one keeps the use spent.
pub async fn sem_3_nothing_is_released_once_bytes_are_recorded<S: StoreUnderTest>(under: S) {
    let store = under.store();
    for (sent, delivered) in [(1, Coverage::new()), (0, part(0..1))] {
        let claim = claimed(&*store, 1_000).await;
        kept(store.record(Progress { sent, delivered, ..progress(&claim, after(1)) }).await.expect("the store records"));
        assert_eq!(release(&*store, &claim, after(2)).await, ReleaseOutcome::NotReleased);
        assert_eq!(find(&*store, &claim.link).await.claimed, 1);
        assert!(matches!(read(&*store, &claim).await.state, ClaimState::Active { .. }));
    }
    let claim = claimed(&*store, 1_000).await;
    kept(store.record(progress(&claim, after(1))).await.expect("the store records"));
    assert_eq!(release(&*store, &claim, after(2)).await, ReleaseOutcome::Released, "an empty report is no byte");
}

/// At most once outweighs; the end of the lease holds to the millisecond.
pub async fn sem_3_a_lapsed_or_completed_claim_is_not_released<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let lapsed = claimed(&*store, 1_000).await;
    assert_eq!(release(&*store, &lapsed, NOW.plus(LEASE)).await, ReleaseOutcome::NotReleased);
    let completed = claimed(&*store, 1_000).await;
    store.complete(completed.clone(), after(1), Actor::default()).await.expect("the store completes");
    assert_eq!(release(&*store, &completed, after(2)).await, ReleaseOutcome::NotReleased);
    for claim in [&lapsed, &completed] {
        assert_eq!(find(&*store, &claim.link).await.claimed, 1);
    }
    let in_time = claimed(&*store, 1_000).await;
    assert_eq!(release(&*store, &in_time, after(900_000 - 1)).await, ReleaseOutcome::Released);
    let stranger = ClaimRef { link: link_id(404), ..in_time };
    assert_eq!(release(&*store, &stranger, after(1)).await, ReleaseOutcome::NotReleased);
}

/// Many releases of one claim give one use back, not more.
pub async fn sem_3_concurrent_releases_give_one_use_back<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = stored(&*store, a_link().uses(5).build()).await;
    let claim = take(&*store, claim_request(&id, 1)).await.1.reference();
    take(&*store, claim_request(&id, 2)).await;
    take(&*store, claim_request(&id, 3)).await;
    let outcomes = race(16, |_| {
        let (store, claim) = (store.clone(), claim.clone());
        async move { release(&*store, &claim, after(1)).await }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == ReleaseOutcome::Released).count(), 1);
    assert_eq!(find(&*store, &id).await.claimed, 2);
}

/// What belongs to an epoch that was given back doesn't touch the next one.
pub async fn late_actions_of_an_earlier_epoch_do_nothing<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let stale = claimed(&*store, 1_000).await;
    release(&*store, &stale, after(1)).await;
    let (_, present) = take(&*store, claim_request_at(&stale.link, 1, after(2))).await;
    let report = Progress { delivered: part(0..1_000), sent: 1_000, may_complete: true, ended: Some(1_000), ..progress(&stale, after(3)) };
    assert_eq!(store.record(report).await.expect("the store records"), RecordOutcome::NotYours);
    let completed = store.complete(stale.clone(), after(3), Actor::default()).await.expect("the store completes");
    assert_eq!(completed, CompleteOutcome::NotActive);
    assert_eq!(release(&*store, &stale, after(3)).await, ReleaseOutcome::NotReleased);
    assert_eq!(read(&*store, &stale).await, present);
    assert_eq!(find(&*store, &stale.link).await.claimed, 1);
    let told: Vec<EventKind> =
        store.events(&stale.link, 10).await.expect("the store reads events").into_iter().map(|event| event.kind).collect();
    assert_eq!(told, [EventKind::Created, EventKind::Claimed, EventKind::Released, EventKind::Claimed]);
}

/// Sixteen holders claim and give back as fast as they can: at no moment are more uses out than there are.
pub async fn sem_1_claims_and_releases_in_a_storm_never_exceed_the_uses<S: StoreUnderTest>(under: S) {
    const USES: u32 = 3;
    let store = under.store();
    let id = stored(&*store, a_link().uses(USES).build()).await;
    let grants = race(16, |number| {
        let (store, id) = (store.clone(), id.clone());
        async move { storm(&store, &id, u128::from(number), USES).await }
    })
    .await;
    assert!(grants.iter().sum::<u32>() >= USES, "a storm without grants shows nothing");
    let active = store.claims(&id).await.expect("the store reads claims");
    let active = active.iter().filter(|claim| matches!(claim.state, ClaimState::Active { .. })).count();
    assert_eq!((find(&*store, &id).await.claimed, active), (0, 0));
    for holder in 100..100 + u128::from(USES) {
        take(&*store, claim_request(&id, holder)).await;
    }
    assert_eq!(refusal(&*store, claim_request(&id, 200)).await, Refusal::Spent);
}

/// Claims and releases twelve times; how often it was granted.
async fn storm(store: &Arc<dyn LinkStore>, id: &oncelink_core::token::LinkId, holder: u128, uses: u32) -> u32 {
    let mut grants = 0;
    for _ in 0..12 {
        match store.claim(claim_request(id, holder)).await.expect("the store claims") {
            ClaimOutcome::Granted { link, claim, fresh } => {
                assert!(fresh, "the last claim was given back");
                assert!((1..=uses).contains(&link.claimed), "{} of {uses} uses", link.claimed);
                assert_eq!(claim.id, claim_id(holder));
                grants += 1;
                assert_eq!(release(&**store, &claim.reference(), after(1)).await, ReleaseOutcome::Released);
            }
            ClaimOutcome::Refused(refusal) => assert_eq!(refusal, Refusal::Spent),
        }
    }
    grants
}

async fn release(store: &dyn LinkStore, claim: &ClaimRef, now: Timestamp) -> ReleaseOutcome {
    store.release(claim.clone(), now, Actor::default()).await.expect("the store releases")
}
