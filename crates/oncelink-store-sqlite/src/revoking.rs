//! Revoking links. Runs inside the writer's transaction; must not commit by itself.

use oncelink_core::event::{Event, EventKind};
use oncelink_core::ports::RevokeOutcome;
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Timestamp};
use rusqlite::{Connection, named_params};

use crate::failure::Failure;
use crate::rows::write_event;
use crate::{claiming, query, sql};

/// `LinkStore::revoke`.
pub(crate) fn revoke(db: &Connection, id: &LinkId, now: Timestamp, actor: &Actor) -> Result<RevokeOutcome, Failure> {
    let params = named_params! { ":now": now.as_millis(), ":id": id.as_str() };
    if query::change(db, sql::LINK_REVOKE, params)? == 1 {
        write_event(db, &Event { link: id.clone(), at: now, kind: EventKind::Revoked, claim: None, actor: actor.clone() })?;
    }
    Ok(claiming::find(db, id)?.map_or(RevokeOutcome::Unknown, RevokeOutcome::Revoked))
}
