//! What happened to a link: its claims and its events.

use oncelink_core::claim::Claim;
use oncelink_core::event::Event;
use oncelink_core::holder::ClaimId;
use oncelink_core::token::LinkId;

use crate::database::{Database, IfLost};
use crate::failure::Failure;
use crate::rows::{ActorParts, KindParts, limit, read_claim, read_event};
use crate::sql;

/// `LinkStore::claims`.
pub(crate) async fn claims(db: &Database, id: &LinkId) -> Result<Vec<Claim>, Failure> {
    db.rows(sql::CLAIM_LIST, IfLost::Repeat, &[&id.as_str()]).await?.iter().map(read_claim).collect()
}

/// `LinkStore::events`.
pub(crate) async fn events(db: &Database, id: &LinkId, most: usize) -> Result<Vec<Event>, Failure> {
    db.rows(sql::EVENT_LIST, IfLost::Repeat, &[&id.as_str(), &limit(most)]).await?.iter().map(read_event).collect()
}

/// `LinkStore::note`. Best-effort events are counted on the link, so that the bound costs no counting; events of
/// changes aren't counted, for they are always kept.
pub(crate) async fn note(db: &Database, event: &Event) -> Result<(), Failure> {
    let (kind, actor) = (KindParts::of(&event.kind)?, ActorParts::of(&event.actor));
    db.rows(
        sql::EVENT_NOTE,
        IfLost::Tell,
        &[
            &event.link.as_str(),
            &event.at.as_millis(),
            &kind.word,
            &event.claim.as_ref().map(ClaimId::as_str),
            &kind.bytes,
            &kind.reason,
            &actor.address,
            &actor.user_agent,
            &actor.key,
            &i64::from(Event::MAX_PER_LINK),
        ],
    )
    .await?;
    Ok(())
}
