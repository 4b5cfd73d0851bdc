//! The store: both ports on one table. Must not hold expressions, nor anything that decides.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use oncelink_core::apikey::{ApiKey, ApiKeyHash, KeyId};
use oncelink_core::claim::{Claim, ClaimRef};
use oncelink_core::event::Event;
use oncelink_core::holder::ClaimId;
use oncelink_core::link::Link;
use oncelink_core::ports::{
    ClaimOutcome, ClaimRequest, CompleteOutcome, IdempotencyKey, InsertOutcome, KeyStore, LinkFilter, LinkPage, LinkStore, NewLink,
    Progress, PurgeOutcome, RecordOutcome, ReleaseOutcome, ReserveOutcome, RevokeOutcome,
};
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Fault, Timestamp};

use crate::change::Change;
use crate::engine::Engine;
use crate::items::number;
use crate::layout::Key;
use crate::open::{FOR_EVER, RETENTION, check_name, connect};
use crate::open_error::OpenError;
use crate::table::Table;
use crate::{attempts, claiming, delivering, history, inserting, keys, listing, purging, revoking, schema};

/// Links and API keys in one DynamoDB table.
pub struct DynamoStore {
    engine: Arc<Engine>,
}

impl DynamoStore {
    /// Opens `table`, creates it when it is missing (on demand, with time to live), and checks it.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong and what to do about it.
    pub async fn open(table: &str, region: Option<&str>, endpoint: Option<&str>) -> Result<Self, OpenError> {
        check_name(table)?;
        let store = Self::with_client(connect(table, region, endpoint).await?, table);
        store.init().await?;
        Ok(store)
    }

    /// The store on `table` through this client, not looked at yet: see [`DynamoStore::init`] and [`DynamoStore::check`].
    pub fn with_client(client: Client, table: &str) -> Self {
        Self { engine: Arc::new(Engine::new(Table::new(client, table), RETENTION)) }
    }

    /// The same store, keeping what has ended for so long before DynamoDB's time to live may take it, longer than a lease; nothing:
    /// for ever.
    #[must_use]
    pub fn with_retention(self, retention: Option<Duration>) -> Self {
        let table = Table::new(self.engine.table.client().clone(), self.engine.table.name());
        Self { engine: Arc::new(Engine::new(table, retention.unwrap_or(FOR_EVER))) }
    }

    /// Creates the table when it is missing, and checks it. Safe to call from many replicas at once.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong and what to do about it.
    pub async fn init(&self) -> Result<(), OpenError> {
        schema::init(&self.engine).await
    }

    /// Checks the table without creating it: keys, indexes, that it isn't a global table with eventual consistency, and the
    /// layout's version, which it writes into a new table.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong and what to do about it.
    pub async fn check(&self) -> Result<(), OpenError> {
        schema::check(&self.engine).await
    }

    /// Checks the table as [`check`](Self::check) does, and changes nothing. The version of its layout; nothing when no server
    /// has used it yet.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong and what to do about it.
    pub async fn inspect(&self) -> Result<Option<u32>, OpenError> {
        schema::inspect(&self.engine).await
    }
}

#[async_trait]
impl LinkStore for DynamoStore {
    async fn insert(&self, links: Vec<NewLink>) -> Result<Vec<InsertOutcome>, Fault> {
        inserting::insert(&self.engine, links).await
    }

    async fn find_repeated(&self, key: &IdempotencyKey) -> Result<Option<InsertOutcome>, Fault> {
        inserting::find_repeated(&self.engine, key).await
    }

    async fn find(&self, id: &LinkId) -> Result<Option<Link>, Fault> {
        claiming::find(&self.engine, id).await
    }

    async fn find_claim(&self, link: &LinkId, claim: &ClaimId) -> Result<Option<(Link, Option<Claim>)>, Fault> {
        claiming::find_claim(&self.engine, link, claim).await
    }

    async fn claim(&self, request: ClaimRequest) -> Result<ClaimOutcome, Fault> {
        claiming::claim(&self.engine, &request).await
    }

    async fn record(&self, progress: Progress) -> Result<RecordOutcome, Fault> {
        delivering::record(&self.engine, &progress).await
    }

    async fn complete(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<CompleteOutcome, Fault> {
        delivering::complete(&self.engine, &claim, now, &actor).await
    }

    async fn release(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<ReleaseOutcome, Fault> {
        delivering::release(&self.engine, &claim, now, &actor).await
    }

    async fn revoke(&self, id: &LinkId, now: Timestamp, actor: Actor) -> Result<RevokeOutcome, Fault> {
        revoking::revoke(&self.engine, id, now, &actor).await
    }

    async fn reserve_attempt(&self, id: &LinkId, now: Timestamp) -> Result<ReserveOutcome, Fault> {
        attempts::reserve(&self.engine, id, now).await
    }

    async fn refund_attempt(&self, id: &LinkId, window: Timestamp) -> Result<(), Fault> {
        attempts::refund(&self.engine, id, window).await
    }

    async fn list(&self, filter: &LinkFilter) -> Result<LinkPage, Fault> {
        listing::list(&self.engine, filter).await
    }

    async fn claims(&self, id: &LinkId) -> Result<Vec<Claim>, Fault> {
        history::claims(&self.engine, id).await
    }

    async fn events(&self, id: &LinkId, limit: usize) -> Result<Vec<Event>, Fault> {
        history::events(&self.engine, id, limit).await
    }

    async fn note(&self, event: Event) -> Result<(), Fault> {
        history::note(&self.engine, &event).await
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<PurgeOutcome, Fault> {
        purging::purge(&self.engine, before, limit).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.engine.table.get(&Key::schema(), None).await?;
        let beat = Change::new("ADD #beats :one".to_owned(), &[]).value(":one", number(1));
        self.engine.table.update(&Key::pulse(), beat).await?;
        Ok(())
    }
}

#[async_trait]
impl KeyStore for DynamoStore {
    async fn insert_key(&self, key: ApiKey) -> Result<(), Fault> {
        keys::insert(&self.engine, &key).await
    }

    async fn insert_first_key(&self, key: ApiKey) -> Result<bool, Fault> {
        keys::insert_first(&self.engine, &key).await
    }

    async fn find_key(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, Fault> {
        keys::find(&self.engine, hash).await
    }

    async fn list_keys(&self) -> Result<Vec<ApiKey>, Fault> {
        keys::list(&self.engine).await
    }

    async fn revoke_key(&self, id: &KeyId, now: Timestamp) -> Result<bool, Fault> {
        keys::revoke(&self.engine, id, now).await
    }

    async fn touch_key(&self, id: &KeyId, now: Timestamp) -> Result<(), Fault> {
        keys::touch(&self.engine, id, now).await
    }
}
