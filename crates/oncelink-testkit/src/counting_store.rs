//! A store that counts its calls, so that a test can prove what was *not* called.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

use crate::StoreCall;

/// A store that passes every call on and counts it.
pub struct CountingStore {
    inner: Arc<dyn LinkStore>,
    counts: Mutex<BTreeMap<StoreCall, usize>>,
}

impl CountingStore {
    /// The store `inner`, with all counts at zero.
    pub fn new(inner: Arc<dyn LinkStore>) -> Self {
        Self { inner, counts: Mutex::default() }
    }

    /// How often a method was called.
    pub fn calls(&self, call: StoreCall) -> usize {
        self.counts().get(&call).copied().unwrap_or(0)
    }

    /// How many calls there were that may change a link or a claim.
    pub fn changes(&self) -> usize {
        StoreCall::CHANGES.into_iter().map(|call| self.calls(call)).sum()
    }

    /// How many calls there were that only read.
    pub fn reads(&self) -> usize {
        StoreCall::READS.into_iter().map(|call| self.calls(call)).sum()
    }

    /// Sets all counts back to zero.
    pub fn reset(&self) {
        self.counts().clear();
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<StoreCall, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, call: StoreCall) -> &Arc<dyn LinkStore> {
        *self.counts().entry(call).or_insert(0) += 1;
        &self.inner
    }
}

#[async_trait]
impl LinkStore for CountingStore {
    async fn insert(&self, links: Vec<NewLink>) -> Result<Vec<InsertOutcome>, Fault> {
        self.count(StoreCall::Insert).insert(links).await
    }

    async fn find_repeated(&self, key: &IdempotencyKey) -> Result<Option<InsertOutcome>, Fault> {
        self.count(StoreCall::FindRepeated).find_repeated(key).await
    }

    async fn find(&self, id: &LinkId) -> Result<Option<Link>, Fault> {
        self.count(StoreCall::Find).find(id).await
    }

    async fn find_claim(&self, link: &LinkId, claim: &ClaimId) -> Result<Option<(Link, Option<Claim>)>, Fault> {
        self.count(StoreCall::FindClaim).find_claim(link, claim).await
    }

    async fn claim(&self, request: ClaimRequest) -> Result<ClaimOutcome, Fault> {
        self.count(StoreCall::Claim).claim(request).await
    }

    async fn record(&self, progress: Progress) -> Result<RecordOutcome, Fault> {
        self.count(StoreCall::Record).record(progress).await
    }

    async fn complete(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<CompleteOutcome, Fault> {
        self.count(StoreCall::Complete).complete(claim, now, actor).await
    }

    async fn release(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<ReleaseOutcome, Fault> {
        self.count(StoreCall::Release).release(claim, now, actor).await
    }

    async fn revoke(&self, id: &LinkId, now: Timestamp, actor: Actor) -> Result<RevokeOutcome, Fault> {
        self.count(StoreCall::Revoke).revoke(id, now, actor).await
    }

    async fn reserve_attempt(&self, id: &LinkId, now: Timestamp) -> Result<ReserveOutcome, Fault> {
        self.count(StoreCall::ReserveAttempt).reserve_attempt(id, now).await
    }

    async fn refund_attempt(&self, id: &LinkId, window: Timestamp) -> Result<(), Fault> {
        self.count(StoreCall::RefundAttempt).refund_attempt(id, window).await
    }

    async fn list(&self, filter: &LinkFilter) -> Result<LinkPage, Fault> {
        self.count(StoreCall::List).list(filter).await
    }

    async fn claims(&self, id: &LinkId) -> Result<Vec<Claim>, Fault> {
        self.count(StoreCall::Claims).claims(id).await
    }

    async fn events(&self, id: &LinkId, limit: usize) -> Result<Vec<Event>, Fault> {
        self.count(StoreCall::Events).events(id, limit).await
    }

    async fn note(&self, event: Event) -> Result<(), Fault> {
        self.count(StoreCall::Note).note(event).await
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<PurgeOutcome, Fault> {
        self.count(StoreCall::Purge).purge(before, limit).await
    }

    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.count(StoreCall::Ping).ping().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;
    use crate::fixtures::{a_link, claim_request};

    #[tokio::test]
    async fn changes_and_reads_are_counted_apart() {
        let store = CountingStore::new(Arc::new(MemoryStore::new()));
        let link = a_link().build_new();
        let id = link.link.id.clone();
        store.insert(vec![link]).await.expect("memory never fails");
        store.claim(claim_request(&id, 1)).await.expect("memory never fails");
        store.find(&id).await.expect("memory never fails");
        assert_eq!((store.changes(), store.reads(), store.calls(StoreCall::Claim)), (2, 1, 1));
        store.reset();
        assert_eq!((store.changes(), store.reads()), (0, 0));
    }
}
