//! Table `oncelink_api_keys`.

use oncelink_core::apikey::{Action, ApiKey, ApiKeyHash, KeyId, Scope};
use oncelink_core::object::SourceName;
use tokio_postgres::Row;

use super::Record;
use crate::database::Param;
use crate::failure::Failure;

/// A key as columns.
pub(crate) struct KeyParts<'a> {
    id: &'a str,
    hash: &'a [u8],
    name: &'a str,
    actions: Vec<&'static str>,
    sources: Vec<&'a str>,
    prefixes: &'a [String],
    created_at: i64,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl<'a> KeyParts<'a> {
    /// The columns of `key`.
    pub(crate) fn of(key: &'a ApiKey) -> Self {
        Self {
            id: key.id.as_str(),
            hash: &key.hash.0,
            name: &key.name,
            actions: key.scope.actions.iter().map(|action| action.as_str()).collect(),
            sources: key.scope.sources.iter().map(SourceName::as_str).collect(),
            prefixes: &key.scope.prefixes,
            created_at: key.created_at.as_millis(),
            last_used_at: key.last_used_at.map(|at| at.as_millis()),
            revoked_at: key.revoked_at.map(|at| at.as_millis()),
        }
    }

    /// The parameters of the two inserting statements.
    pub(crate) fn params(&self) -> [Param<'_>; 9] {
        [
            &self.id,
            &self.hash,
            &self.name,
            &self.actions,
            &self.sources,
            &self.prefixes,
            &self.created_at,
            &self.last_used_at,
            &self.revoked_at,
        ]
    }
}

/// Reads a key.
pub(crate) fn read_key(row: &Row) -> Result<ApiKey, Failure> {
    let record = Record { row, table: "oncelink_api_keys", id: "id" };
    let words = |column| record.get::<Vec<&str>>(column);
    let hash = record.get::<&[u8]>("hash")?.try_into().map_err(|_| record.unreadable("hash"))?;
    let actions = words("actions")?.into_iter().map(Action::parse).collect::<Option<_>>();
    let sources = words("sources")?.into_iter().map(SourceName::parse).collect::<Option<_>>();
    Ok(ApiKey {
        id: record.parse("id", KeyId::parse)?,
        hash: ApiKeyHash(hash),
        name: record.get("name")?,
        scope: Scope {
            actions: actions.ok_or_else(|| record.unreadable("actions"))?,
            sources: sources.ok_or_else(|| record.unreadable("sources"))?,
            prefixes: record.get("prefixes")?,
        },
        created_at: record.time("created_at")?,
        last_used_at: record.maybe_time("last_used_at")?,
        revoked_at: record.maybe_time("revoked_at")?,
    })
}
