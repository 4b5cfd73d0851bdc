//! API keys. The writing ones run inside the writer's transaction; must not commit by themselves.

use oncelink_core::Timestamp;
use oncelink_core::apikey::{ApiKey, ApiKeyHash, KeyId};
use rusqlite::{Connection, named_params};

use crate::failure::Failure;
use crate::rows::{read_key, write_key};
use crate::{query, sql};

/// `KeyStore::insert_key`.
pub(crate) fn insert(db: &Connection, key: &ApiKey) -> Result<(), Failure> {
    write_key(db, sql::KEY_INSERT, key).map(|_| ())
}

/// `KeyStore::insert_first_key`.
pub(crate) fn insert_first(db: &Connection, key: &ApiKey) -> Result<bool, Failure> {
    write_key(db, sql::KEY_INSERT_FIRST, key)
}

/// `KeyStore::find_key`.
pub(crate) fn find(db: &Connection, hash: &ApiKeyHash) -> Result<Option<ApiKey>, Failure> {
    query::one(db, sql::KEY_FIND, named_params! { ":hash": hash.0 }, read_key)
}

/// `KeyStore::list_keys`.
pub(crate) fn list(db: &Connection) -> Result<Vec<ApiKey>, Failure> {
    query::all(db, sql::KEY_LIST, &[], read_key)
}

/// `KeyStore::revoke_key`.
pub(crate) fn revoke(db: &Connection, id: &KeyId, now: Timestamp) -> Result<bool, Failure> {
    let params = named_params! { ":now": now.as_millis(), ":id": id.as_str() };
    Ok(query::change(db, sql::KEY_REVOKE, params)? == 1)
}

/// `KeyStore::touch_key`.
pub(crate) fn touch(db: &Connection, id: &KeyId, now: Timestamp) -> Result<(), Failure> {
    query::change(db, sql::KEY_TOUCH, named_params! { ":now": now.as_millis(), ":id": id.as_str() })?;
    Ok(())
}
