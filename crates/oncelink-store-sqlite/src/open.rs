//! Opening a database file: every check that comes before the first request, and the settings of the connections.
//!
//! Checks come before anything is changed: another program's file is left as it was.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::failure::Failure;
use crate::migrations::{self, APPLICATION_ID, MIGRATIONS};
use crate::open_error::OpenError;
use crate::{lock, sql};

/// How long a statement waits for another program's lock, a backup's for example.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest file that is checked page by page after a crash, in bytes: a second's work at most.
const QUICK_CHECK_LIMIT: u64 = 64 << 20;
/// How many prepared statements a connection keeps: all of ours, the transaction's own, and some shapes of the list.
const STATEMENTS: usize = 64;

/// An open file: locked, checked, migrated.
pub(crate) struct Opened {
    /// The file's path without symbolic links.
    pub(crate) file: PathBuf,
    /// The connection that writes.
    pub(crate) writer: Connection,
    /// The connection that finds single rows.
    pub(crate) finder: Connection,
    /// The connections that read more.
    pub(crate) readers: Vec<Connection>,
    /// Keeps other servers away while it lives.
    pub(crate) lock: File,
}

/// Opens `path` with one connection that writes, one that finds, and `readers` that read.
pub(crate) fn open(path: &Path, readers: usize) -> Result<Opened, OpenError> {
    let file = resolve(path)?;
    let lock = lock::acquire(&file)?;
    ensure_writable(&file)?;
    let crashed = left_open(&file);
    let writer = connect(&file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    check_ours(&writer, &file)?;
    settle(&writer).map_err(|error| OpenError::from_sql(file.clone(), error))?;
    use_write_ahead_log(&writer, &file)?;
    if crashed {
        check_pages(&writer, &file)?;
    }
    migrations::migrate(&writer, MIGRATIONS).map_err(|failure| from_failure(&file, failure))?;
    let finder = reader(&file)?;
    let readers = (0..readers).map(|_| reader(&file)).collect::<Result<_, _>>()?;
    prepare_all(&writer, &file)?;
    Ok(Opened { file, writer, finder, readers, lock })
}

/// The path with symbolic links followed, so that two names of one file have one lock.
fn resolve(path: &Path) -> Result<PathBuf, OpenError> {
    match fs::canonicalize(path) {
        Ok(file) if file.is_dir() => Err(OpenError::NotAFile { file }),
        Ok(file) => Ok(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => resolve_new(path),
        Err(error) => Err(OpenError::from_io(path.to_owned(), error)),
    }
}

fn resolve_new(path: &Path) -> Result<PathBuf, OpenError> {
    let Some(name) = path.file_name() else { return Err(OpenError::NotAFile { file: path.to_owned() }) };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match fs::canonicalize(directory) {
        Ok(directory) => Ok(directory.join(name)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(OpenError::DirectoryMissing { directory: directory.to_owned() }),
        Err(error) => Err(OpenError::from_io(directory.to_owned(), error)),
    }
}

/// Creates the file for its owner only (SQLite gives the log beside it the same mode), or finds that it can be written.
/// Left to SQLite, a file that can't would be opened for reading and fail at the first claim.
fn ensure_writable(file: &Path) -> Result<(), OpenError> {
    let opened = lock::private(OpenOptions::new().read(true).write(true).create(true)).open(file);
    opened.map(|_| ()).map_err(|error| OpenError::from_io(file.to_owned(), error))
}

/// Whether the last process didn't close the file: an orderly one leaves no log behind.
fn left_open(file: &Path) -> bool {
    fs::metadata(lock::beside(file, "-wal")).is_ok_and(|log| log.len() > 0)
}

pub(crate) fn connect(file: &Path, mode: OpenFlags) -> Result<Connection, OpenError> {
    // Each connection is used by one thread at a time, so SQLite needs no mutex of its own.
    let opened = Connection::open_with_flags(file, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX).and_then(|db| {
        db.busy_timeout(BUSY_TIMEOUT)?;
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        // A statement is compiled once, whatever is bound to it; else SQLite compiles a join anew for each value.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // A view or trigger that somebody put into the file can't call functions with side effects.
        db.pragma_update(None, "trusted_schema", false)?;
        // Damaged pages are told as such instead of being read as something else.
        db.pragma_update(None, "cell_size_check", true)?;
        Ok(db)
    });
    opened.map_err(|error| OpenError::from_sql(file.to_owned(), error))
}

fn reader(file: &Path) -> Result<Connection, OpenError> {
    let db = connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    prepare_all(&db, file)?;
    Ok(db)
}

/// Whether the file is empty or ours, and of a version that we know. Reads its first page, hence finds what is no
/// database at all.
pub(crate) fn check_ours(db: &Connection, file: &Path) -> Result<(), OpenError> {
    let (application_id, pages, found) = head(db).map_err(|error| OpenError::from_sql(file.to_owned(), error))?;
    let known = migrations::latest();
    if pages == 0 {
        // SQLite takes a file of one byte for an empty one (a habit from an old file system) and would overwrite it.
        let length = fs::metadata(file).map_err(|error| OpenError::from_io(file.to_owned(), error))?.len();
        if length == 0 { Ok(()) } else { Err(OpenError::NotADatabase { file: file.to_owned() }) }
    } else if application_id == 0 && found == 0 && is_bare(db).map_err(|error| OpenError::from_sql(file.to_owned(), error))? {
        // An opening that failed before its tables were made leaves a first page behind.
        Ok(())
    } else if application_id != APPLICATION_ID {
        Err(OpenError::Foreign { file: file.to_owned(), application_id })
    } else if found > known {
        Err(OpenError::NewerSchema { file: file.to_owned(), found, known })
    } else {
        Ok(())
    }
}

/// Application id, number of pages, version of the tables.
fn head(db: &Connection) -> Result<(i32, i64, i64), rusqlite::Error> {
    let application_id = db.pragma_query_one(None, "application_id")?;
    Ok((application_id, db.pragma_query_one(None, "page_count")?, migrations::version(db)?))
}

/// Whether nobody has made a table yet.
fn is_bare(db: &Connection) -> Result<bool, rusqlite::Error> {
    db.prepare("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)")?.query_one([], |row| row.get(0))
}

/// The settings of the connection that writes.
fn settle(db: &Connection) -> Result<(), rusqlite::Error> {
    // FULL: a commit is on the disk when it returns. NORMAL would lose the last ones in a power cut, and spent links
    // would come back to life. On macOS only F_FULLFSYNC gets as far as that.
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "fullfsync", true)?;
    // Savepoints of big batches may spill; a server's /tmp may be small or read-only.
    db.pragma_update(None, "temp_store", "MEMORY")?;
    // The writer copies the log back by itself, after it has answered.
    db.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))
}

