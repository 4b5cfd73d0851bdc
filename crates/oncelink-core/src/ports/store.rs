//! Keeping links: one method per transition, each decided by one conditional write.
//!
//! There is no `update(&Link)`. [`crate::transition`] says what each change means; a driver's statements must agree with it.

use async_trait::async_trait;

use crate::actor::Actor;
use crate::apikey::Scope;
use crate::claim::{Claim, ClaimRef, InstanceId};
use crate::coverage::Coverage;
use crate::event::Event;
use crate::fault::Fault;
use crate::holder::ClaimId;
use crate::link::{Attempts, Link, LinkState};
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::token::LinkId;

/// Keeps links, claims and events.
///
/// Every method is safe to cancel: a started write is finished or not begun. A method that returns a [`Fault`] may or
/// may not have written; repeating it is safe for `claim` (same claim), `record`, `complete`, `release` and `revoke`.
#[async_trait]
pub trait LinkStore: Send + Sync {
    /// Stores new links, each with its `created` event. Outcomes come in the order of the input. The links are
    /// independent of each other; one that conflicts doesn't hinder the rest.
    async fn insert(&self, links: Vec<NewLink>) -> Result<Vec<InsertOutcome>, Fault>;

    /// What an insertion under this idempotency key would find: the link that it would repeat, or a conflict with another body.
    /// May finish what an earlier insertion began.
    async fn find_repeated(&self, key: &IdempotencyKey) -> Result<Option<InsertOutcome>, Fault>;

    /// The link of this id.
    async fn find(&self, id: &LinkId) -> Result<Option<Link>, Fault>;

    /// The link and, when it has been made, this claim on it, seen at one moment.
    async fn find_claim(&self, link: &LinkId, claim: &ClaimId) -> Result<Option<(Link, Option<Claim>)>, Fault>;

    /// Takes a use, as [`crate::transition::claim`] says, with its `claimed` event (and `completed`, when it is
    /// complete at once). A repeated request of the same claim gets that claim.
    async fn claim(&self, request: ClaimRequest) -> Result<ClaimOutcome, Fault>;

    /// Adds to what is known of a delivery and renews the lease, as [`crate::transition::record`] says.
    async fn record(&self, progress: Progress) -> Result<RecordOutcome, Fault>;

    /// Completes an active claim, whatever its coverage, as [`crate::transition::complete`] says.
    async fn complete(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<CompleteOutcome, Fault>;

    /// Gives a use back, as [`crate::transition::release`] says. Only for claims of which no byte was sent.
    async fn release(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<ReleaseOutcome, Fault>;

    /// Revokes a link, with its event. Revoking twice keeps the first time.
    async fn revoke(&self, id: &LinkId, now: Timestamp, actor: Actor) -> Result<RevokeOutcome, Fault>;

    /// Takes one of the hour's passphrase attempts, as [`crate::transition::reserve_attempt`] says.
    async fn reserve_attempt(&self, id: &LinkId, now: Timestamp) -> Result<ReserveOutcome, Fault>;

    /// Gives an attempt back whose passphrase was right but whose claim was refused. Does nothing in another window.
    async fn refund_attempt(&self, id: &LinkId, window: Timestamp) -> Result<(), Fault>;

    /// One page of links, newest first.
    async fn list(&self, filter: &LinkFilter) -> Result<LinkPage, Fault>;

    /// The claims of a link, oldest first.
    async fn claims(&self, id: &LinkId) -> Result<Vec<Claim>, Fault>;

    /// The stored events of a link, oldest first; at most `limit`.
    async fn events(&self, id: &LinkId, limit: usize) -> Result<Vec<Event>, Fault>;

    /// Adds a best-effort event, unless the link is unknown or has [`Event::MAX_PER_LINK`] of them.
    async fn note(&self, event: Event) -> Result<(), Fault>;

    /// Deletes at most `limit` links, with their claims and events, that ended (expired or were revoked) before `before` and
    /// whose claims' leases ended before it too; returns how many.
    async fn purge(&self, before: Timestamp, limit: usize) -> Result<PurgeOutcome, Fault>;

    /// Whether other processes may use the store at the same time. Then nobody knows whether the one that has a claim's
    /// record has died or is still delivering.
    fn is_shared(&self) -> bool {
        true
    }

    /// Whether the store can read *and write* now.
    async fn ping(&self) -> Result<(), Fault>;
}

/// A link to store.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// The link.
    pub link: Link,
    /// Makes a repeated creation recognisable.
    pub idempotency: Option<IdempotencyKey>,
    /// Who created it.
    pub actor: Actor,
}

/// What makes a repeated creation recognisable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// A hash of the sender's API key and the `Idempotency-Key` header.
    pub name: String,
    /// A hash of the request's body.
    pub body: String,
}

/// What became of a link to store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "short-lived, and one per created link")]
pub enum InsertOutcome {
    /// It is stored.
    Created,
    /// The same creation was stored before, under this link.
    Repeated(Link),
    /// The idempotency key was used with another body.
    Conflict,
}

