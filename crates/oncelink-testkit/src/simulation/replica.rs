//! A replica: the real use cases with a clock of their own over the shared store, from a start to a crash.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use oncelink_core::policy::Policy;
use oncelink_core::ports::{Clock, LinkStore, ObjectSource};
use oncelink_core::service::Parts;
use oncelink_core::{Links, Timestamp};

use super::account::Accounts;
use super::executor::Life;
use super::plan::LEASE;
use crate::fixtures::source_name;
use crate::{MemoryStore, QuickHasher, SeededEntropy};

/// One life of a replica.
pub(super) struct Replica {
    pub(super) life: Life,
    pub(super) links: Links,
    pub(super) accounts: Accounts,
}

/// The true time, and how far this replica's clock is off.
pub(super) struct SkewedClock {
    pub(super) time: Arc<AtomicI64>,
    pub(super) skew: i64,
}

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.time.load(Ordering::Relaxed) + self.skew)
    }
}

impl Replica {
    /// Starts a life; `seed` makes its instance number and its holders.
    pub(super) fn start(life: Life, seed: u64, store: Arc<dyn LinkStore>, objects: Arc<dyn ObjectSource>, clock: SkewedClock) -> Self {
        let links = Links::new(Parts {
            store,
            keys: Arc::new(MemoryStore::new()),
            sources: vec![(source_name("main"), objects)],
            clock: Arc::new(clock),
            entropy: Arc::new(SeededEntropy::new(seed)),
            hasher: Arc::new(QuickHasher::default()),
            policy: Policy { lease: Duration::from_millis(LEASE.unsigned_abs()), ..Policy::default() },
        });
        Self { life, links, accounts: Accounts::default() }
    }
}
