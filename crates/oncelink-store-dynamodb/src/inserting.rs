//! Storing new links.
//!
//! An idempotency key is an item of its own, written first and with the whole link in it. Whoever finds such a key without
//! its link finishes what the first creator began, instead of taking it over: there is never a second link, and nobody has
//! to wait. Once the link is stored the key keeps its id only.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use oncelink_core::Fault;
use oncelink_core::event::{Event, EventKind};
use oncelink_core::ports::{IdempotencyKey, InsertOutcome, NewLink};
use oncelink_core::token::LinkId;

use crate::change::{Change, Words};
use crate::claiming;
use crate::engine::{Engine, ROUNDS};
use crate::fan::in_order;
use crate::history;
use crate::items::{Builder, Item, Record, number, text, write_link};
use crate::layout::{self, Key};
use crate::table::Written;

/// How many links of a batch are stored at a time.
const AT_ONCE: usize = 32;

/// `LinkStore::insert`.
pub(crate) async fn insert(engine: &Arc<Engine>, links: Vec<NewLink>) -> Result<Vec<InsertOutcome>, Fault> {
    let mut work = Vec::new();
    let mut outcomes: Vec<Option<InsertOutcome>> = vec![None; links.len()];
    let mut repeatable = Vec::new();
    for (place, new) in links.into_iter().enumerate() {
        if new.idempotency.is_some() {
            repeatable.push((place, new));
        } else {
            let engine = Arc::clone(engine);
            work.push(async move { insert_plain(&engine, &new).await.map(|outcome| (place, outcome)) });
        }
    }
    for result in in_order(work, AT_ONCE).await {
        let (place, outcome) = result?;
        outcomes[place] = Some(outcome);
    }
    // One after the other: a repeat within the batch has to find the first.
    for (place, new) in repeatable {
        outcomes[place] = Some(insert_once(engine, &new).await?);
    }
    outcomes.into_iter().map(|outcome| outcome.ok_or_else(|| Fault::internal("a new link was left without an outcome"))).collect()
}

/// `LinkStore::find_repeated`.
pub(crate) async fn find_repeated(engine: &Engine, key: &IdempotencyKey) -> Result<Option<InsertOutcome>, Fault> {
    match engine.table.get(&Key::idempotency(&key.name), None).await? {
        Some(old) => repeated(engine, key, &Record::unnamed(&old)).await,
        None => Ok(None),
    }
}

async fn insert_plain(engine: &Engine, new: &NewLink) -> Result<InsertOutcome, Fault> {
    let tag = engine.tag();
    let stored = store(engine, item(engine, new, tag)?, tag).await?;
    Ok(if stored { InsertOutcome::Created } else { InsertOutcome::Conflict })
}

/// Stores a link under its idempotency key, or finds what the key was used for.
async fn insert_once(engine: &Engine, new: &NewLink) -> Result<InsertOutcome, Fault> {
    let Some(key) = &new.idempotency else { return insert_plain(engine, new).await };
    let tag = engine.tag();
    let item = item(engine, new, tag)?;
    for round in 0..ROUNDS {
        engine.pause(round).await;
        match engine.table.put_new(mark(key, &new.link.id, &item, tag)).await? {
            Written::Done(_) => return create(engine, key, item, tag).await,
            Written::Refused(None) => {}
            Written::Refused(Some(old)) => {
                let old = Record::unnamed(&old);
                if old.number::<u64>("tag")? == tag {
                    return create(engine, key, item, tag).await;
                }
                if let Some(outcome) = repeated(engine, key, &old).await? {
                    return Ok(outcome);
                }
            }
        }
    }
    Err(engine.contended("the idempotency key"))
}

/// Stores the link of a key that is ours. Should there be another link of its id, the key is given up again.
async fn create(engine: &Engine, key: &IdempotencyKey, item: Item, tag: u64) -> Result<InsertOutcome, Fault> {
    let place = Key::idempotency(&key.name);
    if !store(engine, item, tag).await? {
        forget(engine, &place, tag).await?;
        return Ok(InsertOutcome::Conflict);
    }
    // The link is stored: from now on the key is a mark only. If this fails, a repeat finds the link all the same.
    let settle = Change::new("REMOVE #content".to_owned(), &["#tag = :tag"]).value(":tag", number(tag));
    let _ = engine.table.update(&place, settle).await;
    Ok(InsertOutcome::Created)
}

/// What a key was used for. Nothing: its link was purged, so the key is free again.
async fn repeated(engine: &Engine, key: &IdempotencyKey, old: &Record<'_>) -> Result<Option<InsertOutcome>, Fault> {
    if old.text("body")? != key.body {
        return Ok(Some(InsertOutcome::Conflict));
    }
    let id = old.parse("link", LinkId::parse)?;
    if let Some(link) = claiming::find(engine, &id).await? {
        return Ok(Some(InsertOutcome::Repeated(link)));
    }
    match old.maybe_map("content")? {
        // The first creator is on its way, or was stopped.
        Some(content) => {
            engine.table.put_new(content.clone()).await?;
        }
        None => forget(engine, &Key::idempotency(&key.name), old.number("tag")?).await?,
    }
    let found = claiming::find(engine, &id).await?;
    Ok(found.map(InsertOutcome::Repeated))
}

/// Stores a link; `false` when there is another one of its id. The same one, stored by whoever helped, is ours.
async fn store(engine: &Engine, item: Item, tag: u64) -> Result<bool, Fault> {
    Ok(match engine.table.put_new(item).await? {
        Written::Done(_) => true,
        Written::Refused(None) => false,
        Written::Refused(Some(old)) => Record::unnamed(&old).number::<u64>("tag")? == tag,
    })
}

async fn forget(engine: &Engine, place: &Key, tag: u64) -> Result<(), Fault> {
    let condition = "#tag = :tag";
    engine.table.delete(place, condition, Words::of(&[condition]).value(":tag", number(tag))).await.map(|_| ())
}

/// The link's item with its first event.
fn item(engine: &Engine, new: &NewLink, tag: u64) -> Result<Item, Fault> {
    let link = &new.link;
    let created = Event { link: link.id.clone(), at: link.created_at, kind: EventKind::Created, claim: None, actor: new.actor.clone() };
    let mut item = write_link(link, engine.retention)?;
    item.insert("history".to_owned(), history::list(&[created]));
    item.insert("seq".to_owned(), number(1));
    item.insert("tag".to_owned(), number(tag));
    if let Some(key) = &new.idempotency {
        item.insert("idempotency".to_owned(), text(&key.name));
    }
    Ok(item)
}

fn mark(key: &IdempotencyKey, link: &LinkId, item: &Item, tag: u64) -> Item {
    let place = Key::idempotency(&key.name);
    let mark = Builder::default()
        .with("pk", text(place.pk))
        .with("sk", text(place.sk))
        .with("body", text(&key.body))
        .with("link", text(link.as_str()))
        .with("content", AttributeValue::M(item.clone()))
        .with("tag", number(tag))
        .maybe(layout::TTL, item.get(layout::TTL).cloned());
    mark.build()
}
