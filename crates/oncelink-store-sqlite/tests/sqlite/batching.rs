//! Group commit: what is shared, and what is not.

use std::sync::Arc;
use std::time::Duration;

use oncelink_core::ports::{ClaimOutcome, LinkStore};
use oncelink_core::token::LinkId;
use oncelink_core::{Fault, FaultKind};
use oncelink_store_sqlite::SqliteStore;
use oncelink_testkit::fixtures::{a_link, claim_id};
use rusqlite::Connection;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::support::{Begun, HeldLock, Place, begin, claim_ids, find, granted, stored, wish};

/// A claim that has been queued.
fn begin_claim(store: &Arc<SqliteStore>, link: &LinkId, holder: u32) -> Begun<Result<ClaimOutcome, Fault>> {
    let (store, wish) = (store.clone(), wish(link, holder));
    begin(async move { store.claim(wish).await })
}

/// Makes SQLite fail the claims of `link` at their last statement, when the use has already been taken.
fn poison(raw: &Connection, link: &LinkId, how: &str) {
    let trigger = format!(
        "CREATE TRIGGER poison BEFORE INSERT ON claims WHEN NEW.link = (SELECT seq FROM links WHERE id = '{link}')
         BEGIN SELECT RAISE({how}, 'poisoned'); END"
    );
    raw.execute_batch(&trigger).expect("a trigger can be made");
}

#[tokio::test]
async fn concurrent_claims_share_commits() {
    let place = Place::new();
    let store = Arc::new(place.open());
    let id = stored(&store, a_link().uses(256).build()).await;
    let before = store.commits();
    let lock = HeldLock::take(place.raw());
    let begun: Vec<_> = (0..256).map(|holder| begin_claim(&store, &id, holder)).collect();
    lock.release();
    for claim in begun {
        granted(claim.await).expect("the store claims");
    }
    // One for what the writer held when the lock was taken, and one for all the rest.
    assert!(store.commits() - before <= 2, "{} commits for 256 claims", store.commits() - before);
    assert_eq!(find(&store, &id).await.claimed, 256);
}

#[tokio::test]
async fn a_failing_job_undoes_itself_and_nobody_else() {
    let place = Place::new();
    let store = Arc::new(place.open());
    let (good, bad) = (stored(&store, a_link().uses(20).build()).await, stored(&store, a_link().build()).await);
    poison(&place.raw(), &bad, "ABORT");
    let before = store.commits();
    let lock = HeldLock::take(place.raw());
    let first: Vec<_> = (0..10).map(|holder| begin_claim(&store, &good, holder)).collect();
    let poisoned = begin_claim(&store, &bad, 99);
    let last: Vec<_> = (10..20).map(|holder| begin_claim(&store, &good, holder)).collect();
    lock.release();
    for claim in first.into_iter().chain(last) {
        granted(claim.await).expect("the others' claims go through");
    }
    let fault = granted(poisoned.await).expect_err("SQLite fails this one");
    assert_eq!(fault.kind, FaultKind::Internal);
    assert!(store.commits() - before <= 2, "they shared the commit");
    assert_eq!(find(&store, &good).await.claimed, 20);
    assert_eq!(find(&store, &bad).await.claimed, 0, "the use that it had taken is free again");
    assert_eq!(claim_ids(&store, &bad).await, vec![]);
}

#[tokio::test]
async fn a_lost_transaction_grants_nothing_to_anybody() {
    let place = Place::new();
    let store = Arc::new(place.open());
    let (good, bad) = (stored(&store, a_link().uses(20).build()).await, stored(&store, a_link().build()).await);
    poison(&place.raw(), &bad, "ROLLBACK");
    // The writer waits with what it has gathered when it looked, and that can be any number of them. On whichever side of
    // that cut the poison is, a neighbour is with it.
    let lock = HeldLock::take(place.raw());
    let before: Vec<_> = (0..5).map(|holder| begin_claim(&store, &good, holder)).collect();
    let poisoned = begin_claim(&store, &bad, 99);
    let behind: Vec<_> = (5..10).map(|holder| begin_claim(&store, &good, holder)).collect();
    lock.release();
    let mut faults = 0;
    for claim in before.into_iter().chain(behind) {
        faults += u32::from(granted(claim.await).is_err());
    }
    granted(poisoned.await).expect_err("SQLite fails this one");
    assert_eq!(find(&store, &good).await.claimed, 10 - faults, "who was told of a fault has nothing");
    assert!(faults > 0, "the transaction was shared");
    granted(store.claim(wish(&good, 100)).await).expect("the writer goes on");
}

#[tokio::test]
async fn a_caller_that_goes_away_changes_nothing_about_its_claim() {
    let place = Place::new();
    let store = Arc::new(place.open());
    let id = stored(&store, a_link().build()).await;
    let lock = HeldLock::take(place.raw());
    drop(begin_claim(&store, &id, 1));
    lock.release();
    // The queue is worked off in order, so after this answer the claim has been made.
    store.ping().await.expect("the store is well");
    assert_eq!(claim_ids(&store, &id).await, vec![claim_id(1)]);
}

