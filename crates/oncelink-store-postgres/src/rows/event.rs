//! Table `oncelink_events`. Events of changes are written by the statements of these changes; here are their parts.

use oncelink_core::Actor;
use oncelink_core::apikey::KeyId;
use oncelink_core::event::{Event, EventKind};
use oncelink_core::holder::ClaimId;
use oncelink_core::token::LinkId;
use tokio_postgres::Row;

use super::{Record, whole};
use crate::failure::Failure;

/// Who did something, as columns.
pub(crate) struct ActorParts<'a> {
    pub(crate) address: Option<String>,
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
}

impl<'a> ActorParts<'a> {
    /// The columns of `actor`.
    pub(crate) fn of(actor: &'a Actor) -> Self {
        Self {
            address: actor.address.map(|address| address.to_string()),
            user_agent: actor.user_agent.as_deref(),
            key: actor.key.as_ref().map(KeyId::as_str),
        }
    }
}

/// Who did something, as the end of a line of a claim's log (`migrations/0002_claim_logs.sql`), behind the bytes.
///
/// A user agent may hold a tab, which would end its field; a space will do.
pub(crate) fn end_of_line(actor: &Actor) -> String {
    let ActorParts { address, user_agent, key } = ActorParts::of(actor);
    let agent = user_agent.map(|agent| format!("={}", agent.replace(['\t', '\n'], " "))).unwrap_or_default();
    format!("\t{}\t{}\t{agent}\n", address.unwrap_or_default(), key.unwrap_or_default())
}

/// What happened, as columns.
pub(crate) struct KindParts<'a> {
    pub(crate) word: &'static str,
    pub(crate) bytes: Option<i64>,
    pub(crate) reason: Option<&'a str>,
}

impl<'a> KindParts<'a> {
    /// The columns of `kind`.
    pub(crate) fn of(kind: &'a EventKind) -> Result<Self, Failure> {
        let bytes = kind.bytes().map(|bytes| whole(bytes, "the number of delivered bytes")).transpose()?;
        Ok(Self { word: kind.as_str(), bytes, reason: kind.reason() })
    }
}

/// Reads an event.
pub(crate) fn read_event(row: &Row) -> Result<Event, Failure> {
    let record = Record { row, table: "oncelink_events", id: "seq" };
    let bytes = record.get::<Option<i64>>("bytes")?.map(|_| record.count("bytes")).transpose()?;
    let reason: Option<String> = record.get("reason")?;
    Ok(Event {
        link: record.parse("link", LinkId::parse)?,
        at: record.time("at")?,
        kind: record.parse("kind", |word| EventKind::from_parts(word, bytes, reason))?,
        claim: record.maybe("claim", ClaimId::parse)?,
        actor: Actor {
            address: record.maybe("address", |text| text.parse().ok())?,
            user_agent: record.get("user_agent")?,
            key: record.maybe("key", KeyId::parse)?,
        },
    })
}
