//! One history for each thing that the checker must see, and for each that it must let pass.

use std::time::Duration;

use super::judge;
use crate::history::{Act, Exchange, Gate, History, Micros, Mishap, Reply, Span, Stopwatch, Terms, Who};
use crate::weather::Weather;

const SIZE: u64 = 4 << 20;
const LEASE: Micros = 1_000_000;

fn history(exchanges: Vec<Exchange>) -> History {
    let terms = Terms { gate: Gate::Page, object: 0, size: SIZE, uses: 1, expires_in: None };
    History { number: 0, terms, lease: LEASE, servers: 1, made: Span { from: 0, to: 10 }, exchanges }
}

fn exchange(who: Who, act: Act, at: Micros, status: u16, kind: &str) -> Exchange {
    let reply = Reply { status, kind: kind.to_owned(), ..Reply::default() };
    Exchange { who, act, server: 0, mishap: Mishap::None, span: Span { from: at, to: at + 5 }, reply }
}

fn claim(number: u32, at: Micros, status: u16, kind: &str) -> Exchange {
    exchange(Who::Holder(number), Act::Claim, at, status, kind)
}

fn refused(number: u32, at: Micros, kind: &str) -> Exchange {
    exchange(Who::Holder(number), Act::Fetch { from: 0, to: SIZE }, at, 410, kind)
}

fn fetch(number: u32, at: Micros, received: u64) -> Exchange {
    let mut fetch = exchange(Who::Holder(number), Act::Fetch { from: 0, to: SIZE }, at, 200, "");
    fetch.reply = Reply { received, sound: true, whole: received == SIZE, ..fetch.reply };
    fetch
}

fn lost(mut exchange: Exchange) -> Exchange {
    exchange.reply = Reply::default();
    exchange
}

fn told(history: &History) -> Vec<&'static str> {
    judge(history, &Weather::new(Stopwatch::start())).into_iter().map(|breach| breach.promise).collect()
}

#[track_caller]
fn lawful(exchanges: Vec<Exchange>) {
    assert_eq!(told(&history(exchanges)), Vec::<&str>::new());
}

#[track_caller]
fn breaks(promise: &str, exchanges: Vec<Exchange>) {
    assert!(told(&history(exchanges)).contains(&promise), "{promise} should be broken");
}

#[test]
fn a_race_with_one_winner_is_lawful() {
    lawful(vec![claim(0, 20, 201, ""), claim(1, 20, 410, "spent"), fetch(0, 30, SIZE), refused(0, 50, "completed")]);
}

#[test]
fn two_winners_break_sem_1() {
    breaks("SEM-1", vec![claim(0, 20, 201, ""), claim(1, 20, 201, "")]);
}

#[test]
fn a_link_is_spent_only_when_somebody_may_have_had_it() {
    breaks("SEM-3", vec![claim(0, 20, 410, "spent")]);
    lawful(vec![lost(claim(1, 10, 0, "")), claim(0, 20, 410, "spent")]);
    breaks("SEM-3", vec![Exchange { mishap: Mishap::Dropped, ..lost(claim(1, 10, 0, "")) }, claim(0, 20, 410, "spent")]);
    breaks("SEM-3", vec![claim(0, 20, 410, "spent"), lost(claim(1, 40, 0, ""))]);
    breaks("SEM-3", vec![lost(claim(1, 10, 0, "")), claim(1, 20, 410, "spent"), claim(0, 40, 410, "spent")]);
}

#[test]
fn a_holders_repeat_is_granted_again() {
    lawful(vec![lost(claim(0, 20, 0, "")), claim(0, 30, 201, ""), claim(0, 40, 201, "")]);
    breaks("SEM-3", vec![claim(0, 20, 201, ""), claim(0, 40, 410, "spent")]);
    breaks("SEM-3", vec![lost(claim(0, 20, 0, "")), claim(0, 30, 410, "spent")]);
    breaks("SEM-3", vec![claim(0, 20, 404, "not-found")]);
}

#[test]
fn a_broken_download_is_over_only_when_all_of_it_may_have_come() {
    breaks("SEM-4", vec![claim(0, 20, 201, ""), fetch(0, 30, 1_000), refused(0, 50, "completed")]);
    lawful(vec![claim(0, 20, 201, ""), fetch(0, 30, SIZE - 1_000), refused(0, 50, "completed")]);
    breaks("SEM-4", vec![claim(0, 20, 201, ""), fetch(0, 30, 1_000), refused(0, 50, "lapsed")]);
    lawful(vec![claim(0, 20, 201, ""), fetch(0, 30, 1_000), refused(0, 20 + LEASE, "lapsed")]);
    breaks("SEM-4", vec![claim(0, 20, 201, ""), fetch(0, 30, 1_000), refused(0, 50, "budget-spent")]);
}

