//! The conformance suite of link stores: every promise as a test that any engine can be put through.
//!
//! It must not know any engine. What an engine has to bring is [`StoreUnderTest`]; what it gets is one test per promise:
//!
//! ```ignore
//! async fn fresh() -> MyStoreUnderTest { .. }
//! oncelink_testkit::store_suite!(fresh);
//! ```
//!
//! The time in these tests comes from [`crate::fixtures::NOW`]; no test waits for a clock.

use std::future::Future;
use std::sync::Arc;

use oncelink_core::Refusal;
use oncelink_core::claim::Claim;
use oncelink_core::link::Link;
use oncelink_core::ports::{ClaimOutcome, ClaimRequest, InsertOutcome, KeyStore, LinkStore, RecordOutcome};
use oncelink_core::token::LinkId;
use tokio::sync::Barrier;

use crate::fixtures;

pub mod claiming;
pub mod delivering;
pub mod durability;
pub mod history;
pub mod inserting;
pub mod keys;
pub mod listing;
pub mod model;
pub mod passphrases;
pub mod purging;
pub mod releasing;
pub mod revoking;

/// An engine with nothing in it, made anew for each test. What it needs for its life (a directory, a server) goes when
/// it is dropped.
pub trait StoreUnderTest: Send {
    /// The store.
    fn store(&self) -> Arc<dyn LinkStore>;

    /// The store of API keys beside it.
    fn keys(&self) -> Arc<dyn KeyStore>;

    /// Closes everything and opens it again on the same data, as a restart does. Nothing to do for engines that keep
    /// nothing.
    fn reopen(&mut self) -> impl Future<Output = ()> + Send;
}

/// What a factory of engines gives: an engine, or nothing when it isn't there and the tests are to be skipped.
pub trait Fresh {
    /// The engine.
    type Engine: StoreUnderTest;

    /// The engine, when it is there.
    fn engine(self) -> Option<Self::Engine>;
}

impl<S: StoreUnderTest> Fresh for S {
    type Engine = S;

    fn engine(self) -> Option<S> {
        Some(self)
    }
}

impl<S: StoreUnderTest> Fresh for Option<S> {
    type Engine = S;

    fn engine(self) -> Self {
        self
    }
}

/// Makes one `#[tokio::test]` per promise for the engine that `$factory` builds: an async function (or a closure that
/// returns a future) without arguments whose result is a [`StoreUnderTest`](crate::store_suite::StoreUnderTest), or an
/// `Option` of one: nothing skips the test.
#[macro_export]
macro_rules! store_suite {
    ($factory:expr) => {
        $crate::store_suite_tests! { $factory;
            inserting:
                every_field_of_a_link_comes_back_as_inserted,
                a_batch_of_a_thousand_is_answered_in_order,
                an_existing_link_is_never_overwritten,
                a_repeated_creation_gives_the_first_link,
                another_body_under_the_same_idempotency_key_conflicts,
                a_creation_is_found_by_its_idempotency_key_and_body,
                concurrent_repeats_of_a_creation_store_one_link,
                an_unknown_link_is_not_found;
            claiming:
                sem_1_one_claimant_of_sixty_four_wins,
                sem_1_five_uses_have_exactly_five_claimants,
                sem_3_a_repeated_claim_is_the_same_claim,
                sem_3_concurrent_repeats_of_one_holder_take_one_use,
                sem_3_a_cancelled_claim_is_whole_or_not_at_all,
                sem_5_a_claim_that_is_complete_at_once_is_over,
                sem_5_a_lapsed_claim_stays_spent,
                sem_7_expiry_and_not_before_hold_to_the_millisecond,
                sem_7_an_own_claim_outlives_expiry,
                refusals_come_in_their_order,
                claims_on_different_links_do_not_touch_each_other;
            delivering:
                sem_4_reports_add_up,
                sem_4_concurrent_reports_lose_nothing,
                sem_4_a_report_extends_the_lease_and_never_shortens_it,
                sem_4_a_lapsed_lease_is_never_extended,
                sem_4_scattered_ranges_come_back_as_recorded,
                sem_5_only_an_acknowledged_whole_completes,
                sem_5_an_empty_object_is_whole_at_once,
                sem_5_a_completed_claim_takes_no_report,
                sem_5_a_claim_completes_exactly_once,
                sem_5_concurrent_last_reports_complete_once,
                a_lapsed_claim_cannot_be_completed_by_hand,
                reports_on_what_does_not_exist_are_nobodys;
            releasing:
                sem_3_a_release_gives_the_use_back,
                sem_3_the_same_holder_may_claim_again_in_a_new_epoch,
                sem_3_nothing_is_released_once_bytes_are_recorded,
                sem_3_a_lapsed_or_completed_claim_is_not_released,
                sem_3_concurrent_releases_give_one_use_back,
                late_actions_of_an_earlier_epoch_do_nothing,
                sem_1_claims_and_releases_in_a_storm_never_exceed_the_uses;
            revoking:
                revoking_twice_keeps_the_first_time,
                sem_7_a_revoked_link_ends_its_claims,
                sem_7_a_report_on_a_revoked_link_is_kept_but_says_stop,
                sem_7_no_claim_is_granted_once_a_revocation_has_returned;
            passphrases:
                ten_attempts_an_hour_and_not_one_more,
                a_new_window_begins_after_an_hour,
                a_refund_counts_in_its_own_window_only,
                a_link_with_a_passphrase_is_claimed_with_a_proof_only,
                a_proved_claim_gives_its_attempt_back,
                a_repeated_or_refused_claim_gives_no_attempt_back,
                concurrent_attempts_never_exceed_the_bound;
            listing:
                links_come_newest_first_and_in_a_stable_order,
                pages_have_no_gaps_and_no_repeats,
                every_filter_alone_and_together,
                a_prefix_is_taken_letter_for_letter,
                a_note_is_searched_letter_for_letter,
                a_scope_bounds_what_is_listed,
                states_are_computed_at_the_given_millisecond,
                a_page_shows_links_as_they_are_now;
            history:
                claims_come_oldest_first,
                events_tell_who_did_what_in_order,
                a_completion_by_hand_and_a_release_are_told,
                what_was_refused_is_not_told,
                notes_come_back_as_noted,
                notes_are_capped_and_hinder_nothing_else,
                events_are_limited_from_the_oldest_on;
            purging:
                a_purge_takes_what_ended_long_ago_and_nothing_else,
                a_purge_keeps_links_whose_claims_live,
                a_purge_stays_within_its_limit,
                a_purge_takes_claims_events_and_the_idempotency_key_along;
            keys:
                every_field_of_a_key_comes_back_as_inserted,
                keys_come_oldest_first,
                a_key_is_revoked_once_and_stays_found,
                the_last_use_of_a_key_is_noted,
                sixteen_racers_make_one_first_key,
                a_store_with_a_revoked_key_takes_no_first_key,
                whoever_was_using_a_key_sees_its_revocation;
            durability:
                everything_survives_reopening,
                the_rules_go_on_after_reopening;
            model:
                random_sequences_behave_like_the_model;
        }
    };
}

