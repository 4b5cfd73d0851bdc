//! Promises about what is kept of a delivery, its lease, and its completion.

use std::sync::Arc;

use oncelink_core::Actor;
use oncelink_core::claim::{Claim, ClaimRef, ClaimState, InstanceId};
use oncelink_core::coverage::Coverage;
use oncelink_core::event::EventKind;
use oncelink_core::ports::{CompleteOutcome, LinkStore, Progress, RecordOutcome};

use super::{StoreUnderTest, find, kept, race, stored, take};
use crate::fixtures::{LEASE, NOW, a_link, after, claim_id, claim_request, coverage, link_id, part, progress};

/// Coverage is merged and bytes are summed, also where ranges were sent twice.
pub async fn sem_4_reports_add_up<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, 1_000).await;
    let reports = [(0..100, 120), (50..200, 150), (900..1_000, 100), (0..0, 0)];
    let mut after_all = None;
    for (place, (range, sent)) in reports.into_iter().enumerate() {
        let recorder = InstanceId(u64::MAX - place as u64);
        let report = Progress { delivered: coverage(&[range]), sent, recorder, ..progress(&claim, after(1)) };
        after_all = Some(kept(store.record(report).await.expect("the store records")));
    }
    let expected = after_all.expect("four reports were made");
    assert_eq!((expected.sent, &expected.coverage), (370, &coverage(&[0..200, 900..1_000])));
    assert_eq!((expected.recorder, expected.epoch, expected.claimed_at), (InstanceId(u64::MAX - 3), 1, NOW));
    assert_eq!(read(&*store, &claim).await, expected);
    assert_eq!(find(&*store, &claim.link).await.claimed, 1);
}

/// Connections side by side: every report counts, whatever their order.
pub async fn sem_4_concurrent_reports_lose_nothing<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, 32 * 10).await;
    race(32, |number| {
        let (store, claim) = (store.clone(), claim.clone());
        let start = u64::from(number) * 10;
        let report = Progress { delivered: part(start..start + 10), sent: 10 + u64::from(number), ..progress(&claim, after(1)) };
        async move { kept(store.record(report).await.expect("the store records")) }
    })
    .await;
    let now = read(&*store, &claim).await;
    assert_eq!((now.sent, now.coverage), (320 + 31 * 32 / 2, part(0..320)));
}

/// The lease goes to the later of what it was and what is asked for.
pub async fn sem_4_a_report_extends_the_lease_and_never_shortens_it<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, 1_000).await;
    let end = NOW.plus(LEASE);
    for (asked, expected) in [(after(1), end), (end, end), (after(2_000_000), after(2_000_000)), (after(1_000_000), after(2_000_000))] {
        let report = Progress { lease_until: asked, ..progress(&claim, after(5)) };
        let now = kept(store.record(report).await.expect("the store records"));
        assert_eq!(now.state, ClaimState::Active { lease_until: expected });
        assert_eq!(read(&*store, &claim).await, now);
    }
}

/// A report that comes at the very end of the lease or later is kept, and may even complete, but brings nothing back to life.
pub async fn sem_4_a_lapsed_lease_is_never_extended<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, 1_000).await;
    let end = NOW.plus(LEASE);
    for now in [end, after(5_000_000)] {
        let report = Progress { delivered: part(0..500), sent: 500, ..progress(&claim, now) };
        assert_eq!(kept(store.record(report).await.expect("the store records")).state, ClaimState::Active { lease_until: end });
    }
    assert_eq!(read(&*store, &claim).await.sent, 1_000);
    let last = Progress { delivered: part(500..1_000), may_complete: true, ..progress(&claim, after(6_000_000)) };
    assert_eq!(kept(store.record(last).await.expect("the store records")).state, ClaimState::Completed { at: after(6_000_000) });
}

/// The most ranges that are kept, at places that only 64 bits hold.
pub async fn sem_4_scattered_ranges_come_back_as_recorded<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, i64::MAX as u64).await;
    let mut scattered = Coverage::new();
    for place in 0..Coverage::MAX_RANGES as u64 {
        scattered.add((1 << 53) + 1 + place * 10..(1 << 53) + 6 + place * 10);
    }
    let report = Progress { delivered: scattered.clone(), sent: (1 << 53) + 1, ..progress(&claim, after(1)) };
    kept(store.record(report).await.expect("the store records"));
    let now = read(&*store, &claim).await;
    assert_eq!((now.coverage, now.sent), (scattered, (1 << 53) + 1));
}

/// Neither the last byte without the whole, nor the whole without its acknowledgement.
pub async fn sem_5_only_an_acknowledged_whole_completes<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, 1_000).await;
    let some = Progress { delivered: part(1..1_000), may_complete: true, ..progress(&claim, after(1)) };
    assert!(is_active(&kept(store.record(some).await.expect("the store records"))));
    let unsure = Progress { delivered: part(0..1), ..progress(&claim, after(2)) };
    assert!(is_active(&kept(store.record(unsure).await.expect("the store records"))));
    let sure = Progress { may_complete: true, ..progress(&claim, after(3)) };
    assert_eq!(kept(store.record(sure).await.expect("the store records")).state, ClaimState::Completed { at: after(3) });
    assert_eq!(read(&*store, &claim).await.state, ClaimState::Completed { at: after(3) });
}

