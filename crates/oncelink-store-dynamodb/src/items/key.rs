//! API keys.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use oncelink_core::Fault;
use oncelink_core::apikey::{Action, ApiKey, ApiKeyHash, KeyId, Scope};
use oncelink_core::object::SourceName;

use super::{Builder, Item, Record, number, text, texts, time};
use crate::layout::Key;

/// An API key as an item; `tag` is the call's that stores it.
pub(crate) fn write_key(key: &ApiKey, tag: u64) -> Item {
    let place = Key::api_key(&key.hash);
    let item = Builder::default()
        .with("pk", text(place.pk))
        .with("sk", text(place.sk))
        .with("id", text(key.id.as_str()))
        .with("hash", AttributeValue::B(Blob::new(key.hash.0)))
        .with("name", text(&key.name))
        .with("actions", texts(key.scope.actions.iter().map(|action| action.as_str())))
        .with("sources", texts(key.scope.sources.iter().map(SourceName::as_str)))
        .with("prefixes", texts(key.scope.prefixes.iter().map(String::as_str)))
        .with("created_at", time(key.created_at))
        .maybe("last_used_at", key.last_used_at.map(time))
        .maybe("revoked_at", key.revoked_at.map(time))
        .with("tag", number(tag));
    item.build()
}

/// Reads an API key.
pub(crate) fn read_key(item: &Item) -> Result<ApiKey, Fault> {
    let record = Record::unnamed(item);
    Ok(ApiKey {
        id: record.parse("id", KeyId::parse)?,
        hash: ApiKeyHash(record.maybe_digest("hash")?.ok_or_else(|| record.unreadable("hash"))?),
        name: record.text("name")?.to_owned(),
        scope: Scope {
            actions: record.all("actions", Action::parse)?,
            sources: record.all("sources", SourceName::parse)?,
            prefixes: record.all("prefixes", |prefix| Some(prefix.to_owned()))?,
        },
        created_at: record.time("created_at")?,
        last_used_at: record.maybe_time("last_used_at")?,
        revoked_at: record.maybe_time("revoked_at")?,
    })
}
