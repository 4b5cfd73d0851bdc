//! Listings: one level of the directory at a time, sorted by bytes as S3 sorts.
//!
//! Must not show what can't be linked (other than regular files, names that are no keys, ways out of the directory),
//! and must not keep more names than a page has, however large the directory is.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

use cap_std::fs::{Dir, DirEntry, Metadata, ReadDir};
use oncelink_core::object::{ListedObject, ObjectError, ObjectKey, ObjectPage};

use crate::{fault, file, path, version};

/// The page of the entries that begin with `prefix` and come after `cursor`, which is the last entry's key. A folder
/// that isn't there is an empty one, as on S3.
pub(crate) fn tree(dir: &Dir, prefix: &str, cursor: Option<&str>, limit: usize) -> Result<ObjectPage, ObjectError> {
    let (folder, start) = path::of_prefix(prefix)?;
    check_cursor(prefix, cursor)?;
    let Some(found) = read_folder(dir, folder)? else { return Ok(ObjectPage::default()) };
    let limit = limit.max(1);
    let mut page = BTreeSet::new();
    let mut more = false;
    for entry in found {
        let entry = entry.map_err(|error| fault::reading(&folder, error))?;
        match shown_as(dir, folder, start, &entry) {
            Some(name) if cursor.is_none_or(|cursor| name.as_str() > cursor) => page.insert(name),
            Some(_) | None => continue,
        };
        if page.len() > limit {
            page.pop_last();
            more = true;
        }
    }
    let next = if more { page.last().cloned() } else { None };
    Ok(ObjectPage { entries: page.into_iter().filter_map(|name| describe(dir, name)).collect(), next })
}

/// The listing of a source that shows one file only.
pub(crate) fn single(dir: &Dir, key: &ObjectKey, at: &Path, prefix: &str, cursor: Option<&str>) -> Result<ObjectPage, ObjectError> {
    path::of_prefix(prefix)?;
    check_cursor(prefix, cursor)?;
    if !key.as_str().starts_with(prefix) || cursor.is_some_and(|cursor| key.as_str() <= cursor) {
        return Ok(ObjectPage::default());
    }
    match file::info(dir, at, key) {
        Ok(info) => {
            let entry = ListedObject::Object { key: key.as_str().to_owned(), size: info.size, modified: info.modified };
            Ok(ObjectPage { entries: vec![entry], next: None })
        }
        Err(ObjectError::NotFound) => Ok(ObjectPage::default()),
        Err(error) => Err(error),
    }
}

/// A cursor is an earlier page's last key, so it begins with the prefix that was listed.
fn check_cursor(prefix: &str, cursor: Option<&str>) -> Result<(), ObjectError> {
    match cursor {
        Some(cursor) if !cursor.starts_with(prefix) || ObjectKey::parse(cursor).is_err() => {
            Err(ObjectError::Unfit("the cursor comes from another listing".to_owned()))
        }
        Some(_) | None => Ok(()),
    }
}

/// The entries of `folder`, or nothing when there is no such folder.
fn read_folder(dir: &Dir, folder: &str) -> Result<Option<ReadDir>, ObjectError> {
    let found = if folder.is_empty() { dir.entries() } else { dir.read_dir(folder) };
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename) => Ok(None),
        Err(error) => Err(fault::of_key(&folder, error)),
    }
}

/// What `entry` is called in a listing: its key, and a slash behind a folder's, so that it sorts as on S3. Nothing when
/// it is no object and no folder.
fn shown_as(dir: &Dir, folder: &str, start: &str, entry: &DirEntry) -> Option<String> {
    let name = entry.file_name().into_string().ok().filter(|name| name.starts_with(start))?;
    let key = if folder.is_empty() { name } else { format!("{folder}/{name}") };
    let at = path::of_key(&key).ok()?;
    let mut kind = entry.file_type().ok()?;
    if kind.is_symlink() {
        // Asked of the directory and not of the entry: the link is followed, but not out of the source.
        kind = dir.metadata(at).ok()?.file_type();
    }
    if kind.is_dir() { Some(key + "/") } else { kind.is_file().then_some(key) }
}

/// The line of a listing for the entry called `name`; nothing when it has gone meanwhile.
fn describe(dir: &Dir, name: String) -> Option<ListedObject> {
    if name.ends_with('/') {
        return Some(ListedObject::Folder(name));
    }
    let seen = dir.metadata(&name).ok().filter(Metadata::is_file)?;
    let modified = seen.modified().ok().map(|time| version::timestamp(time.into_std()));
    Some(ListedObject::Object { key: name, size: seen.len(), modified })
}