/// SQLite says yes to this pragma whatever came of it; only its answer counts.
fn use_write_ahead_log(db: &Connection, file: &Path) -> Result<(), OpenError> {
    let answer = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
    match answer.map_err(|error| OpenError::from_sql(file.to_owned(), error))? {
        mode if mode.eq_ignore_ascii_case("wal") => Ok(()),
        mode => Err(OpenError::NotWal { file: file.to_owned(), mode }),
    }
}

/// After a crash a small file is read through once. The log makes a crash harmless by itself; this is for the broken
/// disk that may have been its cause. A large one isn't: a restart mustn't take minutes, and damage is told when met.
fn check_pages(db: &Connection, file: &Path) -> Result<(), OpenError> {
    if fs::metadata(file).is_ok_and(|found| found.len() > QUICK_CHECK_LIMIT) {
        return Ok(());
    }
    let mut verdict = String::new();
    let checked = db.pragma(None, "quick_check", 1, |row| {
        verdict = row.get(0)?;
        Ok(())
    });
    checked.map_err(|error| OpenError::from_sql(file.to_owned(), error))?;
    if verdict == "ok" { Ok(()) } else { Err(OpenError::Damaged { file: file.to_owned(), detail: verdict }) }
}

/// Prepares every statement: finds tables and columns that are missing before a request does.
fn prepare_all(db: &Connection, file: &Path) -> Result<(), OpenError> {
    for statement in sql::ALL {
        if let Err(error) = db.prepare_cached(statement) {
            let strange = error.sqlite_error_code() == Some(rusqlite::ErrorCode::Unknown);
            let (file, detail) = (file.to_owned(), error.to_string());
            return Err(if strange { OpenError::Damaged { file, detail } } else { OpenError::from_sql(file, error) });
        }
    }
    Ok(())
}

fn from_failure(file: &Path, failure: Failure) -> OpenError {
    match failure {
        Failure::Sql(error) => OpenError::from_sql(file.to_owned(), error),
        Failure::Unreadable { .. } | Failure::TooLarge(_) | Failure::Defect(_) | Failure::Panicked(_) => {
            OpenError::Damaged { file: file.to_owned(), detail: failure.to_string() }
        }
    }
}
