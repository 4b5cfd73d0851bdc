//! Reports of a delivery and the ends of a claim.

use std::sync::Arc;

use oncelink_core::claim::{Claim, ClaimRef, ClaimState};
use oncelink_core::coverage::Coverage;
use oncelink_core::event::{Event, EventKind};
use oncelink_core::ports::{CompleteOutcome, Progress, RecordOutcome, ReleaseOutcome};
use oncelink_core::{Actor, Fault, Timestamp, transition};

use crate::change::Change;
use crate::claiming::find_entry;
use crate::engine::{Engine, ROUNDS};
use crate::expressions as x;
use crate::history;
use crate::items::{Entry, Item, entry_of, link_end, number, read_link, state_letter, text, time, write_claim};
use crate::layout::coverage_room;
use crate::seen::Sight;
use crate::table::Written;

/// `LinkStore::record`.
///
/// Merging ranges is beyond an expression, so the rules are applied to what this process saw last, and the write says
/// which writing that was: when the claim has changed since, the condition fails and brings the present along for the
/// next try. A happy report is one write and no read. That nothing is to be done is never said from memory.
pub(crate) async fn record(engine: &Engine, report: &Progress) -> Result<RecordOutcome, Fault> {
    let _turn = engine.seen.turn(&report.claim).await;
    let tag = engine.tag();
    let remembered = engine.seen.of(&report.claim);
    let mut from_memory = remembered.is_some();
    let mut sight = match remembered {
        Some(sight) => sight,
        None => match look(engine, &report.claim).await? {
            Some(sight) => sight,
            None => return Ok(RecordOutcome::NotYours),
        },
    };
    for round in 0..ROUNDS {
        engine.pause(round).await;
        let Some(next) = transition::record(&sight.link, &sight.entry.claim, report) else {
            if !from_memory {
                return Ok(RecordOutcome::NotYours);
            }
            match look(engine, &report.claim).await? {
                Some(present) => sight = present,
                None => return Ok(RecordOutcome::NotYours),
            }
            from_memory = false;
            continue;
        };
        let next = Claim { coverage: fitting(next.coverage, coverage_room(sight.link.terms.uses)), ..next };
        match write(engine, &sight, &next, report, tag).await? {
            Written::Done(_) => return Ok(outcome(engine, &sight, next, tag)),
            Written::Refused(None) => return Ok(RecordOutcome::NotYours),
            Written::Refused(Some(item)) => {
                let Some(entry) = entry_of(&item, &report.claim.link, &report.claim.claim)? else { return Ok(RecordOutcome::NotYours) };
                if entry.tag == tag {
                    return Ok(outcome(engine, &sight, next, tag));
                }
                sight = Arc::new(Sight { link: read_link(&item)?, entry });
                if is_told(&item, report, &sight.entry.claim)? {
                    return Ok(outcome(engine, &sight, sight.entry.claim.clone(), sight.entry.tag));
                }
                from_memory = false;
            }
        }
    }
    Err(engine.contended("the claim"))
}

/// `LinkStore::complete`.
pub(crate) async fn complete(engine: &Engine, claim: &ClaimRef, now: Timestamp, actor: &Actor) -> Result<CompleteOutcome, Fault> {
    let completed = ClaimState::Completed { at: now };
    let change = Change::new([x::END, x::TELL].concat(), &[x::RUNNING, x::NOT_REVOKED]);
    let done = end(engine, change, claim, completed, event(claim, now, EventKind::Completed, actor)).await?;
    Ok(if done { CompleteOutcome::Completed } else { CompleteOutcome::NotActive })
}

/// `LinkStore::release`.
pub(crate) async fn release(engine: &Engine, claim: &ClaimRef, now: Timestamp, actor: &Actor) -> Result<ReleaseOutcome, Fault> {
    let released = ClaimState::Released { at: now };
    let change = Change::new([x::END, x::GIVE_BACK, x::TELL].concat(), &[x::RUNNING, x::UNTOUCHED_BY_BYTES]);
    let done = end(engine, change, claim, released, event(claim, now, EventKind::Released, actor)).await?;
    Ok(if done { ReleaseOutcome::Released } else { ReleaseOutcome::NotReleased })
}

/// Whether an earlier sending of this report, a response's last, has been written, and others since: the event tells, where it is
/// still in the link's item.
fn is_told(item: &Item, report: &Progress, present: &Claim) -> Result<bool, Fault> {
    let Some(delivered) = delivered(report) else { return Ok(false) };
    let is_there = present.reference() == report.claim && present.coverage.includes(&report.delivered);
    Ok(is_there && history::tells(item, &delivered)?)
}