/// The inside of [`store_suite!`].
#[doc(hidden)]
#[macro_export]
macro_rules! store_suite_tests {
    ($factory:expr; $($module:ident: $($name:ident),+;)+) => {
        $($(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                if let Some(under) = $crate::store_suite::Fresh::engine(($factory)().await) {
                    $crate::store_suite::$module::$name(under).await;
                }
            }
        )+)+
    };
}

/// Stores a link that must be new; its id.
async fn stored(store: &dyn LinkStore, link: Link) -> LinkId {
    let id = link.id.clone();
    let outcome = store.insert(vec![fixtures::new_link(link)]).await.expect("the store inserts");
    assert_eq!(outcome, vec![InsertOutcome::Created]);
    id
}

/// The link, which must be there.
async fn find(store: &dyn LinkStore, id: &LinkId) -> Link {
    store.find(id).await.expect("the store finds").expect("the link is there")
}

/// The claim that must be granted, and the link after it.
async fn take(store: &dyn LinkStore, wish: ClaimRequest) -> (Link, Claim) {
    match store.claim(wish).await.expect("the store claims") {
        ClaimOutcome::Granted { link, claim, .. } => (link, claim),
        ClaimOutcome::Refused(refusal) => panic!("refused: {refusal:?}"),
    }
}

/// The refusal that a wish must meet.
async fn refusal(store: &dyn LinkStore, wish: ClaimRequest) -> Refusal {
    match store.claim(wish).await.expect("the store claims") {
        ClaimOutcome::Granted { claim, .. } => panic!("granted: {claim:?}"),
        ClaimOutcome::Refused(refusal) => refusal,
    }
}

/// The claim as a report that must have been kept leaves it.
fn kept(outcome: RecordOutcome) -> Claim {
    match outcome {
        RecordOutcome::Kept(claim) => claim,
        RecordOutcome::Revoked | RecordOutcome::NotYours => panic!("not kept: {outcome:?}"),
    }
}

/// Starts `count` tasks that begin together, on several threads; what came of them, in order.
async fn race<T, F>(count: u32, run: impl Fn(u32) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(count as usize));
    let begun = (0..count).map(|number| {
        let (start, work) = (start.clone(), run(number));
        tokio::spawn(async move {
            start.wait().await;
            work.await
        })
    });
    let begun: Vec<_> = begun.collect();
    let mut results = Vec::new();
    for task in begun {
        results.push(task.await.expect("a racer doesn't panic"));
    }
    results
}
