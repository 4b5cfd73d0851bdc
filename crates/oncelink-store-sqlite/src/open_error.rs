//! What may be wrong with a database file when it is opened, each with what to do about it.

use std::error::Error;
use std::io;
use std::path::PathBuf;

/// Why a database file can't be opened. Each sentence names the file and the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder that shall hold the file doesn't exist.
    #[error("the folder {} for the database doesn't exist; create it or name another one", directory.display())]
    DirectoryMissing {
        /// The folder.
        directory: PathBuf,
    },
    /// The path names something that is no file.
    #[error("{} is not a file; name a file for the database", file.display())]
    NotAFile {
        /// The path.
        file: PathBuf,
    },
    /// Another process has the file open as a server.
    #[error("the database {} is in use by another server; stop that one, or give this one a data folder of its own", file.display())]
    InUse {
        /// The database file.
        file: PathBuf,
    },
    /// The file, or a file beside it that SQLite needs, can't be written.
    #[error("{} can't be written; give this program write permission for the database file and its folder, and check that the disk isn't mounted read-only", file.display())]
    ReadOnly {
        /// The file that can't be written.
        file: PathBuf,
    },
    /// The file isn't one of SQLite's.
    #[error("{} is not a database; name another file, or restore it from a backup if it should be one", file.display())]
    NotADatabase {
        /// The file.
        file: PathBuf,
    },
    /// The file is SQLite's, but damaged.
    #[error("the database {} is damaged ({detail}); restore it from a backup, or move it away to begin with an empty one", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// The file is another program's database.
    #[error("{} is another program's database (application id {application_id}); name another file", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
        /// SQLite's `PRAGMA application_id`.
        application_id: i32,
    },
    /// A newer version of this program has written the file.
    #[error("the database {} has version {found} of its tables and this program knows up to {known}; use the newer program, or restore a backup from before it", file.display())]
    NewerSchema {
        /// The file.
        file: PathBuf,
        /// The file's version.
        found: i64,
        /// The latest version that is known.
        known: i64,
    },
    /// The file system can't do what the write-ahead log needs.
    #[error("the database {} can't keep a write-ahead log (its journal mode is {mode:?}); put it on a local disk", file.display())]
    NotWal {
        /// The file.
        file: PathBuf,
        /// The journal mode that SQLite settled for.
        mode: String,
    },
    /// There is no room.
    #[error("the database {} can't be opened because the disk is full; free some space", file.display())]
    DiskFull {
        /// The file.
        file: PathBuf,
    },
    /// Another program (not a server of ours) holds the file locked.
    #[error("the database {} is locked by another program; close that program", file.display())]
    Locked {
        /// The file.
        file: PathBuf,
    },
    /// Something else failed.
    #[error("{} can't be opened; check the disk and the permissions: {source}", file.display())]
    Failed {
        /// The file.
        file: PathBuf,
        /// What the system or SQLite says.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl OpenError {
    /// What an error of the file system means for `file`.
    pub(crate) fn from_io(file: PathBuf, error: io::Error) -> Self {
        use io::ErrorKind as Kind;
        let is = |kinds: &[Kind]| kinds.contains(&error.kind());
        if is(&[Kind::PermissionDenied, Kind::ReadOnlyFilesystem]) {
            Self::ReadOnly { file }
        } else if is(&[Kind::IsADirectory, Kind::NotADirectory]) {
            Self::NotAFile { file }
        } else if is(&[Kind::StorageFull, Kind::QuotaExceeded]) {
            Self::DiskFull { file }
        } else {
            Self::Failed { file, source: error.into() }
        }
    }

    /// What an error of SQLite means for `file`.
    pub(crate) fn from_sql(file: PathBuf, error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let is = |codes: &[Code]| error.sqlite_error_code().is_some_and(|code| codes.contains(&code));
        if is(&[Code::NotADatabase]) {
            Self::NotADatabase { file }
        } else if is(&[Code::DatabaseCorrupt]) {
            Self::Damaged { file, detail: error.to_string() }
        } else if is(&[Code::ReadOnly, Code::PermissionDenied]) {
            Self::ReadOnly { file }
        } else if is(&[Code::DiskFull]) {
            Self::DiskFull { file }
        } else if is(&[Code::DatabaseBusy, Code::DatabaseLocked, Code::FileLockingProtocolFailed]) {
            Self::Locked { file }
        } else {
            Self::Failed { file, source: error.into() }
        }
    }
}
