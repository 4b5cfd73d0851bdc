//! A rival's store: a table in memory that all its servers share. Sound by itself; the mistakes are told apart here.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::rival::mistake::Mistake;

/// How far a stale read lags behind.
const LAG: Duration = Duration::from_millis(40);
/// What a claim may be sent beyond twice its object.
const EXTRA: u64 = 8 << 20;

/// A link.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) object: usize,
    pub(crate) size: u64,
    pub(crate) direct: bool,
    pub(crate) uses: u32,
    pub(crate) used: u32,
    /// Uses before the last change, and when that was.
    before: (u32, Instant),
    expires: Option<Instant>,
    revoked: Option<Instant>,
    claims: HashMap<String, Claim>,
}

/// A holder's claim.
#[derive(Clone, Debug)]
struct Claim {
    lease_until: Instant,
    /// Prefix and stretches that were sent.
    sent: Vec<(u64, u64)>,
    amount: u64,
    completed: bool,
}

/// What a request may be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum No {
    Unknown,
    Spent,
    Expired,
    Revoked,
    Completed,
    Lapsed,
    BudgetSpent,
}

/// Links by token.
pub(crate) struct Store {
    pub(crate) mistake: Option<Mistake>,
    pub(crate) lease: Duration,
    links: Mutex<HashMap<String, Link>>,
}

impl Store {
    pub(crate) fn new(mistake: Option<Mistake>, lease: Duration) -> Self {
        Self { mistake, lease, links: Mutex::default() }
    }

    pub(crate) fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// Puts a new link in.
    pub(crate) fn insert(&self, token: String, link: Link) {
        self.links().insert(token, link);
    }

    pub(crate) fn find(&self, token: &str) -> Option<Link> {
        self.links().get(token).cloned()
    }

    pub(crate) fn revoke(&self, id: &str) {
        if let Some(link) = self.links().values_mut().find(|link| link.id == id) {
            link.revoked.get_or_insert_with(Instant::now);
        }
    }

    /// Takes a use for a holder, as it should be: decided and written in one go.
    pub(crate) fn claim(&self, token: &str, holder: &str) -> Result<(), No> {
        let now = Instant::now();
        let mut links = self.links();
        let link = links.get_mut(token).ok_or(No::Unknown)?;
        if let Some(claim) = link.claims.get(holder).filter(|_| !self.makes(Mistake::RetryWithoutHolder)) {
            return self.standing(link, claim, now);
        }
        self.admit(link, now)?;
        if !self.makes(Mistake::CountWhenFinished) {
            link.count(1, now);
        }
        link.claims.insert(holder.to_owned(), Claim::new(now + self.lease));
        Ok(())
    }

    /// Takes a use as it should not be: by what was read before, when `seen` uses were taken, and by writing `written`.
    pub(crate) fn claim_after_reading(&self, token: &str, holder: &str, seen: u32, written: u32) -> Result<(), No> {
        let now = Instant::now();
        let mut links = self.links();
        let link = links.get_mut(token).ok_or(No::Unknown)?;
        if let Some(claim) = link.claims.get(holder) {
            return self.standing(link, claim, now);
        }
        if seen >= link.uses {
            return Err(No::Spent);
        }
        self.admit(&Link { used: seen, ..link.clone() }, now)?;
        link.used = written;
        link.claims.insert(holder.to_owned(), Claim::new(now + self.lease));
        Ok(())
    }

    /// What a claim may still get: whether `length` more bytes may go to its holder.
    pub(crate) fn enter(&self, token: &str, holder: &str, length: u64, is_range: bool) -> Result<Link, No> {
        let now = Instant::now();
        let mut links = self.links();
        let link = links.get_mut(token).ok_or(No::Unknown)?;
        let claim = link.claims.get(holder).ok_or(No::Unknown)?;
        self.standing(link, claim, now)?;
        if claim.amount + length > 2 * link.size + EXTRA && !self.makes(Mistake::BudgetIgnored) {
            return Err(No::BudgetSpent);
        }
        if is_range && self.makes(Mistake::EveryRangeIsAUse) {
            self.admit(link, now)?;
            link.count(1, now);
        }
        Ok(link.clone())
    }

