//! The way to the store: slow, lossy, and now and then a request arrives twice, or long after its sender gave up.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
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

use super::executor::breathe_times;
use super::ledger::Ledger;
use crate::SeededEntropy;

type Parcel = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How bad the day is.
pub(super) struct Weather {
    pub(super) dice: Arc<SeededEntropy>,
    trouble: u64,
    slowness: u64,
    calm: AtomicBool,
    /// Requests that will arrive although their senders have given up.
    late: Mutex<Vec<Parcel>>,
}

/// What becomes of one call.
enum Fate {
    Fine,
    /// Nothing was written, and the caller is told of a failure.
    Lost,
    /// It was written, and the caller is told of a failure.
    ReplyLost,
    /// It arrives twice; the answer is the first one's or the second one's.
    Twice,
    /// The caller is told of a failure; then it is written.
    Late,
}

impl Weather {
    pub(super) fn new(dice: Arc<SeededEntropy>, trouble: u64, slowness: u64) -> Self {
        Self { dice, trouble, slowness, calm: AtomicBool::new(false), late: Mutex::default() }
    }

    /// The bad day is over.
    pub(super) fn calm_down(&self) {
        self.calm.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    /// Whether something goes wrong now.
    pub(super) fn strikes(&self) -> bool {
        !self.is_calm() && self.trouble > 0 && self.dice.one_in(self.trouble)
    }

    /// How many turns something takes: at least one.
    pub(super) fn delay(&self) -> u64 {
        1 + self.dice.below(self.slowness)
    }

    /// Requests that are under way without a sender.
    pub(super) fn take_late(&self) -> Vec<Parcel> {
        std::mem::take(&mut *self.late.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn send_late(&self, parcel: Parcel) {
        self.late.lock().unwrap_or_else(PoisonError::into_inner).push(parcel);
    }

    fn fate(&self) -> Fate {
        if !self.strikes() {
            return Fate::Fine;
        }
        match self.dice.below(5) {
            0 => Fate::Lost,
            1 => Fate::ReplyLost,
            2 => Fate::Twice,
            _ => Fate::Late,
        }
    }
}

/// A store at the other end of such a network. What is sent to it goes into the ledger.
pub(super) struct FarStore {
    pub(super) inner: Arc<dyn LinkStore>,
    pub(super) weather: Arc<Weather>,
    pub(super) ledger: Arc<Ledger>,
}

impl FarStore {
    /// A call that makes or gives back no claim.
    async fn call<T, F>(&self, work: impl Fn(Arc<dyn LinkStore>) -> F + Send + Sync + 'static) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        self.carry(work, || ()).await
    }

    /// A call of which a second or a late copy may leave a direct link's claim to nobody.
    async fn call_that_takes<T, F>(&self, work: impl Fn(Arc<dyn LinkStore>) -> F + Send + Sync + 'static) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        self.carry(work, || self.ledger.excuse_orphans()).await
    }

    /// `copied` is told when a copy is on its way that nobody waits for, or whose answer nobody may hear.
    async fn carry<T, F>(
        &self,
        work: impl Fn(Arc<dyn LinkStore>) -> F + Send + Sync + 'static,
        copied: impl Fn() + Send + Sync,
    ) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        let (inner, weather) = (&self.inner, &self.weather);
        breathe_times(weather.delay()).await;
        let answer = match weather.fate() {
            Fate::Fine => work(Arc::clone(inner)).await,
            Fate::Lost => Err(failure()),
            Fate::ReplyLost => work(Arc::clone(inner)).await.and_then(|_| Err(failure())),
            Fate::Twice => {
                let first = work(Arc::clone(inner)).await;
                breathe_times(weather.delay()).await;
                let second = work(Arc::clone(inner)).await;
                // Whoever hears of a refusal doesn't learn that the other copy was granted.
                copied();
                if weather.dice.one_in(2) { first } else { second }
            }
            Fate::Late => {
                copied();
                let (inner, turns) = (Arc::clone(inner), 1 + weather.dice.below(80));
                weather.send_late(Box::pin(async move {
                    breathe_times(turns).await;
                    let _ = work(inner).await;
                }));
                Err(failure())
            }
        };
        breathe_times(weather.delay() - 1).await;
        answer
    }

    /// A release that did nothing may have come before its claim, which then is nobody's.
    fn note_release(&self, done: bool) {
        if !done {
            self.ledger.excuse_orphans();
        }
    }
}

fn failure() -> Fault {
    Fault::unavailable("the store didn't answer")
}

#[async_trait]
impl LinkStore for FarStore {
    async fn insert(&self, links: Vec<NewLink>) -> Result<Vec<InsertOutcome>, Fault> {
        self.inner.insert(links).await
    }

    async fn find_repeated(&self, key: &IdempotencyKey) -> Result<Option<InsertOutcome>, Fault> {
        self.inner.find_repeated(key).await
    }

    async fn find(&self, id: &LinkId) -> Result<Option<Link>, Fault> {
        let id = id.clone();
        self.call(move |store| {
            let id = id.clone();
            async move { store.find(&id).await }
        })
        .await
    }

    async fn find_claim(&self, link: &LinkId, claim: &ClaimId) -> Result<Option<(Link, Option<Claim>)>, Fault> {
        let (link, claim) = (link.clone(), claim.clone());
        self.call(move |store| {
            let (link, claim) = (link.clone(), claim.clone());
            async move { store.find_claim(&link, &claim).await }
        })
        .await
    }

    async fn claim(&self, request: ClaimRequest) -> Result<ClaimOutcome, Fault> {
        self.ledger.claiming(&request);
        self.call_that_takes(move |store| {
            let request = request.clone();
            async move { store.claim(request).await }
        })
        .await
    }

    async fn record(&self, progress: Progress) -> Result<RecordOutcome, Fault> {
        self.ledger.recording(&progress);
        self.call(move |store| {
            let progress = progress.clone();
            async move { store.record(progress).await }
        })
        .await
    }

    async fn complete(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<CompleteOutcome, Fault> {
        self.ledger.sending("complete");
        self.call(move |store| {
            let (claim, actor) = (claim.clone(), actor.clone());
            async move { store.complete(claim, now, actor).await }
        })
        .await
    }

    async fn release(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<ReleaseOutcome, Fault> {
        self.ledger.releasing(&claim);
        self.call_that_takes(move |store| {
            let (claim, actor) = (claim.clone(), actor.clone());
            async move { store.release(claim, now, actor).await }
        })
        .await
        .inspect(|outcome| self.note_release(*outcome == ReleaseOutcome::Released))
        .inspect_err(|_| self.note_release(false))
    }

    async fn revoke(&self, id: &LinkId, now: Timestamp, actor: Actor) -> Result<RevokeOutcome, Fault> {
        let id = id.clone();
        self.call(move |store| {
            let (id, actor) = (id.clone(), actor.clone());
            async move { store.revoke(&id, now, actor).await }
        })
        .await
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

    /// Best effort, and nobody decides by it: not worth a turn.
    async fn note(&self, event: Event) -> Result<(), Fault> {
        self.inner.note(event).await
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<PurgeOutcome, Fault> {
        self.inner.purge(before, limit).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        Ok(())
    }
}
