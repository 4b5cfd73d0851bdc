//! Keeping API keys.

use async_trait::async_trait;

use crate::apikey::{ApiKey, ApiKeyHash, KeyId};
use crate::fault::Fault;
use crate::time::Timestamp;

/// Keeps API keys as hashes.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// Stores a key.
    async fn insert_key(&self, key: ApiKey) -> Result<(), Fault>;
    /// Stores a key if there is none at all yet, not even a revoked one; says whether it did.
    async fn insert_first_key(&self, key: ApiKey) -> Result<bool, Fault>;
    /// The key with this hash, revoked or not.
    async fn find_key(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, Fault>;
    /// All keys, oldest first.
    async fn list_keys(&self) -> Result<Vec<ApiKey>, Fault>;
    /// Revokes a key; says whether there is one. Revoking twice keeps the first time.
    async fn revoke_key(&self, id: &KeyId, now: Timestamp) -> Result<bool, Fault>;
    /// Notes that a key was used.
    async fn touch_key(&self, id: &KeyId, now: Timestamp) -> Result<(), Fault>;
}
