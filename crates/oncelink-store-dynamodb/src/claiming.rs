//! Taking a use, and finding links and claims.
//!
//! Decided by the write, explained by the item that a failed condition brings back: no second call.

use oncelink_core::claim::Claim;
use oncelink_core::event::{Event, EventKind};
use oncelink_core::holder::ClaimId;
use oncelink_core::link::Link;
use oncelink_core::ports::{ClaimOutcome, ClaimRequest};
use oncelink_core::token::LinkId;
use oncelink_core::transition::{self, Decision};
use oncelink_core::{Fault, Refusal};

use crate::change::{Change, Words};
use crate::engine::{Engine, ROUNDS};
use crate::expressions as x;
use crate::history;
use crate::items::{Entry, Item, entry_of, number, read_link, text, time, write_claim};
use crate::layout::Key;
use crate::table::Written;

/// `LinkStore::claim`.
///
/// The first write guesses that the holder is new and that its attempt is of the present hour, which is nearly always so.
/// A failed condition brings the item back: then the rules say why, or with which guess the next write will do.
pub(crate) async fn claim(engine: &Engine, wish: &ClaimRequest) -> Result<ClaimOutcome, Fault> {
    let tag = engine.tag();
    let events = told(wish);
    let mut guess = Guess::first(wish);
    for round in 0..ROUNDS {
        engine.pause(round).await;
        match engine.change(&wish.link, guess.change(wish, &events, tag), events.len()).await? {
            Written::Done(item) => return granted(engine, &item, wish),
            Written::Refused(None) => return Ok(ClaimOutcome::Refused(Refusal::Unknown)),
            Written::Refused(Some(item)) => match explain(engine, &item, wish, tag)? {
                Explained::Outcome(outcome) => return Ok(*outcome),
                Explained::Try(next) => guess = *next,
            },
        }
    }
    Err(engine.contended("the link"))
}

/// `LinkStore::find`.
pub(crate) async fn find(engine: &Engine, id: &LinkId) -> Result<Option<Link>, Fault> {
    let item = engine.table.get(&Key::link(id), Some((x::LINK, Words::of(&[x::LINK])))).await?;
    item.map(|item| read_link(&item)).transpose()
}

/// `LinkStore::find_claim`.
pub(crate) async fn find_claim(engine: &Engine, link: &LinkId, claim: &ClaimId) -> Result<Option<(Link, Option<Claim>)>, Fault> {
    let found = find_entry(engine, link, claim).await?;
    Ok(found.map(|(link, entry)| (link, entry.map(|entry| entry.claim))))
}

/// The link and this claim on it, in one consistent read; what was seen is remembered.
pub(crate) async fn find_entry(engine: &Engine, link: &LinkId, claim: &ClaimId) -> Result<Option<(Link, Option<Entry>)>, Fault> {
    let projection = format!("{}, #claims.#claim", x::LINK);
    let item = engine.table.get(&Key::link(link), Some((&projection, Words::of(&[&projection]).claim(claim)))).await?;
    let Some(item) = item else { return Ok(None) };
    let (found, entry) = (read_link(&item)?, entry_of(&item, link, claim)?);
    if let Some(entry) = &entry {
        engine.seen.keep(&found, entry);
    }
    Ok(Some((found, entry)))
}

/// What a write takes for granted; its condition checks it.
struct Guess {
    /// The claim to be stored.
    claim: Claim,
    /// Whether the attempt that proved the passphrase can be given back.
    refund: bool,
}

/// What a failed condition means.
enum Explained {
    Outcome(Box<ClaimOutcome>),
    Try(Box<Guess>),
}

impl Guess {
    fn first(wish: &ClaimRequest) -> Self {
        Self { claim: transition::taken(None, wish), refund: wish.proved.is_some() }
    }

    fn change(&self, wish: &ClaimRequest, events: &[Event], tag: u64) -> Change {
        let refund = if self.refund { x::REFUND } else { "" };
        let own = if self.claim.epoch == 1 { x::CLAIM_IS_NEW } else { x::CLAIM_WAS_RELEASED };
        let proof = match (wish.proved, self.refund) {
            (None, _) => x::WITHOUT_PROOF,
            (Some(_), true) => x::REFUNDABLE,
            (Some(_), false) => x::NOT_REFUNDABLE,
        };
        let change = Change::new([x::CLAIM, refund, x::TELL].concat(), &[x::CLAIMABLE, own, proof])
            .claim(&wish.claim)
            .value(":entry", write_claim(&self.claim, tag))
            .value(":events", history::list(events))
            .value(":told", number(events.len()))
            .value(":now", time(wish.now))
            .value(":released", text("r"))
            .value(":epoch", number(self.claim.epoch - 1))
            .value(":one", number(1))
            .value(":zero", number(0));
        let change = match wish.proved {
            Some(window) => change.value(":proved", time(window)),
            None => change,
        };
        change.returning_all()
    }
}

fn told(wish: &ClaimRequest) -> Vec<Event> {
    let event = |kind| Event { link: wish.link.clone(), at: wish.now, kind, claim: Some(wish.claim.clone()), actor: wish.actor.clone() };
    let completed = wish.completed.then(|| event(EventKind::Completed));
    [event(EventKind::Claimed)].into_iter().chain(completed).collect()
}

/// The outcome of a write that was done: link and claim as they are after it.
fn granted(engine: &Engine, item: &Item, wish: &ClaimRequest) -> Result<ClaimOutcome, Fault> {
    let link = read_link(item)?;
    let entry = entry_of(item, &wish.link, &wish.claim)?;
    let entry = entry.ok_or_else(|| Fault::internal(format!("DynamoDB gave link {} back without the claim just stored", link.id)))?;
    engine.seen.keep(&link, &entry);
    Ok(ClaimOutcome::Granted { link, claim: entry.claim, fresh: true })
}

fn explain(engine: &Engine, item: &Item, wish: &ClaimRequest, tag: u64) -> Result<Explained, Fault> {
    let own = entry_of(item, &wish.link, &wish.claim)?;
    // The answer to this very write was lost on the way, and the SDK sent it again.
    if own.as_ref().is_some_and(|own| own.tag == tag) {
        return granted(engine, item, wish).map(|outcome| Explained::Outcome(Box::new(outcome)));
    }
    let link = read_link(item)?;
    Ok(match transition::claim(&link, own.as_ref().map(|own| &own.claim), wish) {
        Decision::Refuse(refusal) => Explained::Outcome(Box::new(ClaimOutcome::Refused(refusal))),
        Decision::Have(claim) => {
            if let Some(own) = &own {
                engine.seen.keep(&link, own);
            }
            Explained::Outcome(Box::new(ClaimOutcome::Granted { link, claim, fresh: false }))
        }
        Decision::Take(claim) => {
            let open = link.attempts.filter(|attempts| attempts.count > 0).map(|attempts| attempts.since);
            Explained::Try(Box::new(Guess { claim, refund: wish.proved.is_some() && open == wish.proved }))
        }
    })
}
