//! A clock that stands still until a test moves it. Must not look at the real time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use oncelink_core::Timestamp;
use oncelink_core::ports::Clock;

use crate::fixtures;

/// A clock that is moved by hand; it starts at [`fixtures::NOW`] unless told otherwise.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows [`fixtures::NOW`].
    pub fn new() -> Self {
        Self::at(fixtures::NOW)
    }

    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_millis()))
    }

    /// Moves the clock on by `span` (whole milliseconds); returns what it shows then.
    pub fn advance(&self, span: Duration) -> Timestamp {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(self.0.fetch_add(millis, Ordering::SeqCst).saturating_add(millis))
    }

    /// Sets the clock, backwards too: clocks do that.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
