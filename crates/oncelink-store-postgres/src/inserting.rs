//! Storing new links: one statement for a whole batch.

use std::collections::{HashMap, HashSet};

use oncelink_core::link::Link;
use oncelink_core::ports::{IdempotencyKey, InsertOutcome, NewLink};

use crate::database::{Database, IfLost};
use crate::failure::Failure;
use crate::rows::{LinkColumns, read_link};
use crate::sql;

/// How often a batch is tried while others use the same idempotency keys between its look and its write.
const ROUNDS: u32 = 20;

/// `LinkStore::insert`. What a statement stores is stored together or not at all.
///
/// A batch that repeats an id or an idempotency key goes in several rounds, so that what comes later finds what came
/// before. Each round settles at least those links that it sent.
pub(crate) async fn insert(db: &Database, links: &[NewLink]) -> Result<Vec<InsertOutcome>, Failure> {
    let mut outcomes: Vec<Option<InsertOutcome>> = vec![None; links.len()];
    loop {
        let open: Vec<usize> = (0..links.len()).filter(|&place| outcomes[place].is_none()).collect();
        if open.is_empty() {
            return Ok(outcomes.into_iter().flatten().collect());
        }
        let sent = without_repeats(links, &open);
        let stored = store(db, sent.iter().map(|&place| &links[place])).await?;
        for &place in &sent {
            if stored.contains(links[place].link.id.as_str()) {
                outcomes[place] = Some(InsertOutcome::Created);
            }
        }
        let used = used_keys(db, open.iter().filter_map(|&place| links[place].idempotency.as_ref())).await?;
        for &place in &open {
            if outcomes[place].is_none() {
                outcomes[place] = explain(&links[place], &used, sent.contains(&place));
            }
        }
    }
}

/// `LinkStore::find_repeated`.
pub(crate) async fn find_repeated(db: &Database, key: &IdempotencyKey) -> Result<Option<InsertOutcome>, Failure> {
    Ok(repeated(key, &used_keys(db, std::iter::once(key)).await?))
}

/// What an idempotency key was used for: the body and the link.
type Used = HashMap<String, (String, Link)>;

/// The first of those with the same id, and of those with the same idempotency key.
fn without_repeats(links: &[NewLink], open: &[usize]) -> Vec<usize> {
    let (mut ids, mut names) = (HashSet::new(), HashSet::new());
    let first = |place: &usize| {
        let new = &links[*place];
        let name_is_new = new.idempotency.as_ref().is_none_or(|key| names.insert(&key.name));
        ids.insert(&new.link.id) && name_is_new
    };
    open.iter().copied().filter(first).collect()
}

/// Stores what can be stored; the ids.
async fn store(db: &Database, links: impl Iterator<Item = &NewLink>) -> Result<HashSet<String>, Failure> {
    let mut columns = LinkColumns::default();
    for new in links {
        columns.push(new)?;
    }
    for _ in 0..ROUNDS {
        match db.rows(sql::LINK_INSERT, IfLost::Tell, &columns.params()).await {
            Ok(rows) => return rows.iter().map(|row| row.try_get("id").map_err(|_| Failure::Defect("an id is no text"))).collect(),
            Err(failure) if failure.is_race_in("oncelink_idempotency") => {}
            Err(failure) => return Err(failure),
        }
    }
    Err(Failure::Contended)
}

/// What these keys were used for.
async fn used_keys(db: &Database, keys: impl Iterator<Item = &IdempotencyKey>) -> Result<Used, Failure> {
    let names: Vec<&str> = keys.map(|key| key.name.as_str()).collect();
    if names.is_empty() {
        return Ok(Used::new());
    }
    let rows = db.rows(sql::IDEMPOTENCY_FIND, IfLost::Repeat, &[&names]).await?;
    let read = |row: &tokio_postgres::Row| {
        let text = |column| row.try_get(column).map_err(|_| Failure::Defect("an idempotency key is no text"));
        Ok((text("name")?, (text("body")?, read_link(row)?)))
    };
    rows.iter().map(read).collect()
}

/// Why a link wasn't stored. Nothing: it wasn't sent yet.
fn explain(new: &NewLink, used: &Used, sent: bool) -> Option<InsertOutcome> {
    new.idempotency.as_ref().and_then(|key| repeated(key, used)).or(sent.then_some(InsertOutcome::Conflict))
}

/// What a link under this key finds; nothing when the key is new.
fn repeated(key: &IdempotencyKey, used: &Used) -> Option<InsertOutcome> {
    let (body, link) = used.get(&key.name)?;
    Some(if *body == key.body { InsertOutcome::Repeated(link.clone()) } else { InsertOutcome::Conflict })
}
