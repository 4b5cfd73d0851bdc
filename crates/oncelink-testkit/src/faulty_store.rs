//! A store that fails on purpose: before a write, after it (a lost reply), or by hanging.
//!
//! It must not change what the store underneath does or answers when nothing is scripted.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

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

use crate::{Gate, StoreCall};

/// What goes wrong with a call.
#[derive(Clone, Debug)]
pub enum StoreTrouble {
    /// It fails as unavailable and nothing was written.
    FailBefore,
    /// It is done, and then its reply is lost: the caller sees a fault.
    LoseReply,
    /// It waits at the gate before anything is written.
    HangBefore(Gate),
    /// It is done, and then its reply waits at the gate.
    HangAfter(Gate),
}

/// A store with a script of troubles.
pub struct FaultyStore {
    inner: Arc<dyn LinkStore>,
    script: Mutex<Script>,
}

impl FaultyStore {
    /// The store `inner`, with nothing going wrong yet.
    pub fn new(inner: Arc<dyn LinkStore>) -> Self {
        Self { inner, script: Mutex::default() }
    }

    /// Scripts `trouble` for the `nth` call of a method from now on, counted from 1.
    pub fn nth(&self, call: StoreCall, nth: usize, trouble: StoreTrouble) {
        self.with_script(|script| {
            let place = script.seen(call) + nth;
            script.once.insert((call, place), trouble);
        });
    }

    /// Scripts `trouble` for the next call of a method.
    pub fn next(&self, call: StoreCall, trouble: StoreTrouble) {
        self.nth(call, 1, trouble);
    }

    /// Scripts `trouble` for every call of a method that has nothing of its own.
    pub fn always(&self, call: StoreCall, trouble: StoreTrouble) {
        self.with_script(|script| script.always.insert(call, trouble));
    }

    /// Forgets the whole script: the bad day is over.
    pub fn heal(&self) {
        self.with_script(|script| {
            script.once.clear();
            script.always.clear();
        });
    }

    /// How often a method was called so far.
    pub fn calls(&self, call: StoreCall) -> usize {
        self.with_script(|script| script.seen(call))
    }

    fn with_script<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.script.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn run<T: Send>(&self, call: StoreCall, work: impl Future<Output = Result<T, Fault>> + Send) -> Result<T, Fault> {
        match self.with_script(|script| script.step(call)) {
            None => work.await,
            Some(StoreTrouble::FailBefore) => Err(Fault::unavailable(format!("the store failed before {call:?}, as the test wants"))),
            Some(StoreTrouble::LoseReply) => {
                work.await?;
                Err(Fault::unavailable(format!("the reply to {call:?} was lost, as the test wants")))
            }
            Some(StoreTrouble::HangBefore(gate)) => {
                gate.pass().await;
                work.await
            }
            Some(StoreTrouble::HangAfter(gate)) => {
                let outcome = work.await;
                gate.pass().await;
                outcome
            }
        }
    }
}

#[derive(Default)]
struct Script {
    seen: BTreeMap<StoreCall, usize>,
    once: BTreeMap<(StoreCall, usize), StoreTrouble>,
    always: BTreeMap<StoreCall, StoreTrouble>,
}

impl Script {
    fn seen(&self, call: StoreCall) -> usize {
        self.seen.get(&call).copied().unwrap_or(0)
    }

    fn step(&mut self, call: StoreCall) -> Option<StoreTrouble> {
        let seen = self.seen.entry(call).or_insert(0);
        *seen += 1;
        self.once.remove(&(call, *seen)).or_else(|| self.always.get(&call).cloned())
    }
}

#[async_trait]
impl LinkStore for FaultyStore {
    async fn insert(&self, links: Vec<NewLink>) -> Result<Vec<InsertOutcome>, Fault> {
        self.run(StoreCall::Insert, self.inner.insert(links)).await
    }

    async fn find_repeated(&self, key: &IdempotencyKey) -> Result<Option<InsertOutcome>, Fault> {
        self.run(StoreCall::FindRepeated, self.inner.find_repeated(key)).await
    }

    async fn find(&self, id: &LinkId) -> Result<Option<Link>, Fault> {
        self.run(StoreCall::Find, self.inner.find(id)).await
    }

    async fn find_claim(&self, link: &LinkId, claim: &ClaimId) -> Result<Option<(Link, Option<Claim>)>, Fault> {
        self.run(StoreCall::FindClaim, self.inner.find_claim(link, claim)).await
    }

    async fn claim(&self, request: ClaimRequest) -> Result<ClaimOutcome, Fault> {
        self.run(StoreCall::Claim, self.inner.claim(request)).await
    }

    async fn record(&self, progress: Progress) -> Result<RecordOutcome, Fault> {
        self.run(StoreCall::Record, self.inner.record(progress)).await
    }

