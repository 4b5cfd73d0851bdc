//! A directory as one object: the zip archive of it, made while it is sent. The [`ObjectSource`] behind
//! `oncelink share DIRECTORY`.
//!
//! The archive exists nowhere. One pass over the files at the start fixes what it will be: which files, their sizes,
//! ages and checksums. From then on every byte of it is determined, so that any range can be produced on the spot and a
//! broken download resumes as from a file. A file that changes afterwards is refused like any changed object.
//!
//! Must not write, must not follow a symbolic link, and must not hold a file in memory. Nothing is compressed: only so is the
//! archive's size known and its every range reachable.
//!
//! Where to look: `survey` finds and reads the files; `layout` says what lies where in the archive; `format` knows the
//! archive's records byte by byte; `stream` produces ranges.

mod fault;
mod format;
mod layout;
mod pinned;
mod stream;
mod survey;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use oncelink_core::object::{ByteRange, ListedObject, ObjectError, ObjectInfo, ObjectKey, ObjectPage, ObjectStream, ObjectVersion};
use oncelink_core::ports::ObjectSource;
use oncelink_core::{Fault, text};

use crate::layout::Layout;

/// A directory as one zip archive.
#[derive(Clone)]
pub struct ZipSource {
    archive: Arc<Archive>,
}

struct Archive {
    folder: PathBuf,
    key: ObjectKey,
    layout: Layout,
    version: ObjectVersion,
    skipped: Vec<PathBuf>,
}

impl ZipSource {
    /// Reads through everything below `folder` and fixes the archive. Blocks, for as long as reading takes; `progress` is told
    /// again and again how many bytes of how many are done.
    ///
    /// # Errors
    /// A [`Fault`] that names the file which can't be read, changes meanwhile, or has a name that no archive can hold.
    pub fn open(folder: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Self, Fault> {
        let real = std::fs::canonicalize(folder).map_err(|error| fault::opening(folder, error))?;
        let name = real.file_name().map_or_else(|| "files".to_owned(), |name| name.to_string_lossy().into_owned());
        let survey = survey::survey(&real, &text::tame(&name, 200).replace('\\', "_"))?;
        let layout = Layout::new(survey::read(survey.found, progress)?);
        let version = ObjectVersion { etag: layout.fingerprint(), version_id: None };
        Ok(Self { archive: Arc::new(Archive { folder: real, key: own_key(&name), layout, version, skipped: survey.skipped }) })
    }

    /// The archive's key, the only one of this source: the directory's name and `.zip`.
    pub fn key(&self) -> &ObjectKey {
        &self.archive.key
    }

    /// How many files are in the archive.
    pub fn files(&self) -> usize {
        self.archive.layout.files()
    }

    /// What was left out because it is neither a file nor a directory: symbolic links, sockets, devices.
    pub fn skipped(&self) -> &[PathBuf] {
        &self.archive.skipped
    }

    /// Runs `work` where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Archive>) -> Result<T, ObjectError> + Send + 'static,
    ) -> Result<T, ObjectError> {
        let archive = Arc::clone(&self.archive);
        tokio::task::spawn_blocking(move || work(&archive)).await.map_err(fault::lost_thread)?
    }
}

#[async_trait]
impl ObjectSource for ZipSource {
    async fn head(&self, key: &ObjectKey) -> Result<ObjectInfo, ObjectError> {
        let key = key.clone();
        self.blocking(move |archive| {
            archive.check_key(&key)?;
            let whole = 0..archive.layout.size();
            if let Some(path) = archive.layout.changed_in(&whole).map_err(ObjectError::from)? {
                return Err(fault::changed_since(path).into());
            }
            Ok(archive.info())
        })
        .await
    }

    async fn open(&self, key: &ObjectKey, version: &ObjectVersion, size: u64, range: ByteRange) -> Result<ObjectStream, ObjectError> {
        let (key, version) = (key.clone(), version.clone());
        let opened = move |archive: &Arc<Archive>| {
            archive.check_key(&key)?;
            // Every file that the range needs is looked at now, before anything is spent on it.
            if version != archive.version || size != archive.layout.size() || archive.layout.changed_in(&range)?.is_some() {
                return Err(ObjectError::Changed);
            }
            stream::Reader::begin(Arc::clone(archive), range)?.read()
        };
        Ok(stream::from(self.blocking(opened).await?))
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>, _limit: usize) -> Result<ObjectPage, ObjectError> {
        let key = self.archive.key.as_str();
        if !key.starts_with(prefix) || cursor.is_some_and(|cursor| key <= cursor) {
            return Ok(ObjectPage::default());
        }
        let entry = ListedObject::Object { key: key.to_owned(), size: self.archive.layout.size(), modified: None };
        Ok(ObjectPage { entries: vec![entry], next: None })
    }

    async fn ping(&self) -> Result<(), Fault> {
        let archive = Arc::clone(&self.archive);
        let looked = tokio::task::spawn_blocking(move || match std::fs::read_dir(&archive.folder) {
            Ok(_) => Ok(()),
            Err(error) => Err(fault::opening(&archive.folder, error)),
        });
        looked.await.map_err(|error| Fault::internal("a reading thread broke down").because(error))?
    }
}

/// Shows the place, never a file's content.
impl fmt::Debug for ZipSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ZipSource({}, {} files)", self.archive.folder.display(), self.files())
    }
}

impl Archive {
    fn check_key(&self, key: &ObjectKey) -> Result<(), ObjectError> {
        if *key == self.key { Ok(()) } else { Err(ObjectError::NotFound) }
    }

    fn info(&self) -> ObjectInfo {
        ObjectInfo {
            size: self.layout.size(),
            version: self.version.clone(),
            content_type: Some("application/zip".to_owned()),
            modified: None,
            // It would take a second pass over everything; each file has its CRC-32 in the archive.
            sha256: None,
        }
    }
}

/// A key for the archive of a directory called `name`: its name where that can be a key, else what is left of it.
fn own_key(name: &str) -> ObjectKey {
    ObjectKey::parse(&format!("{name}.zip"))
        .or_else(|_| ObjectKey::parse(&format!("{}.zip", text::tame(name, 200).replace('\\', "_"))))
        .or_else(|_| ObjectKey::parse("files.zip"))
        .unwrap_or_else(|_| unreachable!("\"files.zip\" is a key"))
}
