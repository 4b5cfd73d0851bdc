//! What happened to a link. Transitions tell their events in their own write, into the link's `history`; every now and then
//! the oldest move out into items of their own, so that a link's item stays small. Best-effort events never go in there.
//!
//! Every event has a place: the how-manieth of the link's events it is. Notes are placed behind the event that was the last
//! when they came. Moving out is safe to break off and to do twice: places don't change.

use aws_sdk_dynamodb::types::AttributeValue;
use oncelink_core::Fault;
use oncelink_core::claim::Claim;
use oncelink_core::event::Event;
use oncelink_core::token::LinkId;

use crate::change::{Change, Words};
use crate::engine::Engine;
use crate::expressions as x;
use crate::items::{Item, Record, claims_of, number, read_event, text, write_event};
use crate::layout::{self, Key, LOG, MOVE_AT_MOST, MOVE_EVERY};
use crate::table::{NotUpdated, Query, Written};

/// `LinkStore::claims`.
pub(crate) async fn claims(engine: &Engine, id: &LinkId) -> Result<Vec<Claim>, Fault> {
    let projection = "#pk, #claims";
    let item = engine.table.get(&Key::link(id), Some((projection, Words::of(&[projection])))).await?;
    item.map_or(Ok(Vec::new()), |item| claims_of(&item, id))
}

/// `LinkStore::events`.
pub(crate) async fn events(engine: &Engine, id: &LinkId, limit: usize) -> Result<Vec<Event>, Fault> {
    let projection = "#pk, #history, #history_from";
    let item = engine.table.get(&Key::link(id), Some((projection, Words::of(&[projection])))).await?;
    let Some(item) = item.filter(|_| limit > 0) else { return Ok(Vec::new()) };
    let record = Record::unnamed(&item);
    let from: u64 = record.number("history_from")?;
    let mut placed = moved_out(engine, id, from, limit).await?;
    for (place, value) in (from + 1..).zip(record.list("history")?) {
        let entry = record.within(value.as_m().map_err(|_| record.unreadable("history"))?);
        placed.push(((place, 0), read_event(&entry, id)?));
    }
    placed.sort_by_key(|(place, _)| *place);
    Ok(placed.into_iter().take(limit).map(|(_, event)| event).collect())
}

/// `LinkStore::note`: one write that counts it at the link and finds its place, one that stores it.
pub(crate) async fn note(engine: &Engine, event: &Event) -> Result<(), Fault> {
    let count = Change::new(x::COUNT_NOTE.to_owned(), &[x::NOTES_HAVE_ROOM])
        .value(":one", number(1))
        .value(":zero", number(0))
        .value(":max", number(Event::MAX_PER_LINK));
    let Written::Done(counted) = engine.table.update(&Key::link(&event.link), count).await? else { return Ok(()) };
    let counted = Record::unnamed(&counted);
    let key = Key::log(&event.link, counted.number("seq")?, counted.number("notes")?);
    engine.table.put(log_item(key, write_event(event), counted.number("ttl")?)).await
}

