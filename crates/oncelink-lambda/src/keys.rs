//! API keys that the function's configuration names by their hashes, beside those in the table.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use oncelink_core::apikey::{ApiKey, ApiKeyHash, KeyId, Scope};
use oncelink_core::ports::KeyStore;
use oncelink_core::{Fault, Timestamp};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::local;
use crate::settings::{SecretSource, hashes};

/// How long hashes that were read are believed.
const FRESH: Duration = Duration::from_secs(300);

/// The table's keys and the configured ones. Those can't be listed or revoked here, only by changing the configuration.
pub(crate) struct ConfiguredKeys {
    table: Arc<dyn KeyStore>,
    given: Vec<ApiKeyHash>,
    elsewhere: Option<Elsewhere>,
}

/// Hashes in a parameter or a secret. Read when a sender comes, not before: recipients need none, and the extension that
/// reads them doesn't answer while the environment starts.
struct Elsewhere {
    source: SecretSource,
    read: Mutex<Option<(Instant, Vec<ApiKeyHash>)>>,
}

impl ConfiguredKeys {
    /// All together.
    pub(crate) fn new(table: Arc<dyn KeyStore>, given: Vec<ApiKeyHash>, elsewhere: Option<SecretSource>) -> Self {
        Self { table, given, elsewhere: elsewhere.map(|source| Elsewhere { source, read: Mutex::default() }) }
    }
}

impl Elsewhere {
    async fn contains(&self, hash: &ApiKeyHash) -> Result<bool, Fault> {
        let mut read = self.read.lock().await;
        if let Some((at, known)) = read.as_ref()
            && at.elapsed() < FRESH
        {
            return Ok(known.contains(hash));
        }
        let text = local::read(&self.source).await.map_err(|error| Fault::unavailable(error.to_string()))?;
        let known = hashes(&text).map_err(|error| Fault::unavailable(format!("{}: {error}", self.source)))?;
        let found = known.contains(hash);
        *read = Some((Instant::now(), known));
        Ok(found)
    }
}

#[async_trait]
impl KeyStore for ConfiguredKeys {
    async fn insert_key(&self, key: ApiKey) -> Result<(), Fault> {
        self.table.insert_key(key).await
    }

    async fn insert_first_key(&self, key: ApiKey) -> Result<bool, Fault> {
        self.table.insert_first_key(key).await
    }

    async fn find_key(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, Fault> {
        if self.given.contains(hash) {
            return Ok(Some(configured(hash)));
        }
        if let Some(elsewhere) = &self.elsewhere
            && elsewhere.contains(hash).await?
        {
            return Ok(Some(configured(hash)));
        }
        self.table.find_key(hash).await
    }

    async fn list_keys(&self) -> Result<Vec<ApiKey>, Fault> {
        self.table.list_keys().await
    }

    async fn revoke_key(&self, id: &KeyId, now: Timestamp) -> Result<bool, Fault> {
        self.table.revoke_key(id, now).await
    }

    async fn touch_key(&self, id: &KeyId, now: Timestamp) -> Result<(), Fault> {
        self.table.touch_key(id, now).await
    }
}

/// A key that may do everything. Its id is made of its hash; its last use is not noted, so it seems always just used.
fn configured(hash: &ApiKeyHash) -> ApiKey {
    ApiKey {
        id: KeyId::of_hash(hash),
        hash: hash.clone(),
        name: "configured".to_owned(),
        scope: Scope::full(),
        created_at: Timestamp::from_millis(0),
        last_used_at: Some(Timestamp::from_millis(i64::MAX)),
        revoked_at: None,
    }
}
