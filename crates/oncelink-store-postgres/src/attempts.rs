//! Counting passphrase attempts.

use oncelink_core::Timestamp;
use oncelink_core::link::Attempts;
use oncelink_core::ports::ReserveOutcome;
use oncelink_core::token::LinkId;
use oncelink_core::transition::{self, ATTEMPT_WINDOW, MAX_ATTEMPTS};
use tokio_postgres::Row;

use crate::database::{Database, IfLost, Param};
use crate::failure::Failure;
use crate::{finding, sql};

/// How often an attempt is wished for while others give theirs back between its write and its read.
const ROUNDS: u32 = 100;

/// `LinkStore::reserve_attempt`. Not repeated by itself when its answer is lost: a second time would take a second one.
pub(crate) async fn reserve(db: &Database, id: &LinkId, now: Timestamp) -> Result<ReserveOutcome, Failure> {
    let window = i64::try_from(ATTEMPT_WINDOW.as_millis()).map_err(|_| Failure::TooLarge("the window of attempts"))?;
    for _ in 0..ROUNDS {
        let params: [Param<'_>; 4] = [&id.as_str(), &now.as_millis(), &window, &i64::from(MAX_ATTEMPTS)];
        if let Some(row) = db.row(sql::ATTEMPT_RESERVE, IfLost::Tell, &params).await? {
            return read_attempts(&row, id).map(ReserveOutcome::Reserved);
        }
        if let Some(outcome) = explain(db, id, now).await? {
            return Ok(outcome);
        }
    }
    Err(Failure::Contended)
}

/// `LinkStore::refund_attempt`.
pub(crate) async fn refund(db: &Database, id: &LinkId, window: Timestamp) -> Result<(), Failure> {
    db.rows(sql::ATTEMPT_REFUND, IfLost::Tell, &[&id.as_str(), &window.as_millis()]).await?;
    Ok(())
}

/// Why no attempt was taken. Nothing: by now one could be, for another one was given back after the write.
async fn explain(db: &Database, id: &LinkId, now: Timestamp) -> Result<Option<ReserveOutcome>, Failure> {
    let Some(mut link) = finding::find(db, id).await? else { return Ok(Some(ReserveOutcome::Unknown)) };
    Ok(match transition::reserve_attempt(&mut link, now) {
        ReserveOutcome::Reserved(_) => None,
        locked @ (ReserveOutcome::Locked { .. } | ReserveOutcome::Unknown) => Some(locked),
    })
}

fn read_attempts(row: &Row, id: &LinkId) -> Result<Attempts, Failure> {
    let unreadable = |column| Failure::Unreadable { table: "oncelink_links", id: id.as_str().to_owned(), column };
    let since = row.try_get("attempts_since").map_err(|_| unreadable("attempts_since"))?;
    let count: i64 = row.try_get("attempts_count").map_err(|_| unreadable("attempts_count"))?;
    let count = u32::try_from(count).map_err(|_| unreadable("attempts_count"))?;
    Ok(Attempts { since: Timestamp::from_millis(since), count })
}
