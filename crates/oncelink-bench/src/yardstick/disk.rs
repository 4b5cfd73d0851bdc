//! How often the disk can say that something is safe: the limit of everything durable.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What is written between two of them: a page.
const PAGE: [u8; 4096] = [7; 4096];
/// The file's pages, written before, so that a write changes no metadata but the time.
const PAGES: u64 = 1024;

/// A file on the disk that is measured.
pub struct Disk {
    file: File,
    path: PathBuf,
}

impl Disk {
    /// Makes the file, in `dir`.
    ///
    /// # Errors
    /// As the system says.
    pub fn open(dir: &Path) -> io::Result<Self> {
        let path = dir.join("syncs");
        let file = File::create(&path)?;
        (0..PAGES).try_for_each(|page| file.write_all_at(&PAGE, page * PAGE.len() as u64))?;
        file.sync_all()?;
        Ok(Self { file, path })
    }

    /// `fdatasync`s per second by one thread, each after a page was written.
    ///
    /// # Errors
    /// As the system says.
    pub fn syncs_per_second(&self, span: Duration) -> io::Result<f64> {
        let begin = Instant::now();
        let mut count = 0;
        while begin.elapsed() < span {
            self.file.write_all_at(&PAGE, count % PAGES * PAGE.len() as u64)?;
            self.file.sync_data()?;
            count += 1;
        }
        Ok(count as f64 / begin.elapsed().as_secs_f64())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
