//! A store's tables: looking at them without changing anything, and making them.
//!
//! Beside `wiring` the only file that names a store's driver.

use oncelink_config::{StoreSpec, redact};
use oncelink_store_sqlite::{Schema, SqliteStore};

use crate::exit::Failure;
use crate::wiring;

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
        /// Their version.
        version: i64,
    },
}

impl Tables {
    /// Their version; nothing when there are none.
    pub(crate) fn version(self) -> Option<i64> {
        match self {
            Self::Missing => None,
            Self::Older { found, .. } => Some(found),
            Self::Current { version } => Some(version),
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
            Ok(match schema {
                None => Tables::Missing,
                Some(Schema { found: 0, .. }) => Tables::Missing,
                Some(Schema { found, known }) if found < known => Tables::Older { found, known },
                Some(Schema { found, .. }) => Tables::Current { version: found },
            })
        }
        StoreSpec::Postgres { .. } | StoreSpec::DynamoDb { .. } => not_here(spec),
    }
}

/// Makes the store's tables, or brings them up to date.
///
/// # Errors
/// What hinders it, with the remedy.
pub(crate) async fn init(spec: &StoreSpec) -> Result<(), Failure> {
    match spec {
        // Opening is all it takes.
        StoreSpec::Sqlite { path } => {
            wiring::open_sqlite(path)?.close().await;
            Ok(())
        }
        StoreSpec::Postgres { .. } | StoreSpec::DynamoDb { .. } => not_here(spec),
    }
}

fn not_here<T>(spec: &StoreSpec) -> Result<T, Failure> {
    Err(Failure::failed(format!("{} can't be looked at by this version; use --store sqlite:PATH", name(spec))))
}
