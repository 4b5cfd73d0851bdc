//! Pages of links: `LinkFilter` as SQL.
//!
//! The one statement that is put together at run time, out of fixed pieces; what people typed goes in as parameters only.

use oncelink_core::Timestamp;
use oncelink_core::apikey::Scope;
use oncelink_core::link::LinkState;
use oncelink_core::object::SourceName;
use oncelink_core::ports::{LinkFilter, LinkPage, PageCursor};
use rusqlite::types::Value;
use rusqlite::{Connection, ToSql};

use crate::failure::Failure;
use crate::query;
use crate::rows::read_link;

/// `LinkStore::list`.
pub(crate) fn list(db: &Connection, filter: &LinkFilter) -> Result<LinkPage, Failure> {
    let mut wanted = Wanted::of(filter);
    // One more than asked for, to know whether there is a next page.
    let sql = wanted.select(query::limit(filter.limit.saturating_add(1)));
    let values: Vec<(&str, &dyn ToSql)> = wanted.values.iter().map(|value| ("", value as &dyn ToSql)).collect();
    let mut links = query::all(db, &sql, &values, read_link)?;
    let more = links.len() > filter.limit;
    links.truncate(filter.limit);
    let last = links.last().filter(|_| more);
    Ok(LinkPage { next: last.map(|link| PageCursor { created_at: link.created_at, id: link.id.clone() }), links })
}

/// Conditions that must all hold, and the values for their question marks.
#[derive(Default)]
struct Wanted {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Wanted {
    fn of(filter: &LinkFilter) -> Self {
        let mut wanted = Self::default();
        if let Some(cursor) = &filter.after {
            wanted.and("(created_at, id) < (?, ?)", [cursor.created_at.as_millis().into(), text(cursor.id.as_str())]);
        }
        if let Some(source) = &filter.source {
            // Without a prefix most rows match: `+` keeps SQLite from sorting a whole source for one page.
            let condition = if filter.prefix.is_some() { "source = ?" } else { "+source = ?" };
            wanted.and(condition, [text(source)]);
        }
        if let Some(prefix) = &filter.prefix {
            wanted.and("key >= ? AND key < ?", prefix_bounds(prefix));
        }
        if let Some((state, now)) = filter.state {
            wanted.in_state(state, now);
        }
        if let Some(note) = &filter.note {
            wanted.and("instr(note, ?)", [text(note)]);
        }
        if let Some(scope) = &filter.scope {
            wanted.in_scope(scope);
        }
        wanted
    }

    fn and(&mut self, condition: impl Into<String>, values: impl IntoIterator<Item = Value>) {
        self.conditions.push(condition.into());
        self.values.extend(values);
    }

    /// `Link::state`, condition by condition.
    fn in_state(&mut self, state: LinkState, now: Timestamp) {
        let now = Value::from(now.as_millis());
        match state {
            LinkState::Revoked => self.and("revoked_at IS NOT NULL", []),
            LinkState::Spent => self.and("revoked_at IS NULL AND claimed >= uses", []),
            LinkState::Expired => self.and("revoked_at IS NULL AND claimed < uses AND expires_at <= ?", [now]),
            LinkState::Active => self.and("revoked_at IS NULL AND claimed < uses AND expires_at > ?", [now]),
        }
    }

    /// `Scope::reaches`. Tables of values rather than chains of OR, whose length SQLite bounds.
    fn in_scope(&mut self, scope: &Scope) {
        if !scope.sources.is_empty() {
            let marks = vec!["(?)"; scope.sources.len()].join(", ");
            self.and(format!("+source IN (VALUES {marks})"), scope.sources.iter().map(SourceName::as_str).map(text));
        }
        if !scope.prefixes.is_empty() {
            let marks = vec!["(?, ?)"; scope.prefixes.len()].join(", ");
            let condition =
                format!("EXISTS (SELECT 1 FROM (VALUES {marks}) AS bounds WHERE key >= bounds.column1 AND key < bounds.column2)");
            self.and(condition, scope.prefixes.iter().flat_map(|prefix| prefix_bounds(prefix)));
        }
    }

    fn select(&mut self, limit: i64) -> String {
        let conditions = if self.conditions.is_empty() { "TRUE".to_owned() } else { self.conditions.join(" AND ") };
        self.values.push(limit.into());
        format!("SELECT * FROM links WHERE {conditions} ORDER BY created_at DESC, id DESC LIMIT ?")
    }
}

/// Between which texts (the second one excluded) lies what begins with `prefix`.
///
/// SQLite compares texts byte by byte, and UTF-8 sorts like the characters it spells: so all that begins with a prefix
/// lies before the prefix with its last character raised by one. No character is above U+10FFFF; then the one before it
/// is raised; and where there is none, an empty blob is the bound, for any blob sorts behind every text.
fn prefix_bounds(prefix: &str) -> [Value; 2] {
    let raised = prefix.char_indices().rev().find_map(|(place, last)| {
        let next = ((last as u32 + 1)..=(char::MAX as u32)).find_map(char::from_u32)?;
        Some(format!("{}{next}", &prefix[..place]))
    });
    [text(prefix), raised.map_or(Value::Blob(Vec::new()), Value::Text)]
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What SQLite makes of the bounds.
    fn within(key: &str, prefix: &str) -> bool {
        let db = Connection::open_in_memory().expect("memory is there");
        let [low, high] = prefix_bounds(prefix);
        let answer =
            query::one(&db, "SELECT ?1 >= ?2 AND ?1 < ?3", &[("", &text(key)), ("", &low), ("", &high)], |row| Ok(row.get::<_, bool>(0)?));
        answer.expect("SQLite compares").expect("one row")
    }

    #[test]
    fn bounds_hold_exactly_what_begins_with_the_prefix() {
        let keys = [
            "a",
            "a/",
            "a/b",
            "a0",
            "a%",
            "A",
            "b",
            "ä",
            "\u{d7ff}x",
            "\u{e000}",
            "\u{10ffff}",
            "\u{10ffff}\u{10ffff}z",
            "\u{7f}",
            "\u{80}",
        ];
        let prefixes = ["", "a", "a/", "a%", "a_", "\u{d7ff}", "\u{10ffff}", "\u{10ffff}\u{10ffff}", "a\u{10ffff}", "\u{7f}", "ä", "a/b/c"];
        for key in keys {
            for prefix in prefixes {
                assert_eq!(within(key, prefix), key.starts_with(prefix), "{key:?} begins with {prefix:?}");
            }
        }
    }
}
