//! Table `events`.

use oncelink_core::Actor;
use oncelink_core::apikey::KeyId;
use oncelink_core::event::{Event, EventKind};
use oncelink_core::holder::ClaimId;
use oncelink_core::token::LinkId;
use rusqlite::{Connection, Row, named_params};

use super::{Record, log};
use crate::failure::Failure;
use crate::{query, sql};

/// Adds a line to the history of a link, which must exist.
pub(crate) fn write_event(db: &Connection, event: &Event) -> Result<(), Failure> {
    let bytes = event.kind.bytes().map(|bytes| query::whole(bytes, "the number of delivered bytes")).transpose()?;
    query::change(
        db,
        sql::EVENT_INSERT,
        named_params! {
            ":seq": log::number(event),
            ":link": event.link.as_str(),
            ":at": event.at.as_millis(),
            ":kind": event.kind.as_str(),
            ":claim": event.claim.as_ref().map(ClaimId::as_str),
            ":bytes": bytes,
            ":reason": event.kind.reason(),
            ":address": event.actor.address.map(|address| address.to_string()),
            ":user_agent": event.actor.user_agent,
            ":key": event.actor.key.as_ref().map(KeyId::as_str),
        },
    )?;
    Ok(())
}

/// Reads an event with its number.
pub(crate) fn read_event(row: &Row<'_>) -> Result<(i64, Event), Failure> {
    let record = Record::new(row, "events", "seq");
    let number = record.get("seq")?;
    let (link, at) = (record.parse("link", LinkId::parse)?, record.time("at")?);
    let (word, claim): (String, _) = (record.get("kind")?, record.maybe("claim", ClaimId::parse)?);
    let bytes = record.maybe_count("bytes")?;
    let kind = EventKind::from_parts(&word, bytes, record.get("reason")?).ok_or_else(|| record.unreadable("kind"))?;
    let actor = Actor {
        address: record.maybe("address", |text| text.parse().ok())?,
        user_agent: record.get("user_agent")?,
        key: record.maybe("key", KeyId::parse)?,
    };
    Ok((number, Event { link, at, kind, claim, actor }))
}