/// Whether the event is among those in a link's item.
pub(crate) fn tells(item: &Item, wanted: &Event) -> Result<bool, Fault> {
    let record = Record::unnamed(item);
    for value in record.list("history")? {
        let entry = record.within(value.as_m().map_err(|_| record.unreadable("history"))?);
        if read_event(&entry, &wanted.link)? == *wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Events as a list to append.
pub(crate) fn list(events: &[Event]) -> AttributeValue {
    AttributeValue::L(events.iter().map(|event| AttributeValue::M(write_event(event))).collect())
}

/// Moves events out when a write that told `told` of them came past the next mark, or when that has failed for a while.
///
/// Best effort: the write that was asked for is done. Only the one that passes the mark sees to it, not all at once.
pub(crate) async fn tidy(engine: &Engine, link: &LinkId, item: &Item, told: usize) {
    let record = Record::unnamed(item);
    let Ok(seq) = record.number::<u64>("seq") else { return };
    let passed = seq / MOVE_EVERY > seq.saturating_sub(told as u64) / MOVE_EVERY;
    let many = record.list("history").is_ok_and(|history| history.len() as u64 >= 2 * MOVE_EVERY);
    if told > 0 && (passed || many) {
        let _ = move_out(engine, link).await;
    }
}

/// Moves the events in a link's item into items of their own. First they are stored there, then they are taken away here,
/// if nobody else has done so; in between they are in both places, and [`events`] tells them once.
pub(crate) async fn move_out(engine: &Engine, link: &LinkId) -> Result<(), Fault> {
    let projection = "#pk, #history, #history_from, #ttl";
    let item = engine.table.get(&Key::link(link), Some((projection, Words::of(&[projection])))).await?;
    let Some(item) = item else { return Ok(()) };
    let record = Record::unnamed(&item);
    let (from, ttl): (u64, i64) = (record.number("history_from")?, record.number("ttl")?);
    let history = record.list("history")?;
    let moving = &history[..history.len().min(MOVE_AT_MOST)];
    if moving.is_empty() {
        return Ok(());
    }
    let mut items = Vec::new();
    for (place, value) in (from + 1..).zip(moving) {
        let event = value.as_m().map_err(|_| record.unreadable("history"))?;
        items.push(log_item(Key::log(link, place, 0), event.clone(), ttl));
    }
    engine.table.put_all(items).await?;
    // From the last to the first: right for engines that count places before the write, as DynamoDB does, and for those
    // that take one away after the other.
    let places: Vec<String> = (0..moving.len()).rev().map(|place| format!("#history[{place}]")).collect();
    let take_away = Change::new(format!("SET #history_from = :next REMOVE {}", places.join(", ")), &[x::SAME_HISTORY])
        .value(":from", number(from))
        .value(":next", number(from + moving.len() as u64));
    engine.table.update(&Key::link(link), take_away).await.map(|_| ()).map_err(NotUpdated::into)
}

/// The keys of all events of a link that are items of their own.
pub(crate) async fn log_keys(engine: &Engine, link: &LinkId) -> Result<Vec<Key>, Fault> {
    let mut keys = Vec::new();
    let mut from = None;
    loop {
        let query = log_query(link, Some("#pk, #sk"), usize::from(u16::MAX), from);
        let page = engine.table.query(query).await?;
        for item in &page.items {
            keys.push(Key::of(item)?);
        }
        from = page.next;
        if from.is_none() {
            return Ok(keys);
        }
    }
}

/// The oldest events that are items of their own, each with its place; at most `limit`. Those after `from` are still in the
/// link's item too, and are left out.
async fn moved_out(engine: &Engine, link: &LinkId, from: u64, limit: usize) -> Result<Vec<((u64, u64), Event)>, Fault> {
    let mut placed = Vec::new();
    let mut start = None;
    loop {
        let page = engine.table.query(log_query(link, None, limit, start)).await?;
        for item in &page.items {
            let record = Record::unnamed(item);
            let (seq, note) = record.parse("sk", layout::log_place)?;
            if note > 0 || seq <= from {
                placed.push(((seq, note), read_event(&record, link)?));
            }
        }
        start = page.next;
        if start.is_none() || placed.len() >= limit {
            return Ok(placed);
        }
    }
}

fn log_query(link: &LinkId, projection: Option<&'static str>, limit: usize, from: Option<Item>) -> Query {
    let condition = "#pk = :pk AND begins_with(#sk, :log)";
    Query {
        index: None,
        condition,
        words: Words::of(&[condition, projection.unwrap_or_default()]).value(":pk", text(Key::link(link).pk)).value(":log", text(LOG)),
        projection,
        forward: true,
        limit,
        from,
    }
}

fn log_item(key: Key, event: Item, ttl: i64) -> Item {
    let mut item = event;
    item.insert("pk".to_owned(), text(key.pk));
    item.insert("sk".to_owned(), text(key.sk));
    item.insert(layout::TTL.to_owned(), number(ttl));
    item
}
