//! Deleting links that ended long ago.

use oncelink_core::Timestamp;
use oncelink_core::ports::PurgeOutcome;

use crate::database::{Database, IfLost};
use crate::failure::Failure;
use crate::rows::limit;
use crate::sql;

/// `LinkStore::purge`. Not repeated by itself when its answer is lost: the next purge goes on anyway.
pub(crate) async fn purge(db: &Database, before: Timestamp, most: usize) -> Result<PurgeOutcome, Failure> {
    let deleted = db.rows(sql::LINK_PURGE, IfLost::Tell, &[&before.as_millis(), &limit(most)]).await?;
    Ok(PurgeOutcome { deleted: deleted.len() })
}
