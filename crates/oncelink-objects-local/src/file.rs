//! Looking at and opening single files.
//!
//! Must not read content, and must not open what isn't a regular file: a FIFO would block, a device may act.

use std::fs::{self, File};
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::time::SystemTime;

use cap_std::fs::{Dir, Metadata, OpenOptions};
use oncelink_core::object::{ObjectError, ObjectInfo, ObjectKey, ObjectVersion};

use crate::{fault, version};

/// What there is to say of the file at `path`, without opening it.
pub(crate) fn info(dir: &Dir, path: &Path, key: &ObjectKey) -> Result<ObjectInfo, ObjectError> {
    let seen = regular(dir, path, key)?;
    Ok(told(key, seen.len(), seen.modified().ok().map(|time| time.into_std())))
}

/// What there is to say of a file of `size` bytes, changed last at `modified`.
pub(crate) fn told(key: &ObjectKey, size: u64, modified: Option<SystemTime>) -> ObjectInfo {
    ObjectInfo {
        size,
        version: version::version(size, modified),
        content_type: mime_guess::from_path(key.as_str()).first_raw().map(str::to_owned),
        modified: modified.map(version::timestamp),
        sha256: None,
    }
}

/// Opens the file at `path` and checks on the open handle that it is `pinned`, a file of `size` bytes.
pub(crate) fn open_pinned(dir: &Dir, path: &Path, key: &ObjectKey, pinned: &ObjectVersion, size: u64) -> Result<File, ObjectError> {
    regular(dir, path, key)?;
    let file = dir.open_with(path, &reading()).map_err(|error| fault::of_key(key, error))?.into_std();
    let seen = file.metadata().map_err(|error| fault::of_key(key, error))?;
    // The name may lead elsewhere since the look before.
    if !seen.is_file() {
        return Err(ObjectError::NotFound);
    }
    if seen.len() != size || !is_version(&seen, pinned) {
        return Err(ObjectError::Changed);
    }
    Ok(file)
}

/// Whether the open file still is the version `pinned`.
pub(crate) fn unchanged(file: &File, pinned: &ObjectVersion) -> Result<bool, Error> {
    Ok(is_version(&file.metadata()?, pinned))
}

/// Whether what was `seen` is the version `pinned`.
pub(crate) fn is_version(seen: &fs::Metadata, pinned: &ObjectVersion) -> bool {
    version::version(seen.len(), seen.modified().ok()) == *pinned
}

/// The metadata of the regular file at `path`, symlinks inside the directory followed.
fn regular(dir: &Dir, path: &Path, key: &ObjectKey) -> Result<Metadata, ObjectError> {
    let seen = dir.metadata(path).map_err(|error| fault::of_key(key, error))?;
    if seen.is_file() { Ok(seen) } else { Err(fault::of_key(key, ErrorKind::IsADirectory.into())) }
}

/// For reading only. Should a FIFO have taken the file's place since it was looked at, opening it must not wait for a
/// writer.
fn reading() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use cap_std::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    options
}
