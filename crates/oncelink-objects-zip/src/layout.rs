//! What lies where in the archive: computed once, and then any place can be asked for.
//!
//! Must not read content; it looks at files only to say whether they have changed.

use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use oncelink_core::Fault;
use sha2::{Digest, Sha256};

use crate::fault;
use crate::format::{Directory, Facts};
use crate::pinned::Pinned;

/// A file or directory in the archive.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its name in the archive; a directory's ends with a slash.
    pub(crate) name: String,
    /// Where it lies on disk.
    pub(crate) path: PathBuf,
    /// What must still be true of the file; nothing for a directory.
    pub(crate) pinned: Option<Pinned>,
    /// When it was changed, in seconds since 1970.
    pub(crate) modified: i64,
    /// Its permissions.
    pub(crate) mode: u32,
    /// CRC-32 of the content.
    pub(crate) crc: u32,
}

/// The archive's plan.
pub(crate) struct Layout {
    entries: Vec<Entry>,
    /// Where each entry's local header begins; ascending.
    locals: Vec<u64>,
    /// Where each entry's central record begins; ascending.
    centrals: Vec<u64>,
    directory: Directory,
    size: u64,
}

/// A part of the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The header in front of an entry's content.
    Local(usize),
    /// An entry's content.
    Content(usize),
    /// An entry's record in the central directory.
    Central(usize),
    /// What stands behind it.
    Ending,
}

impl Entry {
    /// The size of its content.
    pub(crate) fn size(&self) -> u64 {
        self.pinned.map_or(0, |pinned| pinned.size)
    }

    fn facts(&self) -> Facts<'_> {
        Facts { name: &self.name, size: self.size(), crc: self.crc, modified: self.modified, mode: self.mode }
    }
}

impl Layout {
    /// The plan for these entries, in this order.
    pub(crate) fn new(entries: Vec<Entry>) -> Self {
        let (mut locals, mut centrals, mut at) = (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()), 0);
        for entry in &entries {
            locals.push(at);
            at += entry.facts().local_len() + entry.size();
        }
        let begin = at;
        for (entry, &local) in entries.iter().zip(&locals) {
            centrals.push(at);
            at += entry.facts().central_len(local);
        }
        let directory = Directory { entries: entries.len() as u64, begin, end: at };
        Self { entries, locals, centrals, directory, size: at + directory.ending_len() }
    }

    /// The archive's size in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// How many files there are.
    pub(crate) fn files(&self) -> usize {
        self.entries.iter().filter(|entry| entry.pinned.is_some()).count()
    }

    /// The entry of a number.
    pub(crate) fn entry(&self, number: usize) -> Option<&Entry> {
        self.entries.get(number)
    }

    /// The part that holds the byte at `at`, and its extent. `at` lies in the archive.
    pub(crate) fn part_at(&self, at: u64) -> (Part, Range<u64>) {
        let Directory { begin, end, .. } = self.directory;
        if at >= end {
            return (Part::Ending, end..self.size);
        }
        if at >= begin {
            let number = containing(&self.centrals, at);
            let next = self.centrals.get(number + 1).copied().unwrap_or(end);
            return (Part::Central(number), self.centrals[number]..next);
        }
        let number = containing(&self.locals, at);
        let (local, next) = (self.locals[number], self.locals.get(number + 1).copied().unwrap_or(begin));
        let content = next - self.entries[number].size();
        if at < content { (Part::Local(number), local..content) } else { (Part::Content(number), content..next) }
    }

    /// The bytes of a part that is no content.
    pub(crate) fn record(&self, part: Part) -> Vec<u8> {
        match part {
            Part::Local(number) => self.entries[number].facts().local(),
            Part::Central(number) => self.entries[number].facts().central(self.locals[number]),
            Part::Ending => self.directory.ending(),
            Part::Content(_) => Vec::new(),
        }
    }

    /// The first file with content in `range` that isn't what it was; nothing when all are.
    ///
    /// # Errors
    /// When the system can't tell.
    pub(crate) fn changed_in(&self, range: &Range<u64>) -> Result<Option<&Path>, Fault> {
        let first = containing(&self.locals, range.start);
        let reached = self.locals.iter().skip(first).take_while(|&&local| local < range.end).count();
        for entry in self.entries.iter().skip(first).take(reached) {
            if let Some(pinned) = &entry.pinned
                && !pinned.holds_at(&entry.path).map_err(|error| fault::reading(&entry.path, error))?
            {
                return Ok(Some(&entry.path));
            }
        }
        Ok(None)
    }

    /// A name for exactly this archive: it says names, sizes, checksums and the files' ages to the nanosecond.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hasher = Hasher(Sha256::new());
        for (number, entry) in self.entries.iter().enumerate() {
            let age = entry.pinned.map_or(0, |pinned| pinned.modified);
            // Writing to a hash can't fail.
            let _ = hasher.write_all(&self.record(Part::Central(number)));
            let _ = hasher.write_all(&age.to_le_bytes());
        }
        let digest: [u8; 32] = hasher.0.finalize().into();
        digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The number of the last beginning that isn't behind `at`.
