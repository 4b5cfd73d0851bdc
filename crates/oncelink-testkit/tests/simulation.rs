//! The rules, simulated: the real use cases among crashes, lost replies, late writes and clocks that differ.
//!
//! `ONCELINK_SCHEDULES=10000000` runs more of them, `ONCELINK_FIRST_SEED=N` others, `ONCELINK_SEED=N` tells what happens in
//! one. In the dev profile there are fewer, because each takes ten times as long: `--profile proof` is for this.

use std::io::Write;
use std::time::Instant;

use oncelink_testkit::simulation::Setup;

/// How many schedules are run unless the environment says more.
const SCHEDULES: u64 = if cfg!(debug_assertions) { 5_000 } else { 100_000 };

/// How many schedules are run with a crash of each replica after each of their steps.
const CRASHED: u64 = if cfg!(debug_assertions) { 10 } else { 150 };

#[test]
fn no_schedule_breaks_a_promise() {
    let (first, count) = (number("ONCELINK_FIRST_SEED").unwrap_or(0), number("ONCELINK_SCHEDULES").unwrap_or(SCHEDULES));
    let begun = Instant::now();
    let (done, breach) = Setup::sound().run_all(first..first + count);
    tell(&format!("simulation: {done} schedules from seed {first} on in {:.1?}", begun.elapsed()));
    if let Some(breach) = breach {
        tell(&Setup::sound().story(breach.seed).join("\n"));
        panic!("{breach}; again with ONCELINK_SEED={}", breach.seed);
    }
}

#[test]
fn a_crash_at_every_await_point_breaks_no_promise() {
    let (mut runs, begun) = (0, Instant::now());
    for seed in 0..CRASHED {
        let (done, broken) = Setup::sound().crash_everywhere(seed);
        runs += done;
        if let Some((setup, breach)) = broken {
            panic!("{breach}, with crashes {:?}\n{}", setup.crashes, setup.story(seed).join("\n"));
        }
    }
    tell(&format!("simulation: {CRASHED} schedules with a crash of each replica after each step: {runs} in {:.1?}", begun.elapsed()));
    assert!(runs > 50 * CRASHED, "a schedule so short shows nothing");
}

#[test]
fn a_seed_makes_the_same_run_again() {
    for seed in 0..50 {
        assert_eq!(Setup::sound().story(seed), Setup::sound().story(seed));
    }
    assert_ne!(Setup::sound().story(1), Setup::sound().story(2));
}

#[test]
fn a_story_is_told_when_it_is_asked_for() {
    let seed = number("ONCELINK_SEED");
    let story = Setup::sound().story(seed.unwrap_or(1));
    assert!(story.len() > 5 && story.last().is_some_and(|last| last.starts_with("seed ")));
    if seed.is_some() {
        tell(&story.join("\n"));
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// Written past the test harness, which would swallow it: these figures are what the test is for.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
