//! What a problem says to a person: what happened, when where that is known, and what helps.
//!
//! Must not name statuses: the answer has one already.

use std::time::Duration;

use oncelink_core::Refusal;

use super::said::{self, Piece};
use super::texts::{Case, Texts};
use crate::problem::Problem;

/// A problem for a person.
pub(super) struct Explanation<'a> {
    /// What happened, in a few words.
    pub(super) title: &'static str,
    /// What happened, in a sentence or two.
    pub(super) text: Vec<Piece<'a>>,
    /// More about it in English, where only programs and their makers come.
    pub(super) detail: Option<String>,
    /// What helps.
    pub(super) help: Help,
}

/// What helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Help {
    /// Nothing to be done here.
    None,
    /// A new link.
    AskSender,
    /// The same again, later.
    TryAgain,
}

/// What `problem` says in the language of `t`.
pub(super) fn explain<'a>(problem: &Problem, t: &'static Texts) -> Explanation<'a> {
    match problem.refusal() {
        Some(refusal) => refused(refusal, problem, t),
        None => failed(problem, t),
    }
}

/// How long to wait before trying again.
pub(super) fn wait(problem: &Problem, t: &Texts) -> String {
    said::at_most(Duration::from_secs(problem.retry_after().unwrap_or(1).into()), t)
}

fn refused<'a>(refusal: &Refusal, problem: &Problem, t: &'static Texts) -> Explanation<'a> {
    match refusal {
        Refusal::Unknown => plain(&t.unknown, Help::AskSender),
        Refusal::Spent => plain(&t.spent, Help::AskSender),
        Refusal::Revoked => plain(&t.revoked, Help::AskSender),
        Refusal::Expired { at } => dated(&t.expired, said::time(*at), Help::AskSender),
        Refusal::NotYet { until } => dated(&t.not_yet, said::time(*until), Help::TryAgain),
        Refusal::Completed { at } => dated(&t.completed, said::time(*at), Help::AskSender),
        Refusal::Lapsed { at } => dated(&t.lapsed, said::time(*at), Help::AskSender),
        Refusal::BudgetSpent => plain(&t.budget_spent, Help::AskSender),
        Refusal::ObjectChanged => plain(&t.object_changed, Help::AskSender),
        Refusal::ObjectNotFound => plain(&t.object_not_found, Help::AskSender),
        Refusal::AddressNotAllowed => plain(&t.address_not_allowed, Help::None),
        Refusal::PassphraseNeeded => plain(&t.passphrase_needed, Help::TryAgain),
        Refusal::PassphraseWrong => {
            Explanation { text: vec![Piece::Text(t.passphrase_wrong)], ..plain(&t.passphrase_needed, Help::TryAgain) }
        }
        Refusal::Locked { .. } => waiting(&t.locked, problem, t),
        Refusal::NoSuchObject { .. } | Refusal::Invalid { .. } | Refusal::Forbidden { .. } | Refusal::IdempotencyConflict => {
            other(problem, t)
        }
    }
}

/// Problems that are no refusals of a link, told apart by their stable names.
fn failed<'a>(problem: &Problem, t: &'static Texts) -> Explanation<'a> {
    match problem.kind {
        "not-found" => plain(&t.unknown, Help::AskSender),
        "too-many-requests" => waiting(&t.too_many_requests, problem, t),
        "store-unavailable" | "source-unavailable" | "store-denied" | "source-denied" | "store-damaged" | "source-damaged" => {
            plain(&t.unavailable, Help::TryAgain)
        }
        "internal" => plain(&t.internal, Help::TryAgain),
        "method-not-allowed" => plain(&t.method_not_allowed, Help::None),
        "range-required" => plain(&t.range_required, Help::None),
        "cross-site" => plain(&t.cross_site, Help::TryAgain),
        _ => other(problem, t),
    }
}

fn plain<'a>(case: &'static Case, help: Help) -> Explanation<'a> {
    Explanation { title: case.title, text: vec![Piece::Text(case.text)], detail: None, help }
}

fn dated<'a>(case: &'static Case, when: Piece<'a>, help: Help) -> Explanation<'a> {
    Explanation { text: said::pieces(case.text, "when", when), ..plain(case, help) }
}

fn waiting<'a>(case: &'static Case, problem: &Problem, t: &'static Texts) -> Explanation<'a> {
    Explanation { text: said::pieces(case.text, "wait", Piece::Span(wait(problem, t))), ..plain(case, Help::TryAgain) }
}

/// What only programs and their makers meet: the detail stays as it is.
fn other<'a>(problem: &Problem, t: &'static Texts) -> Explanation<'a> {
    Explanation { detail: Some(problem.detail.clone()), ..plain(&t.other, Help::None) }
}
