//! Revoking links.

use oncelink_core::ports::RevokeOutcome;
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Timestamp};

use crate::database::{Database, IfLost, Param};
use crate::failure::Failure;
use crate::finding;
use crate::rows::{ActorParts, read_link};
use crate::sql;

/// `LinkStore::revoke`.
pub(crate) async fn revoke(db: &Database, id: &LinkId, now: Timestamp, actor: &Actor) -> Result<RevokeOutcome, Failure> {
    let actor = ActorParts::of(actor);
    let params: [Param<'_>; 5] = [&id.as_str(), &now.as_millis(), &actor.address, &actor.user_agent, &actor.key];
    let link = match db.row(sql::LINK_REVOKE, IfLost::Repeat, &params).await? {
        Some(row) => Some(read_link(&row)?),
        None => finding::find(db, id).await?,
    };
    Ok(link.map_or(RevokeOutcome::Unknown, RevokeOutcome::Revoked))
}
