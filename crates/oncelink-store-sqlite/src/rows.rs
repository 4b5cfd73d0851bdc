//! Rows to records and back, one file per table.
//!
//! Reading never panics and never guesses: what can't be read back is told with table, row and column.

mod claim;
mod event;
mod key;
mod link;
pub(crate) mod log;

pub(crate) use claim::{Reported, read_claim, read_reported, state_parts};
pub(crate) use event::{read_event, write_event};
pub(crate) use key::{read_key, write_key};
pub(crate) use link::{Stored, read_link, read_stored, write_link};
pub(crate) use log::read_log;

use std::cell::Cell;

use oncelink_core::Timestamp;
use rusqlite::Row;
use rusqlite::types::{FromSql, ValueRef};

use crate::failure::Failure;

/// A row of a known table, with an id to name it by.
///
/// Columns are read in the order of the statement; the names are for whoever reads the code, for messages, and are checked
/// in debug builds: asking SQLite for each takes as long as reading it.
struct Record<'r> {
    row: &'r Row<'r>,
    table: &'static str,
    id: &'static str,
    /// The next column's place.
    next: Cell<usize>,
}

impl<'r> Record<'r> {
    /// `row` of `table`, whose `id` names it in messages.
    fn new(row: &'r Row<'r>, table: &'static str, id: &'static str) -> Self {
        Self { row, table, id, next: Cell::new(0) }
    }

    /// The rest of a row that goes on with columns of another table.
    fn after(former: &Self, table: &'static str, id: &'static str) -> Self {
        Self { row: former.row, table, id, next: former.next.clone() }
    }

    /// A column of a type that SQLite knows.
    fn get<T: FromSql>(&self, column: &'static str) -> Result<T, Failure> {
        self.row.get(self.place(column)).map_err(|_| self.unreadable(column))
    }

    /// The place of this column, which must be the next one.
    fn place(&self, column: &str) -> usize {
        let place = self.next.get();
        debug_assert_eq!(self.row.as_ref().column_name(place), Ok(column), "the columns of {} are read in another order", self.table);
        self.next.set(place + 1);
        place
    }

    /// Passes over the next column.
    fn skip(&self, column: &str) {
        self.place(column);
    }

    /// A text column that spells something.
    fn parse<T>(&self, column: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Failure> {
        self.maybe(column, parse)?.ok_or_else(|| self.unreadable(column))
    }

    /// A text column that spells something or is absent.
    fn maybe<T>(&self, column: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Failure> {
        let found = self.row.get_ref(self.place(column)).map_err(|_| self.unreadable(column))?;
        // Looked at where it lies: what it spells makes its own copy.
        let text = found.as_str_or_null().map_err(|_| self.unreadable(column))?;
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
    fn count(&self, column: &'static str) -> Result<u64, Failure> {
        u64::try_from(self.get::<i64>(column)?).map_err(|_| self.unreadable(column))
    }

    /// A count that is never negative, or none.
    fn maybe_count(&self, column: &'static str) -> Result<Option<u64>, Failure> {
        let count = self.get::<Option<i64>>(column)?;
        count.map(u64::try_from).transpose().map_err(|_| self.unreadable(column))
    }

    /// How long a text column is, in bytes.
    fn length(&self, column: &'static str) -> Result<usize, Failure> {
        let text = self.row.get_ref(self.place(column)).ok().and_then(|found| found.as_bytes().ok());
        text.map(<[u8]>::len).ok_or_else(|| self.unreadable(column))
    }

    fn unreadable(&self, column: &'static str) -> Failure {
        let id = match self.row.get_ref(self.id) {
            Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
            Ok(ValueRef::Integer(number)) => number.to_string(),
            Ok(ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_)) | Err(_) => "?".to_owned(),
        };
        Failure::Unreadable { table: self.table, id, column }
    }
}

/// Words with commas between them; empty for none.
fn join<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(",")
}

/// Reads what [`join`] wrote; nothing when a word isn't one.
fn split<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    if text.is_empty() { Some(Vec::new()) } else { text.split(',').map(parse).collect() }
}
