//! The store: both ports on one pool. Must not hold SQL, nor anything that decides.

use std::sync::Arc;

use async_trait::async_trait;
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

use crate::database::Database;
use crate::failure::Failure;
use crate::gathering::Gathering;
use crate::inspect::{self, Schema};
use crate::open_error::OpenError;
use crate::{attempts, claiming, delivering, finding, history, inserting, keys, listing, open, purging, revoking};

/// Links and API keys in a PostgreSQL database, which any number of replicas may share.
///
/// Its methods need a Tokio runtime with time and network.
pub struct PostgresStore {
    db: Arc<Database>,
    finds: Gathering<LinkId>,
    claims: Gathering<ClaimRequest>,
    reports: Gathering<Progress>,
}

impl PostgresStore {
    /// Connects to the database at `url`, checks it, and brings its tables up to date; several replicas may do so at once.
    ///
    /// `postgres://USER:PASSWORD@HOST[:PORT][,HOST...]/DATABASE[?PARAMETER=VALUE&...]` with libpq's parameters, and two
    /// differences: `sslmode=require` checks the server's certificate and name as `verify-full` does, and `pool_size` (16)
    /// bounds the connections.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong and what to do about it, and never shows the password.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let db = Arc::new(open::open(url).await?);
        let (finds, claims, reports) = (Gathering::new(db.clone()), Gathering::new(db.clone()), Gathering::new(db.clone()));
        Ok(Self { db, finds, claims, reports })
    }

    /// What the tables in the database at `url` are. Changes, creates and locks nothing.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong and what to do about it, and never shows the password.
    pub async fn inspect(url: &str) -> Result<Schema, OpenError> {
        inspect::inspect(url).await
    }

    /// What time it is by the clock of the server at `url`.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong and what to do about it, and never shows the password.
    pub async fn time(url: &str) -> Result<Timestamp, OpenError> {
        inspect::time(url).await
    }

    /// Closes the connections; one that is in use, when its call is done. Whatever is asked afterwards is answered with a
    /// fault. Closing twice is no trouble.
    pub async fn close(&self) {
        self.db.close();
    }

    /// A failure as the fault of this database.
    fn told<T>(&self, outcome: Result<T, Failure>) -> Result<T, Fault> {
        outcome.map_err(|failure| failure.into_fault(self.db.place()))
    }
}

#[async_trait]
impl LinkStore for PostgresStore {
    async fn insert(&self, links: Vec<NewLink>) -> Result<Vec<InsertOutcome>, Fault> {
        self.told(inserting::insert(&self.db, &links).await)
    }

    async fn find_repeated(&self, key: &IdempotencyKey) -> Result<Option<InsertOutcome>, Fault> {
        self.told(inserting::find_repeated(&self.db, key).await)
    }

    async fn find(&self, id: &LinkId) -> Result<Option<Link>, Fault> {
        self.told(finding::find_soon(&self.db, &self.finds, id).await)
    }

    async fn find_claim(&self, link: &LinkId, claim: &ClaimId) -> Result<Option<(Link, Option<Claim>)>, Fault> {
        self.told(finding::find_with_claim(&self.db, link, claim).await)
    }

    async fn claim(&self, request: ClaimRequest) -> Result<ClaimOutcome, Fault> {
        self.told(claiming::claim(&self.db, &self.claims, request).await)
    }

    async fn record(&self, progress: Progress) -> Result<RecordOutcome, Fault> {
        self.told(delivering::record(&self.db, &self.reports, progress).await)
    }

    async fn complete(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<CompleteOutcome, Fault> {
        self.told(delivering::complete(&self.db, &claim, now, &actor).await)
    }

    async fn release(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<ReleaseOutcome, Fault> {
        self.told(delivering::release(&self.db, &claim, now, &actor).await)
    }

    async fn revoke(&self, id: &LinkId, now: Timestamp, actor: Actor) -> Result<RevokeOutcome, Fault> {
        self.told(revoking::revoke(&self.db, id, now, &actor).await)
    }

    async fn reserve_attempt(&self, id: &LinkId, now: Timestamp) -> Result<ReserveOutcome, Fault> {
        self.told(attempts::reserve(&self.db, id, now).await)
    }

    async fn refund_attempt(&self, id: &LinkId, window: Timestamp) -> Result<(), Fault> {
        self.told(attempts::refund(&self.db, id, window).await)
    }

    async fn list(&self, filter: &LinkFilter) -> Result<LinkPage, Fault> {
        self.told(listing::list(&self.db, filter).await)
    }

    async fn claims(&self, id: &LinkId) -> Result<Vec<Claim>, Fault> {
        self.told(history::claims(&self.db, id).await)
    }

    async fn events(&self, id: &LinkId, limit: usize) -> Result<Vec<Event>, Fault> {
        self.told(history::events(&self.db, id, limit).await)
    }

    async fn note(&self, event: Event) -> Result<(), Fault> {
        self.told(history::note(&self.db, &event).await)
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<PurgeOutcome, Fault> {
        self.told(purging::purge(&self.db, before, limit).await)
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.told(self.db.beat().await)
    }
}

#[async_trait]
impl KeyStore for PostgresStore {
    async fn insert_key(&self, key: ApiKey) -> Result<(), Fault> {
        self.told(keys::insert(&self.db, &key).await)
    }

    async fn insert_first_key(&self, key: ApiKey) -> Result<bool, Fault> {
        self.told(keys::insert_first(&self.db, &key).await)
    }

    async fn find_key(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, Fault> {
        self.told(keys::find(&self.db, hash).await)
    }

    async fn list_keys(&self) -> Result<Vec<ApiKey>, Fault> {
        self.told(keys::list(&self.db).await)
    }

    async fn revoke_key(&self, id: &KeyId, now: Timestamp) -> Result<bool, Fault> {
        self.told(keys::revoke(&self.db, id, now).await)
    }

    async fn touch_key(&self, id: &KeyId, now: Timestamp) -> Result<(), Fault> {
        self.told(keys::touch(&self.db, id, now).await)
    }
}
