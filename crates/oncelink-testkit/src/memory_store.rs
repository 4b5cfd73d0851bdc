//! The model store: links, claims, events and API keys in memory, behind one lock.
//!
//! It must not decide anything by itself: every change of a link or a claim is one of the core's transition functions,
//! so that it can stand for the specification when another engine is compared with it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use oncelink_core::apikey::{ApiKey, ApiKeyHash, KeyId};
use oncelink_core::claim::{Claim, ClaimRef, ClaimState};
use oncelink_core::event::{Event, EventKind};
use oncelink_core::holder::ClaimId;
use oncelink_core::link::Link;
use oncelink_core::ports::{
    ClaimOutcome, ClaimRequest, CompleteOutcome, IdempotencyKey, InsertOutcome, KeyStore, LinkFilter, LinkPage, LinkStore, NewLink,
    PageCursor, Progress, PurgeOutcome, RecordOutcome, ReleaseOutcome, ReserveOutcome, RevokeOutcome,
};
use oncelink_core::token::LinkId;
use oncelink_core::transition::{self, Decision};
use oncelink_core::{Actor, Fault, Refusal, Timestamp};

/// Links and API keys in memory; gone with the process.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Tables>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many links there are.
    pub fn len(&self) -> usize {
        self.tables().links.len()
    }

    /// Whether there is no link.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A panic in another test's thread must not hide that test's own message behind a poisoned lock.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl LinkStore for MemoryStore {
    async fn insert(&self, links: Vec<NewLink>) -> Result<Vec<InsertOutcome>, Fault> {
        let mut tables = self.tables();
        Ok(links.into_iter().map(|new| tables.insert(new)).collect())
    }

    async fn find_repeated(&self, key: &IdempotencyKey) -> Result<Option<InsertOutcome>, Fault> {
        Ok(self.tables().repeated(key))
    }

    async fn find(&self, id: &LinkId) -> Result<Option<Link>, Fault> {
        Ok(self.tables().links.get(id).map(|row| row.link.clone()))
    }

    async fn find_claim(&self, link: &LinkId, claim: &ClaimId) -> Result<Option<(Link, Option<Claim>)>, Fault> {
        Ok(self.tables().links.get(link).map(|row| (row.link.clone(), row.claims.get(claim).cloned())))
    }

    async fn claim(&self, request: ClaimRequest) -> Result<ClaimOutcome, Fault> {
        let mut tables = self.tables();
        Ok(match tables.links.get_mut(&request.link) {
            Some(row) => row.claim(&request),
            None => ClaimOutcome::Refused(Refusal::Unknown),
        })
    }

    async fn record(&self, progress: Progress) -> Result<RecordOutcome, Fault> {
        let mut tables = self.tables();
        let row = tables.links.get_mut(&progress.claim.link);
        Ok(row.and_then(|row| row.record(&progress)).unwrap_or(RecordOutcome::NotYours))
    }

    async fn complete(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<CompleteOutcome, Fault> {
        let mut tables = self.tables();
        let done = tables.links.get_mut(&claim.link).is_some_and(|row| row.complete(&claim, now, actor));
        Ok(if done { CompleteOutcome::Completed } else { CompleteOutcome::NotActive })
    }

    async fn release(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<ReleaseOutcome, Fault> {
        let mut tables = self.tables();
        let done = tables.links.get_mut(&claim.link).is_some_and(|row| row.release(&claim, now, actor));
        Ok(if done { ReleaseOutcome::Released } else { ReleaseOutcome::NotReleased })
    }

    async fn revoke(&self, id: &LinkId, now: Timestamp, actor: Actor) -> Result<RevokeOutcome, Fault> {
        let mut tables = self.tables();
        Ok(match tables.links.get_mut(id) {
            Some(row) => RevokeOutcome::Revoked(row.revoke(now, actor)),
            None => RevokeOutcome::Unknown,
        })
    }

    async fn reserve_attempt(&self, id: &LinkId, now: Timestamp) -> Result<ReserveOutcome, Fault> {
        let mut tables = self.tables();
        Ok(match tables.links.get_mut(id) {
            Some(row) => transition::reserve_attempt(&mut row.link, now),
            None => ReserveOutcome::Unknown,
        })
    }

    async fn refund_attempt(&self, id: &LinkId, window: Timestamp) -> Result<(), Fault> {
        if let Some(row) = self.tables().links.get_mut(id) {
            transition::refund_attempt(&mut row.link, window);
        }
        Ok(())
    }

    async fn list(&self, filter: &LinkFilter) -> Result<LinkPage, Fault> {
        Ok(self.tables().list(filter))
    }

    async fn claims(&self, id: &LinkId) -> Result<Vec<Claim>, Fault> {
        let tables = self.tables();
        let mut claims: Vec<Claim> = tables.links.get(id).map(|row| row.claims.values().cloned().collect()).unwrap_or_default();
        // Stable: claims of the same millisecond stay in the order of their ids.
        claims.sort_by_key(|claim| claim.claimed_at);
        Ok(claims)
    }

    async fn events(&self, id: &LinkId, limit: usize) -> Result<Vec<Event>, Fault> {
        let tables = self.tables();
        Ok(tables.links.get(id).map(|row| row.events.iter().take(limit).cloned().collect()).unwrap_or_default())
    }

    async fn note(&self, event: Event) -> Result<(), Fault> {
        let mut tables = self.tables();
        if let Some(row) = tables.links.get_mut(&event.link).filter(|row| row.notes < Event::MAX_PER_LINK) {
            row.notes += 1;
            row.events.push(event);
        }
        Ok(())
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<PurgeOutcome, Fault> {
        Ok(PurgeOutcome { deleted: self.tables().purge(before, limit) })
    }

    async fn ping(&self) -> Result<(), Fault> {
        Ok(())
    }
}

#[async_trait]
impl KeyStore for MemoryStore {
    async fn insert_key(&self, key: ApiKey) -> Result<(), Fault> {
        let mut tables = self.tables();
        if tables.keys.iter().any(|have| have.id == key.id || have.hash == key.hash) {
            return Err(Fault::internal("an API key with this id or hash exists already"));
        }
        tables.keys.push(key);
        Ok(())
    }

    async fn insert_first_key(&self, key: ApiKey) -> Result<bool, Fault> {
        let mut tables = self.tables();
        let first = tables.keys.is_empty();
        if first {
            tables.keys.push(key);
        }
        Ok(first)
    }

    async fn find_key(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, Fault> {
        Ok(self.tables().keys.iter().find(|key| key.hash == *hash).cloned())
    }

    async fn list_keys(&self) -> Result<Vec<ApiKey>, Fault> {
        let mut keys = self.tables().keys.clone();
        keys.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(keys)
    }

    async fn revoke_key(&self, id: &KeyId, now: Timestamp) -> Result<bool, Fault> {
        let mut tables = self.tables();
        let key = tables.keys.iter_mut().find(|key| key.id == *id);
        Ok(key.map(|key| key.revoked_at.get_or_insert(now)).is_some())
    }

    async fn touch_key(&self, id: &KeyId, now: Timestamp) -> Result<(), Fault> {
        if let Some(key) = self.tables().keys.iter_mut().find(|key| key.id == *id) {
            key.last_used_at = key.last_used_at.max(Some(now));
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Tables {
    links: BTreeMap<LinkId, Row>,
    /// By name: the body that came with it, and the link that was made.
    idempotency: HashMap<String, (String, LinkId)>,
    keys: Vec<ApiKey>,
}

/// A link with everything that hangs on it, and goes with it.
#[derive(Debug)]
struct Row {
    link: Link,
    claims: BTreeMap<ClaimId, Claim>,
    events: Vec<Event>,
    /// How many of the events are best-effort ones.
    notes: u32,
}

impl Tables {
    fn insert(&mut self, new: NewLink) -> InsertOutcome {
        if let Some(outcome) = new.idempotency.as_ref().and_then(|key| self.repeated(key)) {
            return outcome;
        }
        if self.links.contains_key(&new.link.id) {
            return InsertOutcome::Conflict;
        }
        if let Some(key) = new.idempotency {
            self.idempotency.insert(key.name, (key.body, new.link.id.clone()));
        }
        let mut row = Row { claims: BTreeMap::new(), events: Vec::new(), notes: 0, link: new.link };
        row.log(row.link.created_at, EventKind::Created, None, new.actor);
        self.links.insert(row.link.id.clone(), row);
        InsertOutcome::Created
    }

    fn repeated(&self, key: &IdempotencyKey) -> Option<InsertOutcome> {
        let (body, link) = self.idempotency.get(&key.name)?;
        if *body != key.body {
            return Some(InsertOutcome::Conflict);
        }
        self.links.get(link).map(|row| InsertOutcome::Repeated(row.link.clone()))
    }

    fn list(&self, filter: &LinkFilter) -> LinkPage {
        let mut wanted: Vec<&Link> = self.links.values().map(|row| &row.link).filter(|link| filter.wants(link)).collect();
        wanted.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        let behind = |link: &&&Link| match &filter.after {
            Some(cursor) => (link.created_at, &link.id) < (cursor.created_at, &cursor.id),
            None => true,
        };
        let rest: Vec<&Link> = wanted.iter().filter(behind).copied().collect();
        let links: Vec<Link> = rest.iter().take(filter.limit).copied().cloned().collect();
        let last = links.last().filter(|_| rest.len() > links.len());
        LinkPage { next: last.map(|link| PageCursor { created_at: link.created_at, id: link.id.clone() }), links }
    }

    fn purge(&mut self, before: Timestamp, limit: usize) -> usize {
        let over = |row: &&Row| {
            let claims: Vec<Claim> = row.claims.values().cloned().collect();
            transition::purgeable(&row.link, &claims, before)
        };
        let ids: Vec<LinkId> = self.links.values().filter(over).take(limit).map(|row| row.link.id.clone()).collect();
        for id in &ids {
            self.links.remove(id);
        }
        self.idempotency.retain(|_, (_, link)| !ids.contains(link));
        ids.len()
    }
}

impl Row {
    fn claim(&mut self, wish: &ClaimRequest) -> ClaimOutcome {
        match transition::claim(&self.link, self.claims.get(&wish.claim), wish) {
            Decision::Refuse(refusal) => ClaimOutcome::Refused(refusal),
            Decision::Have(claim) => ClaimOutcome::Granted { link: self.link.clone(), claim, fresh: false },
            Decision::Take(claim) => {
                transition::count_use(&mut self.link, wish);
                self.claims.insert(claim.id.clone(), claim.clone());
                self.log(wish.now, EventKind::Claimed, Some(&claim.id), wish.actor.clone());
                if let ClaimState::Completed { at } = claim.state {
                    self.log(at, EventKind::Completed, Some(&claim.id), wish.actor.clone());
                }
                ClaimOutcome::Granted { link: self.link.clone(), claim, fresh: true }
            }
        }
    }

    fn record(&mut self, report: &Progress) -> Option<RecordOutcome> {
        let next = transition::record(&self.link, self.claims.get(&report.claim.claim)?, report)?;
        if let Some(bytes) = report.ended {
            self.log(report.now, EventKind::Delivered { bytes }, Some(&next.id), report.actor.clone());
        }
        if let ClaimState::Completed { at } = next.state {
            self.log(at, EventKind::Completed, Some(&next.id), report.actor.clone());
        }
        self.claims.insert(next.id.clone(), next.clone());
        Some(if self.link.revoked_at.is_some() { RecordOutcome::Revoked } else { RecordOutcome::Kept(next) })
    }

    fn complete(&mut self, claim: &ClaimRef, now: Timestamp, actor: Actor) -> bool {
        let next = self.theirs(claim).and_then(|have| transition::complete(&self.link, have, now));
        self.end(next, now, EventKind::Completed, actor)
    }

    fn release(&mut self, claim: &ClaimRef, now: Timestamp, actor: Actor) -> bool {
        let next = self.theirs(claim).and_then(|have| transition::release(have, now));
        let released = self.end(next, now, EventKind::Released, actor);
        if released {
            self.link.claimed -= 1;
        }
        released
    }

    fn revoke(&mut self, now: Timestamp, actor: Actor) -> Link {
        if self.link.revoked_at.is_none() {
            self.link.revoked_at = Some(now);
            self.log(now, EventKind::Revoked, None, actor);
        }
        self.link.clone()
    }

    /// The claim, when it still is in the epoch that the caller knows.
    fn theirs(&self, claim: &ClaimRef) -> Option<&Claim> {
        self.claims.get(&claim.claim).filter(|have| have.epoch == claim.epoch)
    }

    fn end(&mut self, next: Option<Claim>, at: Timestamp, kind: EventKind, actor: Actor) -> bool {
        let Some(next) = next else { return false };
        self.log(at, kind, Some(&next.id), actor);
        self.claims.insert(next.id.clone(), next);
        true
    }

    fn log(&mut self, at: Timestamp, kind: EventKind, claim: Option<&ClaimId>, actor: Actor) {
        self.events.push(Event { link: self.link.id.clone(), at, kind, claim: claim.cloned(), actor });
    }
}
