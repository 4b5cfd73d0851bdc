//! Column `log` of `links` and `claims`: what happened to the row, a line for each event, the oldest first.
//!
//! A redeem changes these rows anyway, so their events cost no row of their own, no index and no page. Must not grow without
//! bound: what doesn't fit ([`has_room`]) belongs into table `events`.

use std::cell::Cell;
use std::fmt::{Display, Write};

use oncelink_core::apikey::KeyId;
use oncelink_core::event::{Event, EventKind};
use oncelink_core::holder::ClaimId;
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Timestamp};
use rusqlite::Row;

use super::Record;
use crate::failure::Failure;

/// How long a log gets before events go elsewhere, in bytes.
const MOST: usize = 2_048;
/// How long a line is at the most, but for odd addresses and the user agent, in bytes: what is set aside for it.
const LIKELY: usize = 128;
const FIELD: char = '\t';
const LINE: char = '\n';

thread_local! {
    /// The number of the last event that this thread wrote; there is one thread that writes.
    static LAST: Cell<i64> = const { Cell::new(0) };
}

/// The number of a new event: higher than any before it, so that events are read back in the order in which they were
/// written. It begins with the time, for nobody counts while the program is down.
pub(crate) fn number(event: &Event) -> i64 {
    let number = LAST.get().saturating_add(1).max(event.at.as_millis().saturating_mul(1_000));
    LAST.set(number);
    number
}

/// Whether a log of this length takes another line.
pub(crate) fn has_room(length: usize) -> bool {
    length < MOST
}

/// The event as a line. Link and claim aren't in it: the row knows them.
pub(crate) fn line(event: &Event) -> String {
    let Actor { address, user_agent, key } = &event.actor;
    let mut line = String::with_capacity(LIKELY + user_agent.as_ref().map_or(0, String::len));
    field(&mut line, number(event));
    line.push(FIELD);
    field(&mut line, event.at.as_millis());
    line.push(FIELD);
    line.push_str(event.kind.as_str());
    line.push(FIELD);
    if let Some(bytes) = event.kind.bytes() {
        field(&mut line, bytes);
    }
    line.push(FIELD);
    if let Some(address) = address {
        field(&mut line, address);
    }
    line.push(FIELD);
    line.push_str(key.as_ref().map_or("", KeyId::as_str));
    if let Some(agent) = user_agent {
        line.push(FIELD);
        line.extend(agent.chars().map(|char| if matches!(char, FIELD | LINE) { ' ' } else { char }));
    }
    line.push(LINE);
    line
}

fn field(line: &mut String, value: impl Display) {
    // A String takes whatever it is given.
    let _ = write!(line, "{value}");
}

/// Reads the log of a row of `claims`, or of `links`: events with their numbers.
pub(crate) fn read_log(row: &Row<'_>, link: &LinkId, of_claim: bool) -> Result<Vec<(i64, Event)>, Failure> {
    let record = Record::new(row, if of_claim { "claims" } else { "links" }, "id");
    let claim = if of_claim {
        Some(record.parse("id", ClaimId::parse)?)
    } else {
        record.skip("id");
        None
    };
    record.parse("log", |text| read(text, link, claim.as_ref()))
}

/// The events of a log; nothing when it can't be read back.
fn read(log: &str, link: &LinkId, claim: Option<&ClaimId>) -> Option<Vec<(i64, Event)>> {
    log.split_terminator(LINE).map(|line| read_line(line, link, claim)).collect()
}

fn read_line(line: &str, link: &LinkId, claim: Option<&ClaimId>) -> Option<(i64, Event)> {
    let mut fields = line.splitn(7, FIELD);
    let mut next = || fields.next();
    let number = next()?.parse().ok()?;
    let at = Timestamp::from_millis(next()?.parse().ok()?);
    let (word, bytes) = (next()?, next()?);
    let kind = EventKind::from_parts(word, maybe(bytes, |text| text.parse().ok())?, None)?;
    let address = maybe(next()?, |text| text.parse().ok())?;
    let key = maybe(next()?, KeyId::parse)?;
    let actor = Actor { address, user_agent: next().map(str::to_owned), key };
    Some((number, Event { link: link.clone(), at, kind, claim: claim.cloned(), actor }))
}

/// A field that may be empty; nothing when it isn't and can't be read.
fn maybe<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { parse(text).map(Some) }
}

#[cfg(test)]
mod tests {
    use oncelink_testkit::fixtures;

    use super::*;

    fn event(kind: EventKind, actor: Actor) -> Event {
        Event { link: fixtures::link_id(1), at: fixtures::after(5), kind, claim: Some(fixtures::claim_id(2)), actor }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let full = Actor {
            address: "2001:db8::1".parse().ok(),
            user_agent: Some("Mozilla/5.0 (é; \"x\")".to_owned()),
            key: Some(fixtures::key_id(1)),
        };
        let events = [
            event(EventKind::Claimed, full),
            event(EventKind::Delivered { bytes: u64::MAX }, Actor::default()),
            event(EventKind::Completed, Actor { user_agent: Some(String::new()), ..Actor::default() }),
        ];
        let log: String = events.iter().map(line).collect();
        let (numbers, back): (Vec<i64>, Vec<Event>) =
            read(&log, &events[0].link, events[0].claim.as_ref()).expect("readable").into_iter().unzip();
        assert_eq!(back, events);
        assert!(numbers.is_sorted_by(|one, next| one < next) && numbers[0] >= events[0].at.as_millis() * 1_000, "{numbers:?}");
        assert_eq!(read("", &events[0].link, None), Some(Vec::new()));
    }

    #[test]
    fn a_user_agent_makes_no_field_and_no_line() {
        let actor = Actor { user_agent: Some("a\tb\n1\tclaimed".to_owned()), ..Actor::default() };
        let read = read(&line(&event(EventKind::Claimed, actor)), &fixtures::link_id(1), None).expect("it is readable");
        assert_eq!((read.len(), read[0].1.actor.user_agent.as_deref()), (1, Some("a b 1 claimed")));
    }

    #[test]
    fn what_is_no_log_is_told() {
        for text in
            ["x", "1\t1\tclaimed\t\t", "1\tx\tclaimed\t\t\t", "1\t1\tstolen\t\t\t", "1\t1\tclaimed\tmany\t\t", "1\t1\tclaimed\t\tnowhere\t"]
        {
            assert_eq!(read(text, &fixtures::link_id(1), None), None, "{text}");
        }
    }
}
