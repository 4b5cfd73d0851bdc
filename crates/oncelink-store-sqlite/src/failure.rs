//! What can go wrong in a statement, and the fault that an operator is shown for it.
//!
//! The only place that turns SQLite's result codes into kinds and remedies. Must not hold bound values: they may be
//! people's data.

use std::path::Path;

use oncelink_core::{Fault, FaultKind};
use rusqlite::ErrorCode;

/// Why a piece of work on the database gave no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// SQLite failed.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// A row holds something that nobody of us wrote.
    #[error("row {id:?} of table {table} can't be read back (column {column})")]
    Unreadable {
        /// The table.
        table: &'static str,
        /// The row's own id, as far as it can be read.
        id: String,
        /// The first column that makes no sense.
        column: &'static str,
    },
    /// A number doesn't fit into SQLite's 63 bits.
    #[error("{0} is larger than this store can keep (at most 9,223,372,036,854,775,807)")]
    TooLarge(&'static str),
    /// A defect of ours.
    #[error("{0}")]
    Defect(&'static str),
    /// A defect of ours that panicked.
    #[error("work on the database panicked: {0}")]
    Panicked(String),
}

impl Failure {
    /// The fault for the operator; names `file` and the remedy.
    pub(crate) fn into_fault(self, file: &Path) -> Fault {
        let (kind, what) = self.explain();
        Fault::new(kind, format!("the database {} {what}", file.display())).because(self)
    }

    /// The same fault for somebody else whose work was lost with this one's.
    pub(crate) fn as_fault(&self, file: &Path) -> Fault {
        let (kind, what) = self.explain();
        Fault::new(kind, format!("the database {} {what}", file.display())).because(self.to_string())
    }

    /// The same failure once more, for the others in a transaction that it brought down.
    pub(crate) fn repeat(&self) -> Self {
        match self {
            Self::Sql(rusqlite::Error::SqliteFailure(code, text)) => Self::Sql(rusqlite::Error::SqliteFailure(*code, text.clone())),
            Self::Panicked(text) => Self::Panicked(text.clone()),
            Self::Sql(_) | Self::Unreadable { .. } | Self::TooLarge(_) | Self::Defect(_) => {
                Self::Defect("a transaction ended under a job that SQLite didn't fail")
            }
        }
    }

    /// Whether there was no room left on the disk.
    pub(crate) fn is_disk_full(&self) -> bool {
        self.code() == Some(ErrorCode::DiskFull)
    }

    fn explain(&self) -> (FaultKind, &'static str) {
        match self {
            Self::Sql(_) => self.code().map_or((FaultKind::Internal, "refused a statement; please report this"), explain_code),
            Self::Unreadable { .. } => (
                FaultKind::Corrupt,
                "holds a row that can't be read back; restore it from a backup, or delete the row (after PRAGMA foreign_keys = ON)",
            ),
            Self::TooLarge(_) => (FaultKind::Internal, "can't keep a number that large"),
            Self::Defect(_) | Self::Panicked(_) => (FaultKind::Internal, "met a defect of this program; please report it"),
        }
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sql(error) => error.sqlite_error_code(),
            Self::Unreadable { .. } | Self::TooLarge(_) | Self::Defect(_) | Self::Panicked(_) => None,
        }
    }
}

fn explain_code(code: ErrorCode) -> (FaultKind, &'static str) {
    use ErrorCode as Code;
    let (damaged, unavailable) = (FaultKind::Corrupt, FaultKind::Unavailable);
    // A chain of `if`, because SQLite's list of codes isn't ours to close with a `_`.
    let is = |codes: &[Code]| codes.contains(&code);
    if is(&[Code::DatabaseCorrupt, Code::NotADatabase]) {
        (damaged, "is damaged; stop the server and restore the file from a backup")
    } else if is(&[Code::DiskFull]) {
        (unavailable, "can't be written because the disk is full; free some space")
    } else if is(&[Code::DatabaseBusy, Code::DatabaseLocked, Code::FileLockingProtocolFailed]) {
        (unavailable, "is locked by another program; close that program")
    } else if is(&[Code::ReadOnly, Code::PermissionDenied]) {
        (unavailable, "can't be written; give this program write permission for the file and its folder, and check the mount")
    } else if is(&[Code::SystemIoFailure, Code::CannotOpen, Code::NoLargeFileSupport]) {
        (unavailable, "can't be read or written; check the disk and that the folder still exists")
    } else if is(&[Code::OutOfMemory]) {
        (unavailable, "can't be used because memory is short")
    } else {
        (FaultKind::Internal, "refused a statement; please report this")
    }
}