/// A wish to take a use.
#[derive(Clone, Debug)]
pub struct ClaimRequest {
    /// The link.
    pub link: LinkId,
    /// The claim that the holder's secret makes.
    pub claim: ClaimId,
    /// The present.
    pub now: Timestamp,
    /// Until when the holder may resume without further activity.
    pub lease_until: Timestamp,
    /// The window of the attempt whose passphrase was right; nothing for links without a passphrase. The claim gives
    /// the attempt back in the same write. A link with a passphrase refuses a claim that comes without.
    pub proved: Option<Timestamp>,
    /// Whether the claim is complete at once, because its response can't be resumed anyway.
    pub completed: bool,
    /// Who writes.
    pub recorder: InstanceId,
    /// Who claims.
    pub actor: Actor,
}

/// What became of the wish.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "short-lived, and one per request")]
pub enum ClaimOutcome {
    /// The claim is the caller's.
    Granted {
        /// The link after the write.
        link: Link,
        /// The claim after the write.
        claim: Claim,
        /// Whether this request took the use; else an earlier one of the same holder did.
        fresh: bool,
    },
    /// The rules say no.
    Refused(Refusal),
}

/// What a response has to say of a delivery, while it runs or when it ends.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The claim.
    pub claim: ClaimRef,
    /// The present.
    pub now: Timestamp,
    /// The bytes delivered since the last report.
    pub delivered: Coverage,
    /// How many bytes were sent since the last report.
    pub sent: u64,
    /// Until when the lease shall run at least; ignored when it has already run out.
    pub lease_until: Timestamp,
    /// Whether a whole coverage completes the claim: the last byte of it has been acknowledged.
    pub may_complete: bool,
    /// `Some(bytes)` when the response has ended: an event with the bytes of the whole response is kept.
    pub ended: Option<u64>,
    /// Who writes.
    pub recorder: InstanceId,
    /// Who downloads.
    pub actor: Actor,
}

/// What a report met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordOutcome {
    /// Kept; the claim as it is now.
    Kept(Claim),
    /// Kept as far as possible, but the link has been revoked: stop sending.
    Revoked,
    /// The claim is no longer the caller's, or there is none: stop sending.
    NotYours,
}

/// What a completion met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompleteOutcome {
    /// This call completed the claim.
    Completed,
    /// It wasn't active any more, or not the caller's, or the link is revoked.
    NotActive,
}

/// What a release met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseOutcome {
    /// The use is free again.
    Released,
    /// The claim wasn't active any more, not the caller's, or bytes are recorded as sent.
    NotReleased,
}

/// What a revocation met.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "short-lived, and one per request")]
pub enum RevokeOutcome {
    /// The link as it is now; revoked now or before.
    Revoked(Link),
    /// There is no such link.
    Unknown,
}

/// What the wish for a passphrase attempt met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReserveOutcome {
    /// The attempt may be made.
    Reserved(Attempts),
    /// Too many were made.
    Locked {
        /// When trying is allowed again.
        until: Timestamp,
    },
    /// There is no such link.
    Unknown,
}

/// Which links to list.
#[derive(Clone, Debug, Default)]
pub struct LinkFilter {
    /// How many at the most.
    pub limit: usize,
    /// Go on after this one.
    pub after: Option<PageCursor>,
    /// Only of this source.
    pub source: Option<String>,
    /// Only keys that begin so.
    pub prefix: Option<String>,
    /// Only in this state at the given time.
    pub state: Option<(LinkState, Timestamp)>,
    /// Only with this text in the note, letter for letter.
    pub note: Option<String>,
    /// Only what this scope reaches.
    pub scope: Option<Scope>,
}

/// The last link of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageCursor {
    /// When it was created.
    pub created_at: Timestamp,
    /// Its id.
    pub id: LinkId,
}

/// One page of links.
#[derive(Clone, Debug, Default)]
pub struct LinkPage {
    /// The links, newest first.
    pub links: Vec<Link>,
    /// Where the next page goes on, when there is one.
    pub next: Option<PageCursor>,
}

/// What a purge did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurgeOutcome {
    /// How many links were deleted.
    pub deleted: usize,
}

impl LinkFilter {
    /// Whether `link` is wanted (cursor and limit aside): the meaning that every store's query must have.
    pub fn wants(&self, link: &Link) -> bool {
        self.source.as_deref().is_none_or(|source| link.object.source.as_str() == source)
            && self.prefix.as_deref().is_none_or(|prefix| link.object.key.as_str().starts_with(prefix))
            && self.state.is_none_or(|(state, now)| link.state(now) == state)
            && self.note.as_deref().is_none_or(|note| link.terms.note.as_deref().is_some_and(|have| have.contains(note)))
            && self.scope.as_ref().is_none_or(|scope| scope.reaches(&link.object.source, link.object.key.as_str()))
    }
}
