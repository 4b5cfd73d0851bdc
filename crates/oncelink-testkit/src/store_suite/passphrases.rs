//! Promises about counting passphrase attempts.

use oncelink_core::link::Attempts;
use oncelink_core::ports::{ClaimOutcome, ClaimRequest, LinkStore, ReserveOutcome};
use oncelink_core::token::LinkId;
use oncelink_core::transition::{ATTEMPT_WINDOW, MAX_ATTEMPTS};
use oncelink_core::{Refusal, Timestamp};

use super::{StoreUnderTest, find, race, refusal, stored, take};
use crate::fixtures::{NOW, a_link, after, claim_request, claim_request_at, link_id};

/// The eleventh is locked until an hour after the first, whenever it comes.
pub async fn ten_attempts_an_hour_and_not_one_more<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = guarded(&*store).await;
    for count in 1..=MAX_ATTEMPTS {
        let expected = Attempts { since: NOW, count };
        assert_eq!(reserve(&*store, &id, after(i64::from(count) - 1)).await, ReserveOutcome::Reserved(expected));
        assert_eq!(find(&*store, &id).await.attempts, Some(expected));
    }
    let until = NOW.plus(ATTEMPT_WINDOW);
    for millis in [20, 3_600_000 - 1] {
        assert_eq!(reserve(&*store, &id, after(millis)).await, ReserveOutcome::Locked { until });
    }
    assert_eq!(find(&*store, &id).await.attempts, Some(Attempts { since: NOW, count: MAX_ATTEMPTS }));
    assert_eq!(reserve(&*store, &link_id(404), NOW).await, ReserveOutcome::Unknown);
}

/// The hour is over to the millisecond; a clock that went back doesn't begin another one.
pub async fn a_new_window_begins_after_an_hour<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = guarded(&*store).await;
    for _ in 0..MAX_ATTEMPTS {
        reserve(&*store, &id, NOW).await;
    }
    let back = reserve(&*store, &id, after(-10_000_000)).await;
    assert_eq!(back, ReserveOutcome::Locked { until: NOW.plus(ATTEMPT_WINDOW) });
    let next = NOW.plus(ATTEMPT_WINDOW);
    assert_eq!(reserve(&*store, &id, next).await, ReserveOutcome::Reserved(Attempts { since: next, count: 1 }));
}

/// A refund takes one off, never below zero, and never from another hour.
pub async fn a_refund_counts_in_its_own_window_only<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = guarded(&*store).await;
    store.refund_attempt(&id, NOW).await.expect("there is nothing to refund yet");
    assert_eq!(find(&*store, &id).await.attempts, None);
    reserve(&*store, &id, NOW).await;
    reserve(&*store, &id, after(1)).await;
    for (window, count) in [(after(1), 2), (NOW, 1), (NOW, 0), (NOW, 0)] {
        store.refund_attempt(&id, window).await.expect("the store refunds");
        assert_eq!(find(&*store, &id).await.attempts, Some(Attempts { since: NOW, count }));
    }
    store.refund_attempt(&link_id(404), NOW).await.expect("an unknown link is no trouble");
}

/// Without a proof nobody claims; a link without a passphrase doesn't ask for one.
pub async fn a_link_with_a_passphrase_is_claimed_with_a_proof_only<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = guarded(&*store).await;
    assert_eq!(refusal(&*store, claim_request(&id, 1)).await, Refusal::PassphraseNeeded);
    assert_eq!(find(&*store, &id).await.claimed, 0);
    take(&*store, ClaimRequest { proved: Some(NOW), ..claim_request(&id, 1) }).await;
    // The holder's own claim needs no second proof.
    take(&*store, claim_request(&id, 1)).await;
    let open = stored(&*store, a_link().build()).await;
    take(&*store, ClaimRequest { proved: Some(NOW), ..claim_request(&open, 1) }).await;
    assert_eq!(find(&*store, &open).await.attempts, None);
}

/// Who knows the passphrase doesn't use attempts up: the claim's own write gives it back, in its own hour.
pub async fn a_proved_claim_gives_its_attempt_back<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = guarded(&*store).await;
    reserve(&*store, &id, NOW).await;
    reserve(&*store, &id, NOW).await;
    let (link, _) = take(&*store, ClaimRequest { proved: Some(NOW), ..claim_request(&id, 1) }).await;
    assert_eq!(link.attempts, Some(Attempts { since: NOW, count: 1 }));
    let (link, _) = take(&*store, ClaimRequest { proved: Some(after(-1)), ..claim_request(&id, 2) }).await;
    assert_eq!(link.attempts, Some(Attempts { since: NOW, count: 1 }), "another hour's attempt isn't refunded here");
    assert_eq!(find(&*store, &id).await, link);
}

/// Only a claim that takes a use refunds in its write.
pub async fn a_repeated_or_refused_claim_gives_no_attempt_back<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = stored(&*store, a_link().passphrase("hash").build()).await;
    let proved = ClaimRequest { proved: Some(NOW), ..claim_request(&id, 1) };
    take(&*store, proved.clone()).await;
    reserve(&*store, &id, NOW).await;
    let again = store.claim(proved).await.expect("the store claims");
    assert!(matches!(again, ClaimOutcome::Granted { fresh: false, .. }));
    let other = ClaimRequest { proved: Some(NOW), ..claim_request_at(&id, 2, after(1)) };
    assert_eq!(refusal(&*store, other).await, Refusal::Spent);
    assert_eq!(find(&*store, &id).await.attempts, Some(Attempts { since: NOW, count: 1 }));
}

/// Thirty-two guessers at once share ten attempts, each counted once.
pub async fn concurrent_attempts_never_exceed_the_bound<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = guarded(&*store).await;
    let outcomes = race(32, |_| {
        let (store, id) = (store.clone(), id.clone());
        async move { reserve(&*store, &id, NOW).await }
    })
    .await;
    let mut counts: Vec<u32> = outcomes.iter().filter_map(reserved).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=MAX_ATTEMPTS).collect::<Vec<u32>>());
    let locked = ReserveOutcome::Locked { until: NOW.plus(ATTEMPT_WINDOW) };
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == locked).count(), 32 - MAX_ATTEMPTS as usize);
}

fn reserved(outcome: &ReserveOutcome) -> Option<u32> {
    match outcome {
        ReserveOutcome::Reserved(attempts) => Some(attempts.count),
        ReserveOutcome::Locked { .. } | ReserveOutcome::Unknown => None,
    }
}

async fn guarded(store: &dyn LinkStore) -> LinkId {
    stored(store, a_link().uses(9).passphrase("hash").build()).await
}

async fn reserve(store: &dyn LinkStore, id: &LinkId, now: Timestamp) -> ReserveOutcome {
    store.reserve_attempt(id, now).await.expect("the store counts attempts")
}