    /// Notes that bytes were sent; whether everything was by now.
    pub(crate) fn sent(&self, token: &str, holder: &str, from: u64, to: u64) {
        let now = Instant::now();
        let mut links = self.links();
        let Some(link) = links.get_mut(token) else { return };
        let size = link.size;
        let Some(claim) = link.claims.get_mut(holder) else { return };
        claim.lease_until = now + self.lease;
        claim.amount += to - from;
        claim.sent.push((from, to));
        claim.sent.sort_unstable();
        let covered = claim.sent.iter().fold(0, |covered, (from, to)| if *from <= covered { covered.max(*to) } else { covered });
        if covered < size {
            return;
        }
        claim.completed = true;
        if self.makes(Mistake::CompleteWithoutFence) {
            link.claims.values_mut().for_each(|claim| claim.completed = true);
        }
        if self.makes(Mistake::CountWhenFinished) {
            link.count(1, now);
        }
    }

    /// A response of the claim broke; `nothing_sent`: before its first byte.
    pub(crate) fn broke(&self, token: &str, holder: &str, nothing_sent: bool) {
        let mut links = self.links();
        let Some(link) = links.get_mut(token) else { return };
        let Some(claim) = link.claims.get(holder) else { return };
        let untouched = nothing_sent && (claim.amount == 0 || self.makes(Mistake::ReleaseWithoutFence));
        let released = untouched && (link.direct || self.makes(Mistake::ReleaseWithoutFence));
        if released || (self.makes(Mistake::RefundOnEarlyStop) && !claim.completed) {
            link.claims.remove(holder);
            link.used = link.used.saturating_sub(1);
        }
    }

    /// Takes a use for nobody.
    pub(crate) fn spend(&self, token: &str) {
        if let Some(link) = self.links().get_mut(token) {
            link.count(1, Instant::now());
        }
    }

    /// Nobody new finds the link any more.
    pub(crate) fn delete(&self, token: &str) {
        if let Some(link) = self.links().get_mut(token) {
            link.used = link.uses;
        }
    }

    /// Whether a claim may still be used.
    fn standing(&self, link: &Link, claim: &Claim, now: Instant) -> Result<(), No> {
        let lapsed = now >= claim.lease_until && !self.makes(Mistake::LeaseIgnored);
        match () {
            () if link.revoked.is_some() => Err(No::Revoked),
            () if claim.completed => Err(No::Completed),
            () if lapsed => Err(No::Lapsed),
            () => Ok(()),
        }
    }

    /// Whether a new claim may be made.
    fn admit(&self, link: &Link, now: Instant) -> Result<(), No> {
        let stale = self.makes(Mistake::StaleReadDecides);
        let lagging = |since: Instant| stale && now < since + LAG;
        let used = if lagging(link.before.1) { link.before.0 } else { link.used };
        let expired = link.expires.is_some_and(|end| now >= end) && !self.makes(Mistake::ExpiryBySweeper);
        match () {
            () if link.revoked.is_some_and(|since| !lagging(since)) => Err(No::Revoked),
            () if used >= link.uses => Err(No::Spent),
            () if expired => Err(No::Expired),
            () => Ok(()),
        }
    }

    fn links(&self) -> MutexGuard<'_, HashMap<String, Link>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link {
    pub(crate) fn new(id: String, object: usize, size: u64, direct: bool, uses: u32, expires_in: Option<Duration>) -> Self {
        let now = Instant::now();
        let expires = expires_in.map(|span| now + span);
        Self { id, object, size, direct, uses, used: 0, before: (0, now), expires, revoked: None, claims: HashMap::new() }
    }

    fn count(&mut self, more: u32, now: Instant) {
        self.before = (self.used, now);
        self.used += more;
    }
}

impl Claim {
    fn new(lease_until: Instant) -> Self {
        Self { lease_until, sent: Vec::new(), amount: 0, completed: false }
    }
}
