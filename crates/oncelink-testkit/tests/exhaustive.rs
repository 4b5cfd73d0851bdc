//! Every state of a small world: three clients, two servers, two crashes, one link, and a network that loses, delays and
//! repeats. What a write does is decided by `oncelink_core::transition`, nothing else.
//!
//! `ONCELINK_EXHAUSTIVE=full` explores two uses with two crashes as well, which takes some minutes.

#[path = "exhaustive/model.rs"]
mod model;
#[path = "exhaustive/store.rs"]
mod store;

use std::io::Write;
use std::time::Instant;

use model::{Bounds, Flaw, World};
use oncelink_testkit::checker::explore;

/// The worlds that are explored each time. The dev profile is ten times slower: there is one crash less in it.
const WORLDS: [Bounds; 3] = if cfg!(debug_assertions) {
    [Bounds { uses: 1, crashes: 0, ticks: 1 }, Bounds { uses: 1, crashes: 1, ticks: 1 }, Bounds { uses: 2, crashes: 0, ticks: 0 }]
} else {
    [Bounds { uses: 1, crashes: 2, ticks: 1 }, Bounds { uses: 1, crashes: 1, ticks: 2 }, Bounds { uses: 2, crashes: 1, ticks: 0 }]
};
const LARGE: Bounds = Bounds { uses: 2, crashes: 2, ticks: 1 };

#[test]
fn no_state_breaks_a_promise() {
    let large = std::env::var("ONCELINK_EXHAUSTIVE").is_ok_and(|wish| wish == "full").then_some(LARGE);
    for bounds in WORLDS.into_iter().chain(large) {
        let begun = Instant::now();
        let explored = explore(&World::new(bounds, None));
        let explored = explored.unwrap_or_else(|found| panic!("{}\n{}", found.breach, found.steps.join("\n")));
        tell(&format!("exhaustive: {bounds:?}: {explored:?} in {:.1?}", begun.elapsed()));
        assert!(explored.states > 1_000, "a world so small shows nothing");
    }
}

#[test]
fn every_flaw_is_found() {
    for flaw in Flaw::ALL {
        let found = explore(&World::new(Bounds { uses: 1, crashes: 1, ticks: 1 }, Some(flaw)));
        let found = found.expect_err("a flaw that isn't found shows that the model looks away");
        tell(&format!("exhaustive: {flaw:?}: {} after {} steps", found.breach, found.steps.len()));
    }
}

/// Written past the test harness, which would swallow it: these figures are what the test is for.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
