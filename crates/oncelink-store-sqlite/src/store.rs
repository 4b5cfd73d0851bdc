//! The store: both ports on one file. Must not hold SQL, nor anything that decides.

use std::path::Path;
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
use rusqlite::Connection;

use crate::failure::Failure;
use crate::finder::Finder;
use crate::inspect::{self, Schema};
use crate::known_keys::KnownKeys;
use crate::open_error::OpenError;
use crate::readers::Readers;
use crate::writer::Writer;
use crate::{attempts, claiming, delivering, history, inserting, keys, listing, open, purging, query, revoking, sql};

/// How many connections read at a time.
const READERS: usize = 4;

/// Links and API keys in one SQLite file.
///
/// Its methods need a Tokio runtime (long reads run on its blocking threads). Dropping it waits until what is queued has been
/// written; [`SqliteStore::close`] does so without blocking a thread of the runtime.
pub struct SqliteStore {
    // Those who read come first: the last connection to close is the one that tidies the log away.
    finder: Finder,
    readers: Arc<Readers>,
    writer: Writer,
    known_keys: Arc<KnownKeys>,
}

impl SqliteStore {
    /// Opens the file at `path`, creates it (mode 0600) when it is missing, and brings its tables up to date. The folder
    /// must exist. Blocks for a moment; while the store is open, nobody else can open the same file with this.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file and what to do about it.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let opened = open::open(path, READERS)?;
        let file: Arc<Path> = opened.file.into();
        let failed = |error: std::io::Error| OpenError::Failed { file: file.to_path_buf(), source: error.into() };
        let finder = Finder::start(file.clone(), opened.finder).map_err(failed)?;
        let writer = Writer::start(file.clone(), opened.writer, opened.lock).map_err(failed)?;
        Ok(Self { finder, readers: Readers::new(file, opened.readers), writer, known_keys: Arc::default() })
    }

    /// What the tables in the file at `path` are; nothing when there is no file. Changes, creates and locks nothing; a server
    /// may be running on it.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file and what to do about it.
    pub fn inspect(path: &Path) -> Result<Option<Schema>, OpenError> {
        inspect::inspect(path)
    }

    /// Finishes what has been begun, copies the log back into the file, and closes it: then the one file is all there is,
    /// and it may be opened again. Whatever is asked afterwards is answered with a fault. Closing twice is no trouble.
    pub async fn close(&self) {
        self.known_keys.close();
        self.finder.close().await;
        self.readers.close().await;
        self.writer.close().await;
    }

    /// How many transactions were committed since the opening: with many requests at a time, far fewer than these.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    async fn look_up<T: Send + 'static>(&self, work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static) -> Result<T, Fault> {
        self.finder.find(work).await
    }

    async fn read<T: Send + 'static>(&self, work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static) -> Result<T, Fault> {
        self.readers.read(work).await
    }

    async fn write<T: Send + 'static>(&self, work: impl FnMut(&Connection) -> Result<T, Failure> + Send + 'static) -> Result<T, Fault> {
        self.writer.write(work).await
    }

    /// Like `write`, for what changes an API key.
    async fn write_key<T: Send + 'static>(&self, work: impl FnMut(&Connection) -> Result<T, Failure> + Send + 'static) -> Result<T, Fault> {
        self.write(self.known_keys.clone().change().within(work)).await
    }
}

#[async_trait]
impl LinkStore for SqliteStore {
    async fn insert(&self, links: Vec<NewLink>) -> Result<Vec<InsertOutcome>, Fault> {
        self.write(move |db| inserting::insert(db, &links)).await
    }

    async fn find_repeated(&self, key: &IdempotencyKey) -> Result<Option<InsertOutcome>, Fault> {
        let key = key.clone();
        self.read(move |db| inserting::find_repeated(db, &key)).await
    }

    async fn find(&self, id: &LinkId) -> Result<Option<Link>, Fault> {
        let id = id.clone();
        self.look_up(move |db| claiming::find(db, &id)).await
    }

    async fn find_claim(&self, link: &LinkId, claim: &ClaimId) -> Result<Option<(Link, Option<Claim>)>, Fault> {
        let (link, claim) = (link.clone(), claim.clone());
        self.look_up(move |db| claiming::find_with_claim(db, &link, &claim)).await
    }

    async fn claim(&self, request: ClaimRequest) -> Result<ClaimOutcome, Fault> {
        self.write(move |db| claiming::claim(db, &request)).await
    }

    async fn record(&self, progress: Progress) -> Result<RecordOutcome, Fault> {
        self.write(move |db| delivering::record(db, &progress)).await
    }

