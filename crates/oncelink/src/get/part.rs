//! The file into which a download grows, and its way to its final name.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use tempfile::TempPath;
use tokio::io::AsyncWriteExt;

use crate::exit::Failure;
use crate::get::target::exists;

/// The ending of the file.
const ENDING: &str = "oncelink-part";

/// A file that grows.
pub(crate) struct Part {
    path: PathBuf,
    file: tokio::fs::File,
    len: u64,
}

impl Part {
    /// Where the part of the download `id` lies in `folder`.
    pub(crate) fn path(folder: &Path, id: &str) -> PathBuf {
        folder.join(format!("{id}.{ENDING}"))
    }

    /// Opens the part, or makes it; `keep` says whether what is in it belongs to this claim.
    pub(crate) fn open(path: PathBuf, keep: bool) -> Result<Self, Failure> {
        let opened = (|| {
            let flags = OFlags::NOFOLLOW.bits().cast_signed();
            let file = File::options().append(true).create(true).mode(0o600).custom_flags(flags).open(&path)?;
            if !keep {
                file.set_len(0)?;
            }
            let len = file.metadata()?.len();
            Ok((file, len))
        })();
        let (file, len) = opened.map_err(|error| unwritable(&path, &error))?;
        Ok(Self { path, file: tokio::fs::File::from_std(file), len })
    }

    /// How much has arrived.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Adds a piece.
    pub(crate) async fn write(&mut self, piece: &[u8]) -> Result<(), Failure> {
        self.file.write_all(piece).await.map_err(|error| unwritable(&self.path, &error))?;
        self.len += piece.len() as u64;
        Ok(())
    }

    /// Waits until what was added is in the file.
    pub(crate) async fn flush(&mut self) -> Result<(), Failure> {
        self.file.flush().await.map_err(|error| unwritable(&self.path, &error))
    }

    /// Throws away what has arrived.
    pub(crate) async fn restart(&mut self) -> Result<(), Failure> {
        self.flush().await?;
        self.file.set_len(0).await.map_err(|error| unwritable(&self.path, &error))?;
        self.len = 0;
        Ok(())
    }

    /// Everything has arrived: makes sure that it is on disk, and closes the file.
    pub(crate) async fn finish(mut self) -> Result<PathBuf, Failure> {
        self.flush().await?;
        self.file.sync_all().await.map_err(|error| unwritable(&self.path, &error))?;
        Ok(self.path)
    }
}

/// Gives the finished part its name, in one step, and never over another file.
pub(crate) fn place(part: &Path, output: &Path) -> Result<(), Failure> {
    let unplaced = |error: &io::Error| {
        Failure::failed(format!("{} can't be written: {error}; what arrived is in {}", output.display(), part.display()))
    };
    let whole = TempPath::try_from_path(part).map_err(|error| unplaced(&error))?;
    match whole.persist_noclobber(output) {
        Ok(()) => {
            let folder = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            // The name is as durable as the content, or at least as this file system makes it.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
            Ok(())
        }
        Err(failed) => {
            // Dropping the temporary path would delete what arrived.
            let _ = failed.path.keep();
            if failed.error.kind() == io::ErrorKind::AlreadyExists { Err(exists(output)) } else { Err(unplaced(&failed.error)) }
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let remedy = if error.kind() == io::ErrorKind::StorageFull { "; make room and run the same line again" } else { "" };
    Failure::failed(format!("{} can't be written: {error}{remedy}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_part_grows_is_kept_and_is_thrown_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Part::path(folder.path(), "id");
        let mut part = Part::open(path.clone(), true).expect("it can be made");
        part.write(b"ab").await.expect("writable");
        part.flush().await.expect("writable");
        drop(part);
        let mut part = Part::open(path.clone(), true).expect("there");
        assert_eq!(part.len(), 2);
        part.write(b"cd").await.expect("writable");
        assert_eq!(part.finish().await, Ok(path.clone()));
        assert_eq!(std::fs::read(&path).expect("there"), b"abcd");
        let mut part = Part::open(path.clone(), true).expect("there");
        part.restart().await.expect("writable");
        part.write(b"e").await.expect("writable");
        assert_eq!(part.finish().await, Ok(path.clone()));
        assert_eq!(std::fs::read(&path).expect("there"), b"e");
        assert_eq!(Part::open(path, false).expect("there").len(), 0);
    }

    #[test]
    fn a_finished_part_takes_its_name_but_never_anothers_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let (part, output) = (folder.path().join("part"), folder.path().join("output"));
        std::fs::write(&part, b"new").expect("writable");
        std::fs::write(&output, b"old").expect("writable");
        let failure = place(&part, &output).expect_err("it exists");
        assert!(failure.to_string().contains("-o"), "{failure}");
        assert_eq!((std::fs::read(&part).expect("kept"), std::fs::read(&output).expect("kept")), (b"new".to_vec(), b"old".to_vec()));
        let other = folder.path().join("other");
        place(&part, &other).expect("the name is free");
        assert!(!part.exists() && std::fs::read(&other).expect("there") == b"new");
        assert!(place(&part, &folder.path().join("third")).is_err(), "there is no part any more");
    }
}
