//! Killed in the middle of its work: every claim that was answered is there afterwards.

use std::collections::BTreeSet;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use oncelink_core::holder::ClaimId;
use oncelink_core::ports::LinkStore;
use oncelink_core::token::LinkId;
use oncelink_store_sqlite::SqliteStore;
use oncelink_testkit::fixtures::{a_link, link_id};

use crate::support::{Place, claim_ids, find, granted, stored, wish};

/// Where the child process finds its database.
const FILE: &str = "ONCELINK_TEST_KILLED_FILE";
/// How many holders claim side by side in the child.
const HOLDERS: u32 = 8;
const USES: u32 = 1_000_000;

fn the_link() -> LinkId {
    link_id(42)
}

/// Not a test by itself: what the killed process runs. It claims until it dies and prints each claim that was granted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_claims_until_it_is_killed() {
    let Some(file) = env::var_os(FILE) else { return };
    let store = Arc::new(SqliteStore::open(file.as_ref()).expect("the store opens"));
    let tasks: Vec<_> = (0..HOLDERS).map(|holder| tokio::spawn(claim_forever(store.clone(), holder))).collect();
    for task in tasks {
        task.await.expect("a claimant doesn't panic");
    }
}

async fn claim_forever(store: Arc<SqliteStore>, mut holder: u32) {
    // Bounded, so that a child whose parent has died ends too.
    for _ in 0..20_000 {
        let claim = granted(store.claim(wish(&the_link(), holder)).await).expect("the store claims");
        let mut out = std::io::stdout().lock();
        let told = writeln!(out, "granted {claim}").and_then(|()| out.flush());
        if told.is_err() {
            return;
        }
        holder += HOLDERS;
    }
}

#[tokio::test]
async fn every_claim_that_was_answered_survives_a_kill() {
    let place = Place::new();
    let store = place.open();
    stored(&store, a_link().id(the_link()).uses(USES).build()).await;
    store.close().await;
    for round in 0..3_usize {
        // The child's holders count from 0 each time: what an earlier one was granted is granted again.
        let answered = claims_of_a_killed_child(&place, 200 * (round + 1));
        let store = place.open();
        let there: BTreeSet<ClaimId> = claim_ids(&store, &the_link()).await.into_iter().collect();
        assert!(answered.is_subset(&there), "{} claims were answered and are gone", answered.difference(&there).count());
        assert_eq!(find(&store, &the_link()).await.claimed as usize, there.len());
        store.close().await;
    }
}

/// Starts a child, kills it after `count` answers; all that it answered.
fn claims_of_a_killed_child(place: &Place, count: usize) -> BTreeSet<ClaimId> {
    let mut child = Command::new(env::current_exe().expect("this test is a program"))
        .args(["--exact", "durability::child_that_claims_until_it_is_killed", "--nocapture"])
        .env(FILE, &place.file)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the test program can be started");
    let lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
    let mut answered = BTreeSet::new();
    for line in lines {
        let line = line.expect("the output is text");
        // The last line may have been cut off by the kill.
        let claim = line.split_once("granted ").and_then(|(_, id)| ClaimId::parse(id));
        answered.extend(claim);
        if answered.len() == count {
            // SIGKILL; what it had printed until then is still read.
            child.kill().expect("a child can be killed");
        }
    }
    child.wait().expect("a child can be waited for");
    assert!(answered.len() >= count, "the child ended by itself after {} claims", answered.len());
    answered
}