#[test]
fn nothing_comes_after_the_end() {
    breaks("SEM-5", vec![claim(0, 20, 201, ""), fetch(0, 30, SIZE), fetch(0, 40, 5)]);
    breaks("SEM-5", vec![claim(0, 20, 201, ""), fetch(0, 30 + LEASE, SIZE)]);
    lawful(vec![claim(0, 20, 201, ""), fetch(0, LEASE, SIZE)]);
}

#[test]
fn nothing_comes_after_the_last_piece() {
    let part = |at, from, to| {
        let mut part = fetch(0, at, to - from);
        part.act = Act::Fetch { from, to };
        part.reply = Reply { at: from, whole: true, ..part.reply };
        part
    };
    let begun = || vec![claim(0, 20, 201, ""), part(30, 1_000, SIZE), part(40, 0, 1_000)];
    breaks("SEM-5", [begun(), vec![fetch(0, 50, 5)]].concat());
    lawful([begun(), vec![refused(0, 50, "completed")]].concat());
    // Of several servers each may have to wait for the others' records.
    let several = History { servers: 2, ..history([begun(), vec![fetch(0, 50, 5)]].concat()) };
    assert_eq!(told(&several), Vec::<&str>::new());
    // A byte that was sent to somebody who hung up may not have been acknowledged.
    lawful(vec![claim(0, 20, 201, ""), fetch(0, 30, 1_000), part(40, 1_000, SIZE), fetch(0, 50, 5)]);
}

#[test]
fn a_revocation_that_was_answered_ends_everything() {
    let revoke = || exchange(Who::Sender, Act::Revoke, 20, 200, "");
    breaks("SEM-7", vec![revoke(), claim(0, 30, 201, "")]);
    lawful(vec![revoke(), claim(0, 22, 201, ""), refused(0, 30, "revoked")]);
    breaks("SEM-3", vec![claim(0, 10, 410, "revoked")]);
}

#[test]
fn expiry_bounds_claiming_only() {
    let expiring = |exchanges| {
        let mut history = history(exchanges);
        history.terms.expires_in = Some(Duration::from_micros(100));
        told(&history)
    };
    assert_eq!(expiring(vec![claim(0, 111, 201, "")]), ["SEM-7"]);
    assert_eq!(expiring(vec![claim(0, 50, 410, "expired")]), ["SEM-7"]);
    let never_arrived = Exchange { mishap: Mishap::Dropped, ..lost(claim(0, 50, 0, "")) };
    assert_eq!(expiring(vec![never_arrived, claim(0, 111, 201, "")]), ["SEM-7"]);
    assert_eq!(expiring(vec![lost(claim(0, 50, 0, "")), claim(0, 111, 201, "")]), Vec::<&str>::new());
    assert_eq!(expiring(vec![claim(0, 50, 201, ""), claim(0, 200, 410, "expired")]), ["SEM-7"]);
    assert_eq!(expiring(vec![claim(0, 50, 201, ""), claim(0, 200, 201, ""), claim(1, 200, 410, "expired")]), Vec::<&str>::new());
}

#[test]
fn strangers_and_passers_by_get_nothing() {
    let bytes = |mut exchange: Exchange| {
        exchange.reply = Reply { received: 100, sound: true, ..exchange.reply };
        exchange
    };
    breaks("SEM-2", vec![bytes(exchange(Who::Stranger, Act::Guess, 20, 200, ""))]);
    breaks("SEM-2", vec![exchange(Who::Stranger, Act::Guess, 20, 410, "spent")]);
    lawful(vec![exchange(Who::Stranger, Act::Guess, 20, 404, "not-found")]);
    breaks("SEM-6", vec![bytes(exchange(Who::Passerby, Act::Look, 20, 200, ""))]);
}

#[test]
fn foreign_bytes_and_bad_failures_are_seen() {
    let mut foreign = fetch(0, 30, 100);
    foreign.reply.sound = false;
    breaks("SEM-8", vec![claim(0, 20, 201, ""), foreign]);
    breaks("SEM-11", vec![claim(0, 20, 500, "internal")]);
    breaks("SEM-11", vec![claim(0, 20, 503, "store-unavailable")]);
    let mut failed = claim(0, 20, 503, "store-unavailable");
    failed.reply.retry_after = true;
    lawful(vec![failed, claim(0, 30, 201, "")]);
}

#[test]
fn the_budget_is_kept() {
    let fetches =
        |count: u64| std::iter::once(claim(0, 20, 201, "")).chain((0..count).map(|at| fetch(0, 30 + at * 10, SIZE - 1))).collect();
    lawful(fetches(4));
    breaks("SEM-4", fetches(5));
}
