//! One holder's part of a history, and what may be concluded from it.

use std::collections::BTreeMap;

use crate::history::{Act, Exchange, History, Micros, Mishap};
use crate::network::AHEAD;

use super::is_of_holder;

/// What one holder did, in the order of sending.
pub(super) struct Holding<'a> {
    pub(super) tries: Vec<&'a Exchange>,
    pub(super) fetches: Vec<&'a Exchange>,
    size: u64,
}

/// A stretch of the object.
pub(super) type Stretch = std::ops::Range<u64>;

/// Everybody who tried to get a use.
pub(super) fn of(history: &History) -> Vec<Holding<'_>> {
    let mut holdings: BTreeMap<u32, Holding<'_>> = BTreeMap::new();
    for exchange in &history.exchanges {
        let Some(number) = is_of_holder(exchange) else { continue };
        let size = history.terms.size;
        let holding = holdings.entry(number).or_insert_with(|| Holding { tries: Vec::new(), fetches: Vec::new(), size });
        match exchange.act {
            Act::Claim | Act::Take => holding.tries.push(exchange),
            Act::Fetch { .. } => holding.fetches.push(exchange),
            Act::Look | Act::LookAtClaim | Act::Guess | Act::Revoke => {}
        }
    }
    let mut all: Vec<Holding<'_>> = holdings.into_values().collect();
    for holding in &mut all {
        holding.tries.sort_by_key(|exchange| exchange.span.from);
        holding.fetches.sort_by_key(|exchange| exchange.span.from);
    }
    all
}

impl Holding<'_> {
    /// When it first asked for a use in a request that may have arrived.
    pub(super) fn first_try(&self) -> Micros {
        let arrived = self.tries.iter().find(|exchange| exchange.mishap != Mishap::Dropped);
        arrived.map_or(Micros::MAX, |exchange| exchange.span.from)
    }

    /// When it was first told that it has one.
    pub(super) fn granted_at(&self) -> Option<Micros> {
        self.tries.iter().filter(|exchange| is_grant(exchange)).map(|exchange| exchange.span.to).min()
    }

    /// Whether it has a use, or may have one without having been told.
    pub(super) fn may_hold(&self) -> bool {
        if self.granted_at().is_some() || self.fetches.iter().any(|fetch| fetch.reply.granted()) {
            return true;
        }
        // A later no to the same holder says that the lost request before it took nothing.
        let last_no = self.tries.iter().filter(|exchange| is_not_held(exchange)).map(|exchange| exchange.span.from).max();
        self.tries.iter().any(|exchange| is_unclear(exchange) && last_no.is_none_or(|no| exchange.span.to > no))
    }

    /// Whether every answer to its tries came.
    pub(super) fn is_clear(&self) -> bool {
        !self.tries.iter().any(|exchange| is_unclear(exchange))
    }

    /// Whether it was granted a claim after an attempt that failed or was lost.
    pub(super) fn came_again(&self) -> bool {
        let failed = self
            .tries
            .iter()
            .filter(|exchange| !exchange.reply.came() || exchange.reply.status == 503)
            .map(|exchange| exchange.span.to)
            .min();
        self.granted_at().zip(failed).is_some_and(|(granted, failed)| failed < granted)
    }

    /// Whether it got everything in several pieces.
    pub(super) fn went_on(&self) -> bool {
        let mut pieces: Vec<Stretch> = self.moves().filter(|exchange| exchange.reply.received > 0).map(piece).collect();
        pieces.sort_by_key(|piece| piece.start);
        pieces.len() > 1 && pieces.iter().all(|piece| length(piece) < self.size) && covered(&pieces) >= self.size
    }

    /// How many bytes it got in all.
    pub(super) fn received(&self) -> u64 {
        self.moves().map(|exchange| exchange.reply.received).sum()
    }

    /// Whether the servers may believe, at `when`, that it has got everything.
    pub(super) fn may_have_all(&self, when: Micros) -> bool {
        let sent = self.moves().filter(|exchange| exchange.span.from < when);
        let mut stretches: Vec<Stretch> = sent.flat_map(|exchange| self.delivered_at_most(exchange)).collect();
        stretches.sort_by_key(|stretch| stretch.start);
        covered(&stretches) >= self.size
    }

    /// How many bytes may have been counted against its budget before `when`.
    pub(super) fn sent_at_most(&self, when: Micros) -> u64 {
        let sent = self.moves().filter(|exchange| exchange.span.from < when && may_have_sent(exchange));
        sent.map(|exchange| length(&self.asked(exchange)) * if exchange.mishap == Mishap::Doubled { 2 } else { 1 }).sum()
    }

    /// The bytes that a request asked for.
    pub(super) fn asked(&self, exchange: &Exchange) -> Stretch {
        match exchange.act {
            Act::Fetch { from, to } => from..to,
            Act::Claim | Act::Take | Act::Look | Act::LookAtClaim | Act::Guess | Act::Revoke => 0..self.size,
        }
    }

    /// Every request that could bring bytes.
    fn moves(&self) -> impl Iterator<Item = &Exchange> {
        let takes = self.tries.iter().filter(|exchange| exchange.act == Act::Take);
        takes.chain(&self.fetches).copied()
    }

    /// What one request may have delivered in the servers' eyes.
    fn delivered_at_most(&self, exchange: &Exchange) -> Vec<Stretch> {
        if !may_have_sent(exchange) {
            return Vec::new();
        }
        let asked = self.asked(exchange);
        let start = if exchange.reply.received > 0 { exchange.reply.at } else { asked.start };
        let sent = start..asked.end.min(start + exchange.reply.received + AHEAD);
        // An open range is the holder's word for what lies before it.
        let word = (asked.end == self.size && asked.start > 0).then_some(0..asked.start);
        std::iter::once(sent).chain(word).collect()
    }
}

/// Whether what came with these answers is the whole object.
pub(super) fn are_whole(exchanges: &[&Exchange], size: u64) -> bool {
    let mut pieces: Vec<Stretch> = exchanges.iter().map(|exchange| piece(exchange)).collect();
    pieces.sort_by_key(|piece| piece.start);
    covered(&pieces) >= size
}

/// What came with an answer.
fn piece(exchange: &Exchange) -> Stretch {
    exchange.reply.at..exchange.reply.at + exchange.reply.received
}

/// How far stretches, in order, reach from the beginning without a hole.
fn covered(stretches: &[Stretch]) -> u64 {
    stretches.iter().fold(0, |covered, stretch| if stretch.start <= covered { covered.max(stretch.end) } else { covered })
}

/// Whether a try was told that it has a use. A direct link's answer counts from its first byte on.
pub(super) fn is_grant(exchange: &Exchange) -> bool {
    exchange.reply.granted() && (exchange.act == Act::Claim || exchange.reply.received > 0)
}

/// Whether nobody knows what became of a try.
fn is_unclear(exchange: &Exchange) -> bool {
    exchange.mishap != Mishap::Dropped && !exchange.reply.refused() && !is_grant(exchange)
}

/// Whether the answer says that this holder has no use: its own claim would have been found first.
fn is_not_held(exchange: &Exchange) -> bool {
    exchange.act == Act::Claim && exchange.reply.refused() && matches!(exchange.reply.kind.as_str(), "spent" | "expired")
}

fn may_have_sent(exchange: &Exchange) -> bool {
    exchange.mishap != Mishap::Dropped && (!exchange.reply.came() || exchange.reply.granted() || exchange.mishap == Mishap::Doubled)
}

pub(super) fn length(stretch: &Stretch) -> u64 {
    stretch.end - stretch.start
}
