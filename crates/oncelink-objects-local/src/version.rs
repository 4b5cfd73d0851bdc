//! What a file's metadata say of it: its version, size and age.
//!
//! Must not open or read files.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cap_std::fs::Dir;
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

/// Whether an open directory is the one that `there` was said of.
#[cfg(unix)]
pub(crate) fn same_place(held: &Dir, there: &std::fs::Metadata) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    use cap_std::fs::MetadataExt as _;
    let held = held.dir_metadata()?;
    Ok((held.dev(), held.ino()) == (there.dev(), there.ino()))
}

/// Whether an open directory is the one that `there` was said of: not to be known here.
#[cfg(not(unix))]
pub(crate) fn same_place(held: &Dir, _: &std::fs::Metadata) -> io::Result<bool> {
    held.dir_metadata()?;
    Ok(true)
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
