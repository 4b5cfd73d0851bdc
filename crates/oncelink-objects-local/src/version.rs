//! What a file's metadata say of it: its version, size and age.
//!
//! Must not open or read files.

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use oncelink_core::Timestamp;
use oncelink_core::object::ObjectVersion;

/// The version of a file of `size` bytes, changed last at `modified`: both in hexadecimal, the time in nanoseconds.
/// A file system that keeps no times gives the size alone.
pub(crate) fn version(size: u64, modified: Option<SystemTime>) -> ObjectVersion {
    let age = match modified.map(since_epoch) {
        Some((false, span)) => format!("{:x}", span.as_nanos()),
        Some((true, span)) => format!("n{:x}", span.as_nanos()),
        None => "0".to_owned(),
    };
    ObjectVersion { etag: format!("{size:x}-{age}"), version_id: None }
}

/// `modified` in whole milliseconds.
pub(crate) fn timestamp(modified: SystemTime) -> Timestamp {
    match since_epoch(modified) {
        (false, span) => Timestamp::from_millis(0).plus(span),
        (true, span) => Timestamp::from_millis(0).minus(span),
    }
}

/// Which directory it is: device and number, which no other one gets while this one is held open. Elsewhere than on Unix that
/// can't be told, and all are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity(#[cfg(unix)] (u64, u64));

impl Identity {
    /// The directory that `seen` was said of.
    #[cfg(unix)]
    pub(crate) fn of(seen: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self((seen.dev(), seen.ino()))
    }

    /// The directory that `seen` was said of.
    #[cfg(not(unix))]
    pub(crate) fn of(_: &Metadata) -> Self {
        Self()
    }
}

/// The distance to 1970, and whether it lies before.
fn since_epoch(time: SystemTime) -> (bool, Duration) {
    match time.duration_since(UNIX_EPOCH) {
        Ok(span) => (false, span),
        Err(error) => (true, error.duration()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nanosecond_or_a_byte_makes_another_version() {
        let at = |nanos| Some(UNIX_EPOCH + Duration::from_nanos(nanos));
        let tag = version(10, at(1_700_000_000_000_000_001)).etag;
        assert_eq!(tag, "a-17979cfe362a0001");
        assert_ne!(tag, version(10, at(1_700_000_000_000_000_002)).etag);
        assert_ne!(tag, version(11, at(1_700_000_000_000_000_001)).etag);
        assert_ne!(version(1, at(5)).etag, version(1, Some(UNIX_EPOCH - Duration::from_nanos(5))).etag);
        assert!(tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
    }

    #[test]
    fn times_before_1970_are_times() {
        assert_eq!(timestamp(UNIX_EPOCH - Duration::from_secs(2)).as_millis(), -2000);
        assert_eq!(timestamp(UNIX_EPOCH + Duration::from_micros(1999)).as_millis(), 1);
    }
}
