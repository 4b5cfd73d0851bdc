//! Objects in a local directory: the [`ObjectSource`] behind `oncelink serve DIR` and `oncelink share FILE`.
//!
//! Must not write, must not open anything but regular files below its directory, and must not hold a file in memory:
//! every look at the disk goes through a [`cap_std::fs::Dir`], which refuses to leave the directory, on a thread where
//! blocking is allowed; or, as `at_once` has it, through the same directory and under the same rule, where the kernel promises
//! not to block.

mod at_once;
mod fault;
mod file;
mod list;
mod path;
mod stream;
mod version;

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use oncelink_core::object::{ByteRange, ObjectError, ObjectInfo, ObjectKey, ObjectPage, ObjectStream, ObjectVersion};
use oncelink_core::ports::ObjectSource;
use oncelink_core::{Fault, text};

use crate::stream::Next;
use crate::version::Identity;

/// A directory, or one file of a directory, as a source of objects.
#[derive(Clone)]
pub struct LocalSource {
    root: Arc<Root>,
}

/// What the source shows, and where it lies.
struct Root {
    /// The directory's own path: for messages, and to see whether it still leads to the same directory.
    path: PathBuf,
    /// The directory, held open: what lies below it is opened through this alone.
    held: Mutex<Held>,
    shown: Shown,
}

/// An open directory.
#[derive(Clone)]
struct Held {
    dir: Arc<Dir>,
    /// Which one it is.
    identity: Identity,
    /// Whether looking at what the kernel has cached of it never waits.
    near: bool,
}

/// How much of the directory can be seen.
enum Shown {
    /// Everything below it.
    Tree,
    /// One file: the key it is offered under, and its name in the directory. They differ for a symlink and for a name
    /// that can't be a key.
    Single { key: ObjectKey, name: OsString },
}

impl LocalSource {
    /// The source that shows everything below `dir`. When the directory is replaced (a volume mounted anew, a restore), the
    /// new one is served; while there is none, nothing is.
    ///
    /// # Errors
    /// A [`Fault`] when `dir` is no directory that can be opened.
    pub fn open(dir: &Path) -> Result<Self, Fault> {
        let path = fs::canonicalize(dir).map_err(|error| fault::opening(dir, error))?;
        Self::below(path, Shown::Tree)
    }

    /// The source that shows exactly one file, under its own name, and nothing else of its directory. A symlink is
    /// followed once, here: whoever starts the program may point at any file.
    ///
    /// # Errors
    /// A [`Fault`] when `file` is no regular file.
    pub fn single(file: &Path) -> Result<Self, Fault> {
        let real = fs::canonicalize(file).map_err(|error| fault::opening(file, error))?;
        if !fs::metadata(&real).map_err(|error| fault::opening(file, error))?.is_file() {
            return Err(Fault::unavailable(format!("{} is no regular file; name a file, or serve its directory", file.display())));
        }
        let (Some(parent), Some(name)) = (real.parent(), real.file_name()) else {
            return Err(Fault::unavailable(format!("{} has no name", file.display())));
        };
        let shown = Shown::Single { key: own_key(file.file_name().map_or_else(|| name.to_owned(), OsString::from)), name: name.to_owned() };
        Self::below(parent.to_owned(), shown)
    }

    fn below(path: PathBuf, shown: Shown) -> Result<Self, Fault> {
        let held = Mutex::new(Held::open(&path).map_err(|error| fault::opening(&path, error))?);
        Ok(Self { root: Arc::new(Root { path, held, shown }) })
    }

    /// The key of the one file that the source shows; nothing when it shows a whole directory.
    pub fn only_key(&self) -> Option<&ObjectKey> {
        match &self.root.shown {
            Shown::Tree => None,
            Shown::Single { key, .. } => Some(key),
        }
    }

    /// Runs `work` where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Root) -> Result<T, ObjectError> + Send + 'static,
    ) -> Result<T, ObjectError> {
        let root = Arc::clone(&self.root);
        tokio::task::spawn_blocking(move || work(&root)).await.map_err(fault::lost_thread)?
    }
}

#[async_trait]
impl ObjectSource for LocalSource {
    async fn head(&self, key: &ObjectKey) -> Result<ObjectInfo, ObjectError> {
        if let Some(info) = self.root.info_at_once(key) {
            return Ok(info);
        }
        let key = key.clone();
        self.blocking(move |root| file::info(root.dir()?.as_ref(), &root.locate(&key)?, &key)).await
    }

