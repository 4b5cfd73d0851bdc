//! What the system's errors mean to a reader of objects.
//!
//! Must not decide anything else; this is the one place where `io::Error`s are looked into.

use std::fmt::Display;
use std::io::{Error, ErrorKind};
use std::path::Path;

use oncelink_core::object::ObjectError;
use oncelink_core::{Fault, FaultKind};
use tokio::task::JoinError;

/// Why `key` could not be looked at or opened.
#[expect(clippy::wildcard_enum_match_arm, reason = "std's list of error kinds is open; what isn't named here is the disk's failure")]
pub(crate) fn of_key(key: &dyn Display, error: Error) -> ObjectError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => ObjectError::NotFound,
        ErrorKind::IsADirectory => ObjectError::NotFound,
        // cap-std's own refusal has this kind and no number of the system's.
        ErrorKind::PermissionDenied if error.raw_os_error().is_none() => {
            ObjectError::Unfit("the key leads out of the source's directory".to_owned())
        }
        ErrorKind::PermissionDenied => {
            let remedy = format!("{key} may not be read; give this process read access to the file and its folders");
            Fault::new(FaultKind::Denied, remedy).because(error).into()
        }
        // A socket (ENXIO) or a loop of symlinks (ELOOP) is no object; std names neither.
        _ if matches!(error.raw_os_error(), Some(ENXIO | ELOOP)) && cfg!(unix) => ObjectError::NotFound,
        _ => reading(key, error).into(),
    }
}

/// Reading `key` failed half-way.
pub(crate) fn reading(key: &dyn Display, error: Error) -> Fault {
    Fault::unavailable(format!("{key} can't be read; look at the disk and at the limit of open files")).because(error)
}

/// The directory (or the one file) of a source can't be used.
pub(crate) fn opening(path: &Path, error: Error) -> Fault {
    let kind = if error.kind() == ErrorKind::PermissionDenied { FaultKind::Denied } else { FaultKind::Unavailable };
    Fault::new(kind, format!("{} can't be opened as a source; check that it exists and may be read", path.display())).because(error)
}

/// The thread that did the work panicked or was cut off by the end of the program.
pub(crate) fn lost_thread(error: JoinError) -> ObjectError {
    Fault::internal("a reading thread broke down").because(error).into()
}

/// "No such device or address": opening a socket. The same number on every Unix.
const ENXIO: i32 = 6;
/// "Too many levels of symbolic links".
const ELOOP: i32 = if cfg!(any(target_os = "linux", target_os = "android")) { 40 } else { 62 };