    async fn complete(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<CompleteOutcome, Fault> {
        self.run(StoreCall::Complete, self.inner.complete(claim, now, actor)).await
    }

    async fn release(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<ReleaseOutcome, Fault> {
        self.run(StoreCall::Release, self.inner.release(claim, now, actor)).await
    }

    async fn revoke(&self, id: &LinkId, now: Timestamp, actor: Actor) -> Result<RevokeOutcome, Fault> {
        self.run(StoreCall::Revoke, self.inner.revoke(id, now, actor)).await
    }

    async fn reserve_attempt(&self, id: &LinkId, now: Timestamp) -> Result<ReserveOutcome, Fault> {
        self.run(StoreCall::ReserveAttempt, self.inner.reserve_attempt(id, now)).await
    }

    async fn refund_attempt(&self, id: &LinkId, window: Timestamp) -> Result<(), Fault> {
        self.run(StoreCall::RefundAttempt, self.inner.refund_attempt(id, window)).await
    }

    async fn list(&self, filter: &LinkFilter) -> Result<LinkPage, Fault> {
        self.run(StoreCall::List, self.inner.list(filter)).await
    }

    async fn claims(&self, id: &LinkId) -> Result<Vec<Claim>, Fault> {
        self.run(StoreCall::Claims, self.inner.claims(id)).await
    }

    async fn events(&self, id: &LinkId, limit: usize) -> Result<Vec<Event>, Fault> {
        self.run(StoreCall::Events, self.inner.events(id, limit)).await
    }

    async fn note(&self, event: Event) -> Result<(), Fault> {
        self.run(StoreCall::Note, self.inner.note(event)).await
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<PurgeOutcome, Fault> {
        self.run(StoreCall::Purge, self.inner.purge(before, limit)).await
    }

    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.run(StoreCall::Ping, self.inner.ping()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;
    use crate::fixtures::{NOW, a_link, claim_request, link_id};

    async fn store_with_a_link() -> (FaultyStore, LinkId) {
        let link = a_link().build_new();
        let id = link.link.id.clone();
        let store = FaultyStore::new(Arc::new(MemoryStore::new()));
        store.insert(vec![link]).await.expect("nothing is scripted");
        (store, id)
    }

    async fn claimed(store: &FaultyStore, id: &LinkId) -> u32 {
        store.find(id).await.expect("nothing is scripted").expect("it was inserted").claimed
    }

    #[tokio::test]
    async fn a_call_that_fails_before_has_written_nothing_and_one_whose_reply_is_lost_has() {
        let (store, id) = store_with_a_link().await;
        store.nth(StoreCall::Claim, 1, StoreTrouble::FailBefore);
        store.nth(StoreCall::Claim, 2, StoreTrouble::LoseReply);
        store.claim(claim_request(&id, 1)).await.expect_err("scripted");
        assert_eq!(claimed(&store, &id).await, 0);
        store.claim(claim_request(&id, 1)).await.expect_err("scripted");
        assert_eq!(claimed(&store, &id).await, 1);
        store.claim(claim_request(&id, 1)).await.expect("the script is at its end");
        assert_eq!(store.calls(StoreCall::Claim), 3);
    }

    #[tokio::test]
    async fn a_hanging_call_waits_on_the_right_side_of_the_write() {
        let (store, id) = store_with_a_link().await;
        let store = Arc::new(store);
        for (trouble, holder, seen) in [(StoreTrouble::HangBefore as fn(Gate) -> StoreTrouble, 1, 0), (StoreTrouble::HangAfter, 2, 1)] {
            let gate = Gate::new();
            store.next(StoreCall::Revoke, trouble(gate.clone()));
            let id = if holder == 1 { id.clone() } else { link_id(holder) };
            if holder == 2 {
                store.insert(vec![a_link().id(id.clone()).build_new()]).await.expect("nothing is scripted");
            }
            let call = tokio::spawn({
                let (store, id) = (store.clone(), id.clone());
                async move { store.revoke(&id, NOW, Actor::default()).await }
            });
            gate.arrival().await;
            let revoked = store.find(&id).await.expect("nothing is scripted").expect("it was inserted").revoked_at;
            assert_eq!(revoked.iter().count(), seen);
            gate.open();
            call.await.expect("no panic").expect("it only hung");
        }
    }

    #[tokio::test]
    async fn trouble_lasts_until_the_store_is_healed() {
        let (store, id) = store_with_a_link().await;
        store.always(StoreCall::Find, StoreTrouble::FailBefore);
        store.find(&id).await.expect_err("scripted");
        store.find(&id).await.expect_err("scripted");
        store.heal();
        store.find(&id).await.expect("healed");
    }
}
