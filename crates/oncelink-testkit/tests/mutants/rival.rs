//! A store that makes one of the mistakes that one-time links are made with.
//!
//! Where it makes none it calls the core's transitions, like the model store: what breaks is the mistake's doing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use oncelink_core::claim::{Claim, ClaimRef, ClaimState, Standing};
use oncelink_core::event::Event;
use oncelink_core::holder::ClaimId;
use oncelink_core::link::Link;
use oncelink_core::ports::{
    ClaimOutcome, ClaimRequest, CompleteOutcome, IdempotencyKey, InsertOutcome, LinkFilter, LinkPage, LinkStore, NewLink, Progress,
    PurgeOutcome, RecordOutcome, ReleaseOutcome, ReserveOutcome, RevokeOutcome,
};
use oncelink_core::token::LinkId;
use oncelink_core::transition::{self, Decision};
use oncelink_core::{Actor, Fault, Refusal, Timestamp};
use oncelink_testkit::simulation::breathe;

/// How many writes a stale read lags behind.
const LAG: usize = 2;

/// The mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// The row is read, then deleted: whoever has read it in between goes on.
    GetThenDelete,
    /// The counter is read, raised and put back.
    GetThenPut,
    /// A use is counted when its download has finished.
    CountWhenFinished,
    /// A download that stops early gives its use back.
    RefundOnEarlyStop,
    /// A claim is recognised by its link, whoever the holder is.
    RetryWithoutHolder,
    /// A repeated claim takes another use.
    RetryTakesAnother,
    /// Nobody looks at the clock: expired rows are what a sweeper will delete.
    ExpiryOnlyBySweeper,
    /// What is decided is decided by a replica that lags behind.
    StaleReadDecides,
    /// Whether the link was revoked is looked up, then the claim is written.
    RevocationByReadOnly,
    /// A release ends whatever epoch there is.
    ReleaseWithoutFence,
    /// A completion ends whatever epoch there is.
    CompleteWithoutFence,
    /// A claim can be resumed for ever.
    LeaseIgnored,
    /// Any response that ends has delivered everything.
    EveryEndCompletes,
}

/// The store.
pub(crate) struct Rival {
    flaw: Flaw,
    rows: Mutex<BTreeMap<LinkId, Row>>,
}

#[derive(Clone)]
struct Row {
    link: Link,
    claims: BTreeMap<ClaimId, Claim>,
    /// What a lagging replica shows.
    past: Vec<(Link, BTreeMap<ClaimId, Claim>)>,
}