    async fn open(&self, key: &ObjectKey, version: &ObjectVersion, size: u64, range: ByteRange) -> Result<ObjectStream, ObjectError> {
        if let Some(reader) = self.root.open_at_once(key, version, size, range.clone()) {
            return Ok(stream::from(Next::Unread(reader)));
        }
        let (key, version) = (key.clone(), version.clone());
        let opened = move |root: &Root| {
            let file = file::open_pinned(root.dir()?.as_ref(), &root.locate(&key)?, &key, &version, size)?;
            stream::Reader::begin(file, key, version, range)?.read()
        };
        Ok(stream::from(Next::Read(self.blocking(opened).await?)))
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>, limit: usize) -> Result<ObjectPage, ObjectError> {
        let (prefix, cursor) = (prefix.to_owned(), cursor.map(str::to_owned));
        self.blocking(move |root| match &root.shown {
            Shown::Tree => list::tree(root.dir()?.as_ref(), &prefix, cursor.as_deref(), limit),
            Shown::Single { key, name } => list::single(root.dir()?.as_ref(), key, Path::new(name), &prefix, cursor.as_deref()),
        })
        .await
    }

    async fn ping(&self) -> Result<(), Fault> {
        let root = Arc::clone(&self.root);
        tokio::task::spawn_blocking(move || root.ping())
            .await
            .map_err(|error| Fault::internal("a reading thread broke down").because(error))?
    }
}

/// Shows the place, never a file's content.
impl fmt::Debug for LocalSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "LocalSource({})", self.root.path.display())
    }
}

impl Root {
    /// Where in the directory `key` lies.
    fn locate(&self, key: &ObjectKey) -> Result<PathBuf, ObjectError> {
        match &self.shown {
            Shown::Tree => path::of_key(key.as_str()),
            Shown::Single { key: shown, name } if shown == key => Ok(PathBuf::from(name)),
            Shown::Single { .. } => Err(ObjectError::NotFound),
        }
    }

    /// The directory that is at the source's path now. Looked at each time, opened only when it is another one.
    fn dir(&self) -> Result<Arc<Dir>, Fault> {
        let failed = |error| fault::opening(&self.path, error);
        let there = Identity::of(&fs::metadata(&self.path).map_err(failed)?);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.identity != there {
            *held = Held::open(&self.path).map_err(failed)?;
        }
        Ok(Arc::clone(&held.dir))
    }

    /// The same, where that needs no waiting and it is still the one that is held open.
    fn dir_at_once(&self) -> Option<Arc<Dir>> {
        // Whoever holds the lock may be waiting for the disk.
        let held = self.held.try_lock().ok()?.clone();
        let same = held.near && held.identity == Identity::of(&at_once::directory(&self.path)?);
        same.then_some(held.dir)
    }

    /// What there is to say of a file, where that needs no waiting and nothing speaks against it.
    fn info_at_once(&self, key: &ObjectKey) -> Option<ObjectInfo> {
        let seen = at_once::regular(self.dir_at_once()?.as_ref(), &self.locate(key).ok()?)?;
        Some(file::told(key, seen.len(), seen.modified().ok()))
    }

    /// A reader of the file, where that needs no waiting and nothing speaks against it.
    fn open_at_once(&self, key: &ObjectKey, version: &ObjectVersion, size: u64, range: ByteRange) -> Option<stream::Reader> {
        let file = at_once::open_pinned(self.dir_at_once()?.as_ref(), &self.locate(key).ok()?, version, size)?;
        stream::Reader::begin(file, key.clone(), version.clone(), range).ok()
    }

    /// Whether the directory can be read.
    fn ping(&self) -> Result<(), Fault> {
        self.dir()?.entries().map_err(|error| fault::opening(&self.path, error))?;
        Ok(())
    }
}

impl Held {
    fn open(path: &Path) -> std::io::Result<Self> {
        let dir = Dir::open_ambient_dir(path, ambient_authority())?;
        let identity = Identity::of(&dir.try_clone()?.into_std_file().metadata()?);
        Ok(Self { near: at_once::is_near(&dir), dir: Arc::new(dir), identity })
    }
}

/// A key for a file called `name`: the name itself where it can be a key, else what is left of it.
fn own_key(name: OsString) -> ObjectKey {
    let name = name.to_string_lossy().into_owned();
    ObjectKey::parse(&name)
        .or_else(|_| ObjectKey::parse(&text::tame(&name, 255).replace('\\', "_")))
        .or_else(|_| ObjectKey::parse("file"))
        .unwrap_or_else(|_| unreachable!("\"file\" is a key"))
}