    async fn complete(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<CompleteOutcome, Fault> {
        self.write(move |db| delivering::complete(db, &claim, now, &actor)).await
    }

    async fn release(&self, claim: ClaimRef, now: Timestamp, actor: Actor) -> Result<ReleaseOutcome, Fault> {
        self.write(move |db| delivering::release(db, &claim, now, &actor)).await
    }

    async fn revoke(&self, id: &LinkId, now: Timestamp, actor: Actor) -> Result<RevokeOutcome, Fault> {
        let id = id.clone();
        self.write(move |db| revoking::revoke(db, &id, now, &actor)).await
    }

    async fn reserve_attempt(&self, id: &LinkId, now: Timestamp) -> Result<ReserveOutcome, Fault> {
        let id = id.clone();
        self.write(move |db| attempts::reserve(db, &id, now)).await
    }

    async fn refund_attempt(&self, id: &LinkId, window: Timestamp) -> Result<(), Fault> {
        let id = id.clone();
        self.write(move |db| attempts::refund(db, &id, window)).await
    }

    async fn list(&self, filter: &LinkFilter) -> Result<LinkPage, Fault> {
        let filter = filter.clone();
        self.read(move |db| listing::list(db, &filter)).await
    }

    async fn claims(&self, id: &LinkId) -> Result<Vec<Claim>, Fault> {
        let id = id.clone();
        self.read(move |db| history::claims(db, &id)).await
    }

    async fn events(&self, id: &LinkId, limit: usize) -> Result<Vec<Event>, Fault> {
        let id = id.clone();
        self.read(move |db| history::events(db, &id, limit)).await
    }

    async fn note(&self, event: Event) -> Result<(), Fault> {
        self.write(move |db| history::note(db, &event)).await
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<PurgeOutcome, Fault> {
        self.write(move |db| purging::purge(db, before, limit)).await
    }

    fn is_shared(&self) -> bool {
        // Opening takes a lock that lives as long as the process.
        false
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.read(|db| query::one(db, sql::PULSE_FIND, &[], |_| Ok(()))).await?;
        self.write(|db| query::change(db, sql::PULSE_BEAT, &[])).await.map(|_| ())
    }
}

#[async_trait]
impl KeyStore for SqliteStore {
    async fn insert_key(&self, key: ApiKey) -> Result<(), Fault> {
        self.write_key(move |db| keys::insert(db, &key)).await
    }

    async fn insert_first_key(&self, key: ApiKey) -> Result<bool, Fault> {
        self.write_key(move |db| keys::insert_first(db, &key)).await
    }

    async fn find_key(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, Fault> {
        let reading = match self.known_keys.find(hash) {
            Ok(key) => return Ok(Some(key)),
            Err(reading) => reading,
        };
        let wanted = hash.clone();
        let found = self.look_up(move |db| keys::find(db, &wanted)).await?;
        if let Some(key) = &found {
            self.known_keys.learn(key, reading);
        }
        Ok(found)
    }

    async fn list_keys(&self) -> Result<Vec<ApiKey>, Fault> {
        self.read(keys::list).await
    }

    async fn revoke_key(&self, id: &KeyId, now: Timestamp) -> Result<bool, Fault> {
        let id = id.clone();
        self.write_key(move |db| keys::revoke(db, &id, now)).await
    }

    async fn touch_key(&self, id: &KeyId, now: Timestamp) -> Result<(), Fault> {
        let id = id.clone();
        self.write_key(move |db| keys::touch(db, &id, now)).await
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::mpsc;
    use std::task::{Context, Waker};

    use oncelink_testkit::fixtures::{a_key, after};

    use super::*;

    /// Whoever asked for it may hang up: what was read before its commit must not be learnt.
    #[tokio::test]
    async fn a_revocation_that_nobody_waits_for_is_seen() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let store = SqliteStore::open(&dir.path().join("links.db")).expect("a store");
        let key = a_key(1);
        store.insert_key(key.clone()).await.expect("the store keeps keys");
        let (go_on, held) = mpsc::channel::<()>();
        let mut holding = pin!(store.write(move |_| {
            let _ = held.recv();
            Ok(())
        }));
        let mut context = Context::from_waker(Waker::noop());
        assert!(holding.as_mut().poll(&mut context).is_pending());
        let mut revoking = store.revoke_key(&key.id, after(5));
        assert!(revoking.as_mut().poll(&mut context).is_pending());
        drop(revoking);
        for _ in 0..2 {
            assert_eq!(store.find_key(&key.hash).await.expect("the store finds keys").as_ref(), Some(&key));
        }
        go_on.send(()).expect("the writer waits");
        holding.await.expect("the writer goes on");
        store.ping().await.expect("the writer has come this far");
        let found = store.find_key(&key.hash).await.expect("the store finds keys").expect("the key");
        assert_eq!(found.revoked_at, Some(after(5)));
    }
}
