//! The lock that keeps a second server away from a database file.
//!
//! It lies on a file beside the database, because SQLite's own locks are on the database and come and go with every
//! transaction. The operating system gives it up when the process ends, however it ends. The file itself stays: deleting
//! it would let two servers lock two different files of the same name.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::open_error::OpenError;

/// Locks `<file>.lock` until the returned file is dropped.
pub(crate) fn acquire(file: &Path) -> Result<File, OpenError> {
    let path = beside(file, ".lock");
    let lock = private(OpenOptions::new().read(true).write(true).create(true))
        .open(&path)
        .map_err(|error| OpenError::from_io(path.clone(), error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { file: file.to_owned() }),
        Err(TryLockError::Error(error)) => Err(OpenError::from_io(path, error)),
    }
}

/// The file of the same name with `suffix` behind it.
pub(crate) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    PathBuf::from(name)
}

/// Files that these options create are for their owner's eyes only.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
