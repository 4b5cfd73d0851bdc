//! Promises about taking a use: who gets it, who doesn't, and why.

use std::sync::Arc;

use futures_util::FutureExt;
use oncelink_core::Refusal;
use oncelink_core::claim::{ClaimState, InstanceId};
use oncelink_core::coverage::Coverage;
use oncelink_core::event::EventKind;
use oncelink_core::link::Link;
use oncelink_core::ports::{ClaimOutcome, ClaimRequest, LinkStore};
use oncelink_core::token::LinkId;

use super::{StoreUnderTest, find, race, refusal, stored, take};
use crate::fixtures::{LEASE, NOW, a_link, after, claim_id, claim_request, claim_request_at, link_id};

/// Sixty-four racers for one use: one gets it, and the rest are told that it is spent.
pub async fn sem_1_one_claimant_of_sixty_four_wins<S: StoreUnderTest>(under: S) {
    exactly_so_many_win(&under.store(), 1).await;
}

/// Sixty-four racers for five uses.
pub async fn sem_1_five_uses_have_exactly_five_claimants<S: StoreUnderTest>(under: S) {
    exactly_so_many_win(&under.store(), 5).await;
}

/// The same holder asks again: the same claim, not a second one; and the first answer tells all of it.
pub async fn sem_3_a_repeated_claim_is_the_same_claim<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = stored(&*store, a_link().uses(2).build()).await;
    let wish = ClaimRequest { recorder: InstanceId(u64::MAX), ..claim_request(&id, 1) };
    let (link, claim) = take(&*store, wish.clone()).await;
    assert_eq!((link.claimed, &claim.id, claim.epoch, claim.claimed_at, claim.sent), (1, &claim_id(1), 1, NOW, 0));
    assert_eq!((claim.state, claim.recorder), (ClaimState::Active { lease_until: NOW.plus(LEASE) }, InstanceId(u64::MAX)));
    assert_eq!(claim.coverage, Coverage::new());
    let later = ClaimRequest { now: after(1), lease_until: after(99_999_999), completed: true, recorder: InstanceId(2), ..wish };
    let again = store.claim(later).await.expect("the store claims");
    assert_eq!(again, ClaimOutcome::Granted { link: link.clone(), claim: claim.clone(), fresh: false });
    assert_eq!(store.find_claim(&id, &claim.id).await.expect("the store finds"), Some((link.clone(), Some(claim))));
    assert_eq!(store.find_claim(&id, &claim_id(2)).await.expect("the store finds"), Some((link, None)));
}

/// A holder that sends its request many times at once takes one use, and one answer is the fresh one.
pub async fn sem_3_concurrent_repeats_of_one_holder_take_one_use<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = stored(&*store, a_link().uses(5).build()).await;
    let outcomes = race(32, |_| {
        let (store, wish) = (store.clone(), claim_request(&id, 1));
        async move { store.claim(wish).await.expect("the store claims") }
    })
    .await;
    let fresh = outcomes.iter().filter(|outcome| matches!(outcome, ClaimOutcome::Granted { fresh: true, .. })).count();
    let known = outcomes.iter().filter(|outcome| matches!(outcome, ClaimOutcome::Granted { fresh: false, .. })).count();
    assert_eq!((fresh, known), (1, 31));
    assert_eq!(find(&*store, &id).await.claimed, 1);
    assert_eq!(store.claims(&id).await.expect("the store reads claims").len(), 1);
    assert_eq!(claimed_events(&*store, &id).await, 1);
}

/// Whoever goes away in the middle of a claim leaves all of it or nothing, and a repeat finds it.
pub async fn sem_3_a_cancelled_claim_is_whole_or_not_at_all<S: StoreUnderTest>(under: S) {
    let store = under.store();
    for _ in 0..20 {
        let id = stored(&*store, a_link().build()).await;
        // Polled once and dropped: the request may be anywhere between not sent and done.
        drop(store.claim(claim_request(&id, 1)).now_or_never());
        let (link, _) = take(&*store, claim_request(&id, 1)).await;
        assert_eq!(link.claimed, 1);
        assert_eq!(claimed_events(&*store, &id).await, 1);
    }
}

/// Taken and completed in one write: nobody gets it any more, not even its holder.
pub async fn sem_5_a_claim_that_is_complete_at_once_is_over<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = stored(&*store, a_link().uses(2).build()).await;
    let wish = ClaimRequest { completed: true, ..claim_request(&id, 1) };
    let (_, claim) = take(&*store, wish.clone()).await;
    assert_eq!(claim.state, ClaimState::Completed { at: NOW });
    assert_eq!(refusal(&*store, ClaimRequest { now: after(5), ..wish }).await, Refusal::Completed { at: NOW });
    assert_eq!(find(&*store, &id).await.claimed, 1);
}

/// Once the lease has run out, to the millisecond, the use is gone for its holder and for everybody else.
pub async fn sem_5_a_lapsed_claim_stays_spent<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = stored(&*store, a_link().build()).await;
    take(&*store, claim_request(&id, 1)).await;
    let end = NOW.plus(LEASE);
    let last = take(&*store, claim_request_at(&id, 1, after(900_000 - 1))).await.1;
    assert_eq!(last.state, ClaimState::Active { lease_until: end });
    assert_eq!(refusal(&*store, claim_request_at(&id, 1, end)).await, Refusal::Lapsed { at: end });
    assert_eq!(refusal(&*store, claim_request_at(&id, 2, end)).await, Refusal::Spent);
}

