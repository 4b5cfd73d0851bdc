//! A store's tables: looking at them without changing anything, and making them.
//!
//! Beside `wiring` the only file that names a store's driver.

use oncelink_config::{StoreSpec, redact};
use oncelink_core::Timestamp;
use oncelink_store_dynamodb::{DynamoStore, OpenError as DynamoError, connect};
use oncelink_store_postgres::PostgresStore;
use oncelink_store_sqlite::SqliteStore;

use crate::exit::Failure;
use crate::wiring::Store;

/// What there is of a store's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tables {
    /// None yet.
    Missing,
    /// Those of an older program.
    Older {
        /// Their version.
        found: i64,
        /// The version that this program would make of them.
        known: i64,
    },
    /// Those of this program.
    Current {
        /// Their version; nothing while a table is without the mark of a server that used it.
        version: Option<i64>,
    },
}

impl Tables {
    /// Their version; nothing when there are none, or the store doesn't tell.
    pub(crate) fn version(self) -> Option<i64> {
        match self {
            Self::Missing => None,
            Self::Older { found, .. } => Some(found),
            Self::Current { version } => version,
        }
    }
}

/// What the store is called in messages. Holds no secret.
pub(crate) fn name(spec: &StoreSpec) -> String {
    match spec {
        StoreSpec::Sqlite { path } => path.display().to_string(),
        StoreSpec::Postgres { url } => redact(url.reveal()),
        StoreSpec::DynamoDb { table, .. } => format!("the DynamoDB table {table}"),
    }
}

/// Looks at the store's tables. Changes nothing.
///
/// # Errors
/// What hinders it, with the remedy.
pub(crate) async fn inspect(spec: &StoreSpec) -> Result<Tables, Failure> {
    match spec {
        StoreSpec::Sqlite { path } => {
            let schema = SqliteStore::inspect(path).map_err(|error| Failure::failed(error.to_string()))?;
            Ok(schema.map_or(Tables::Missing, |schema| compared(schema.found, schema.known)))
        }
        StoreSpec::Postgres { url } => {
            let schema = PostgresStore::inspect(url.reveal()).await.map_err(|error| Failure::failed(error.to_string()))?;
            Ok(compared(schema.found, schema.known))
        }
        StoreSpec::DynamoDb { table, region, endpoint } => {
            let failed = |error: DynamoError| Failure::failed(error.to_string());
            let client = connect(table, region.as_deref(), endpoint.as_deref()).await.map_err(failed)?;
            match DynamoStore::with_client(client, table).inspect().await {
                Ok(version) => Ok(Tables::Current { version: version.map(i64::from) }),
                Err(DynamoError::Missing { .. }) => Ok(Tables::Missing),
                Err(error) => Err(failed(error)),
            }
        }
    }
}

/// What time it is by the clock of the store's server; nothing where no server of its own has one.
///
/// # Errors
/// What hinders it, with the remedy.
pub(crate) async fn time(spec: &StoreSpec) -> Result<Option<Timestamp>, Failure> {
    match spec {
        StoreSpec::Postgres { url } => {
            PostgresStore::time(url.reveal()).await.map(Some).map_err(|error| Failure::failed(error.to_string()))
        }
        StoreSpec::Sqlite { .. } | StoreSpec::DynamoDb { .. } => Ok(None),
    }
}

/// Makes the store's tables, or brings them up to date.
///
/// # Errors
/// What hinders it, with the remedy.
pub(crate) async fn init(spec: &StoreSpec) -> Result<(), Failure> {
    // Opening is all it takes.
    Store::open(spec, None).await?.close().await;
    Ok(())
}

fn compared(found: i64, known: i64) -> Tables {
    match found {
        0 => Tables::Missing,
        found if found < known => Tables::Older { found, known },
        version => Tables::Current { version: Some(version) },
    }
}

#[cfg(test)]
mod tests {
    use oncelink_config::Secret;

    use super::*;

    #[test]
    fn versions_are_told_apart() {
        assert_eq!(compared(0, 2), Tables::Missing);
        assert_eq!(compared(1, 2), Tables::Older { found: 1, known: 2 });
        assert_eq!(compared(2, 2), Tables::Current { version: Some(2) });
    }

    #[test]
    fn a_store_is_named_without_its_password() {
        let shown = name(&StoreSpec::Postgres { url: Secret::new("postgres://me:hunter2@db/links") });
        assert_eq!(shown, "postgres://***@db/links");
    }
}
