//! Table `links`.

use std::time::Duration;

use oncelink_core::apikey::KeyId;
use oncelink_core::link::{Attempts, Delivery, Gate, Link, LinkedObject, PassphraseHash, Terms};
use oncelink_core::object::{ObjectKey, ObjectVersion, SourceName};
use oncelink_core::token::LinkId;
use rusqlite::{Connection, Row, named_params};

use super::{Record, join, split};
use crate::failure::Failure;
use crate::{query, sql};

/// Stores a link with its log; `false` when there is one of this id.
pub(crate) fn write_link(db: &Connection, link: &Link, log: &str) -> Result<bool, Failure> {
    let (object, terms) = (&link.object, &link.terms);
    let allow_from: Vec<String> = terms.allow_from.iter().map(ToString::to_string).collect();
    let lifetime = i64::try_from(terms.lifetime.as_millis()).map_err(|_| Failure::TooLarge("the link's lifetime"))?;
    let changed = query::change(
        db,
        sql::LINK_INSERT,
        named_params! {
            ":id": link.id.as_str(),
            ":source": object.source.as_str(),
            ":key": object.key.as_str(),
            ":etag": object.version.etag,
            ":version_id": object.version.version_id,
            ":size": query::whole(object.size, "the object's size")?,
            ":sha256": object.sha256,
            ":uses": terms.uses,
            ":expires_at": terms.expires_at.as_millis(),
            ":lifetime": lifetime,
            ":not_before": terms.not_before.map(|at| at.as_millis()),
            ":gate": terms.gate.as_str(),
            ":delivery": terms.delivery.as_str(),
            ":filename": terms.filename,
            ":content_type": terms.content_type,
            ":allow_from": join(allow_from.iter().map(String::as_str)),
            ":note": terms.note,
            ":metadata": terms.metadata,
            ":webhook": terms.webhook,
            ":passphrase": link.passphrase.as_ref().map(|hash| hash.0.as_str()),
            ":created_at": link.created_at.as_millis(),
            ":created_by": link.created_by.as_ref().map(KeyId::as_str),
            ":reissue_of": link.reissue_of.as_ref().map(LinkId::as_str),
            ":claimed": link.claimed,
            ":revoked_at": link.revoked_at.map(|at| at.as_millis()),
            ":attempts_since": link.attempts.map(|attempts| attempts.since.as_millis()),
            ":attempts_count": link.attempts.map(|attempts| attempts.count),
            ":log": log,
        },
    )?;
    Ok(changed == 1)
}

/// A link and its number in the file, by which its claims refer to it.
pub(crate) struct Stored {
    /// Column `seq`.
    pub(crate) seq: i64,
    /// The link.
    pub(crate) link: Link,
}

/// Reads a link with its number.
pub(crate) fn read_stored(row: &Row<'_>) -> Result<Stored, Failure> {
    let record = Record::new(row, "links", "id");
    Ok(Stored { seq: record.get("seq")?, link: link(&record)? })
}

/// Reads a link.
pub(crate) fn read_link(row: &Row<'_>) -> Result<Link, Failure> {
    read_stored(row).map(|stored| stored.link)
}

/// The columns in the order of the table.
fn link(record: &Record<'_>) -> Result<Link, Failure> {
    Ok(Link {
        id: record.parse("id", LinkId::parse)?,
        object: read_object(record)?,
        terms: read_terms(record)?,
        passphrase: record.get::<Option<String>>("passphrase")?.map(PassphraseHash),
        created_at: record.time("created_at")?,
        created_by: record.maybe("created_by", KeyId::parse)?,
        reissue_of: record.maybe("reissue_of", LinkId::parse)?,
        claimed: record.get("claimed")?,
        revoked_at: record.maybe_time("revoked_at")?,
        attempts: read_attempts(record)?,
    })
}

fn read_object(record: &Record<'_>) -> Result<LinkedObject, Failure> {
    Ok(LinkedObject {
        source: record.parse("source", SourceName::parse)?,
        key: record.parse("key", |text| ObjectKey::parse(text).ok())?,
        version: ObjectVersion { etag: record.get("etag")?, version_id: record.get("version_id")? },
        size: record.count("size")?,
        sha256: record.get("sha256")?,
    })
}

fn read_terms(record: &Record<'_>) -> Result<Terms, Failure> {
    Ok(Terms {
        uses: record.get("uses")?,
        expires_at: record.time("expires_at")?,
        lifetime: Duration::from_millis(record.count("lifetime")?),
        not_before: record.maybe_time("not_before")?,
        gate: record.parse("gate", Gate::parse)?,
        delivery: record.parse("delivery", Delivery::parse)?,
        filename: record.get("filename")?,
        content_type: record.get("content_type")?,
        allow_from: record.parse("allow_from", |text| split(text, |net| net.parse().ok()))?,
        note: record.get("note")?,
        metadata: record.get("metadata")?,
        webhook: record.get("webhook")?,
    })
}

fn read_attempts(record: &Record<'_>) -> Result<Option<Attempts>, Failure> {
    match (record.maybe_time("attempts_since")?, record.get("attempts_count")?) {
        (Some(since), Some(count)) => Ok(Some(Attempts { since, count })),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(record.unreadable("attempts_count")),
    }
}
