//! The store under test, with every outcome noted in the ledger at the moment at which it is true.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use oncelink_core::claim::{Claim, ClaimRef};
use oncelink_core::event::Event;
use oncelink_core::holder::ClaimId;
use oncelink_core::link::Link;
use oncelink_core::ports::{
    ClaimOutcome, ClaimRequest, CompleteOutcome, IdempotencyKey, InsertOutcome, LinkFilter, LinkPage, LinkStore, NewLink, Progress,
    PurgeOutcome, RecordOutcome, ReleaseOutcome, ReserveOutcome, RevokeOutcome,
};
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Fault, Timestamp};

use super::ledger::Ledger;

/// The decorator.
pub(super) struct BookedStore {
    pub(super) inner: Arc<dyn LinkStore>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) time: Arc<AtomicI64>,
}

#[async_trait]
impl LinkStore for BookedStore {
    async fn insert(&self, links: Vec<NewLink>) -> Result<Vec<InsertOutcome>, Fault> {
        self.inner.insert(links).await
    }

    async fn find_repeated(&self, key: &IdempotencyKey) -> Result<Option<InsertOutcome>, Fault> {
        self.inner.find_repeated(key).await
    }

    async fn find(&self, id: &LinkId) -> Result<Option<Link>, Fault> {
        self.inner.find(id).await
    }

    async fn find_claim(&self, link: &LinkId, claim: &ClaimId) -> Result<Option<(Link, Option<Claim>)>, Fault> {
        self.inner.find_claim(link, claim).await
    }

    async fn claim(&self, request: ClaimRequest) -> Result<ClaimOutcome, Fault> {
        let outcome = self.inner.claim(request.clone()).await?;
        self.ledger.claimed(&request, &outcome);
        Ok(outcome)
    }

    async fn record(&self, progress: Progress) -> Result<RecordOutcome, Fault> {
        let outcome = self.inner.record(progress.clone()).await?;
        self.ledger.recorded(&progress, &outcome);
        Ok(outcome)
    }

    async fn complete(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<CompleteOutcome, Fault> {
        let outcome = self.inner.complete(claim.clone(), now, actor).await?;
        self.ledger.completed(&claim, outcome);
        Ok(outcome)
    }

    async fn release(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<ReleaseOutcome, Fault> {
        let outcome = self.inner.release(claim.clone(), now, actor).await?;
        self.ledger.released(&claim, outcome);
        Ok(outcome)
    }

    async fn revoke(&self, id: &LinkId, now: Timestamp, actor: Actor) -> Result<RevokeOutcome, Fault> {
        let outcome = self.inner.revoke(id, now, actor).await?;
        self.ledger.revoked(&outcome, self.time.load(Ordering::Relaxed));
        Ok(outcome)
    }

    async fn reserve_attempt(&self, id: &LinkId, now: Timestamp) -> Result<ReserveOutcome, Fault> {
        self.inner.reserve_attempt(id, now).await
    }

    async fn refund_attempt(&self, id: &LinkId, window: Timestamp) -> Result<(), Fault> {
        self.inner.refund_attempt(id, window).await
    }

    async fn list(&self, filter: &LinkFilter) -> Result<LinkPage, Fault> {
        self.inner.list(filter).await
    }

    async fn claims(&self, id: &LinkId) -> Result<Vec<Claim>, Fault> {
        self.inner.claims(id).await
    }

    async fn events(&self, id: &LinkId, limit: usize) -> Result<Vec<Event>, Fault> {
        self.inner.events(id, limit).await
    }

    async fn note(&self, event: Event) -> Result<(), Fault> {
        self.inner.note(event).await
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<PurgeOutcome, Fault> {
        self.inner.purge(before, limit).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.inner.ping().await
    }
}
