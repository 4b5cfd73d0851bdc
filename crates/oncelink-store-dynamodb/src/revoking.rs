//! Taking a link back.

use oncelink_core::event::{Event, EventKind};
use oncelink_core::ports::RevokeOutcome;
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Fault, Timestamp};

use crate::change::Change;
use crate::engine::Engine;
use crate::expressions as x;
use crate::history;
use crate::items::{number, read_link, text, time};
use crate::layout;
use crate::table::Written;

/// `LinkStore::revoke`. The first write takes it for granted that the link has not expired; expiry never changes, so the
/// second one knows.
pub(crate) async fn revoke(engine: &Engine, id: &LinkId, now: Timestamp, actor: &Actor) -> Result<RevokeOutcome, Fault> {
    let told = Event { link: id.clone(), at: now, kind: EventKind::Revoked, claim: None, actor: actor.clone() };
    for (ends, when) in [(x::ENDS_NOW, x::BEFORE_EXPIRY), ("", x::AFTER_EXPIRY)] {
        let change = Change::new([x::REVOKE, ends, x::TELL].concat(), &[x::REVOCABLE, when])
            .value(":now", time(now))
            .value(":ends_at", text(layout::indexed_at(now, id)))
            .value(":events", history::list(std::slice::from_ref(&told)))
            .value(":told", number(1))
            .returning_all();
        match engine.change(id, change, 1).await? {
            Written::Done(item) => return read_link(&item).map(RevokeOutcome::Revoked),
            Written::Refused(None) => return Ok(RevokeOutcome::Unknown),
            Written::Refused(Some(item)) => {
                let link = read_link(&item)?;
                if link.revoked_at.is_some() {
                    return Ok(RevokeOutcome::Revoked(link));
                }
            }
        }
    }
    Err(engine.contended("the link"))
}