impl Rival {
    pub(crate) fn new(flaw: Flaw) -> Self {
        Self { flaw, rows: Mutex::default() }
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<LinkId, Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    /// The row as a read shows it.
    fn read(&self, id: &LinkId) -> Option<Row> {
        let mut row = self.rows().get(id)?.clone();
        if self.is(Flaw::StaleReadDecides)
            && let Some((link, claims)) = row.past.iter().rev().nth(LAG - 1).or(row.past.first()).cloned()
        {
            (row.link, row.claims) = (link, claims);
        }
        if self.is(Flaw::ExpiryOnlyBySweeper) {
            row.link.terms.expires_at = Timestamp::from_millis(i64::MAX);
        }
        Some(row)
    }

    /// Whether the claim is decided by a read, and written later.
    fn is_read_then_write(&self) -> bool {
        use Flaw::{GetThenDelete, GetThenPut, RevocationByReadOnly, StaleReadDecides};
        [GetThenDelete, GetThenPut, RevocationByReadOnly, StaleReadDecides].contains(&self.flaw)
    }

    fn change<T>(&self, id: &LinkId, change: impl FnOnce(&mut Row) -> T) -> Option<T> {
        let mut rows = self.rows();
        let row = rows.get_mut(id)?;
        if self.is(Flaw::StaleReadDecides) {
            row.past.push((row.link.clone(), row.claims.clone()));
        }
        Some(change(row))
    }

    /// What the claim's decision is made from: this very moment's row, or a row that was read before.
    fn decide(&self, row: &Row, wish: &ClaimRequest) -> Decision {
        let mut link = row.link.clone();
        if self.is(Flaw::ExpiryOnlyBySweeper) {
            link.terms.expires_at = Timestamp::from_millis(i64::MAX);
        }
        if self.is(Flaw::CountWhenFinished) {
            let finished = row.claims.values().filter(|claim| matches!(claim.state, ClaimState::Completed { .. })).count();
            link.claimed = u32::try_from(finished).unwrap_or(u32::MAX);
        }
        let mut own = row.claims.get(&wish.claim).cloned();
        if self.is(Flaw::RetryWithoutHolder) {
            own = row.claims.values().next().cloned();
        }
        if self.is(Flaw::LeaseIgnored) {
            own = own.map(|claim| self.shown(claim));
        }
        if self.is(Flaw::RetryTakesAnother) {
            own = own.filter(|claim| !matches!(claim.standing(wish.now), Standing::Active { .. }));
        }
        transition::claim(&link, own.as_ref(), wish)
    }

    /// A claim as it is shown to readers.
    fn shown(&self, claim: Claim) -> Claim {
        match claim.state {
            ClaimState::Active { .. } if self.is(Flaw::LeaseIgnored) => {
                Claim { state: ClaimState::Active { lease_until: Timestamp::from_millis(i64::MAX) }, ..claim }
            }
            ClaimState::Active { .. } | ClaimState::Completed { .. } | ClaimState::Released { .. } => claim,
        }
    }

    /// The claim of a report or an end, in the epoch that it names, unless epochs are looked at by nobody.
    fn theirs(&self, row: &Row, claim: &ClaimRef, careless: bool) -> Option<Claim> {
        row.claims.get(&claim.claim).filter(|have| careless || have.epoch == claim.epoch).cloned()
    }
}

impl Row {
    fn take(&mut self, flaw: Flaw, counted: u32, claim: Claim, wish: &ClaimRequest) -> ClaimOutcome {
        match flaw {
            // A use is a row, and deleting a row that is gone is no trouble.
            Flaw::GetThenDelete => self.link.claimed = self.link.claimed.max(counted + 1),
            Flaw::GetThenPut => self.link.claimed = counted + 1,
            Flaw::CountWhenFinished => {}
            Flaw::RefundOnEarlyStop
            | Flaw::RetryWithoutHolder
            | Flaw::RetryTakesAnother
            | Flaw::ExpiryOnlyBySweeper
            | Flaw::StaleReadDecides
            | Flaw::RevocationByReadOnly
            | Flaw::ReleaseWithoutFence
            | Flaw::CompleteWithoutFence
            | Flaw::LeaseIgnored
            | Flaw::EveryEndCompletes => transition::count_use(&mut self.link, wish),
        }
        self.claims.insert(claim.id.clone(), claim.clone());
        ClaimOutcome::Granted { link: self.link.clone(), claim, fresh: true }
    }

    fn ended(&mut self, flaw: Flaw, next: Claim) {
        if flaw == Flaw::CountWhenFinished && matches!(next.state, ClaimState::Completed { .. }) {
            self.link.claimed += 1;
        }
        self.claims.insert(next.id.clone(), next);
    }
}

#[async_trait]
impl LinkStore for Rival {
    async fn insert(&self, links: Vec<NewLink>) -> Result<Vec<InsertOutcome>, Fault> {
        let mut rows = self.rows();
        for new in links {
            rows.insert(new.link.id.clone(), Row { link: new.link, claims: BTreeMap::new(), past: Vec::new() });
        }
        Ok(vec![InsertOutcome::Created])
    }

    async fn find_repeated(&self, _: &IdempotencyKey) -> Result<Option<InsertOutcome>, Fault> {
        Ok(None)
    }

    async fn find(&self, id: &LinkId) -> Result<Option<Link>, Fault> {
        Ok(self.read(id).map(|row| row.link))
    }

    async fn find_claim(&self, link: &LinkId, claim: &ClaimId) -> Result<Option<(Link, Option<Claim>)>, Fault> {
        Ok(self.read(link).map(|row| {
            let own = if self.is(Flaw::RetryWithoutHolder) { row.claims.values().next() } else { row.claims.get(claim) };
            (row.link, own.cloned().map(|claim| self.shown(claim)))
        }))
    }

