//! What every operation works with: the table, what was seen of claims, and tags.
//!
//! Must not hold rules or expressions.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use oncelink_core::Fault;
use oncelink_core::token::LinkId;

use crate::change::Change;
use crate::history;
use crate::layout::Key;
use crate::seen::Seen;
use crate::table::{NotUpdated, Table, Written};

/// How often a write is tried again because others changed what it looked at in between.
pub(crate) const ROUNDS: u32 = 48;
/// So many of them without a pause.
const AT_ONCE: u32 = 4;

/// The parts of a store.
pub(crate) struct Engine {
    pub(crate) table: Table,
    pub(crate) seen: Seen,
    /// How long after its end a record stays before DynamoDB's time to live takes it.
    pub(crate) retention: Duration,
    next_tag: AtomicU64,
}

impl Engine {
    pub(crate) fn new(table: Table, retention: Duration) -> Self {
        // Tags need not be secret, only different from those of every other process: the standard library's own seed does.
        let next_tag = AtomicU64::new(RandomState::new().hash_one("tag"));
        Self { table, seen: Seen::default(), retention, next_tag }
    }

    /// A name for one call, stored by its write. When an answer is lost and the SDK sends the write again, its condition
    /// fails on its own first success, and the tag tells so.
    pub(crate) fn tag(&self) -> u64 {
        self.next_tag.fetch_add(1, Ordering::Relaxed)
    }

    /// A transition's write, which tells so many events. When it has no room, older events move out first.
    pub(crate) async fn change(&self, link: &LinkId, change: Change, told: usize) -> Result<Written, Fault> {
        let key = Key::link(link);
        let written = match self.table.update(&key, change.clone()).await {
            Err(NotUpdated::TooLarge(_)) => {
                history::move_out(self, link).await?;
                self.table.update(&key, change).await?
            }
            other => other?,
        };
        if let Written::Done(item) = &written {
            history::tidy(self, link, item, told).await;
        }
        Ok(written)
    }

    /// Waits a little, each caller for a time of its own, when a write has been overtaken several times: replicas that
    /// write the same claim shall not keep step.
    pub(crate) async fn pause(&self, round: u32) {
        if let Some(late) = round.checked_sub(AT_ONCE) {
            let bound = 4_u64 << late.min(4);
            tokio::time::sleep(Duration::from_millis(RandomState::new().hash_one(round) % bound)).await;
        }
    }

    /// The fault of a write that was overtaken again and again.
    pub(crate) fn contended(&self, what: &str) -> Fault {
        let table = self.table.name();
        Fault::unavailable(format!("{what} in the DynamoDB table {table} is changed by too many at once; try again in a moment"))
    }
}
