//! Reports of a delivery and the ends of a claim. Runs inside the writer's transaction; must not commit by itself.

use oncelink_core::claim::{Claim, ClaimRef, ClaimState};
use oncelink_core::event::{Event, EventKind};
use oncelink_core::ports::{CompleteOutcome, Progress, RecordOutcome, ReleaseOutcome};
use oncelink_core::{Actor, Timestamp, transition};
use rusqlite::{Connection, named_params};

use crate::failure::Failure;
use crate::rows::{Reported, log, read_reported, state_parts, write_event};
use crate::{query, sql};

/// `LinkStore::record`.
///
/// Merging ranges is beyond SQL, so this one transition is read, computed by the rules and written back. It is still one
/// atomic change: the transaction was begun as `IMMEDIATE`, so nobody else can write between the read and the write.
/// Epoch and state in the statement's `WHERE` are the second lock on that door.
pub(crate) fn record(db: &Connection, report: &Progress) -> Result<RecordOutcome, Failure> {
    let ClaimRef { link, claim, .. } = &report.claim;
    let wanted = named_params! { ":link": link.as_str(), ":claim": claim.as_str() };
    let found = query::one(db, sql::CLAIM_REPORT, wanted, |row| read_reported(row, link))?;
    let Some(Reported { seq, claim: have, logged, size, revoked }) = found else { return Ok(RecordOutcome::NotYours) };
    let Some(next) = transition::record_on(size, revoked, &have, report) else { return Ok(RecordOutcome::NotYours) };
    let delivered = report.ended.map(|bytes| event(&report.claim, report.now, EventKind::Delivered { bytes }, &report.actor));
    let completed = match next.state {
        ClaimState::Completed { at } => Some(event(&report.claim, at, EventKind::Completed, &report.actor)),
        ClaimState::Active { .. } | ClaimState::Released { .. } => None,
    };
    let events: Vec<Event> = delivered.into_iter().chain(completed).collect();
    write_back(db, seq, &next, &tell(db, &events, report.claim.epoch == 1 && log::has_room(logged))?)?;
    Ok(if revoked { RecordOutcome::Revoked } else { RecordOutcome::Kept(next) })
}

/// `LinkStore::complete`.
pub(crate) fn complete(db: &Connection, claim: &ClaimRef, now: Timestamp, actor: &Actor) -> Result<CompleteOutcome, Failure> {
    let done = end(db, sql::CLAIM_COMPLETE, &event(claim, now, EventKind::Completed, actor), claim)?;
    Ok(if done { CompleteOutcome::Completed } else { CompleteOutcome::NotActive })
}

/// `LinkStore::release`.
pub(crate) fn release(db: &Connection, claim: &ClaimRef, now: Timestamp, actor: &Actor) -> Result<ReleaseOutcome, Failure> {
    if !end(db, sql::CLAIM_RELEASE, &event(claim, now, EventKind::Released, actor), claim)? {
        return Ok(ReleaseOutcome::NotReleased);
    }
    query::change(db, sql::LINK_GIVE_BACK, named_params! { ":link": claim.link.as_str() })?;
    Ok(ReleaseOutcome::Released)
}

/// Runs one of the two statements that end a claim, with the event that tells of it; whether it did.
fn end(db: &Connection, statement: &str, event: &Event, claim: &ClaimRef) -> Result<bool, Failure> {
    let in_row = claim.epoch == 1;
    let params = named_params! {
        ":now": event.at.as_millis(),
        ":line": if in_row { log::line(event) } else { String::new() },
        ":link": claim.link.as_str(),
        ":claim": claim.claim.as_str(),
        ":epoch": claim.epoch,
    };
    let done = query::change(db, statement, params)? == 1;
    if done && !in_row {
        write_event(db, event)?;
    }
    Ok(done)
}

/// Tells what happened to a claim: the lines for its row, where it takes them; else they are in table `events`.
fn tell(db: &Connection, events: &[Event], in_row: bool) -> Result<String, Failure> {
    if in_row {
        return Ok(events.iter().map(log::line).collect());
    }
    events.iter().try_for_each(|event| write_event(db, event))?;
    Ok(String::new())
}

fn write_back(db: &Connection, seq: i64, next: &Claim, lines: &str) -> Result<(), Failure> {
    let (state, at) = state_parts(next.state);
    let params = named_params! {
        ":state": state,
        ":state_at": at,
        ":sent": query::whole(next.sent, "the number of sent bytes")?,
        ":coverage": next.coverage.to_text(),
        ":recorder": next.recorder.0.cast_signed(),
        ":lines": lines,
        ":seq": seq,
        ":epoch": next.epoch,
    };
    match query::change(db, sql::CLAIM_RECORD, params)? {
        1 => Ok(()),
        _ => Err(Failure::Defect("a claim changed between a report's read and its write")),
    }
}

fn event(claim: &ClaimRef, at: Timestamp, kind: EventKind, actor: &Actor) -> Event {
    Event { link: claim.link.clone(), at, kind, claim: Some(claim.claim.clone()), actor: actor.clone() }
}