fn containing(beginnings: &[u64], at: u64) -> usize {
    beginnings.partition_point(|&beginning| beginning <= at).saturating_sub(1)
}

struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, size: u64) -> Entry {
        let pinned = Some(Pinned { size, modified: 1 });
        Entry { name: name.to_owned(), path: name.into(), pinned, modified: 1_700_000_000, mode: 0o644, crc: 7 }
    }

    fn folder(name: &str) -> Entry {
        Entry { pinned: None, ..file(name, 0) }
    }

    #[test]
    fn the_parts_cover_the_archive_without_gap_or_overlap() {
        let large = 5_u64 << 30;
        let layout = Layout::new(vec![folder("d/"), file("d/empty", 0), file("d/large", large), file("d/small", 3)]);
        let (mut at, mut parts) = (0, Vec::new());
        while at < layout.size() {
            let (part, extent) = layout.part_at(at);
            assert!(extent.start == at && extent.end > at, "{part:?} {extent:?}");
            assert_eq!(layout.part_at(extent.end - 1), (part, extent.clone()), "its last byte is its own");
            if !matches!(part, Part::Content(_)) {
                assert_eq!(layout.record(part).len() as u64, extent.end - extent.start, "{part:?}");
            }
            parts.push(part);
            at = extent.end;
        }
        let expected = [Part::Local(0), Part::Local(1), Part::Local(2), Part::Content(2), Part::Local(3), Part::Content(3)];
        assert_eq!(parts[..6], expected, "nothing stands for an empty content");
        assert_eq!(parts[6..], [Part::Central(0), Part::Central(1), Part::Central(2), Part::Central(3), Part::Ending]);
        assert!(layout.size() > large && layout.files() == 3);
    }

    #[test]
    fn an_archive_of_nothing_is_an_archive() {
        let layout = Layout::new(Vec::new());
        assert_eq!((layout.size(), layout.part_at(0)), (22, (Part::Ending, 0..22)));
        assert!(layout.changed_in(&(0..22)).expect("nothing to look at").is_none());
    }

    #[test]
    fn whatever_changes_makes_another_fingerprint() {
        let print = |entry: Entry| Layout::new(vec![entry]).fingerprint();
        let mut prints = vec![print(file("a", 1)), print(file("b", 1)), print(file("a", 2)), print(folder("a/"))];
        prints.push(print(Entry { crc: 8, ..file("a", 1) }));
        prints.push(print(Entry { pinned: Some(Pinned { size: 1, modified: 2 }), ..file("a", 1) }));
        prints.sort();
        prints.dedup();
        assert_eq!((prints.len(), print(file("a", 1)) == print(file("a", 1))), (6, true));
    }
}
