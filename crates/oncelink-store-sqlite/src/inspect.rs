//! Looking at a database file without changing, creating or locking anything.

use std::fs;
use std::io;
use std::path::Path;

use rusqlite::OpenFlags;

use crate::migrations;
use crate::open;
use crate::open_error::OpenError;

/// The version of a file's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The file's; 0 for an empty file.
    pub found: i64,
    /// The one that this program would make of it.
    pub known: i64,
}

/// What the tables in `path` are; nothing when there is no file. A server may be running on it.
pub(crate) fn inspect(path: &Path) -> Result<Option<Schema>, OpenError> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Err(OpenError::NotAFile { file: path.to_owned() }),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OpenError::from_io(path.to_owned(), error)),
    }
    let db = open::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    open::check_ours(&db, path)?;
    let found = migrations::version(&db).map_err(|error| OpenError::from_sql(path.to_owned(), error))?;
    Ok(Some(Schema { found, known: migrations::latest() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SqliteStore;

    #[tokio::test]
    async fn a_look_finds_the_version_and_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("links.db");
        assert_eq!(inspect(&path).expect("nothing is there"), None);
        assert!(!path.exists(), "a look makes no file");
        fs::write(&path, b"").expect("writable");
        let known = migrations::latest();
        assert_eq!(inspect(&path).expect("an empty file"), Some(Schema { found: 0, known }));
        let store = SqliteStore::open(&path).expect("it can be opened");
        assert_eq!(inspect(&path).expect("while a server runs"), Some(Schema { found: known, known }));
        store.close().await;
        assert_eq!(inspect(&path).expect("afterwards"), Some(Schema { found: known, known }));
        fs::write(&path, b"no database at all, but long enough to have a head ........................").expect("writable");
        assert!(matches!(inspect(&path), Err(OpenError::NotADatabase { .. })));
        assert!(matches!(inspect(folder.path()), Err(OpenError::NotAFile { .. })));
    }
}
