//! API keys.

use oncelink_core::Timestamp;
use oncelink_core::apikey::{ApiKey, ApiKeyHash, KeyId};

use crate::database::{Database, IfLost};
use crate::failure::Failure;
use crate::rows::{KeyParts, read_key};
use crate::sql;

/// `KeyStore::insert_key`.
pub(crate) async fn insert(db: &Database, key: &ApiKey) -> Result<(), Failure> {
    db.rows(sql::KEY_INSERT, IfLost::Tell, &KeyParts::of(key).params()).await?;
    Ok(())
}

/// `KeyStore::insert_first_key`.
pub(crate) async fn insert_first(db: &Database, key: &ApiKey) -> Result<bool, Failure> {
    Ok(db.row(sql::KEY_INSERT_FIRST, IfLost::Tell, &KeyParts::of(key).params()).await?.is_some())
}

/// `KeyStore::find_key`.
pub(crate) async fn find(db: &Database, hash: &ApiKeyHash) -> Result<Option<ApiKey>, Failure> {
    db.row(sql::KEY_FIND, IfLost::Repeat, &[&hash.0.as_slice()]).await?.as_ref().map(read_key).transpose()
}

/// `KeyStore::list_keys`.
pub(crate) async fn list(db: &Database) -> Result<Vec<ApiKey>, Failure> {
    db.rows(sql::KEY_LIST, IfLost::Repeat, &[]).await?.iter().map(read_key).collect()
}

/// `KeyStore::revoke_key`.
pub(crate) async fn revoke(db: &Database, id: &KeyId, now: Timestamp) -> Result<bool, Failure> {
    Ok(db.row(sql::KEY_REVOKE, IfLost::Repeat, &[&id.as_str(), &now.as_millis()]).await?.is_some())
}

/// `KeyStore::touch_key`.
pub(crate) async fn touch(db: &Database, id: &KeyId, now: Timestamp) -> Result<(), Failure> {
    db.rows(sql::KEY_TOUCH, IfLost::Repeat, &[&id.as_str(), &now.as_millis()]).await?;
    Ok(())
}
