//! Every state of a small world: three clients, two servers, two crashes, one link, and a network that loses, delays and
//! repeats. What a write does is decided by `oncelink_core::transition`, nothing else.

#[path = "exhaustive/model.rs"]
mod model;
#[path = "exhaustive/store.rs"]
mod store;

use std::io::Write;

use model::{Flaw, World};
use oncelink_testkit::checker::explore;

/// The dev profile is ten times slower: there it is one crash.
const CRASHES: u8 = if cfg!(debug_assertions) { 1 } else { 2 };

fn tell(line: &str) {
    // Written past the test harness, which would swallow it: these figures are what the test is for.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[test]
fn no_state_breaks_a_promise() {
    for uses in [1, 2] {
        let world = World::new(uses, CRASHES, None);
        let explored = explore(&world).unwrap_or_else(|found| panic!("{}\n{}", found.breach, found.steps.join("\n")));
        tell(&format!("exhaustive, {uses} use(s), {CRASHES} crash(es): {explored:?}"));
        assert!(explored.states > 10_000, "a world so small shows nothing");
    }
}

#[test]
fn every_flaw_is_found() {
    for flaw in Flaw::ALL {
        let world = World::new(1, 1, Some(flaw));
        let found = explore(&world).expect_err("a flaw that isn't found shows that the model looks away");
        tell(&format!("exhaustive, {flaw:?}: {} after {} steps", found.breach, found.steps.len()));
    }
}
