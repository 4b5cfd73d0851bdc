//! Who may have a use, and which reasons for a no are true.

use crate::history::{Act, Exchange, Micros, micros};

use super::Case;
use super::holding::{Holding, is_grant};

impl Case<'_> {
    /// Every claim and every GET of a direct link.
    pub(super) fn judge_tries(&mut self, holding: &Holding<'_>) {
        for exchange in &holding.tries {
            if is_grant(exchange) {
                self.judge_grant(holding, exchange);
            } else if exchange.reply.refused() {
                self.judge_refusal(holding, exchange);
            }
        }
    }

    fn judge_grant(&mut self, holding: &Holding<'_>, exchange: &Exchange) {
        // Expiry bounds claiming only: who asked in time may ask again.
        if let Some((_, latest)) = self.expiry()
            && holding.first_try() > latest
        {
            self.broken("SEM-7", "a link was claimed after its end");
        }
        self.judge_lapse(holding, exchange);
    }

    fn judge_refusal(&mut self, holding: &Holding<'_>, exchange: &Exchange) {
        let kind = exchange.reply.kind.as_str();
        let held = holding.granted_at().is_some_and(|at| at < exchange.span.from) && exchange.act == Act::Claim;
        match (exchange.reply.status, kind) {
            (410, "spent") if held => self.broken("SEM-3", "a holder's repeated claim is refused as spent"),
            (410, "spent") => self.judge_spent(holding, exchange),
            (410, "expired") if held => self.broken("SEM-7", "a claim that was made in time is refused as expired"),
            (410, "expired") => {
                if self.expiry().is_none_or(|(earliest, _)| exchange.span.to < earliest) {
                    self.broken("SEM-7", "a link is refused as expired before its end");
                }
            }
            _ => self.judge_end_of_claim(holding, exchange),
        }
    }

    /// "Spent" is true when that many others may have had a use.
    fn judge_spent(&mut self, holding: &Holding<'_>, exchange: &Exchange) {
        let before = self.candidates.partition_point(|first| *first < exchange.span.to);
        let others = before - usize::from(holding.may_hold() && holding.first_try() < exchange.span.to);
        let uses = self.history.terms.uses as usize;
        if others < uses {
            let how = format!("a link for {uses} is refused as spent, and only {others} others may have had a use");
            self.broken("SEM-3", how);
        }
    }

    /// The reasons for which a claim is over.
    pub(super) fn judge_end_of_claim(&mut self, holding: &Holding<'_>, exchange: &Exchange) {
        let now = exchange.span.to;
        let lawful = match (exchange.reply.status, exchange.reply.kind.as_str()) {
            (410, "revoked") => self.revoking.is_some_and(|revoking| revoking < now),
            (410, "completed") => holding.may_have_all(now),
            (410, "lapsed") => now >= holding.first_try().saturating_add(self.history.lease),
            _ => false,
        };
        if !lawful {
            let Exchange { act, reply, .. } = exchange;
            let promise = if reply.kind == "completed" || reply.kind == "lapsed" { "SEM-4" } else { "SEM-3" };
            self.broken(promise, format!("{act:?} is refused without reason: {} {}", reply.status, reply.kind));
        }
    }

    /// A lease that surely ran out is over: nothing was fetched, so nothing renewed it.
    pub(super) fn judge_lapse(&mut self, holding: &Holding<'_>, exchange: &Exchange) {
        let untouched = holding.is_clear() && !holding.fetches.iter().any(|fetch| fetch.span.from < exchange.span.from);
        let begun = holding.tries.iter().filter(|earlier| earlier.span.to < exchange.span.from).map(|earlier| earlier.span.to).max();
        if let Some(begun) = begun
            && untouched
            && exchange.span.from > begun.saturating_add(self.history.lease)
        {
            self.broken("SEM-5", format!("{:?} is granted after the lease had run out", exchange.act));
        }
    }

    /// Between when and when the link ends.
    fn expiry(&self) -> Option<(Micros, Micros)> {
        let span = micros(self.history.terms.expires_in?);
        Some((self.history.made.from.saturating_add(span), self.history.made.to.saturating_add(span)))
    }
}
