//! The verdict on one link's history: which promises were broken, if any.
//!
//! Linear in the number of requests, but for sorting and for what one holder did, which is little. It knows nothing of the
//! servers but what their clients saw, and judges on the safe side: where the truth may have been lost on the way (an answer
//! that was cut, bytes that a socket acknowledged and nobody read), what is consistent with any of it is lawful. The promises
//! are those of `docs/semantics.md`.

mod bytes;
mod claims;
mod holding;
#[cfg(test)]
mod tests;

use crate::history::{Act, Exchange, Gate, History, Micros, Mishap, Who};
use crate::weather::Weather;
use holding::Holding;

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Its number in `docs/semantics.md`.
    pub promise: &'static str,
    /// How it was broken.
    pub how: String,
}

/// How much of what is hard a history has: without any, a verdict says little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Holders that were granted a claim after an attempt that failed or was lost.
    pub repeated: u64,
    /// Holders that got everything in several pieces.
    pub resumed: u64,
}

/// Counts what is hard in a history.
pub fn met(history: &History) -> Met {
    let holdings = holding::of(history);
    let repeated = holdings.iter().filter(|holding| holding.came_again()).count() as u64;
    let resumed = holdings.iter().filter(|holding| holding.went_on()).count() as u64;
    Met { repeated, resumed }
}

/// What is known of a history as a whole.
struct Case<'a> {
    history: &'a History,
    weather: &'a Weather,
    /// When those who may hold a claim first tried, sorted.
    candidates: Vec<Micros>,
    /// When a revocation was answered first.
    revoked: Option<Micros>,
    /// When a revocation was sent first.
    revoking: Option<Micros>,
    breaches: Vec<Breach>,
}

/// Judges a history.
pub fn judge(history: &History, weather: &Weather) -> Vec<Breach> {
    let holdings = holding::of(history);
    let mut candidates: Vec<Micros> = holdings.iter().filter(|holding| holding.may_hold()).map(Holding::first_try).collect();
    // Whoever takes a direct link twice is two.
    let twins = history.exchanges.iter().filter(|exchange| exchange.act == Act::Take && exchange.mishap == Mishap::Doubled);
    candidates.extend(twins.map(|exchange| exchange.span.from));
    candidates.sort_unstable();
    let revocations = || history.exchanges.iter().filter(|exchange| exchange.act == Act::Revoke);
    let mut case = Case {
        history,
        weather,
        candidates,
        revoked: revocations().filter(|exchange| exchange.reply.granted()).map(|exchange| exchange.span.to).min(),
        revoking: revocations().map(|exchange| exchange.span.from).min(),
        breaches: Vec::new(),
    };
    history.exchanges.iter().for_each(|exchange| case.judge_answer(exchange));
    case.count_holders(&holdings);
    for holding in &holdings {
        case.judge_tries(holding);
        case.judge_fetches(holding);
        case.judge_amount(holding);
        case.judge_end(holding);
    }
    case.breaches
}

impl Case<'_> {
    fn broken(&mut self, promise: &'static str, how: impl Into<String>) {
        self.breaches.push(Breach { promise, how: how.into() });
    }

    /// What holds of every single answer.
    fn judge_answer(&mut self, exchange: &Exchange) {
        let Exchange { who, act, reply, .. } = exchange;
        if reply.status >= 500 && (reply.status != 503 || !reply.retry_after) {
            self.broken("SEM-11", format!("a failure was answered with {} (Retry-After: {})", reply.status, reply.retry_after));
        }
        if reply.received > 0 && !reply.sound {
            self.broken("SEM-8", format!("{who:?} got bytes that aren't the object's"));
        }
        match (act, who) {
            (Act::Guess, _) if reply.received > 0 => self.broken("SEM-2", "somebody without the secret got bytes"),
            (Act::Guess, _) if reply.came() && !matches!(reply.status, 404 | 503) => {
                self.broken("SEM-2", format!("an altered address was answered with {} {}", reply.status, reply.kind));
            }
            (Act::Look | Act::LookAtClaim, _) if reply.received > 0 => self.broken("SEM-6", "somebody who only looked got bytes"),
            (Act::Claim | Act::Take | Act::Fetch { .. } | Act::Look | Act::LookAtClaim | Act::Guess | Act::Revoke, _) => {}
        }
        let acts = matches!(act, Act::Claim | Act::Take | Act::Fetch { .. });
        if acts && reply.granted() && self.revoked.is_some_and(|revoked| exchange.span.from > revoked) {
            self.broken("SEM-7", format!("{act:?} by {who:?} was granted after a revocation had been answered"));
        }
    }

    /// At most as many holders as uses.
    fn count_holders(&mut self, holdings: &[Holding<'_>]) {
        let uses = self.history.terms.uses as usize;
        let fed = holdings.iter().filter(|holding| holding.received() > 0).count();
        let granted = holdings.iter().filter(|holding| holding.granted_at().is_some()).count();
        if fed > uses {
            self.broken("SEM-1", format!("{fed} holders got bytes of a link for {uses}"));
        } else if granted > uses && self.history.terms.gate == Gate::Page {
            // A direct link's use is given back when nothing was sent, though its head may have been.
            self.broken("SEM-1", format!("{granted} holders were granted a link for {uses}"));
        }
    }
}

/// Whether an exchange was a holder's.
fn is_of_holder(exchange: &Exchange) -> Option<u32> {
    match exchange.who {
        Who::Holder(number) => Some(number),
        Who::Sender | Who::Stranger | Who::Passerby => None,
    }
}
