//! What happened to a link: its claims and its events.

use oncelink_core::claim::Claim;
use oncelink_core::event::Event;
use oncelink_core::token::LinkId;
use rusqlite::{Connection, named_params};

use crate::failure::Failure;
use crate::rows::{read_claim, read_event, read_log, write_event};
use crate::{query, sql};

/// `LinkStore::claims`.
pub(crate) fn claims(db: &Connection, id: &LinkId) -> Result<Vec<Claim>, Failure> {
    query::all(db, sql::CLAIM_LIST, named_params! { ":link": id.as_str() }, |row| read_claim(row, id))
}

/// `LinkStore::events`: those of the rows' logs and those of table `events`.
pub(crate) fn events(db: &Connection, id: &LinkId, limit: usize) -> Result<Vec<Event>, Failure> {
    let bounded = named_params! { ":link": id.as_str(), ":limit": query::limit(limit) };
    let mut events = query::all(db, sql::LINK_LOG, named_params! { ":id": id.as_str() }, |row| read_log(row, id, false))?.concat();
    events.extend(query::all(db, sql::CLAIM_LOGS, bounded, |row| read_log(row, id, true))?.concat());
    events.extend(query::all(db, sql::EVENT_LIST, bounded, read_event)?);
    events.sort_by_key(|(number, _)| *number);
    Ok(events.into_iter().take(limit).map(|(_, event)| event).collect())
}

/// `LinkStore::note`. Best-effort events are counted on the link, so that the bound costs no counting; events of
/// changes aren't counted, for they are always kept.
pub(crate) fn note(db: &Connection, event: &Event) -> Result<(), Failure> {
    let params = named_params! { ":id": event.link.as_str(), ":max": Event::MAX_PER_LINK };
    match query::change(db, sql::LINK_NOTE, params)? {
        0 => Ok(()),
        _ => write_event(db, event),
    }
}
