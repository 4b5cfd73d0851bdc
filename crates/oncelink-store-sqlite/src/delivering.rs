//! Reports of a delivery and the ends of a claim. Runs inside the writer's transaction; must not commit by itself.

use oncelink_core::claim::{Claim, ClaimRef, ClaimState};
use oncelink_core::event::{Event, EventKind};
use oncelink_core::ports::{CompleteOutcome, Progress, RecordOutcome, ReleaseOutcome};
use oncelink_core::{Actor, Timestamp, transition};
use rusqlite::{Connection, named_params};

use crate::failure::Failure;
use crate::rows::{state_parts, write_event};
use crate::{claiming, query, sql};

/// `LinkStore::record`.
///
/// Merging ranges is beyond SQL, so this one transition is read, computed by the rules and written back. It is still one
/// atomic change: the transaction was begun as `IMMEDIATE`, so nobody else can write between the read and the write.
/// Epoch and state in the statement's `WHERE` are the second lock on that door.
pub(crate) fn record(db: &Connection, report: &Progress) -> Result<RecordOutcome, Failure> {
    let Some((link, Some(have))) = claiming::find_with_claim(db, &report.claim.link, &report.claim.claim)? else {
        return Ok(RecordOutcome::NotYours);
    };
    let Some(next) = transition::record(&link, &have, report) else { return Ok(RecordOutcome::NotYours) };
    write_back(db, &next)?;
    if let Some(bytes) = report.ended {
        write_event(db, &event(&report.claim, report.now, EventKind::Delivered { bytes }, &report.actor))?;
    }
    if let ClaimState::Completed { at } = next.state {
        write_event(db, &event(&report.claim, at, EventKind::Completed, &report.actor))?;
    }
    Ok(if link.revoked_at.is_some() { RecordOutcome::Revoked } else { RecordOutcome::Kept(next) })
}

/// `LinkStore::complete`.
pub(crate) fn complete(db: &Connection, claim: &ClaimRef, now: Timestamp, actor: &Actor) -> Result<CompleteOutcome, Failure> {
    if !end(db, sql::CLAIM_COMPLETE, claim, now)? {
        return Ok(CompleteOutcome::NotActive);
    }
    write_event(db, &event(claim, now, EventKind::Completed, actor))?;
    Ok(CompleteOutcome::Completed)
}

/// `LinkStore::release`.
pub(crate) fn release(db: &Connection, claim: &ClaimRef, now: Timestamp, actor: &Actor) -> Result<ReleaseOutcome, Failure> {
    if !end(db, sql::CLAIM_RELEASE, claim, now)? {
        return Ok(ReleaseOutcome::NotReleased);
    }
    query::change(db, sql::LINK_GIVE_BACK, named_params! { ":link": claim.link.as_str() })?;
    write_event(db, &event(claim, now, EventKind::Released, actor))?;
    Ok(ReleaseOutcome::Released)
}

/// Runs one of the two statements that end a claim; whether it did.
fn end(db: &Connection, statement: &str, claim: &ClaimRef, now: Timestamp) -> Result<bool, Failure> {
    let params = named_params! {
        ":link": claim.link.as_str(),
        ":claim": claim.claim.as_str(),
        ":epoch": claim.epoch,
        ":now": now.as_millis(),
    };
    Ok(query::change(db, statement, params)? == 1)
}

fn write_back(db: &Connection, next: &Claim) -> Result<(), Failure> {
    let (state, at) = state_parts(next.state);
    let params = named_params! {
        ":link": next.link.as_str(),
        ":claim": next.id.as_str(),
        ":epoch": next.epoch,
        ":state": state,
        ":state_at": at,
        ":sent": query::whole(next.sent, "the number of sent bytes")?,
        ":coverage": next.coverage.to_text(),
        ":recorder": next.recorder.0.cast_signed(),
    };
    match query::change(db, sql::CLAIM_RECORD, params)? {
        1 => Ok(()),
        _ => Err(Failure::Defect("a claim changed between a report's read and its write")),
    }
}

fn event(claim: &ClaimRef, at: Timestamp, kind: EventKind, actor: &Actor) -> Event {
    Event { link: claim.link.clone(), at, kind, claim: Some(claim.claim.clone()), actor: actor.clone() }
}