/// Two runtimes; nothing runs in one unless a test drives it.
fn two_runtimes() -> (Runtime, Runtime) {
    let runtime = || Builder::new_current_thread().enable_time().build().expect("a runtime");
    (runtime(), runtime())
}

/// Three claims on `id` for holders from `first` on, queued together by callers in `runtime`.
fn begin_three(runtime: &Runtime, store: &Arc<SqliteStore>, id: &LinkId, first: u32) -> Vec<Begun<Result<ClaimOutcome, Fault>>> {
    let _within = runtime.enter();
    (first..first + 3).map(|holder| begin_claim(store, id, holder)).collect()
}

/// Drives `runtime` until all are answered.
fn all_answered(runtime: &Runtime, claims: Vec<Begun<Result<ClaimOutcome, Fault>>>) {
    runtime.block_on(async {
        for claim in claims {
            let answer = timeout(Duration::from_secs(20), claim).await;
            granted(answer.expect("nobody keeps the answer back")).expect("the store claims");
        }
    });
}

#[test]
fn callers_of_a_runtime_that_stands_still_keep_nobody_else_waiting() {
    let (still, driven) = two_runtimes();
    let place = Place::new();
    let store = Arc::new(place.open());
    let id = driven.block_on(stored(&store, a_link().uses(20).build()));
    let lock = HeldLock::take(place.raw());
    let waiting = begin_three(&still, &store, &id, 0);
    let claims = begin_three(&driven, &store, &id, 10);
    lock.release();
    all_answered(&driven, claims);
    all_answered(&still, waiting);
}

#[test]
fn the_end_of_a_runtime_keeps_no_answer_back() {
    let (ending, driven) = two_runtimes();
    let place = Place::new();
    let store = Arc::new(place.open());
    let id = driven.block_on(stored(&store, a_link().uses(20).build()));
    let lock = HeldLock::take(place.raw());
    let claims = begin_three(&ending, &store, &id, 0);
    drop(ending);
    lock.release();
    all_answered(&driven, claims);
}

#[tokio::test]
async fn reads_do_not_wait_for_the_writer() {
    let place = Place::new();
    let store = Arc::new(place.open());
    let id = stored(&store, a_link().build()).await;
    let lock = HeldLock::take(place.raw());
    let claim = begin_claim(&store, &id, 1);
    assert_eq!(find(&store, &id).await.claimed, 0);
    assert_eq!(claim_ids(&store, &id).await, vec![]);
    assert_eq!(store.events(&id, 10).await.expect("the store reads events").len(), 1);
    lock.release();
    granted(claim.await).expect("the store claims");
}

#[tokio::test]
async fn whatever_was_queued_is_written_before_the_store_is_closed() {
    for by_dropping in [false, true] {
        let place = Place::new();
        let store = Arc::new(place.open());
        let id = stored(&store, a_link().uses(50).build()).await;
        let lock = HeldLock::take(place.raw());
        let begun: Vec<_> = (0..50).map(|holder| begin_claim(&store, &id, holder)).collect();
        lock.release();
        // Dropping the calls gives their references to the store back.
        drop(begun);
        if by_dropping {
            drop(store)
        } else {
            store.close().await
        }
        assert_eq!(find(&place.open(), &id).await.claimed, 50);
    }
}

#[tokio::test]
async fn the_log_does_not_grow_without_bound() {
    let place = Place::new();
    let store = place.open();
    // Three times what the log may hold while there is always something else to do: 8,000 pages of 4 KiB.
    for _ in 0..24 {
        let batch = (0..100).map(|_| a_link().metadata(&format!("{{\"a\":\"{}\"}}", "x".repeat(40_000))).build_new()).collect();
        store.insert(batch).await.expect("the store inserts");
    }
    let log = std::fs::metadata(place.file.with_extension("db-wal")).expect("there is a log").len();
    let written = std::fs::metadata(&place.file).expect("there is a file").len();
    assert!(written > 48 << 20, "most of it has been copied back: {written} bytes");
    assert!(log < 48 << 20, "the log begins anew when it has been copied back: {log} bytes");
}

#[tokio::test]
async fn a_closed_store_answers_with_faults() {
    let place = Place::new();
    let store = place.open();
    let id = stored(&store, a_link().build()).await;
    store.close().await;
    store.close().await;
    assert_eq!(store.find(&id).await.expect_err("it is closed").kind, FaultKind::Unavailable);
    assert_eq!(granted(store.claim(wish(&id, 1)).await).expect_err("it is closed").kind, FaultKind::Unavailable);
    assert_eq!(find(&place.open(), &id).await.claimed, 0);
}
