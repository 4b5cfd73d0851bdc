//! What a claim's holder gets: all of it, not much more, and nothing when it is over.

use crate::history::{Exchange, Gate, Mishap, Span};

use super::Case;
use super::holding::{Holding, are_whole, length};

/// What a claim may be sent beyond twice its object.
const BUDGET_EXTRA: u64 = 8 << 20;
/// After how long every server knows that a claim is complete.
const KNOWN_EVERYWHERE: u64 = 30_000_000;

impl Case<'_> {
    /// Every request of a claim's bytes.
    pub(super) fn judge_fetches(&mut self, holding: &Holding<'_>) {
        for exchange in &holding.fetches {
            if exchange.reply.granted() {
                self.judge_lapse(holding, exchange);
                let asked = holding.asked(exchange);
                if exchange.reply.received > 0 && exchange.reply.at != asked.start {
                    self.broken("SEM-4", format!("bytes from {} were asked for, those from {} came", asked.start, exchange.reply.at));
                }
            } else if exchange.reply.refused() {
                self.judge_refused_fetch(holding, exchange);
            }
        }
    }

    fn judge_refused_fetch(&mut self, holding: &Holding<'_>, exchange: &Exchange) {
        if exchange.reply.kind == "budget-spent" {
            // The request itself is among those that are counted before its end.
            let before = holding.sent_at_most(exchange.span.to);
            if before + length(&holding.asked(exchange)) <= self.budget() {
                self.broken("SEM-4", format!("at most {before} bytes were sent, and the budget is refused as spent"));
            }
            return;
        }
        // A direct link's claim is given back when nothing of it was sent.
        let given_back = self.history.terms.gate == Gate::Direct && exchange.reply.status == 404 && holding.received() == 0;
        if !given_back {
            self.judge_end_of_claim(holding, exchange);
        }
    }

    /// Each server counts what it has sent itself since it was started, and what is recorded.
    pub(super) fn judge_amount(&mut self, holding: &Holding<'_>) {
        let received = holding.received();
        if received <= self.budget() {
            return;
        }
        let last = holding.fetches.iter().chain(&holding.tries).map(|exchange| exchange.span.to).max().unwrap_or(0);
        let troubles = self.weather.troubles_in(Span { from: holding.first_try(), to: last });
        // One trouble may be the death of all of them.
        let lives = (self.history.servers * (1 + troubles)) as u64;
        if received > self.budget().saturating_mul(lives) {
            self.broken("SEM-4", format!("{received} bytes came, the budget is {} for each of {lives} lives", self.budget()));
        }
    }

    /// Who got everything gets nothing more.
    pub(super) fn judge_end(&mut self, holding: &Holding<'_>) {
        let Some(last) = self.last_piece(holding) else { return };
        let later = holding.tries.iter().chain(&holding.fetches).filter(|exchange| exchange.span.from > last.span.to);
        for exchange in later {
            let span = Span { from: holding.first_try(), to: exchange.span.to };
            if exchange.reply.granted() && self.is_known(last, exchange) && self.weather.troubles_in(span) == 0 {
                self.broken("SEM-5", format!("{:?} is granted after everything had been delivered", exchange.act));
            }
        }
    }

    /// The answer with which a holder had everything in answers that came unharmed and as a whole, all from one server. What it
    /// hung up on doesn't count: how much of that was acknowledged nobody knows here.
    fn last_piece<'a>(&self, holding: &Holding<'a>) -> Option<&'a Exchange> {
        let mut moves: Vec<&Exchange> = holding.tries.iter().chain(&holding.fetches).copied().collect();
        moves.retain(|exchange| exchange.mishap == Mishap::None && exchange.reply.whole && exchange.reply.received > 0);
        moves.sort_by_key(|exchange| exchange.span.to);
        let size = self.history.terms.size;
        if self.history.servers > 1 {
            return moves.into_iter().find(|exchange| exchange.reply.received == size);
        }
        (1..=moves.len()).find(|count| are_whole(&moves[..*count], size)).map(|count| moves[count - 1])
    }

    /// Whether the server that was asked must know what another delivered.
    fn is_known(&self, delivery: &Exchange, later: &Exchange) -> bool {
        delivery.server == later.server || later.span.from > delivery.span.to.saturating_add(KNOWN_EVERYWHERE)
    }

    fn budget(&self) -> u64 {
        self.history.terms.size.saturating_mul(2).saturating_add(BUDGET_EXTRA)
    }
}
