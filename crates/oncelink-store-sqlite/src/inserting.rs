//! Storing new links. Runs inside the writer's transaction; must not commit by itself.

use oncelink_core::event::{Event, EventKind};
use oncelink_core::ports::{IdempotencyKey, InsertOutcome, NewLink};
use oncelink_core::token::LinkId;
use rusqlite::{Connection, named_params};

use crate::failure::Failure;
use crate::rows::{log, write_link};
use crate::{claiming, query, sql};

/// `LinkStore::insert`. All outcomes belong to one change: when one link can't be written, none is.
pub(crate) fn insert(db: &Connection, links: &[NewLink]) -> Result<Vec<InsertOutcome>, Failure> {
    links.iter().map(|new| insert_one(db, new)).collect()
}

fn insert_one(db: &Connection, new: &NewLink) -> Result<InsertOutcome, Failure> {
    if let Some(key) = &new.idempotency
        && let Some(outcome) = find_repeated(db, key)?
    {
        return Ok(outcome);
    }
    let link = &new.link;
    let created = Event { link: link.id.clone(), at: link.created_at, kind: EventKind::Created, claim: None, actor: new.actor.clone() };
    if !write_link(db, link, &log::line(&created))? {
        return Ok(InsertOutcome::Conflict);
    }
    if let Some(key) = &new.idempotency {
        let params = named_params! { ":name": key.name, ":body": key.body, ":link": link.id.as_str() };
        query::change(db, sql::IDEMPOTENCY_INSERT, params)?;
    }
    Ok(InsertOutcome::Created)
}

/// `LinkStore::find_repeated`.
pub(crate) fn find_repeated(db: &Connection, key: &IdempotencyKey) -> Result<Option<InsertOutcome>, Failure> {
    let used = query::one(db, sql::IDEMPOTENCY_FIND, named_params! { ":name": key.name }, |row| {
        Ok((row.get::<_, String>("body")?, row.get::<_, String>("link")?))
    })?;
    let Some((body, link)) = used else { return Ok(None) };
    if body != key.body {
        return Ok(Some(InsertOutcome::Conflict));
    }
    let unreadable = || Failure::Unreadable { table: "idempotency", id: key.name.clone(), column: "link" };
    let id = LinkId::parse(&link).ok_or_else(unreadable)?;
    let first = claiming::find(db, &id)?.ok_or_else(unreadable)?;
    Ok(Some(InsertOutcome::Repeated(first)))
}
