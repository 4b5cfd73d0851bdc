//! Bringing the tables of a file up to the version that this program knows.
//!
//! `PRAGMA user_version` counts the migrations that have been done. A migration that has been released is never changed.

use rusqlite::Connection;

use crate::failure::Failure;
use crate::query;

/// Marks a file as ours (`PRAGMA application_id`): "OLnk".
pub(crate) const APPLICATION_ID: i32 = 0x4f4c_6e6b;

/// Every migration, in order; the number of each is its place, from 1.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_init.sql"),
    include_str!("../migrations/0002_logs.sql"),
    include_str!("../migrations/0003_arrival.sql"),
];

/// The latest version of the tables.
pub(crate) fn latest() -> i64 {
    query::limit(MIGRATIONS.len())
}

/// Runs the migrations that `db` lacks, all in one transaction, so that a crash or a full disk leaves the former version. What
/// they wrote is copied back into the file at once: a log as long as the file would be in the first claim's way.
///
/// Foreign keys are checked from here on and not before: a table that others refer to is replaced by dropping it, which would
/// take along what refers to it.
pub(crate) fn migrate(db: &Connection, migrations: &[&str]) -> Result<(), Failure> {
    db.pragma_update(None, "foreign_keys", false)?;
    db.execute_batch("BEGIN IMMEDIATE")?;
    let done = run(db, migrations).and_then(|count| Ok(db.execute_batch("COMMIT").map(|()| count)?));
    if done.is_err() && !db.is_autocommit() {
        // The first failure is the one to tell; a rollback that fails leaves it to SQLite's recovery at the next opening.
        let _ = db.execute_batch("ROLLBACK");
    }
    if done? > 0 {
        query::checkpoint(db, query::TRUNCATE)?;
    }
    Ok(db.pragma_update(None, "foreign_keys", true)?)
}

/// The version of the tables in `db`; 0 for an empty file.
pub(crate) fn version(db: &Connection) -> Result<i64, rusqlite::Error> {
    db.pragma_query_one(None, "user_version")
}

/// Runs what is missing; how many migrations that were.
fn run(db: &Connection, migrations: &[&str]) -> Result<usize, Failure> {
    let done = usize::try_from(version(db)?).map_err(|_| Failure::Defect("the version of the tables is negative"))?;
    let missing = migrations.get(done..).unwrap_or_default();
    if missing.is_empty() {
        return Ok(0);
    }
    for migration in missing {
        db.execute_batch(migration)?;
    }
    db.pragma_update(None, "application_id", APPLICATION_ID)?;
    db.pragma_update(None, "user_version", query::limit(migrations.len()))?;
    Ok(missing.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: &[&str] =
        &["CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);", "ALTER TABLE a ADD COLUMN y INTEGER;", "UPDATE a SET y = x + 1;"];

    fn memory() -> Connection {
        Connection::open_in_memory().expect("memory is there")
    }

    fn y(db: &Connection) -> Option<i64> {
        query::one(db, "SELECT y FROM a", &[], |row| Ok(row.get(0)?)).expect("the column is there").expect("the row is there")
    }

    #[test]
    fn every_older_version_is_brought_up_to_date() {
        for from in 0..=STEPS.len() {
            let db = memory();
            migrate(&db, &STEPS[..from]).expect("the older program's tables");
            migrate(&db, STEPS).expect("the newer program's tables");
            assert_eq!((version(&db).expect("a version"), y(&db)), (3, Some(2)), "from version {from}");
        }
    }

    #[test]
    fn a_migration_that_fails_leaves_the_version_before() {
        let db = memory();
        migrate(&db, &STEPS[..1]).expect("version 1");
        migrate(&db, &[STEPS[0], STEPS[1], "UPDATE nowhere SET x = 1;"]).expect_err("the third step is broken");
        assert_eq!(version(&db).expect("a version"), 1);
        assert!(db.prepare("SELECT y FROM a").is_err(), "the second step is undone too");
        migrate(&db, STEPS).expect("the repaired program goes on");
        assert_eq!(y(&db), Some(2));
    }

    #[test]
    fn the_migrations_make_every_table_that_the_statements_name() {
        let db = memory();
        migrate(&db, MIGRATIONS).expect("the migrations run");
        for sql in crate::sql::ALL {
            db.prepare(sql).unwrap_or_else(|error| panic!("{error} in {sql}"));
        }
    }
}