    async fn claim(&self, request: ClaimRequest) -> Result<ClaimOutcome, Fault> {
        let Some(seen) = self.read(&request.link) else { return Ok(ClaimOutcome::Refused(Refusal::Unknown)) };
        let decided = self.is_read_then_write().then(|| self.decide(&seen, &request));
        if decided.is_some() {
            breathe().await;
        }
        let outcome = self.change(&request.link, |row| match decided.unwrap_or_else(|| self.decide(row, &request)) {
            Decision::Refuse(refusal) => ClaimOutcome::Refused(refusal),
            Decision::Have(claim) => ClaimOutcome::Granted { link: row.link.clone(), claim, fresh: false },
            Decision::Take(_) if self.is(Flaw::RevocationByReadOnly) && row.link.claimed >= row.link.terms.uses => {
                ClaimOutcome::Refused(Refusal::Spent)
            }
            Decision::Take(claim) => row.take(self.flaw, seen.link.claimed, claim, &request),
        });
        Ok(outcome.unwrap_or(ClaimOutcome::Refused(Refusal::Unknown)))
    }

    async fn record(&self, mut progress: Progress) -> Result<RecordOutcome, Fault> {
        let outcome = self.change(&progress.claim.link.clone(), |row| {
            let have = self.theirs(row, &progress.claim, self.is(Flaw::CompleteWithoutFence))?;
            progress.claim = have.reference();
            let early = progress.ended.is_some() && !progress.may_complete;
            if progress.ended.is_some() && self.is(Flaw::EveryEndCompletes) {
                progress.may_complete = true;
                progress.delivered.add(0..row.link.object.size);
            }
            let next = transition::record(&row.link, &have, &progress)?;
            row.ended(self.flaw, next.clone());
            if early && self.is(Flaw::RefundOnEarlyStop) {
                row.link.claimed = row.link.claimed.saturating_sub(1);
            }
            Some(if row.link.revoked_at.is_some() { RecordOutcome::Revoked } else { RecordOutcome::Kept(next) })
        });
        Ok(outcome.flatten().unwrap_or(RecordOutcome::NotYours))
    }

    async fn complete(&self, claim: ClaimRef, now: Timestamp, _actor: Actor) -> Result<CompleteOutcome, Fault> {
        let done = self.change(&claim.link, |row| {
            let have = self.theirs(row, &claim, self.is(Flaw::CompleteWithoutFence))?;
            let next = transition::complete(&row.link, &self.shown(have), now)?;
            row.ended(self.flaw, next);
            Some(())
        });
        Ok(done.flatten().map_or(CompleteOutcome::NotActive, |()| CompleteOutcome::Completed))
    }

    async fn release(&self, claim: ClaimRef, now: Timestamp, _actor: Actor) -> Result<ReleaseOutcome, Fault> {
        let done = self.change(&claim.link, |row| {
            let have = self.theirs(row, &claim, self.is(Flaw::ReleaseWithoutFence))?;
            let next = transition::release(&have, now)?;
            row.ended(self.flaw, next);
            row.link.claimed = row.link.claimed.saturating_sub(1);
            Some(())
        });
        Ok(done.flatten().map_or(ReleaseOutcome::NotReleased, |()| ReleaseOutcome::Released))
    }

    async fn revoke(&self, id: &LinkId, now: Timestamp, _actor: Actor) -> Result<RevokeOutcome, Fault> {
        let revoked = self.change(id, |row| {
            row.link.revoked_at.get_or_insert(now);
            row.link.clone()
        });
        Ok(revoked.map_or(RevokeOutcome::Unknown, RevokeOutcome::Revoked))
    }

    async fn reserve_attempt(&self, _id: &LinkId, _now: Timestamp) -> Result<ReserveOutcome, Fault> {
        Ok(ReserveOutcome::Unknown)
    }

    async fn refund_attempt(&self, _id: &LinkId, _window: Timestamp) -> Result<(), Fault> {
        Ok(())
    }

    async fn list(&self, _filter: &LinkFilter) -> Result<LinkPage, Fault> {
        Ok(LinkPage::default())
    }

    async fn claims(&self, id: &LinkId) -> Result<Vec<Claim>, Fault> {
        Ok(self.rows().get(id).map(|row| row.claims.values().cloned().collect()).unwrap_or_default())
    }

    async fn events(&self, _id: &LinkId, _limit: usize) -> Result<Vec<Event>, Fault> {
        Ok(Vec::new())
    }

    async fn note(&self, _event: Event) -> Result<(), Fault> {
        Ok(())
    }

    async fn purge(&self, _before: Timestamp, _limit: usize) -> Result<PurgeOutcome, Fault> {
        Ok(PurgeOutcome { deleted: 0 })
    }

    async fn ping(&self) -> Result<(), Fault> {
        Ok(())
    }
}
