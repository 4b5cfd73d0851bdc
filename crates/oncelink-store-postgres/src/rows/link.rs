//! Table `oncelink_links`.

use std::time::Duration;

use oncelink_core::apikey::KeyId;
use oncelink_core::link::{Attempts, Delivery, Gate, Link, LinkedObject, PassphraseHash, Terms};
use oncelink_core::object::{ObjectKey, ObjectVersion, SourceName};
use oncelink_core::ports::NewLink;
use oncelink_core::token::LinkId;
use tokio_postgres::Row;

use super::event::ActorParts;
use super::{Record, join, split, whole};
use crate::database::Param;
use crate::failure::Failure;

/// New links, column by column, in the order of `link_insert.sql`: a thousand of them are one statement.
#[derive(Default)]
pub(crate) struct LinkColumns<'a> {
    id: Vec<&'a str>,
    source: Vec<&'a str>,
    key: Vec<&'a str>,
    etag: Vec<&'a str>,
    version_id: Vec<Option<&'a str>>,
    size: Vec<i64>,
    sha256: Vec<Option<&'a [u8]>>,
    uses: Vec<i64>,
    expires_at: Vec<i64>,
    lifetime: Vec<i64>,
    not_before: Vec<Option<i64>>,
    gate: Vec<&'static str>,
    delivery: Vec<&'static str>,
    filename: Vec<&'a str>,
    content_type: Vec<Option<&'a str>>,
    allow_from: Vec<String>,
    note: Vec<Option<&'a str>>,
    metadata: Vec<Option<&'a str>>,
    webhook: Vec<Option<&'a str>>,
    passphrase: Vec<Option<&'a str>>,
    created_at: Vec<i64>,
    created_by: Vec<Option<&'a str>>,
    reissue_of: Vec<Option<&'a str>>,
    claimed: Vec<i64>,
    revoked_at: Vec<Option<i64>>,
    attempts_since: Vec<Option<i64>>,
    attempts_count: Vec<Option<i64>>,
    idempotency_name: Vec<Option<&'a str>>,
    idempotency_body: Vec<Option<&'a str>>,
    address: Vec<Option<String>>,
    user_agent: Vec<Option<&'a str>>,
    actor_key: Vec<Option<&'a str>>,
}

impl<'a> LinkColumns<'a> {
    /// Adds a link.
    pub(crate) fn push(&mut self, new: &'a NewLink) -> Result<(), Failure> {
        let link = &new.link;
        self.id.push(link.id.as_str());
        self.push_object(&link.object)?;
        self.push_terms(&link.terms)?;
        self.passphrase.push(link.passphrase.as_ref().map(|hash| hash.0.as_str()));
        self.created_at.push(link.created_at.as_millis());
        self.created_by.push(link.created_by.as_ref().map(KeyId::as_str));
        self.reissue_of.push(link.reissue_of.as_ref().map(LinkId::as_str));
        self.claimed.push(link.claimed.into());
        self.revoked_at.push(link.revoked_at.map(|at| at.as_millis()));
        self.attempts_since.push(link.attempts.map(|attempts| attempts.since.as_millis()));
        self.attempts_count.push(link.attempts.map(|attempts| attempts.count.into()));
        self.idempotency_name.push(new.idempotency.as_ref().map(|key| key.name.as_str()));
        self.idempotency_body.push(new.idempotency.as_ref().map(|key| key.body.as_str()));
        let actor = ActorParts::of(&new.actor);
        self.address.push(actor.address);
        self.user_agent.push(actor.user_agent);
        self.actor_key.push(actor.key);
        Ok(())
    }

    fn push_object(&mut self, object: &'a LinkedObject) -> Result<(), Failure> {
        self.source.push(object.source.as_str());
        self.key.push(object.key.as_str());
        self.etag.push(&object.version.etag);
        self.version_id.push(object.version.version_id.as_deref());
        self.size.push(whole(object.size, "the object's size")?);
        self.sha256.push(object.sha256.as_ref().map(<[u8; 32]>::as_slice));
        Ok(())
    }

    fn push_terms(&mut self, terms: &'a Terms) -> Result<(), Failure> {
        let nets: Vec<String> = terms.allow_from.iter().map(ToString::to_string).collect();
        self.uses.push(terms.uses.into());
        self.expires_at.push(terms.expires_at.as_millis());
        self.lifetime.push(i64::try_from(terms.lifetime.as_millis()).map_err(|_| Failure::TooLarge("the link's lifetime"))?);
        self.not_before.push(terms.not_before.map(|at| at.as_millis()));
        self.gate.push(terms.gate.as_str());
        self.delivery.push(terms.delivery.as_str());
        self.filename.push(&terms.filename);
        self.content_type.push(terms.content_type.as_deref());
        self.allow_from.push(join(nets.iter().map(String::as_str)));
        self.note.push(terms.note.as_deref());
        self.metadata.push(terms.metadata.as_deref());
        self.webhook.push(terms.webhook.as_deref());
        Ok(())
    }

    /// The parameters of `link_insert.sql`.
    pub(crate) fn params(&self) -> [Param<'_>; 32] {
        [
            &self.id,
            &self.source,
            &self.key,
            &self.etag,
            &self.version_id,
            &self.size,
            &self.sha256,
            &self.uses,
            &self.expires_at,
            &self.lifetime,
            &self.not_before,
            &self.gate,
            &self.delivery,
            &self.filename,
            &self.content_type,
            &self.allow_from,
            &self.note,
            &self.metadata,
            &self.webhook,
            &self.passphrase,
            &self.created_at,
            &self.created_by,
            &self.reissue_of,
            &self.claimed,
            &self.revoked_at,
            &self.attempts_since,
            &self.attempts_count,
            &self.idempotency_name,
            &self.idempotency_body,
            &self.address,
            &self.user_agent,
            &self.actor_key,
        ]
    }
}

/// Reads a link.
pub(crate) fn read_link(row: &Row) -> Result<Link, Failure> {
    let record = Record { row, table: "oncelink_links", id: "id" };
    Ok(Link {
        id: record.parse("id", LinkId::parse)?,
        object: read_object(&record)?,
        terms: read_terms(&record)?,
        passphrase: record.get::<Option<String>>("passphrase")?.map(PassphraseHash),
        created_at: record.time("created_at")?,
        created_by: record.maybe("created_by", KeyId::parse)?,
        reissue_of: record.maybe("reissue_of", LinkId::parse)?,
        claimed: record.count("claimed")?,
        revoked_at: record.maybe_time("revoked_at")?,
        attempts: read_attempts(&record)?,
    })
}

fn read_object(record: &Record<'_>) -> Result<LinkedObject, Failure> {
    let sha256: Option<&[u8]> = record.get("sha256")?;
    Ok(LinkedObject {
        source: record.parse("source", SourceName::parse)?,
        key: record.parse("key", |text| ObjectKey::parse(text).ok())?,
        version: ObjectVersion { etag: record.get("etag")?, version_id: record.get("version_id")? },
        size: record.count("size")?,
        sha256: sha256.map(|digest| digest.try_into().map_err(|_| record.unreadable("sha256"))).transpose()?,
    })
}

fn read_terms(record: &Record<'_>) -> Result<Terms, Failure> {
    Ok(Terms {
        uses: record.count("uses")?,
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
    match (record.maybe_time("attempts_since")?, record.get::<Option<i64>>("attempts_count")?) {
        (Some(since), Some(_)) => Ok(Some(Attempts { since, count: record.count("attempts_count")? })),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(record.unreadable("attempts_count")),
    }
}
