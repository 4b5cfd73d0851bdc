//! The system's clock. The one place that reads it.

use std::time::{SystemTime, UNIX_EPOCH};

use oncelink_core::Timestamp;
use oncelink_core::ports::Clock;

/// The system's clock, to the millisecond. It may jump when somebody sets it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one reading of the clock, behind the port that everything else asks")]
        let now = SystemTime::now();
        at(now)
    }
}

fn at(time: SystemTime) -> Timestamp {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => Timestamp::from_millis(0).plus(since),
        // A clock before 1970 is wrong but no reason to panic: doctor tells about it.
        Err(before) => Timestamp::from_millis(0).minus(before.duration()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn time_is_counted_in_milliseconds_from_1970_in_both_directions() {
        let span = Duration::from_millis(1_500);
        assert_eq!(at(UNIX_EPOCH + span).as_millis(), 1_500);
        assert_eq!(at(UNIX_EPOCH - span).as_millis(), -1_500);
    }

    #[test]
    fn the_present_lies_in_this_century() {
        const YEAR_2026: i64 = 1_767_225_600_000;
        const YEAR_2100: i64 = 4_102_444_800_000;
        assert!((YEAR_2026..YEAR_2100).contains(&SystemClock.now().as_millis()));
    }
}
