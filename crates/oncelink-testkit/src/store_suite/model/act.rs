//! A call as a value, so that it can be made twice, and its answer as a value, so that two can be compared.

use oncelink_core::claim::{Claim, ClaimRef};
use oncelink_core::event::{Event, EventKind};
use oncelink_core::holder::ClaimId;
use oncelink_core::link::Link;
use oncelink_core::ports::{
    ClaimOutcome, ClaimRequest, CompleteOutcome, InsertOutcome, LinkFilter, LinkStore, NewLink, PageCursor, Progress, PurgeOutcome,
    RecordOutcome, ReleaseOutcome, ReserveOutcome, RevokeOutcome,
};
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Timestamp};

/// A call of [`LinkStore`].
#[derive(Debug)]
pub(super) enum Act {
    Insert(Box<NewLink>),
    Find(LinkId),
    FindClaim(LinkId, ClaimId),
    Claim(ClaimRequest),
    Record(Progress),
    Complete(ClaimRef, Timestamp, Actor),
    Release(ClaimRef, Timestamp, Actor),
    Revoke(LinkId, Timestamp, Actor),
    Reserve(LinkId, Timestamp),
    Refund(LinkId, Timestamp),
    List(LinkFilter),
    Claims(LinkId),
    Events(LinkId),
    Note(LinkId, Timestamp, Actor),
    Purge(Timestamp),
}

/// What a call answered.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    Inserted(Vec<InsertOutcome>),
    Found(Option<Link>),
    FoundClaim(Option<(Link, Option<Claim>)>),
    Claimed(ClaimOutcome),
    Recorded(RecordOutcome),
    Completed(CompleteOutcome),
    Released(ReleaseOutcome),
    Revoked(RevokeOutcome),
    Reserved(ReserveOutcome),
    Listed(Vec<Link>, Option<PageCursor>),
    Claims(Vec<Claim>),
    Events(Vec<Event>),
    Purged(PurgeOutcome),
    Done,
}

impl Act {
    /// Makes the call. A fault is the engine's failure: nothing here gives cause for one.
    pub(super) async fn run(&self, store: &dyn LinkStore) -> Answer {
        const WELL: &str = "the store is well";
        match self {
            Self::Insert(new) => Answer::Inserted(store.insert(vec![(**new).clone()]).await.expect(WELL)),
            Self::Find(id) => Answer::Found(store.find(id).await.expect(WELL)),
            Self::FindClaim(id, claim) => Answer::FoundClaim(store.find_claim(id, claim).await.expect(WELL)),
            Self::Claim(wish) => Answer::Claimed(store.claim(wish.clone()).await.expect(WELL)),
            Self::Record(report) => Answer::Recorded(store.record(report.clone()).await.expect(WELL)),
            Self::Complete(claim, now, actor) => Answer::Completed(store.complete(claim.clone(), *now, actor.clone()).await.expect(WELL)),
            Self::Release(claim, now, actor) => Answer::Released(store.release(claim.clone(), *now, actor.clone()).await.expect(WELL)),
            Self::Revoke(id, now, actor) => Answer::Revoked(store.revoke(id, *now, actor.clone()).await.expect(WELL)),
            Self::Reserve(id, now) => Answer::Reserved(store.reserve_attempt(id, *now).await.expect(WELL)),
            Self::Refund(id, window) => {
                store.refund_attempt(id, *window).await.expect(WELL);
                Answer::Done
            }
            Self::List(filter) => {
                let page = store.list(filter).await.expect(WELL);
                Answer::Listed(page.links, page.next)
            }
            Self::Claims(id) => Answer::Claims(store.claims(id).await.expect(WELL)),
            Self::Events(id) => Answer::Events(events(store, id).await),
            Self::Note(id, now, actor) => {
                let event = Event { link: id.clone(), at: *now, kind: EventKind::Viewed, claim: None, actor: actor.clone() };
                store.note(event).await.expect(WELL);
                Answer::Done
            }
            Self::Purge(before) => Answer::Purged(store.purge(*before, 10_000).await.expect(WELL)),
        }
    }
}

/// The events as they are shown: by their times, and within a millisecond as they were written. Where replicas' clocks
/// differ an engine may keep them in either order.
async fn events(store: &dyn LinkStore, id: &LinkId) -> Vec<Event> {
    let mut events = store.events(id, 10_000).await.expect("the store is well");
    events.sort_by_key(|event| event.at);
    events
}
