//! What really happened: every write that took effect, and every byte that reached a client.
//!
//! It stands right in front of the store under test and believes its outcomes, not its state; whatever breaks a promise
//! at the moment of its breaking is noted here. What only shows in the end is [`super::judge`]'s.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use oncelink_core::claim::{ClaimRef, ClaimState};
use oncelink_core::coverage::Coverage;
use oncelink_core::holder::ClaimId;
use oncelink_core::ports::{ClaimOutcome, ClaimRequest, CompleteOutcome, Progress, RecordOutcome, ReleaseOutcome, RevokeOutcome};
use oncelink_core::{Refusal, Timestamp};

use super::Promise;
use super::executor::Life;
use super::plan::{Plan, SIZE};

/// Shared between the store's decorator, the servers and the clients.
pub(super) struct Ledger {
    plan: Plan,
    expires_at: Timestamp,
    /// Whether the task that runs now is one of a safe request.
    safe: AtomicBool,
    facts: Mutex<Facts>,
    /// What happened, line by line, when somebody wants to read it.
    story: Option<Mutex<Vec<String>>>,
}

/// What is known.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) broken: Option<(Promise, String)>,
    pub(super) claims: BTreeMap<ClaimId, ClaimFacts>,
    /// The true time at which the first revocation took effect.
    pub(super) revoked: Option<i64>,
    pub(super) urls: u32,
    /// Which clients have received a byte.
    pub(super) fed: BTreeSet<usize>,
    /// Whether a direct link's claim may have lost its server before anything came of it: by a crash, by a client that
    /// hung up in the middle of the claim, or because neither its answer nor its release got through.
    pub(super) orphans: bool,
}

/// What is known of one claim.
#[derive(Default)]
pub(super) struct ClaimFacts {
    /// Whose it is, once a client or a server has said so.
    pub(super) client: Option<usize>,
    /// Whether its client tells the truth about what it has.
    pub(super) honest: bool,
    /// The latest epoch that was granted; 0 when none was.
    pub(super) epoch: u32,
    pub(super) released: bool,
    /// Whether a release was ever sent: it may arrive at any time, and let the holder claim anew.
    releasing: bool,
    pub(super) completed: bool,
    /// Epochs of which a completion was ordered by hand and took effect.
    pub(super) ordered: BTreeSet<u32>,
    /// Every write that was sent and may have set the lease.
    renewals: Vec<Renewal>,
    /// Whether a claim was asked for at a time when the link had not expired.
    in_time: bool,
    pub(super) have: Coverage,
    /// Bytes that reached the client, repeats counted.
    pub(super) received: u64,
    /// Of these: bytes of which the server never learned that they arrived.
    pub(super) unacknowledged: u64,
    /// Bytes that were never recorded, because the store failed until the lease was over as far as their server knew.
    pub(super) uncounted: u64,
    /// Which lives of which servers sent them.
    pub(super) lives: BTreeSet<Life>,
    /// Whether a byte was ever written to a connection.
    pub(super) written: bool,
}

/// A write that may set a lease.
#[derive(Clone, Copy)]
struct Renewal {
    /// When, by its writer's clock.
    now: Timestamp,
    /// Until when the lease shall run.
    until: Timestamp,
    /// Whether it is a claim; else it is a report, which brings nothing back to life.
    claims: bool,
}

impl Ledger {
    pub(super) fn new(plan: Plan, expires_at: Timestamp, told: bool) -> Self {
        let story = told.then(|| Mutex::new(vec![format!("{plan:?}")]));
        Self { plan, expires_at, safe: AtomicBool::new(false), facts: Mutex::default(), story }
    }

    /// Adds a line to the story, if there is one.
    pub(super) fn tell(&self, line: impl FnOnce() -> String) {
        if let Some(story) = &self.story {
            story.lock().unwrap_or_else(PoisonError::into_inner).push(line());
        }
    }

