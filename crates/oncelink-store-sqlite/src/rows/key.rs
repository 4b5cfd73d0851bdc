//! Table `api_keys`.

use oncelink_core::apikey::{Action, ApiKey, ApiKeyHash, KeyId, Scope};
use oncelink_core::object::SourceName;
use rusqlite::{Connection, Row, named_params};

use super::{Record, join, split};
use crate::failure::Failure;
use crate::query;

/// Stores a key with one of the two inserting statements; whether it did.
pub(crate) fn write_key(db: &Connection, statement: &str, key: &ApiKey) -> Result<bool, Failure> {
    let changed = query::change(
        db,
        statement,
        named_params! {
            ":id": key.id.as_str(),
            ":hash": key.hash.0,
            ":name": key.name,
            ":actions": join(key.scope.actions.iter().map(|action| action.as_str())),
            ":sources": join(key.scope.sources.iter().map(SourceName::as_str)),
            ":prefixes": pack(&key.scope.prefixes),
            ":created_at": key.created_at.as_millis(),
            ":last_used_at": key.last_used_at.map(|at| at.as_millis()),
            ":revoked_at": key.revoked_at.map(|at| at.as_millis()),
        },
    )?;
    Ok(changed == 1)
}

/// Reads a key.
pub(crate) fn read_key(row: &Row<'_>) -> Result<ApiKey, Failure> {
    let record = Record::new(row, "api_keys", "id");
    Ok(ApiKey {
        id: record.parse("id", KeyId::parse)?,
        hash: ApiKeyHash(record.get("hash")?),
        name: record.get("name")?,
        scope: Scope {
            actions: record.parse("actions", |text| split(text, Action::parse))?,
            sources: record.parse("sources", |text| split(text, SourceName::parse))?,
            prefixes: record.parse("prefixes", unpack)?,
        },
        created_at: record.time("created_at")?,
        last_used_at: record.maybe_time("last_used_at")?,
        revoked_at: record.maybe_time("revoked_at")?,
    })
}

/// Texts of any characters as one: each with its length in bytes and a colon before it. A separator alone wouldn't do,
/// because a prefix may contain any.
fn pack(texts: &[String]) -> String {
    texts.iter().map(|text| format!("{}:{text}", text.len())).collect()
}

/// Reads what [`pack`] wrote; nothing when it is something else.
fn unpack(packed: &str) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    let mut rest = packed;
    while !rest.is_empty() {
        let (length, behind) = rest.split_once(':')?;
        let (text, next) = behind.split_at_checked(length.parse().ok()?)?;
        texts.push(text.to_owned());
        rest = next;
    }
    Some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_texts_come_back_whatever_they_hold() {
        for texts in [vec![], vec![""], vec!["a/", "", "3:b", "ü,\n\u{0}", ":"]] {
            let texts: Vec<String> = texts.into_iter().map(str::to_owned).collect();
            assert_eq!(unpack(&pack(&texts)), Some(texts));
        }
    }

    #[test]
    fn a_damaged_pack_is_nothing() {
        for text in ["x", "5:abc", "1:ü", "-1:a", "2:abc"] {
            assert_eq!(unpack(text), None, "{text}");
        }
    }
}
