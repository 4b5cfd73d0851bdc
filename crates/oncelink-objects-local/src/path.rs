//! Keys as paths below the source's directory.
//!
//! Must not touch the disk: what a key may look like is decided here, what it leads to is decided by `cap-std`.

use std::path::PathBuf;

use oncelink_core::object::{ObjectError, ObjectKey};

/// The relative path that `key` names. One file has one key: an empty segment (`a//b`, `/a`, `a/`), which a file system
/// would overlook, is refused.
///
/// # Errors
/// [`ObjectError::Unfit`] for a text that can't name a file below a directory.
pub(crate) fn of_key(key: &str) -> Result<PathBuf, ObjectError> {
    ObjectKey::parse(key).map_err(|why| ObjectError::Unfit(why.to_string()))?;
    if key.split('/').any(str::is_empty) {
        return Err(ObjectError::Unfit("the key has an empty segment".to_owned()));
    }
    if cfg!(windows) && key.contains(['\\', ':']) {
        return Err(ObjectError::Unfit("the key has a character that Windows gives a meaning".to_owned()));
    }
    Ok(PathBuf::from(key))
}

/// Splits a listing's prefix into the folder to read (empty for the top) and the beginning of the names wanted in it.
///
/// # Errors
/// [`ObjectError::Unfit`] for a prefix that no key can begin with.
pub(crate) fn of_prefix(prefix: &str) -> Result<(&str, &str), ObjectError> {
    let (folder, start) = prefix.rsplit_once('/').unwrap_or(("", prefix));
    if prefix.contains('/') || !folder.is_empty() {
        of_key(folder)?;
    }
    if !start.is_empty() {
        start_of_name(start)?;
    }
    Ok((folder, start))
}

/// `.` and `..` are no names, but names may begin so.
fn start_of_name(start: &str) -> Result<(), ObjectError> {
    let checked = if start.chars().all(|c| c == '.') { "x" } else { start };
    of_key(checked).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_plain_relative_path_or_nothing() {
        for good in ["a", "a/b", ".hidden/x", "a..b/...", "ü n ï/ö", "-rf", "~", "a%2Fb", "C:x"] {
            assert_eq!(of_key(good).ok(), Some(PathBuf::from(good)), "{good:?}");
        }
        for bad in ["", "/", "//", "/etc/passwd", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.", "a\0b", "a\nb", "..\\a"] {
            assert!(matches!(of_key(bad), Err(ObjectError::Unfit(_))), "{bad:?}");
        }
    }

    #[test]
    fn a_prefix_splits_into_a_folder_and_a_beginning() {
        assert_eq!(of_prefix("").ok(), Some(("", "")));
        assert_eq!(of_prefix("ab").ok(), Some(("", "ab")));
        assert_eq!(of_prefix(".").ok(), Some(("", ".")));
        assert_eq!(of_prefix("a/").ok(), Some(("a", "")));
        assert_eq!(of_prefix("a/b/c").ok(), Some(("a/b", "c")));
        for bad in ["/", "/a", "../", "a/../b", "a//", "a//b", "./", "a\0"] {
            assert!(matches!(of_prefix(bad), Err(ObjectError::Unfit(_))), "{bad:?}");
        }
    }
}
