//! What can go wrong with a directory that is to be an archive, said with the file's name and the remedy.

use std::fmt::Display;
use std::io::{Error, ErrorKind};
use std::path::Path;

use oncelink_core::object::ObjectError;
use oncelink_core::{Fault, FaultKind};
use tokio::task::JoinError;

/// The directory can't be used.
pub(crate) fn opening(path: &Path, error: Error) -> Fault {
    let kind = if error.kind() == ErrorKind::PermissionDenied { FaultKind::Denied } else { FaultKind::Unavailable };
    Fault::new(kind, format!("the folder {} can't be opened; check that it exists and may be read", path.display())).because(error)
}

/// A file or a directory below it can't be read.
pub(crate) fn reading(path: &Path, error: Error) -> Fault {
    let kind = if error.kind() == ErrorKind::PermissionDenied { FaultKind::Denied } else { FaultKind::Unavailable };
    Fault::new(kind, format!("{} can't be read; give this program read access to it, or move it out of the folder", path.display()))
        .because(error)
}

/// A name that no archive can hold, or that another system would read as a path.
pub(crate) fn naming(path: &Path, problem: &dyn Display) -> Fault {
    Fault::unavailable(format!("{path:?} {problem}; rename it, or move it out of the folder"))
}

/// A file changed while the folder was read, or afterwards.
pub(crate) fn changed_since(path: &Path) -> Fault {
    Fault::unavailable(format!("{} has changed since the folder was read; share it again when nothing writes to it", path.display()))
}

/// The thread that did the work panicked or was cut off by the end of the program.
pub(crate) fn lost_thread(error: JoinError) -> ObjectError {
    Fault::internal("a reading thread broke down").because(error).into()
}
