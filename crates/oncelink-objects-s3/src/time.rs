//! Points in time, between the SDK's notation and ours.
//!
//! Must not read a clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_s3::primitives::DateTime;
use oncelink_core::Timestamp;

/// A point of the system's time.
pub(crate) fn timestamp(time: SystemTime) -> Timestamp {
    match time.duration_since(UNIX_EPOCH) {
        Ok(span) => Timestamp::from_millis(0).plus(span),
        Err(error) => Timestamp::from_millis(0).minus(error.duration()),
    }
}

/// The same point as the system's time.
pub(crate) fn system_time(time: Timestamp) -> SystemTime {
    let span = Duration::from_millis(time.as_millis().unsigned_abs());
    if time.as_millis() < 0 { UNIX_EPOCH - span } else { UNIX_EPOCH + span }
}

/// A time of the service; nothing where it is beyond all measure.
pub(crate) fn of_service(time: &DateTime) -> Option<Timestamp> {
    time.to_millis().ok().map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_in_time_survives_the_way_there_and_back() {
        for millis in [0, 1, 1_700_000_000_123, -1500] {
            let time = Timestamp::from_millis(millis);
            assert_eq!(timestamp(system_time(time)), time);
            assert_eq!(of_service(&DateTime::from_millis(millis)), Some(time));
        }
    }
}