/// The event of a response that has ended.
fn delivered(report: &Progress) -> Option<Event> {
    report.ended.map(|bytes| event(&report.claim, report.now, EventKind::Delivered { bytes }, &report.actor))
}

/// The claim as it is now.
async fn look(engine: &Engine, claim: &ClaimRef) -> Result<Option<Arc<Sight>>, Fault> {
    let found = find_entry(engine, &claim.link, &claim.claim).await?;
    Ok(found.and_then(|(link, entry)| Some(Arc::new(Sight { link, entry: entry? }))))
}

async fn write(engine: &Engine, sight: &Sight, next: &Claim, report: &Progress, tag: u64) -> Result<Written, Fault> {
    let completed = matches!(next.state, ClaimState::Completed { .. });
    let completed = completed.then(|| event(&report.claim, report.now, EventKind::Completed, &report.actor));
    let events: Vec<Event> = delivered(report).into_iter().chain(completed).collect();
    let revoked = if sight.link.revoked_at.is_some() { x::IS_REVOKED } else { x::NOT_REVOKED };
    let append = if events.is_empty() { "" } else { x::APPEND };
    let end = next.lease_until().filter(|&until| until > sight.link.terms.expires_at);
    let outlives = if end.is_some() { x::OUTLIVES } else { "" };
    let change = Change::new([x::RECORD, append, outlives].concat(), &[x::UNTOUCHED, revoked])
        .claim(&next.id)
        .value(":seen", number(sight.entry.tag))
        .value(":entry", write_claim(next, tag))
        .value(":events", history::list(&events))
        .value(":told", number(events.len()))
        .value(":ttl", number(link_end(end.unwrap_or(report.now), engine.retention)));
    engine.change(&next.link, change, events.len()).await
}

fn outcome(engine: &Engine, sight: &Sight, next: Claim, tag: u64) -> RecordOutcome {
    engine.seen.keep(&sight.link, &Entry { claim: next.clone(), tag });
    if sight.link.revoked_at.is_some() { RecordOutcome::Revoked } else { RecordOutcome::Kept(next) }
}

/// Writes the end of a claim whose lease runs; whether it did, now or by the same call before an answer was lost.
async fn end(engine: &Engine, change: Change, claim: &ClaimRef, state: ClaimState, told: Event) -> Result<bool, Fault> {
    let tag = engine.tag();
    let change = change
        .claim(&claim.claim)
        .value(":state", text(state_letter(state)))
        .value(":active", text("a"))
        .value(":now", time(told.at))
        .value(":tag", number(tag))
        .value(":epoch", number(claim.epoch))
        .value(":one", number(1))
        .value(":zero", number(0))
        .value(":nothing", text(""))
        .value(":events", history::list(&[told]))
        .value(":told", number(1));
    Ok(match engine.change(&claim.link, change, 1).await? {
        Written::Done(_) => true,
        Written::Refused(None) => false,
        Written::Refused(Some(item)) => entry_of(&item, &claim.link, &claim.claim)?.is_some_and(|entry| entry.tag == tag),
    })
}

/// `coverage` within so many bytes of text: the shortest ranges go first, so that completion comes later and never sooner.
fn fitting(coverage: Coverage, room: usize) -> Coverage {
    if coverage.to_text().len() <= room {
        return coverage;
    }
    let mut ranges = coverage.ranges().to_vec();
    ranges.sort_by_key(|range| std::cmp::Reverse(range.end - range.start));
    let mut kept = Coverage::new();
    let mut taken = 0;
    for range in ranges {
        taken += format!("{}-{},", range.start, range.end).len();
        if taken > room {
            break;
        }
        kept.add(range);
    }
    kept
}

fn event(claim: &ClaimRef, at: Timestamp, kind: EventKind, actor: &Actor) -> Event {
    Event { link: claim.link.clone(), at, kind, claim: Some(claim.claim.clone()), actor: actor.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oncelink_testkit::fixtures::coverage;

    #[test]
    fn coverage_that_does_not_fit_loses_its_shortest_ranges() {
        let scattered = coverage(&[0..100, 200..201, 300..350, 400..402]);
        assert_eq!(fitting(scattered.clone(), 200), scattered);
        assert_eq!(fitting(scattered.clone(), 14), coverage(&[0..100, 300..350]));
        assert_eq!(fitting(scattered.clone(), 3), Coverage::new());
        for room in 0..60 {
            assert!(fitting(scattered.clone(), room).to_text().len() <= room);
        }
    }
}
