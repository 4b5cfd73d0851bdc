//! The few ways in which statements are run. Must not know any table.
//!
//! A statement with `RETURNING` is always stepped to its end: SQLite tells a failure only then, and a row that came
//! before it is not yet true.

use rusqlite::{Connection, Params, Row};

use crate::failure::Failure;

/// Runs a statement that gives no rows; how many it changed.
pub(crate) fn change(db: &Connection, sql: &str, params: impl Params) -> Result<usize, Failure> {
    Ok(db.prepare_cached(sql)?.execute(params)?)
}

/// The one row of a statement, when there is one.
pub(crate) fn one<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    decode: impl FnOnce(&Row<'_>) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
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
    params: impl Params,
    decode: impl Fn(&Row<'_>) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut values = Vec::new();
    while let Some(row) = rows.next()? {
        values.push(decode(row)?);
    }
    Ok(values)
}

/// A count of bytes as SQLite keeps it.
pub(crate) fn whole(number: u64, what: &'static str) -> Result<i64, Failure> {
    i64::try_from(number).map_err(|_| Failure::TooLarge(what))
}

/// A limit as SQLite takes it.
pub(crate) fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
