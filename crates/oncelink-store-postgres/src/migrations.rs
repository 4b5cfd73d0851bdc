//! Bringing the tables of a database up to the version that this program knows.
//!
//! Table `oncelink_schema` has a row for each migration that has been done. A migration that has been released is never
//! changed.

use deadpool_postgres::{Client, Transaction};

use crate::failure::Failure;
use crate::sql;

/// Every migration, in order; the number of each is its place, from 1.
pub(crate) const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001_init.sql"), include_str!("../migrations/0002_claim_logs.sql")];

/// Replicas that start together wait for the first one's migrations, which may take a while on large tables.
const PATIENCE: &str = "SET LOCAL lock_timeout = '10min'; SET LOCAL statement_timeout = '1h'";

/// Why the tables aren't up to date.
#[derive(Debug)]
pub(crate) enum MigrateError {
    /// A newer program was here.
    Newer {
        /// The version of the tables.
        found: i64,
        /// The latest one that is known.
        known: i64,
    },
    /// The database failed.
    Failed(Failure),
}

/// The latest version of the tables.
pub(crate) fn latest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Runs the migrations that the database lacks, all in one transaction, under a lock that one program at a time can have.
/// Where nothing is lacking nothing is written, so that a role without the right to create tables will do.
pub(crate) async fn migrate(db: &mut Client, known: bool, migrations: &[&str]) -> Result<(), MigrateError> {
    let done = if known { version(db).await? } else { 0 };
    if missing(done, migrations)?.is_empty() {
        return Ok(());
    }
    // Dropped before its commit, it is rolled back.
    let change = db.transaction().await.map_err(failed)?;
    change.batch_execute(PATIENCE).await.map_err(failed)?;
    change.execute(sql::SCHEMA_LOCK, &[]).await.map_err(failed)?;
    change.batch_execute(sql::SCHEMA_BEGIN).await.map_err(failed)?;
    run(&change, migrations).await?;
    change.commit().await.map_err(failed)
}

async fn run(change: &Transaction<'_>, migrations: &[&str]) -> Result<(), MigrateError> {
    let row = change.query_one(sql::SCHEMA_VERSION, &[]).await.map_err(failed)?;
    let done: i64 = row.try_get("version").map_err(failed)?;
    for (number, migration) in (done + 1..).zip(missing(done, migrations)?) {
        change.batch_execute(migration).await.map_err(failed)?;
        change.execute(sql::SCHEMA_DONE, &[&number]).await.map_err(failed)?;
    }
    Ok(())
}

/// The version of the tables; there is a table that counts migrations.
pub(crate) async fn version(db: &Client) -> Result<i64, MigrateError> {
    db.query_one(sql::SCHEMA_VERSION, &[]).await.and_then(|row| row.try_get("version")).map_err(failed)
}

fn missing<'m>(done: i64, migrations: &'m [&'m str]) -> Result<&'m [&'m str], MigrateError> {
    let newer = MigrateError::Newer { found: done, known: i64::try_from(migrations.len()).unwrap_or(i64::MAX) };
    usize::try_from(done).ok().and_then(|done| migrations.get(done..)).ok_or(newer)
}

fn failed(error: tokio_postgres::Error) -> MigrateError {
    MigrateError::Failed(Failure::unsent(error))
}
