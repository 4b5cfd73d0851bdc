//! The link's own attributes. Must not read or write claims and events, which lie in the same item.

use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use oncelink_core::apikey::KeyId;
use oncelink_core::link::{Attempts, Delivery, Gate, Link, LinkedObject, PassphraseHash, Terms};
use oncelink_core::object::{ObjectKey, ObjectVersion, SourceName};
use oncelink_core::token::LinkId;
use oncelink_core::{Fault, Timestamp};

use super::{Builder, Item, Record, number, text, texts, time};
use crate::layout::{self, BY_CREATION, BY_END, Key};

/// A link as an item, with nothing claimed yet and no event.
pub(crate) fn write_link(link: &Link, retention: Duration) -> Result<Item, Fault> {
    let key = Key::link(&link.id);
    let ends_at = link.revoked_at.map_or(link.terms.expires_at, |at| at.min(link.terms.expires_at));
    let item = Builder::default()
        .with("pk", text(key.pk))
        .with("sk", text(key.sk))
        .with("list", text(layout::shard(BY_CREATION, &link.id)))
        .with("list_at", text(layout::indexed_at(link.created_at, &link.id)))
        .with("ends", text(layout::shard(BY_END, &link.id)))
        .with("ends_at", text(layout::indexed_at(ends_at, &link.id)))
        .with("about", AttributeValue::M(about(link)?))
        .with("uses", number(link.terms.uses))
        .with("expires_at", time(link.terms.expires_at))
        .maybe("not_before", link.terms.not_before.map(time))
        .maybe("passphrase", link.passphrase.as_ref().map(|hash| text(&hash.0)))
        .with("claimed", number(link.claimed))
        .maybe("revoked_at", link.revoked_at.map(time))
        .maybe("attempts_since", link.attempts.map(|attempts| time(attempts.since)))
        .maybe("attempts_count", link.attempts.map(|attempts| number(attempts.count)))
        .with("claims", AttributeValue::M(Item::new()))
        .with("history", AttributeValue::L(Vec::new()))
        .with("history_from", number(0))
        .with("seq", number(0))
        .with("notes", number(0))
        .with(layout::TTL, number(link_end(link.terms.expires_at, retention)));
    Ok(item.build())
}

/// Reads a link.
pub(crate) fn read_link(item: &Item) -> Result<Link, Fault> {
    let record = Record::unnamed(item);
    let about = record.within(record.map("about")?);
    Ok(Link {
        id: record.parse("pk", |pk| LinkId::parse(pk.strip_prefix(layout::LINK)?))?,
        object: read_object(&about)?,
        terms: read_terms(&record, &about)?,
        passphrase: record.maybe_text("passphrase")?.map(|hash| PassphraseHash(hash.to_owned())),
        created_at: about.time("created_at")?,
        created_by: about.maybe("created_by", KeyId::parse)?,
        reissue_of: about.maybe("reissue_of", LinkId::parse)?,
        claimed: record.number("claimed")?,
        revoked_at: record.maybe_time("revoked_at")?,
        attempts: read_attempts(&record)?,
    })
}

/// From which second on DynamoDB may delete what ends at `at`.
pub(crate) fn link_end(at: Timestamp, retention: Duration) -> i64 {
    at.plus(retention).as_millis() / 1_000 + 1
}

/// What never changes and no condition looks at.
fn about(link: &Link) -> Result<Item, Fault> {
    let (object, terms) = (&link.object, &link.terms);
    let lifetime = u64::try_from(terms.lifetime.as_millis())
        .map_err(|_| Fault::internal(format!("the lifetime of link {} is longer than this store can keep", link.id)))?;
    let networks: Vec<String> = terms.allow_from.iter().map(ToString::to_string).collect();
    let about = Builder::default()
        .with("source", text(object.source.as_str()))
        .with("key", text(object.key.as_str()))
        .with("etag", text(&object.version.etag))
        .maybe("version_id", object.version.version_id.as_deref().map(text))
        .with("size", number(object.size))
        .maybe("sha256", object.sha256.map(|digest| AttributeValue::B(Blob::new(digest))))
        .with("lifetime", number(lifetime))
        .with("gate", text(terms.gate.as_str()))
        .with("delivery", text(terms.delivery.as_str()))
        .with("filename", text(&terms.filename))
        .maybe("content_type", terms.content_type.as_deref().map(text))
        .with("allow_from", texts(networks.iter().map(String::as_str)))
        .maybe("note", terms.note.as_deref().map(text))
        .maybe("metadata", terms.metadata.as_deref().map(text))
        .maybe("webhook", terms.webhook.as_deref().map(text))
        .with("created_at", time(link.created_at))
        .maybe("created_by", link.created_by.as_ref().map(|key| text(key.as_str())))
        .maybe("reissue_of", link.reissue_of.as_ref().map(|id| text(id.as_str())));
    Ok(about.build())
}

fn read_object(about: &Record<'_>) -> Result<LinkedObject, Fault> {
    Ok(LinkedObject {
        source: about.parse("source", SourceName::parse)?,
        key: about.parse("key", |text| ObjectKey::parse(text).ok())?,
        version: ObjectVersion { etag: about.text("etag")?.to_owned(), version_id: about.maybe_text("version_id")?.map(str::to_owned) },
        size: about.number("size")?,
        sha256: about.maybe_digest("sha256")?,
    })
}

fn read_terms(record: &Record<'_>, about: &Record<'_>) -> Result<Terms, Fault> {
    let maybe = |attribute| Ok::<_, Fault>(about.maybe_text(attribute)?.map(str::to_owned));
    Ok(Terms {
        uses: record.number("uses")?,
        expires_at: record.time("expires_at")?,
        lifetime: Duration::from_millis(about.number("lifetime")?),
        not_before: record.maybe_time("not_before")?,
        gate: about.parse("gate", Gate::parse)?,
        delivery: about.parse("delivery", Delivery::parse)?,
        filename: about.text("filename")?.to_owned(),
        content_type: maybe("content_type")?,
        allow_from: about.all("allow_from", |net| net.parse().ok())?,
        note: maybe("note")?,
        metadata: maybe("metadata")?,
        webhook: maybe("webhook")?,
    })
}

fn read_attempts(record: &Record<'_>) -> Result<Option<Attempts>, Fault> {
    match (record.maybe_time("attempts_since")?, record.maybe_number("attempts_count")?) {
        (Some(since), Some(count)) => Ok(Some(Attempts { since, count })),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(record.unreadable("attempts_count")),
    }
}
