//! Counting passphrase attempts. Runs inside the writer's transaction; must not commit by itself.

use oncelink_core::Timestamp;
use oncelink_core::link::Attempts;
use oncelink_core::ports::ReserveOutcome;
use oncelink_core::token::LinkId;
use oncelink_core::transition::{self, ATTEMPT_WINDOW, MAX_ATTEMPTS};
use rusqlite::{Connection, named_params};

use crate::failure::Failure;
use crate::{claiming, query, sql};

/// `LinkStore::reserve_attempt`.
pub(crate) fn reserve(db: &Connection, id: &LinkId, now: Timestamp) -> Result<ReserveOutcome, Failure> {
    let params = named_params! {
        ":now": now.as_millis(),
        ":window": i64::try_from(ATTEMPT_WINDOW.as_millis()).map_err(|_| Failure::TooLarge("the window of attempts"))?,
        ":id": id.as_str(),
        ":max": MAX_ATTEMPTS,
    };
    let taken = query::one(db, sql::ATTEMPT_RESERVE, params, |row| {
        Ok(Attempts { since: Timestamp::from_millis(row.get("attempts_since")?), count: row.get("attempts_count")? })
    })?;
    match taken {
        Some(attempts) => Ok(ReserveOutcome::Reserved(attempts)),
        None => explain(db, id, now),
    }
}

/// `LinkStore::refund_attempt`.
pub(crate) fn refund(db: &Connection, id: &LinkId, window: Timestamp) -> Result<(), Failure> {
    query::change(db, sql::ATTEMPT_REFUND, named_params! { ":id": id.as_str(), ":window": window.as_millis() })?;
    Ok(())
}

/// Why no attempt was taken.
fn explain(db: &Connection, id: &LinkId, now: Timestamp) -> Result<ReserveOutcome, Failure> {
    let Some(mut link) = claiming::find(db, id)? else { return Ok(ReserveOutcome::Unknown) };
    match transition::reserve_attempt(&mut link, now) {
        ReserveOutcome::Reserved(_) => Err(Failure::Defect("attempt_reserve.sql refused an attempt that the rules grant")),
        locked @ (ReserveOutcome::Locked { .. } | ReserveOutcome::Unknown) => Ok(locked),
    }
}
