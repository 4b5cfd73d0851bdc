//! Deleting links that ended long ago. Runs inside the writer's transaction; must not commit by itself.

use oncelink_core::Timestamp;
use oncelink_core::ports::PurgeOutcome;
use rusqlite::{Connection, named_params};

use crate::failure::Failure;
use crate::{query, sql};

/// `LinkStore::purge`.
pub(crate) fn purge(db: &Connection, before: Timestamp, limit: usize) -> Result<PurgeOutcome, Failure> {
    let params = named_params! { ":before": before.as_millis(), ":limit": query::limit(limit) };
    Ok(PurgeOutcome { deleted: query::change(db, sql::LINK_PURGE, params)? })
}
