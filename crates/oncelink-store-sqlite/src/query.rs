//! The few ways in which statements are run. Must not know any table.
//!
//! A statement with `RETURNING` is always stepped to its end: SQLite tells a failure only then, and a row that came
//! before it is not yet true.

use rusqlite::{Connection, Row, Statement, ToSql};

use crate::failure::Failure;

/// Parameters in the order in which the statement first names them; an empty name stands for a bare `?`. The names are for
/// whoever reads, and are checked in debug builds: asking SQLite for each takes as long as binding it.
pub(crate) type Named<'p> = &'p [(&'p str, &'p dyn ToSql)];

/// Begins or ends a transaction, or a part of one.
pub(crate) fn execute(db: &Connection, statement: &str) -> Result<(), Failure> {
    db.prepare_cached(statement)?.execute([])?;
    Ok(())
}

/// Copies the whole log back and cuts it to nothing.
pub(crate) const TRUNCATE: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// Pages in the log, and pages of it that have been copied back, after a checkpoint by this statement.
pub(crate) fn checkpoint(db: &Connection, statement: &str) -> Result<(i64, i64), rusqlite::Error> {
    db.prepare_cached(statement)?.query_one([], |row| Ok((row.get(1)?, row.get(2)?)))
}

/// Runs a statement that gives no rows; how many it changed.
pub(crate) fn change(db: &Connection, sql: &str, params: Named<'_>) -> Result<usize, Failure> {
    let mut statement = db.prepare_cached(sql)?;
    bind(&mut statement, params)?;
    Ok(statement.raw_execute()?)
}

/// The one row of a statement, when there is one.
pub(crate) fn one<T>(
    db: &Connection,
    sql: &str,
    params: Named<'_>,
    decode: impl FnOnce(&Row<'_>) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    let mut statement = db.prepare_cached(sql)?;
    bind(&mut statement, params)?;
    let mut rows = statement.raw_query();
    let Some(value) = rows.next()?.map(decode).transpose()? else { return Ok(None) };
    match rows.next()? {
        Some(_) => Err(Failure::Defect("a statement for one row gave two")),
        None => Ok(Some(value)),
    }
}

/// All rows of a statement.
pub(crate) fn all<T>(
    db: &Connection,
    sql: &str,
    params: Named<'_>,
    decode: impl Fn(&Row<'_>) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let mut statement = db.prepare_cached(sql)?;
    bind(&mut statement, params)?;
    let mut rows = statement.raw_query();
    let mut values = Vec::new();
    while let Some(row) = rows.next()? {
        values.push(decode(row)?);
    }
    Ok(values)
}

/// Binds each parameter in its place. What a cached statement was bound to before is gone.
fn bind(statement: &mut Statement<'_>, params: Named<'_>) -> Result<(), Failure> {
    debug_assert_eq!(statement.parameter_count(), params.len(), "a statement has other parameters");
    for (place, (name, value)) in (1..).zip(params) {
        debug_assert!(name.is_empty() || statement.parameter_name(place) == Some(name), "{name} isn't parameter {place}");
        statement.raw_bind_parameter(place, value)?;
    }
    Ok(())
}

/// A count of bytes as SQLite keeps it.
pub(crate) fn whole(number: u64, what: &'static str) -> Result<i64, Failure> {
    i64::try_from(number).map_err(|_| Failure::TooLarge(what))
}

/// A limit as SQLite takes it.
pub(crate) fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
