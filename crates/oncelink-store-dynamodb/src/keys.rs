//! API keys: few, all under one partition key, so that a list of them is consistent.

use aws_sdk_dynamodb::types::AttributeValue;
use oncelink_core::apikey::{ApiKey, ApiKeyHash, KeyId};
use oncelink_core::{Fault, Timestamp};

use crate::change::{Change, Words};
use crate::engine::Engine;
use crate::items::{Builder, Item, Record, number, read_key, text, time, write_key};
use crate::layout::{API_KEY, KEYS, Key};
use crate::table::{Query, Written};

/// `KeyStore::insert_key`.
pub(crate) async fn insert(engine: &Engine, key: &ApiKey) -> Result<(), Fault> {
    let tag = engine.tag();
    match engine.table.put_new(write_key(key, tag)).await? {
        Written::Done(_) => Ok(()),
        Written::Refused(Some(old)) if Record::unnamed(&old).number::<u64>("tag")? == tag => Ok(()),
        Written::Refused(_) => Err(Fault::internal("an API key with this hash exists already")),
    }
}

/// `KeyStore::insert_first_key`.
///
/// One item decides who is first, and has the key in it: whoever comes later and finds no key yet stores that one, so
/// that a winner that was stopped in between leaves nothing half done.
pub(crate) async fn insert_first(engine: &Engine, key: &ApiKey) -> Result<bool, Fault> {
    if !items(engine, 1).await?.is_empty() {
        return Ok(false);
    }
    let tag = engine.tag();
    let item = write_key(key, tag);
    let place = Key::first_api_key();
    let first = Builder::default()
        .with("pk", text(place.pk))
        .with("sk", text(place.sk))
        .with("content", AttributeValue::M(item.clone()))
        .with("tag", number(tag));
    let (won, item) = match engine.table.put_new(first.build()).await? {
        Written::Done(_) => (true, item),
        Written::Refused(None) => return Ok(false),
        Written::Refused(Some(old)) => {
            let old = Record::unnamed(&old);
            (old.number::<u64>("tag")? == tag, old.map("content")?.clone())
        }
    };
    engine.table.put_new(item).await?;
    Ok(won)
}

/// `KeyStore::find_key`.
pub(crate) async fn find(engine: &Engine, hash: &ApiKeyHash) -> Result<Option<ApiKey>, Fault> {
    let item = engine.table.get(&Key::api_key(hash), None).await?;
    item.map(|item| read_key(&item)).transpose()
}

/// `KeyStore::list_keys`.
pub(crate) async fn list(engine: &Engine) -> Result<Vec<ApiKey>, Fault> {
    let mut keys = items(engine, usize::MAX).await?.iter().map(read_key).collect::<Result<Vec<ApiKey>, Fault>>()?;
    keys.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    Ok(keys)
}

/// `KeyStore::revoke_key`.
pub(crate) async fn revoke(engine: &Engine, id: &KeyId, now: Timestamp) -> Result<bool, Fault> {
    let revoke = Change::new("SET #revoked_at = if_not_exists(#revoked_at, :now)".to_owned(), &["attribute_exists(#pk)"]);
    change(engine, id, revoke.value(":now", time(now))).await
}

/// `KeyStore::touch_key`.
pub(crate) async fn touch(engine: &Engine, id: &KeyId, now: Timestamp) -> Result<(), Fault> {
    let later = "attribute_exists(#pk) AND (attribute_not_exists(#last_used_at) OR #last_used_at < :now)";
    let touch = Change::new("SET #last_used_at = :now".to_owned(), &[later]);
    change(engine, id, touch.value(":now", time(now))).await.map(|_| ())
}

/// Changes the key of this id; whether there was something to change. Keys are found by hash, so the id is looked for
/// first: an id never moves to another hash.
async fn change(engine: &Engine, id: &KeyId, change: Change) -> Result<bool, Fault> {
    for item in items(engine, usize::MAX).await? {
        if Record::unnamed(&item).text("id")? == id.as_str() {
            return Ok(matches!(engine.table.update(&Key::of(&item)?, change).await?, Written::Done(_)));
        }
    }
    Ok(false)
}

/// The items of all keys, or of some.
async fn items(engine: &Engine, limit: usize) -> Result<Vec<Item>, Fault> {
    let condition = "#pk = :pk AND begins_with(#sk, :key)";
    let mut items = Vec::new();
    let mut from = None;
    while items.len() < limit {
        let words = Words::of(&[condition]).value(":pk", text(KEYS)).value(":key", text(API_KEY));
        let page = engine.table.query(Query { index: None, condition, words, projection: None, forward: true, limit, from }).await?;
        items.extend(page.items);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    Ok(items)
}