/// No byte has to be sent of an object without bytes.
pub async fn sem_5_an_empty_object_is_whole_at_once<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, 0).await;
    assert!(is_active(&kept(store.record(progress(&claim, after(1))).await.expect("the store records"))));
    let done = Progress { may_complete: true, ..progress(&claim, after(2)) };
    assert_eq!(kept(store.record(done).await.expect("the store records")).state, ClaimState::Completed { at: after(2) });
}

/// After completion the record stays as it is.
pub async fn sem_5_a_completed_claim_takes_no_report<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, 1_000).await;
    assert_eq!(complete(&store, &claim, 1).await, CompleteOutcome::Completed);
    let before = read(&*store, &claim).await;
    let report = Progress { delivered: part(0..10), sent: 10, ended: Some(10), ..progress(&claim, after(2)) };
    assert_eq!(store.record(report).await.expect("the store records"), RecordOutcome::NotYours);
    assert_eq!(read(&*store, &claim).await, before);
    assert_eq!(events_of(&*store, &claim, &EventKind::Delivered { bytes: 10 }).await, 0);
}

/// Of many who say so at once, one completes, and one event tells of it.
pub async fn sem_5_a_claim_completes_exactly_once<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, 1_000).await;
    let outcomes = race(32, |number| {
        let (store, claim) = (store.clone(), claim.clone());
        async move { complete(&store, &claim, i64::from(number)).await }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == CompleteOutcome::Completed).count(), 1);
    assert_eq!(events_of(&*store, &claim, &EventKind::Completed).await, 1);
    assert!(!is_active(&read(&*store, &claim).await));
}

/// Of many responses that end at once with the whole, one completes.
pub async fn sem_5_concurrent_last_reports_complete_once<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, 160).await;
    let outcomes = race(16, |number| {
        let (store, start) = (store.clone(), u64::from(number) * 10);
        let delivered = part(start..start + 10);
        let report = Progress { delivered, sent: 10, may_complete: true, ended: Some(10), ..progress(&claim, after(1)) };
        async move { kept(store.record(report).await.expect("the store records")) }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|claim| !is_active(claim)).count(), 1);
    let end = read(&*store, &claim).await;
    assert_eq!((end.state, end.sent), (ClaimState::Completed { at: after(1) }, 160));
    assert_eq!(events_of(&*store, &claim, &EventKind::Completed).await, 1);
    assert_eq!(events_of(&*store, &claim, &EventKind::Delivered { bytes: 10 }).await, 16);
}

/// Completing whatever the coverage needs a running lease: one millisecond decides.
pub async fn a_lapsed_claim_cannot_be_completed_by_hand<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let (late, in_time) = (claimed(&*store, 1_000).await, claimed(&*store, 1_000).await);
    assert_eq!(complete(&store, &late, 900_000).await, CompleteOutcome::NotActive);
    assert_eq!(complete(&store, &in_time, 900_000 - 1).await, CompleteOutcome::Completed);
    assert!(is_active(&read(&*store, &late).await));
    assert_eq!(read(&*store, &in_time).await.state, ClaimState::Completed { at: after(900_000 - 1) });
}

/// An unknown link, an unknown claim and an epoch that never was.
pub async fn reports_on_what_does_not_exist_are_nobodys<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, 1_000).await;
    let strangers = [
        ClaimRef { link: link_id(404), ..claim.clone() },
        ClaimRef { claim: claim_id(404), ..claim.clone() },
        ClaimRef { epoch: 2, ..claim.clone() },
        ClaimRef { epoch: 0, ..claim.clone() },
    ];
    for stranger in strangers {
        let report = Progress { sent: 1, ended: Some(1), ..progress(&stranger, after(1)) };
        assert_eq!(store.record(report).await.expect("the store records"), RecordOutcome::NotYours);
        assert_eq!(complete(&store, &stranger, 1).await, CompleteOutcome::NotActive);
    }
    assert_eq!(read(&*store, &claim).await.sent, 0);
    assert_eq!(store.events(&claim.link, 10).await.expect("the store reads events").len(), 2);
}

/// A claim by holder 1 on a new link to so many bytes.
pub(super) async fn claimed(store: &dyn LinkStore, size: u64) -> ClaimRef {
    let id = stored(store, a_link().size(size).build()).await;
    take(store, claim_request(&id, 1)).await.1.reference()
}

/// The claim as it is stored.
pub(super) async fn read(store: &dyn LinkStore, claim: &ClaimRef) -> Claim {
    let found = store.find_claim(&claim.link, &claim.claim).await.expect("the store finds");
    found.and_then(|(_, claim)| claim).expect("the claim is there")
}

fn is_active(claim: &Claim) -> bool {
    matches!(claim.state, ClaimState::Active { .. })
}

async fn complete(store: &Arc<dyn LinkStore>, claim: &ClaimRef, millis: i64) -> CompleteOutcome {
    store.complete(claim.clone(), after(millis), Actor::default()).await.expect("the store completes")
}

async fn events_of(store: &dyn LinkStore, claim: &ClaimRef, kind: &EventKind) -> usize {
    let events = store.events(&claim.link, 1_000).await.expect("the store reads events");
    events.iter().filter(|event| event.kind == *kind).count()
}
