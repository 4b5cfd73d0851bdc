//! Counting passphrase attempts.

use oncelink_core::link::Attempts;
use oncelink_core::ports::ReserveOutcome;
use oncelink_core::token::LinkId;
use oncelink_core::transition::{self, ATTEMPT_WINDOW, MAX_ATTEMPTS};
use oncelink_core::{Fault, Timestamp};

use crate::change::Change;
use crate::engine::{Engine, ROUNDS};
use crate::expressions as x;
use crate::items::{Record, number, read_link, time};
use crate::layout::Key;
use crate::table::Written;

/// `LinkStore::reserve_attempt`. The first write takes it for granted that no window is open: whoever knows the
/// passphrase comes once.
pub(crate) async fn reserve(engine: &Engine, id: &LinkId, now: Timestamp) -> Result<ReserveOutcome, Fault> {
    let tag = engine.tag();
    let mut open: Option<Timestamp> = None;
    for round in 0..ROUNDS {
        engine.pause(round).await;
        match engine.table.update(&Key::link(id), take(open, now, tag)).await? {
            Written::Done(item) => {
                let count = Record::unnamed(&item).number("attempts_count")?;
                return Ok(ReserveOutcome::Reserved(Attempts { since: open.unwrap_or(now), count }));
            }
            Written::Refused(None) => return Ok(ReserveOutcome::Unknown),
            Written::Refused(Some(item)) => {
                let mut link = read_link(&item)?;
                let ours = Record::unnamed(&item).maybe_number("attempts_tag")? == Some(tag);
                if let Some(attempts) = link.attempts.filter(|_| ours) {
                    return Ok(ReserveOutcome::Reserved(attempts));
                }
                let present = link.attempts.map(|attempts| attempts.since);
                match transition::reserve_attempt(&mut link, now) {
                    ReserveOutcome::Reserved(taken) => open = present.filter(|&since| since == taken.since),
                    locked @ (ReserveOutcome::Locked { .. } | ReserveOutcome::Unknown) => return Ok(locked),
                }
            }
        }
    }
    Err(engine.contended("the link"))
}

/// `LinkStore::refund_attempt`.
pub(crate) async fn refund(engine: &Engine, id: &LinkId, window: Timestamp) -> Result<(), Fault> {
    let change = Change::new(x::REFUND_ATTEMPT.to_owned(), &[x::REFUNDABLE_ATTEMPT])
        .value(":window", time(window))
        .value(":tag", number(engine.tag()))
        .value(":one", number(1))
        .value(":zero", number(0));
    engine.table.update(&Key::link(id), change).await?;
    Ok(())
}

/// One more in the window that is open, or the first of a new one.
fn take(open: Option<Timestamp>, now: Timestamp, tag: u64) -> Change {
    let change = match open {
        Some(since) => Change::new(x::COUNT_ATTEMPT.to_owned(), &[x::WINDOW_HAS_ROOM]).value(":since", time(since)),
        None => Change::new(x::OPEN_WINDOW.to_owned(), &[x::NO_WINDOW]).value(":begun", time(now.minus(ATTEMPT_WINDOW))),
    };
    change.value(":now", time(now)).value(":max", number(MAX_ATTEMPTS)).value(":one", number(1)).value(":tag", number(tag))
}
