//! Testing the test: each of these mistakes is one that one-time links are really made with, and each must be caught by the
//! simulation. A mutant that survives is a failing test.

#[path = "mutants/rival.rs"]
mod rival;

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use oncelink_core::ports::LinkStore;
use oncelink_testkit::simulation::{Habits, Setup};
use rival::{Flaw, Rival};

/// After how many schedules a mutant has survived: half of what the rules themselves are put through each time.
const SCHEDULES: u64 = 50_000;

fn rival(flaw: fn() -> Flaw) -> Arc<dyn LinkStore> {
    Arc::new(Rival::new(flaw()))
}

/// A name for the table, and what is put to the test.
fn mutants() -> Vec<(&'static str, Setup)> {
    let sound = Setup::sound();
    let store = |store| Setup { store, ..sound };
    let habits = |habits| Setup { habits, ..sound };
    vec![
        ("get, then delete", store(|| rival(|| Flaw::GetThenDelete))),
        ("get, then put", store(|| rival(|| Flaw::GetThenPut))),
        ("count when finished", store(|| rival(|| Flaw::CountWhenFinished))),
        ("refund on early stop", store(|| rival(|| Flaw::RefundOnEarlyStop))),
        ("every range a use", habits(Habits { every_range_is_a_use: true, ..Habits::default() })),
        ("HEAD spends", habits(Habits { head_spends: true, ..Habits::default() })),
        ("retry without holder", store(|| rival(|| Flaw::RetryWithoutHolder))),
        ("retry takes another use", store(|| rival(|| Flaw::RetryTakesAnother))),
        ("expiry only by sweeper", store(|| rival(|| Flaw::ExpiryOnlyBySweeper))),
        ("eventually consistent read decides", store(|| rival(|| Flaw::StaleReadDecides))),
        ("revocation looked up before the write", store(|| rival(|| Flaw::RevocationByReadOnly))),
        ("release without fence", store(|| rival(|| Flaw::ReleaseWithoutFence))),
        ("complete without fence", store(|| rival(|| Flaw::CompleteWithoutFence))),
        ("lease ignored", store(|| rival(|| Flaw::LeaseIgnored))),
        ("every end completes", store(|| rival(|| Flaw::EveryEndCompletes))),
    ]
}

#[test]
fn every_mutant_is_caught() {
    let (mut table, mut survivors) = (String::new(), Vec::new());
    for (name, setup) in mutants() {
        let begun = Instant::now();
        let (count, breach) = setup.run_all(0..SCHEDULES);
        let took = begun.elapsed();
        let how = breach.map_or_else(|| "SURVIVES".to_owned(), |breach| breach.to_string());
        if how == "SURVIVES" {
            survivors.push(name);
        }
        let _ = writeln!(table, "{name:38} {count:>6} schedules {:>9.1?}  {how}", took);
    }
    // Written past the test harness, which would swallow it: this table is what the test is for.
    let _ = write!(std::io::stderr().lock(), "{table}");
    assert!(survivors.is_empty(), "not caught within {SCHEDULES} schedules: {survivors:?}");
}