/// The claim's own write looks at the clock that comes with it: one millisecond decides.
pub async fn sem_7_expiry_and_not_before_hold_to_the_millisecond<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let (opens, ends) = (after(1_000), after(2_000));
    let id = stored(&*store, a_link().uses(9).not_before(opens).expires_at(ends).build()).await;
    assert_eq!(refusal(&*store, claim_request_at(&id, 1, after(999))).await, Refusal::NotYet { until: opens });
    take(&*store, claim_request_at(&id, 2, opens)).await;
    take(&*store, claim_request_at(&id, 3, after(1_999))).await;
    assert_eq!(refusal(&*store, claim_request_at(&id, 4, ends)).await, Refusal::Expired { at: ends });
    assert_eq!(find(&*store, &id).await.claimed, 2);
}

/// Expiry bounds claiming only: who claimed in time is still answered within the lease.
pub async fn sem_7_an_own_claim_outlives_expiry<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = stored(&*store, a_link().expires_at(after(10)).build()).await;
    take(&*store, claim_request(&id, 1)).await;
    let outcome = store.claim(claim_request_at(&id, 1, after(500))).await.expect("the store claims");
    assert!(matches!(outcome, ClaimOutcome::Granted { fresh: false, .. }));
}

/// Unknown; revoked; one's own claim; spent; expired; not yet; passphrase: where two reasons hold, the earlier one is told.
pub async fn refusals_come_in_their_order<S: StoreUnderTest>(under: S) {
    let store = under.store();
    assert_eq!(refusal(&*store, claim_request(&link_id(404), 1)).await, Refusal::Unknown);

    let late = after(10_000);
    let both = a_link().expires_at(after(5_000)).not_before(after(20_000)).passphrase("hash").build();
    let id = stored(&*store, both).await;
    assert_eq!(refusal(&*store, claim_request_at(&id, 1, late)).await, Refusal::Expired { at: after(5_000) });
    assert_eq!(refusal(&*store, claim_request_at(&id, 1, NOW)).await, Refusal::NotYet { until: after(20_000) });
    let id = stored(&*store, a_link().passphrase("hash").build()).await;
    assert_eq!(refusal(&*store, claim_request(&id, 1)).await, Refusal::PassphraseNeeded);

    let id = stored(&*store, a_link().expires_at(after(5_000)).passphrase("hash").build()).await;
    take(&*store, ClaimRequest { proved: Some(NOW), completed: true, ..claim_request(&id, 1) }).await;
    assert_eq!(refusal(&*store, claim_request_at(&id, 2, late)).await, Refusal::Spent);
    assert_eq!(refusal(&*store, claim_request_at(&id, 1, late)).await, Refusal::Completed { at: NOW });
    store.revoke(&id, late, Default::default()).await.expect("the store revokes");
    assert_eq!(refusal(&*store, claim_request_at(&id, 1, late)).await, Refusal::Revoked);
    assert_eq!(refusal(&*store, claim_request_at(&id, 2, late)).await, Refusal::Revoked);
}

/// The same holder number on two links makes two claims; one link's uses are no other's.
pub async fn claims_on_different_links_do_not_touch_each_other<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let untouched = a_link().build();
    stored(&*store, untouched.clone()).await;
    for _ in 0..2 {
        let id = stored(&*store, a_link().build()).await;
        let (link, claim) = take(&*store, claim_request(&id, 1)).await;
        assert_eq!((link.claimed, claim.link), (1, id));
    }
    assert_eq!(find(&*store, &untouched.id).await, untouched);
}

async fn exactly_so_many_win(store: &Arc<dyn LinkStore>, uses: u32) {
    let id = stored(&**store, a_link().uses(uses).build()).await;
    let outcomes = race(64, |number| {
        let (store, wish) = (store.clone(), claim_request(&id, u128::from(number)));
        async move { store.claim(wish).await.expect("the store claims") }
    })
    .await;
    let links: Vec<&Link> = outcomes.iter().filter_map(granted).collect();
    assert_eq!(links.len(), uses as usize);
    let mut counts: Vec<u32> = links.iter().map(|link| link.claimed).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=uses).collect::<Vec<u32>>(), "each grant counts its own use");
    assert!(outcomes.iter().all(|outcome| granted(outcome).is_some() || *outcome == ClaimOutcome::Refused(Refusal::Spent)));
    assert_eq!(find(&**store, &id).await.claimed, uses);
    assert_eq!(store.claims(&id).await.expect("the store reads claims").len(), uses as usize);
    assert_eq!(claimed_events(&**store, &id).await, uses as usize);
}

fn granted(outcome: &ClaimOutcome) -> Option<&Link> {
    match outcome {
        ClaimOutcome::Granted { link, fresh: true, .. } => Some(link),
        ClaimOutcome::Granted { fresh: false, .. } | ClaimOutcome::Refused(_) => None,
    }
}

async fn claimed_events(store: &dyn LinkStore, id: &LinkId) -> usize {
    let events = store.events(id, 1_000).await.expect("the store reads events");
    events.iter().filter(|event| event.kind == EventKind::Claimed).count()
}
