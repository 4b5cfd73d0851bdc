//! Finding what belongs into the archive, and reading it through once.
//!
//! Must not follow a symbolic link: what lies outside of the directory was not meant to be shared.

use std::fs::{self, DirEntry, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use oncelink_core::Fault;

use crate::fault;
use crate::layout::Entry;
use crate::pinned::{self, Pinned};

/// How much is read at once.
const PIECE: usize = 256 * 1024;
/// The longest name that an archive can hold, in bytes.
const LONGEST_NAME: usize = 65_535;

/// What a directory holds.
pub(crate) struct Survey {
    /// Directories and files, in the archive's order, their checksums still missing.
    pub(crate) found: Vec<Entry>,
    /// What is neither.
    pub(crate) skipped: Vec<PathBuf>,
}

/// Looks at everything below `folder`, which is called `name` in the archive. The order is that of the names' bytes, so the
/// same files make the same archive.
pub(crate) fn survey(folder: &Path, name: &str) -> Result<Survey, Fault> {
    let seen = fs::metadata(folder).map_err(|error| fault::opening(folder, error))?;
    if !seen.is_dir() {
        return Err(fault::opening(folder, io::ErrorKind::NotADirectory.into()));
    }
    let mut survey = Survey { found: vec![directory(folder, name, &seen)], skipped: Vec::new() };
    // Depth first, without recursion: a deep tree mustn't overflow the stack.
    let mut open = vec![listing(folder, name)?];
    while let Some(level) = open.last_mut() {
        let Some((path, name)) = level.pop() else {
            open.pop();
            continue;
        };
        let seen = path.symlink_metadata().map_err(|error| fault::reading(&path, error))?;
        if seen.is_dir() {
            open.push(listing(&path, &name)?);
            survey.found.push(directory(&path, &name, &seen));
        } else if seen.is_file() {
            survey.found.push(Entry {
                name,
                path,
                pinned: Some(Pinned::of(&seen)),
                modified: seen.mtime(),
                mode: seen.mode() & 0o777,
                crc: 0,
            });
        } else {
            survey.skipped.push(path);
        }
    }
    Ok(survey)
}

/// What a directory holds, with the names in the archive, the last first.
fn listing(folder: &Path, name: &str) -> Result<Vec<(PathBuf, String)>, Fault> {
    let failed = |error| fault::reading(folder, error);
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut named = entries.map(|entry| named(&entry.map_err(failed)?, name)).collect::<Result<Vec<_>, Fault>>()?;
    named.sort_unstable_by(|(_, left), (_, right)| right.cmp(left));
    Ok(named)
}

fn named(entry: &DirEntry, folder: &str) -> Result<(PathBuf, String), Fault> {
    let path = entry.path();
    let own = entry.file_name();
    let own = own.to_str().ok_or_else(|| fault::naming(&path, &"has a name that is no UTF-8"))?;
    if own.contains('\\') || own.chars().any(char::is_control) {
        return Err(fault::naming(&path, &"has a backslash or a control character in its name"));
    }
    let name = format!("{folder}/{own}");
    if name.len() >= LONGEST_NAME {
        return Err(fault::naming(&path, &"has a path that is too long for an archive"));
    }
    Ok((path, name))
}

fn directory(path: &Path, name: &str, seen: &Metadata) -> Entry {
    Entry { name: format!("{name}/"), path: path.to_owned(), pinned: None, modified: seen.mtime(), mode: seen.mode() & 0o777, crc: 0 }
}

/// Reads every file through for its checksum.
pub(crate) fn read(mut entries: Vec<Entry>, progress: &mut dyn FnMut(u64, u64)) -> Result<Vec<Entry>, Fault> {
    let total = entries.iter().map(Entry::size).sum();
    let mut done = 0;
    progress(done, total);
    for entry in &mut entries {
        if let Some(pinned) = entry.pinned {
            entry.crc = checksum(&entry.path, pinned, &mut |count| {
                done += count;
                progress(done, total);
            })?;
        }
    }
    Ok(entries)
}

/// The CRC-32 of a file that is the same before and after it was read.
fn checksum(path: &Path, pinned: Pinned, progress: &mut dyn FnMut(u64)) -> Result<u32, Fault> {
    let failed = |error| fault::reading(path, error);
    let mut file = pinned::open(path).map_err(failed)?;
    let mut hasher = crc32fast::Hasher::new();
    let (mut piece, mut size) = (vec![0; PIECE], 0);
    // A file that grows for ever is read no further than a piece beyond its size.
    while size <= pinned.size {
        match file.read(&mut piece).map_err(failed)? {
            0 => break,
            count => {
                hasher.update(&piece[..count]);
                size += count as u64;
                progress(count as u64);
            }
        }
    }
    if size == pinned.size && pinned.holds(&file).map_err(failed)? { Ok(hasher.finalize()) } else { Err(fault::changed_since(path)) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn names(survey: &Survey) -> Vec<&str> {
        survey.found.iter().map(|entry| entry.name.as_str()).collect()
    }

    #[test]
    fn everything_below_is_found_in_the_order_of_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b/deep/x", "b/a", "a.txt", "a-dir/z"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("writable");
            fs::write(path, name).expect("writable");
        }
        fs::create_dir(folder.path().join("empty")).expect("writable");
        let found = survey(folder.path(), "top").expect("readable");
        let expected = ["top/", "top/a-dir/", "top/a-dir/z", "top/a.txt", "top/b/", "top/b/a", "top/b/deep/", "top/b/deep/x", "top/empty/"];
        assert_eq!(names(&found), expected);
    }

    #[test]
    fn a_symbolic_link_is_left_out_and_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let outside = tempfile::NamedTempFile::new().expect("a file");
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).expect("a symlink");
        std::os::unix::fs::symlink(".", folder.path().join("loop")).expect("a symlink");
        let found = survey(folder.path(), "top").expect("readable");
        assert_eq!((names(&found), found.skipped.len()), (vec!["top/"], 2));
    }

    #[test]
    fn a_name_that_no_archive_can_hold_is_named() {
        for name in [&b"\xff"[..], b"a\\b", b"a\nb"] {
            let folder = tempfile::tempdir().expect("a folder");
            fs::write(folder.path().join(std::ffi::OsStr::from_bytes(name)), b"x").expect("writable");
            let problem = survey(folder.path(), "top").err().expect("it can't be archived").to_string();
            assert!(problem.contains("rename it"), "{problem}");
        }
    }

    #[test]
    fn reading_tells_how_far_it_is_and_notices_a_change() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        fs::write(&path, vec![7; PIECE + 1]).expect("writable");
        let found = survey(folder.path(), "top").expect("readable").found;
        let mut told = Vec::new();
        let read = read(found, &mut |done, total| told.push((done, total))).expect("unchanged");
        assert_eq!(read[1].crc, crc32fast::hash(&vec![7; PIECE + 1]));
        let size = PIECE as u64 + 1;
        assert_eq!((told.first(), told.last()), (Some(&(0, size)), Some(&(size, size))));
        let found = survey(folder.path(), "top").expect("readable").found;
        fs::write(&path, b"another").expect("writable");
        let problem = super::read(found, &mut |_, _| {}).expect_err("it has changed").to_string();
        assert!(problem.contains("has changed"), "{problem}");
    }
}
