//! Deleting links that ended long ago.
//!
//! The index by end finds them, the item decides, and the delete checks again: any number of replicas may purge at a time.

use std::sync::Arc;

use oncelink_core::ports::PurgeOutcome;
use oncelink_core::token::LinkId;
use oncelink_core::{Fault, Timestamp, transition};

use crate::change::Words;
use crate::engine::Engine;
use crate::expressions as x;
use crate::fan::in_order;
use crate::history::log_keys;
use crate::items::{Item, Record, claims_of, number, read_link, text, time};
use crate::layout::{self, BY_END, Key, shards};
use crate::table::{Page, Query, READ_BATCH};

/// How many links are deleted at a time.
const AT_ONCE: usize = 8;

/// A link that may go, as it was found.
struct Doomed {
    id: LinkId,
    seq: u64,
    idempotency: Option<String>,
}

/// `LinkStore::purge`.
pub(crate) async fn purge(engine: &Arc<Engine>, before: Timestamp, limit: usize) -> Result<PurgeOutcome, Fault> {
    let mut deleted = 0;
    for shard in shards(BY_END) {
        let mut from = None;
        while deleted < limit {
            let Page { items, next } = engine.table.query(ended(&shard, before, from)).await?;
            let keys = items.iter().map(Key::of).collect::<Result<Vec<Key>, Fault>>()?;
            let mut doomed = find_doomed(engine, &keys, before).await?;
            doomed.truncate(limit - deleted);
            let work = doomed.into_iter().map(|link| {
                let engine = Arc::clone(engine);
                async move { delete(&engine, &link, before).await }
            });
            for gone in in_order(work, AT_ONCE).await {
                deleted += usize::from(gone?);
            }
            from = next;
            if from.is_none() {
                break;
            }
        }
    }
    Ok(PurgeOutcome { deleted })
}

/// Which of these links may go, as the rules say.
async fn find_doomed(engine: &Engine, keys: &[Key], before: Timestamp) -> Result<Vec<Doomed>, Fault> {
    let projection = format!("{}, #claims, #seq, #idempotency", x::LINK);
    let items = engine.table.get_all(keys, &projection).await?;
    let mut doomed = Vec::new();
    for item in &items {
        let link = read_link(item)?;
        if transition::purgeable(&link, &claims_of(item, &link.id)?, before) {
            let record = Record::unnamed(item);
            let idempotency = record.maybe_text("idempotency")?.map(str::to_owned);
            doomed.push(Doomed { id: link.id, seq: record.number("seq")?, idempotency });
        }
    }
    Ok(doomed)
}

/// Deletes a link and what hangs on it; whether this call did.
///
/// The link goes last, so that whatever is broken off is found again. Its idempotency key goes first: a key with the
/// content of a link that is gone would bring it back to life.
async fn delete(engine: &Engine, link: &Doomed, before: Timestamp) -> Result<bool, Fault> {
    if let Some(name) = &link.idempotency {
        let condition = "#link = :link";
        let words = Words::of(&[condition]).value(":link", text(link.id.as_str()));
        engine.table.delete(&Key::idempotency(name), condition, words).await?;
    }
    engine.table.delete_all(log_keys(engine, &link.id).await?).await?;
    let words = Words::of(&[x::PURGEABLE]).value(":seq", number(link.seq)).value(":before", time(before));
    engine.table.delete(&Key::link(&link.id), x::PURGEABLE, words).await
}

fn ended(shard: &str, before: Timestamp, from: Option<Item>) -> Query {
    let condition = "#ends = :shard AND #ends_at < :before";
    let projection = "#pk, #sk";
    let words = Words::of(&[condition, projection]).value(":shard", text(shard)).value(":before", text(layout::indexed_before(before)));
    Query { index: Some(BY_END), condition, words, projection: Some(projection), forward: true, limit: READ_BATCH, from }
}
