//! Taking a use, and finding links and claims.
//!
//! Decided by the write, which looks at everything itself; what was read before it in the same transaction only explains, and
//! says what was granted. Runs inside the writer's transaction; must not commit by itself.

use oncelink_core::Refusal;
use oncelink_core::claim::Claim;
use oncelink_core::event::{Event, EventKind};
use oncelink_core::holder::ClaimId;
use oncelink_core::link::Link;
use oncelink_core::ports::{ClaimOutcome, ClaimRequest};
use oncelink_core::token::LinkId;
use oncelink_core::transition::{self, Decision};
use rusqlite::{Connection, named_params};

use crate::failure::Failure;
use crate::rows::{Stored, log, read_claim, read_stored, state_parts, write_event};
use crate::{query, sql};

/// `LinkStore::claim`.
pub(crate) fn claim(db: &Connection, wish: &ClaimRequest) -> Result<ClaimOutcome, Failure> {
    let Some(Stored { seq, mut link }) = find_stored(db, &wish.link)? else { return Ok(ClaimOutcome::Refused(Refusal::Unknown)) };
    if !take_use(db, seq, wish)? {
        let own = find_claim(db, seq, &wish.link, &wish.claim)?;
        return explain(link, own, wish);
    }
    let claim = put_claim(db, seq, wish)?;
    transition::count_use(&mut link, wish);
    Ok(ClaimOutcome::Granted { link, claim, fresh: true })
}

/// The link of this id.
pub(crate) fn find(db: &Connection, id: &LinkId) -> Result<Option<Link>, Failure> {
    Ok(find_stored(db, id)?.map(|stored| stored.link))
}

fn find_stored(db: &Connection, id: &LinkId) -> Result<Option<Stored>, Failure> {
    query::one(db, sql::LINK_FIND, named_params! { ":id": id.as_str() }, read_stored)
}

/// The link and this claim on it; consistent when run inside a transaction.
pub(crate) fn find_with_claim(db: &Connection, link: &LinkId, claim: &ClaimId) -> Result<Option<(Link, Option<Claim>)>, Failure> {
    let Some(found) = find_stored(db, link)? else { return Ok(None) };
    let claim = find_claim(db, found.seq, link, claim)?;
    Ok(Some((found.link, claim)))
}

/// The claim on the link of this number and id.
fn find_claim(db: &Connection, seq: i64, link: &LinkId, claim: &ClaimId) -> Result<Option<Claim>, Failure> {
    query::one(db, sql::CLAIM_FIND, named_params! { ":seq": seq, ":claim": claim.as_str() }, |row| read_claim(row, link))
}

/// The conditional write that decides; whether it took a use.
///
/// Without RETURNING, here and below: for it SQLite runs a statement as if it had a trigger, copying each page it changes
/// and its result through a table of its own. What the change makes of the row that was read before it, core knows.
fn take_use(db: &Connection, seq: i64, wish: &ClaimRequest) -> Result<bool, Failure> {
    let params = named_params! {
        ":proved": wish.proved.map(|window| window.as_millis()),
        ":seq": seq,
        ":claim": wish.claim.as_str(),
        ":now": wish.now.as_millis(),
    };
    Ok(query::change(db, sql::CLAIM_TAKE, params)? == 1)
}

fn put_claim(db: &Connection, seq: i64, wish: &ClaimRequest) -> Result<Claim, Failure> {
    let claim = transition::taken(None, wish);
    let (word, at) = state_parts(claim.state);
    let events = events(wish);
    let params = named_params! {
        ":seq": seq,
        ":claim": wish.claim.as_str(),
        ":state": word,
        ":state_at": at,
        ":now": wish.now.as_millis(),
        ":recorder": wish.recorder.0.cast_signed(),
        ":log": events.iter().map(log::line).collect::<String>(),
    };
    if query::change(db, sql::CLAIM_PUT, params)? == 0 {
        renew_claim(db, seq, wish, word, at)?;
        events.iter().try_for_each(|event| write_event(db, event))?;
        let renewed = find_claim(db, seq, &wish.link, &wish.claim)?;
        return renewed.ok_or(Failure::Defect("a claim is gone in the transaction that changed it"));
    }
    Ok(claim)
}

/// The next epoch of a claim that was released.
fn renew_claim(db: &Connection, seq: i64, wish: &ClaimRequest, word: &str, at: i64) -> Result<(), Failure> {
    let params = named_params! {
        ":state": word,
        ":state_at": at,
        ":now": wish.now.as_millis(),
        ":recorder": wish.recorder.0.cast_signed(),
        ":seq": seq,
        ":claim": wish.claim.as_str(),
    };
    match query::change(db, sql::CLAIM_RENEW, params)? {
        1 => Ok(()),
        _ => Err(Failure::Defect("a use was taken for a claim that is taken already")),
    }
}

fn events(wish: &ClaimRequest) -> Vec<Event> {
    let event = |kind| Event { link: wish.link.clone(), at: wish.now, kind, claim: Some(wish.claim.clone()), actor: wish.actor.clone() };
    let completed = wish.completed.then(|| event(EventKind::Completed));
    std::iter::once(event(EventKind::Claimed)).chain(completed).collect()
}

/// Why nothing was taken. What was read, was read in the write's own transaction, so it is what the write saw; if it found a use
/// to take nevertheless, statement and rules would disagree.
fn explain(link: Link, own: Option<Claim>, wish: &ClaimRequest) -> Result<ClaimOutcome, Failure> {
    match transition::claim(&link, own.as_ref(), wish) {
        Decision::Refuse(refusal) => Ok(ClaimOutcome::Refused(refusal)),
        Decision::Have(claim) => Ok(ClaimOutcome::Granted { link, claim, fresh: false }),
        Decision::Take(_) => Err(Failure::Defect("claim_take.sql refused a claim that the rules grant")),
    }
}