    /// What happened, line by line; empty unless it was asked for at the beginning.
    pub(super) fn story(&self) -> Vec<String> {
        self.story.as_ref().map(|story| story.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default()
    }

    pub(super) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whose claim it is.
    pub(super) fn belongs(&self, claim: &ClaimId, client: usize, honest: bool) {
        let mut facts = self.facts();
        let of = facts.claims.entry(claim.clone()).or_default();
        (of.client, of.honest) = (Some(client), honest);
    }

    /// Whether the task that runs from now on is one of a safe request.
    pub(super) fn set_safe(&self, safe: bool) {
        self.safe.store(safe, Ordering::Relaxed);
    }

    /// A claim is asked for on a server whose clock says `now`. Whether that is in time.
    pub(super) fn asks(&self, claim: Option<&ClaimId>, now: Timestamp) -> bool {
        let in_time = now < self.expires_at;
        if let Some(claim) = claim {
            self.facts().claims.entry(claim.clone()).or_default().in_time |= in_time;
        }
        in_time
    }

    /// Whether a claim was ever asked for in time.
    pub(super) fn was_in_time(&self, claim: &ClaimId) -> bool {
        self.facts().claims.get(claim).is_some_and(|of| of.in_time)
    }

    /// Why a request that is sent now may not succeed, if so. `slowest` is the time on the clock that is behind the most.
    pub(super) fn barred(&self, claim: Option<&ClaimId>, slowest: Timestamp) -> Option<(Promise, &'static str)> {
        let facts = self.facts();
        if facts.revoked.is_some() {
            return Some((Promise::DecidedInOneWrite, "the link was revoked before"));
        }
        let of = facts.claims.get(claim?)?;
        if of.completed {
            return Some((Promise::CompleteMeansOver, "the claim was completed before"));
        }
        let lapsed = of.epoch > 0 && !of.releasing && of.lease_until().is_some_and(|end| slowest >= end);
        lapsed.then_some((Promise::CompleteMeansOver, "the claim had lapsed before"))
    }

    /// A write is on its way to the store.
    pub(super) fn sending(&self, what: &str) {
        if self.safe.load(Ordering::Relaxed) {
            self.facts().break_(Promise::SafeMethods, format!("a safe method's request is to {what}"));
        }
    }

    /// A claim is on its way to the store.
    pub(super) fn claiming(&self, wish: &ClaimRequest) {
        self.sending("claim");
        self.renewing(&wish.claim, Renewal { now: wish.now, until: wish.lease_until, claims: true });
    }

    /// A release is on its way.
    pub(super) fn releasing(&self, claim: &ClaimRef) {
        self.sending("release");
        self.facts().claims.entry(claim.claim.clone()).or_default().releasing = true;
    }

    /// A claim took effect, or was refused.
    pub(super) fn claimed(&self, wish: &ClaimRequest, outcome: &ClaimOutcome) {
        self.tell(|| format!("claim {} at {:?}: {outcome:?}", wish.claim, wish.now));
        let ClaimOutcome::Granted { link, claim, fresh } = outcome else { return };
        let mut facts = self.facts();
        if claim.id != wish.claim {
            return facts.break_(Promise::HolderOnly, "a holder was given another holder's claim");
        }
        if *fresh && wish.now >= self.expires_at {
            facts.break_(Promise::DecidedInOneWrite, "granted at or after the link's end");
        }
        if *fresh && facts.revoked.is_some() {
            facts.break_(Promise::DecidedInOneWrite, "granted after the revocation");
        }
        if link.claimed > self.plan.uses {
            facts.break_(Promise::OneClaimant, format!("{} uses of {} counted", link.claimed, self.plan.uses));
        }
        let of = facts.claims.entry(claim.id.clone()).or_default();
        of.epoch = of.epoch.max(claim.epoch);
        if *fresh {
            (of.released, of.completed) = (false, matches!(claim.state, ClaimState::Completed { .. }));
        }
    }

    /// A report is on its way.
    pub(super) fn recording(&self, report: &Progress) {
        self.sending("record");
        self.renewing(&report.claim.claim, Renewal { now: report.now, until: report.lease_until, claims: false });
    }

    /// A report took effect, or didn't.
    pub(super) fn recorded(&self, report: &Progress, outcome: &RecordOutcome) {
        self.tell(|| format!("{report:?}: {outcome:?}"));
        let mut facts = self.facts();
        let claim = match outcome {
            RecordOutcome::Kept(claim) => claim,
            RecordOutcome::NotYours => return,
            RecordOutcome::Revoked => {
                // The answer doesn't say whether the last byte of a revoked link completed its claim; it may have.
                let of = facts.claims.entry(report.claim.claim.clone()).or_default();
                of.completed |= report.may_complete;
                return;
            }
        };
        let Some(of) = facts.claims.get_mut(&claim.id) else { return };
        if let ClaimState::Completed { .. } = claim.state {
            of.completed = true;
            if of.honest && !of.have.is_whole(SIZE) {
                let have = of.have.to_text();
                facts.break_(Promise::BrokenIsFinishable, format!("completed although its holder has only bytes {have}"));
            } else if claim.epoch != report.claim.epoch {
                facts.break_(Promise::NothingSpent, "completed by a report of another epoch");
            }
        }
    }

    /// A server gives up writing down that `count` bytes were sent.
    pub(super) fn unrecorded(&self, claim: &ClaimId, count: u64) {
        self.facts().claims.entry(claim.clone()).or_default().uncounted += count;
    }

    /// A completion by hand took effect, or didn't.
    pub(super) fn completed(&self, claim: &ClaimRef, outcome: CompleteOutcome) {
        self.tell(|| format!("complete {claim:?}: {outcome:?}"));
        if outcome != CompleteOutcome::Completed {
            return;
        }
        let mut facts = self.facts();
        let Some(of) = facts.claims.get_mut(&claim.claim) else { return };
        of.ordered.insert(claim.epoch);
        of.completed = true;
        if of.epoch != claim.epoch {
            facts.break_(Promise::NothingSpent, "a late completion of an earlier epoch ended a later one");
        }
    }

    /// A release took effect, or didn't.
    pub(super) fn released(&self, claim: &ClaimRef, outcome: ReleaseOutcome) {
        self.tell(|| format!("release {claim:?}: {outcome:?}"));
        if outcome != ReleaseOutcome::Released {
            return;
        }
        let mut facts = self.facts();
        let Some(of) = facts.claims.get_mut(&claim.claim) else { return };
        of.released = true;
        if of.epoch != claim.epoch {
            facts.break_(Promise::HolderOnly, "a late release of an earlier epoch gave a later one away");
        }
    }

    /// A revocation took effect, at this true time.
    pub(super) fn revoked(&self, outcome: &RevokeOutcome, time: i64) {
        self.tell(|| format!("revoke at {time}: {outcome:?}"));
        if matches!(outcome, RevokeOutcome::Revoked(_)) {
            self.facts().revoked.get_or_insert(time);
        }
    }

    /// Bytes of a claim reached a client.
    pub(super) fn received(&self, client: usize, claim: &ClaimId, range: Range<u64>, life: Life) {
        self.tell(|| format!("client {client} has received {range:?} of {claim} from {life:?}"));
        let mut facts = self.facts();
        facts.fed.insert(client);
        if facts.fed.len() > self.plan.uses as usize {
            let (fed, uses) = (facts.fed.len(), self.plan.uses);
            facts.break_(Promise::OneClaimant, format!("{fed} holders have bytes of a link for {uses}"));
        }
        let of = facts.claims.entry(claim.clone()).or_default();
        of.have.add(range.clone());
        of.received += range.end - range.start;
        of.lives.insert(life);
        let (granted, owner) = (of.epoch > 0, of.client);
        if !granted || owner != Some(client) {
            facts.break_(Promise::HolderOnly, format!("client {client} has bytes of a claim that isn't its own"));
        }
    }

    /// Bytes of a claim are about to be written to a connection, at this true time. `knew`: the lease was renewed, or
    /// would have been, after the link was revoked.
    pub(super) fn written(&self, claim: &ClaimId, time: i64, knew: bool) {
        self.tell(|| format!("bytes of {claim} are written at {time}"));
        let mut facts = self.facts();
        facts.claims.entry(claim.clone()).or_default().written = true;
        if knew {
            facts.break_(Promise::DecidedInOneWrite, "bytes were sent after a renewal that began after the revocation");
        }
    }

    /// Bytes that arrived, but whose acknowledgement didn't.
    pub(super) fn unacknowledged(&self, claim: &ClaimId, count: u64) {
        if let Some(of) = self.facts().claims.get_mut(claim) {
            of.unacknowledged += count;
        }
    }

    /// From now on a direct link's claim may be nobody's.
    pub(super) fn excuse_orphans(&self) {
        self.facts().orphans = true;
    }

    /// A presigned URL reached a client.
    pub(super) fn url(&self, client: usize) {
        let mut facts = self.facts();
        facts.urls += 1;
        facts.fed.insert(client);
        if facts.urls > self.plan.uses {
            let urls = facts.urls;
            facts.break_(Promise::HonestRedirects, format!("{urls} URLs of a link for {}", self.plan.uses));
        }
    }

    /// A promise is broken.
    pub(super) fn break_(&self, promise: Promise, how: impl Into<String>) {
        self.facts().break_(promise, how);
    }

    fn renewing(&self, claim: &ClaimId, renewal: Renewal) {
        self.facts().claims.entry(claim.clone()).or_default().renewals.push(renewal);
    }
}

impl Facts {
    /// The first breach is what is told; those behind it may be its consequences.
    pub(super) fn break_(&mut self, promise: Promise, how: impl Into<String>) {
        if self.broken.is_none() {
            self.broken = Some((promise, how.into()));
        }
    }
}

impl ClaimFacts {
    /// The latest time to which the lease can run, whatever the order in which the writes arrive: a report that began
    /// after the end of all others doesn't count.
    pub(super) fn lease_until(&self) -> Option<Timestamp> {
        let mut end = self.renewals.iter().filter(|renewal| renewal.claims).map(|renewal| renewal.until).max()?;
        loop {
            let reached = self.renewals.iter().filter(|renewal| renewal.now < end).map(|renewal| renewal.until);
            match reached.max() {
                Some(later) if later > end => end = later,
                Some(_) | None => return Some(end),
            }
        }
    }
}

/// Why a refusal of a claim's own holder is lawful.
pub(super) fn is_final(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Spent
            | Refusal::Revoked
            | Refusal::Expired { .. }
            | Refusal::Completed { .. }
            | Refusal::Lapsed { .. }
            | Refusal::BudgetSpent
            | Refusal::Unknown
    )
}
