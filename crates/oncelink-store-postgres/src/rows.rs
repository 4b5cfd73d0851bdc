//! Rows to records and back, one file per table.
//!
//! Reading never panics and never guesses: what can't be read back is told with table, row and column.

mod claim;
mod claim_columns;
mod event;
mod key;
mod link;

pub(crate) use claim::{ranges, read_claim, read_claim_beside, state_parts};
pub(crate) use claim_columns::{ClaimColumns, ProgressColumns};
pub(crate) use event::{ActorParts, KindParts, end_of_line, read_event};
pub(crate) use key::{KeyParts, read_key};
pub(crate) use link::{LinkColumns, read_link};

use oncelink_core::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::failure::Failure;

/// A row of a known table, with an id to name it by.
struct Record<'r> {
    row: &'r Row,
    table: &'static str,
    id: &'static str,
}

impl<'r> Record<'r> {
    /// A column of a type that the driver knows.
    fn get<T: FromSql<'r>>(&self, column: &'static str) -> Result<T, Failure> {
        self.row.try_get(column).map_err(|_| self.unreadable(column))
    }

    /// A text column that spells something.
    fn parse<T>(&self, column: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Failure> {
        parse(self.get(column)?).ok_or_else(|| self.unreadable(column))
    }

    /// A text column that spells something or is absent.
    fn maybe<T>(&self, column: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Failure> {
        let text: Option<&str> = self.get(column)?;
        text.map(|text| parse(text).ok_or_else(|| self.unreadable(column))).transpose()
    }

    /// A point in time.
    fn time(&self, column: &'static str) -> Result<Timestamp, Failure> {
        self.get(column).map(Timestamp::from_millis)
    }

    /// A point in time, or none.
    fn maybe_time(&self, column: &'static str) -> Result<Option<Timestamp>, Failure> {
        Ok(self.get::<Option<i64>>(column)?.map(Timestamp::from_millis))
    }

    /// A count that is never negative.
    fn count<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, Failure> {
        T::try_from(self.get::<i64>(column)?).map_err(|_| self.unreadable(column))
    }

    fn unreadable(&self, column: &'static str) -> Failure {
        let text = self.row.try_get::<_, String>(self.id);
        let id = text.or_else(|_| self.row.try_get::<_, i64>(self.id).map(|number| number.to_string()));
        Failure::Unreadable { table: self.table, id: id.unwrap_or_else(|_| "?".to_owned()), column }
    }
}

/// The text in a column of a statement's own by which it names a row.
pub(crate) fn name<'r>(row: &'r Row, column: &'static str) -> Result<&'r str, Failure> {
    row.try_get(column).map_err(|_| Failure::Defect("a statement doesn't name its rows"))
}

/// A count of bytes as PostgreSQL keeps it.
pub(crate) fn whole(number: u64, what: &'static str) -> Result<i64, Failure> {
    i64::try_from(number).map_err(|_| Failure::TooLarge(what))
}

/// A limit as PostgreSQL takes it.
pub(crate) fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Words with commas between them; empty for none.
fn join<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(",")
}

/// Reads what [`join`] wrote; nothing when a word isn't one.
fn split<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    if text.is_empty() { Some(Vec::new()) } else { text.split(',').map(parse).collect() }
}
