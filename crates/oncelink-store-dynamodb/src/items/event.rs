//! Events, as an entry of a link's `history` and as items of their own: the same attributes.

use oncelink_core::apikey::KeyId;
use oncelink_core::event::{Event, EventKind};
use oncelink_core::holder::ClaimId;
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Fault};

use super::{Builder, Item, Record, number, text, time};

/// An event's attributes, without the link's id and without a key.
pub(crate) fn write_event(event: &Event) -> Item {
    let attributes = Builder::default()
        .with("at", time(event.at))
        .with("kind", text(event.kind.as_str()))
        .maybe("claim", event.claim.as_ref().map(|id| text(id.as_str())))
        .maybe("bytes", event.kind.bytes().map(number))
        .maybe("reason", event.kind.reason().map(text))
        .maybe("address", event.actor.address.map(|address| text(address.to_string())))
        .maybe("agent", event.actor.user_agent.as_ref().map(text))
        .maybe("api_key", event.actor.key.as_ref().map(|key| text(key.as_str())));
    attributes.build()
}

/// Reads an event of `link`.
pub(crate) fn read_event(record: &Record<'_>, link: &LinkId) -> Result<Event, Fault> {
    let bytes = record.maybe_number("bytes")?;
    let reason = record.maybe_text("reason")?.map(str::to_owned);
    Ok(Event {
        link: link.clone(),
        at: record.time("at")?,
        kind: record.parse("kind", |word| EventKind::from_parts(word, bytes, reason))?,
        claim: record.maybe("claim", ClaimId::parse)?,
        actor: Actor {
            address: record.maybe("address", |text| text.parse().ok())?,
            user_agent: record.maybe_text("agent")?.map(str::to_owned),
            key: record.maybe("api_key", KeyId::parse)?,
        },
    })
}
