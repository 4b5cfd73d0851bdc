//! What is remembered of a file, and whether it still is that file.
//!
//! Must not read content.

use std::fs::{File, Metadata};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// A file's size and age: what a change of its content changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pinned {
    /// Its size in bytes.
    pub(crate) size: u64,
    /// When it was last changed, in nanoseconds since 1970.
    pub(crate) modified: i128,
}

impl Pinned {
    /// What there is to remember.
    pub(crate) fn of(seen: &Metadata) -> Self {
        Self { size: seen.len(), modified: i128::from(seen.mtime()) * 1_000_000_000 + i128::from(seen.mtime_nsec()) }
    }

    /// Whether the file at `path` still is the one. A file that has gone isn't.
    ///
    /// # Errors
    /// When the system can't tell.
    pub(crate) fn holds_at(&self, path: &Path) -> Result<bool, Error> {
        match path.symlink_metadata() {
            Ok(seen) => Ok(seen.is_file() && Self::of(&seen) == *self),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the open file still is the one.
    ///
    /// # Errors
    /// When the system can't tell.
    pub(crate) fn holds(&self, file: &File) -> Result<bool, Error> {
        let seen = file.metadata()?;
        Ok(seen.is_file() && Self::of(&seen) == *self)
    }
}

/// Opens a file for reading: no symbolic link that took its place, and no waiting at a FIFO that did.
pub(crate) fn open(path: &Path) -> Result<File, Error> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}
