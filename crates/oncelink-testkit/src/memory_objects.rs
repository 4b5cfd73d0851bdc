//! The model source: objects in memory that can be replaced, removed and corrupted under a link's feet.
//!
//! It must keep the promises of the port (exact ranges, pinned versions, reading no faster than polled); failures and
//! stalls are the business of [`crate::FaultyObjects`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use oncelink_core::object::{
    ByteRange, ListedObject, ObjectError, ObjectInfo, ObjectKey, ObjectPage, ObjectStream, ObjectVersion, PresignedUrl,
};
use oncelink_core::ports::{Clock, ObjectSource, Presigner};
use oncelink_core::{Fault, Timestamp};

/// Objects in memory; gone with the process.
pub struct MemoryObjects {
    objects: Mutex<BTreeMap<String, Stored>>,
    versions: AtomicU64,
    keeps_versions: bool,
    chunk: AtomicUsize,
    presigner: Option<FakePresigner>,
    heads: AtomicUsize,
    opens: AtomicUsize,
    read: Arc<AtomicU64>,
}

impl MemoryObjects {
    /// An empty source with chunks of 64 KiB, without version ids and without a presigner.
    pub fn new() -> Self {
        Self {
            objects: Mutex::default(),
            versions: AtomicU64::new(1),
            keeps_versions: false,
            chunk: AtomicUsize::new(64 * 1024),
            presigner: None,
            heads: AtomicUsize::new(0),
            opens: AtomicUsize::new(0),
            read: Arc::default(),
        }
    }

    /// Gives every object a version id too, as a versioned bucket does.
    #[must_use]
    pub fn with_version_ids(mut self) -> Self {
        self.keeps_versions = true;
        self
    }

    /// Hands out URLs of the form `https://objects.invalid/KEY?...`, which end by `clock`.
    #[must_use]
    pub fn with_presigner(mut self, clock: Arc<dyn Clock>) -> Self {
        self.presigner = Some(FakePresigner { clock, calls: AtomicUsize::new(0) });
        self
    }

    /// Streams in chunks of at most `bytes` from now on (at least one byte).
    pub fn set_chunk_size(&self, bytes: usize) {
        self.chunk.store(bytes.max(1), Ordering::SeqCst);
    }

    /// Puts an object in place of whatever had the key before; returns its version.
    pub fn put(&self, key: &str, bytes: impl Into<Bytes>) -> ObjectVersion {
        self.put_as(key, bytes, None)
    }

    /// Like [`MemoryObjects::put`], with the media type that the source tells.
    pub fn put_as(&self, key: &str, bytes: impl Into<Bytes>, content_type: Option<&str>) -> ObjectVersion {
        let number = self.versions.fetch_add(1, Ordering::SeqCst);
        let version =
            ObjectVersion { etag: format!("etag-{number}"), version_id: self.keeps_versions.then(|| format!("version-{number}")) };
        let stored = Stored { bytes: bytes.into(), version: version.clone(), content_type: content_type.map(str::to_owned), sha256: None };
        self.objects().insert(key.to_owned(), stored);
        version
    }

    /// Lets the source tell a SHA-256 of an object that is there (whether it is true is up to the test).
    pub fn set_sha256(&self, key: &str, digest: [u8; 32]) {
        if let Some(stored) = self.objects().get_mut(key) {
            stored.sha256 = Some(digest);
        }
    }

    /// Deletes an object; says whether there was one.
    pub fn remove(&self, key: &str) -> bool {
        self.objects().remove(key).is_some()
    }

    /// Flips the bits of the byte at `place` without changing the version: bit rot. Says whether there was such a byte.
    pub fn corrupt(&self, key: &str, place: usize) -> bool {
        let mut objects = self.objects();
        let Some(stored) = objects.get_mut(key).filter(|stored| place < stored.bytes.len()) else { return false };
        let mut bytes = stored.bytes.to_vec();
        bytes[place] = !bytes[place];
        stored.bytes = bytes.into();
        true
    }

    /// How often `head` was called.
    pub fn heads(&self) -> usize {
        self.heads.load(Ordering::SeqCst)
    }

    /// How often `open` was called.
    pub fn opens(&self) -> usize {
        self.opens.load(Ordering::SeqCst)
    }

    /// How many bytes all streams have yielded together.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::SeqCst)
    }

    /// How many URLs were presigned.
    pub fn presigned(&self) -> usize {
        self.presigner.as_ref().map_or(0, |presigner| presigner.calls.load(Ordering::SeqCst))
    }

    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Stored>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryObjects {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl ObjectSource for MemoryObjects {
    async fn head(&self, key: &ObjectKey) -> Result<ObjectInfo, ObjectError> {
        self.heads.fetch_add(1, Ordering::SeqCst);
        let objects = self.objects();
        let stored = objects.get(key.as_str()).ok_or(ObjectError::NotFound)?;
        Ok(stored.info())
    }

    async fn open(&self, key: &ObjectKey, version: &ObjectVersion, size: u64, range: ByteRange) -> Result<ObjectStream, ObjectError> {
        self.opens.fetch_add(1, Ordering::SeqCst);
        let stored = self.objects().get(key.as_str()).cloned().ok_or(ObjectError::NotFound)?;
        if stored.version != *version {
            return Err(ObjectError::Changed);
        }
        let wanted = places(&range, stored.bytes.len()).filter(|_| stored.bytes.len() as u64 == size);
        let wanted = wanted.ok_or_else(|| Fault::internal(format!("range {range:?} of {size} bytes doesn't fit {key}")))?;
        Ok(chunks(stored.bytes.slice(wanted), self.chunk.load(Ordering::SeqCst), self.read.clone()))
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>, limit: usize) -> Result<ObjectPage, ObjectError> {
        if prefix.split('/').any(|segment| segment == "." || segment == "..") {
            return Err(ObjectError::Unfit("the prefix leaves the source".to_owned()));
        }
        Ok(page(&self.objects(), prefix, cursor, limit))
    }

    async fn ping(&self) -> Result<(), Fault> {
        Ok(())
    }

    fn presigner(&self) -> Option<&dyn Presigner> {
        self.presigner.as_ref().map(|presigner| presigner as &dyn Presigner)
    }
}

#[derive(Clone)]
struct Stored {
    bytes: Bytes,
    version: ObjectVersion,
    content_type: Option<String>,
    sha256: Option<[u8; 32]>,
}

impl Stored {
    fn info(&self) -> ObjectInfo {
        ObjectInfo {
            size: self.bytes.len() as u64,
            version: self.version.clone(),
            content_type: self.content_type.clone(),
            modified: Some(Timestamp::from_millis(0)),
            sha256: self.sha256,
        }
    }
}

struct FakePresigner {
    clock: Arc<dyn Clock>,
    calls: AtomicUsize,
}

#[async_trait]
impl Presigner for FakePresigner {
    async fn presign(
        &self,
        key: &ObjectKey,
        version: &ObjectVersion,
        ttl: Duration,
        disposition: &str,
        content_type: &str,
    ) -> Result<PresignedUrl, ObjectError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let query = [
            ("expires", ttl.as_secs().to_string()),
            ("version", version.version_id.clone().unwrap_or_else(|| version.etag.clone())),
            ("disposition", disposition.to_owned()),
            ("type", content_type.to_owned()),
            ("number", number.to_string()),
        ];
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))).collect();
        let url = format!("https://objects.invalid/{}?{}", percent_encode(key.as_str()), query.join("&"));
        Ok(PresignedUrl { url, expires_at: self.clock.now().plus(ttl) })
    }
}

fn places(range: &ByteRange, length: usize) -> Option<Range<usize>> {
    let start = usize::try_from(range.start).ok()?;
    let end = usize::try_from(range.end).ok()?;
    (start <= end && end <= length).then_some(start..end)
}

/// Cuts `bytes` into chunks; each is counted when it is polled, not before.
fn chunks(bytes: Bytes, size: usize, read: Arc<AtomicU64>) -> ObjectStream {
    Box::pin(stream::unfold(bytes, move |mut rest| {
        let chunk = rest.split_to(size.min(rest.len()));
        let read = read.clone();
        async move {
            read.fetch_add(chunk.len() as u64, Ordering::SeqCst);
            (!chunk.is_empty()).then_some((Ok(chunk), rest))
        }
    }))
}

fn page(objects: &BTreeMap<String, Stored>, prefix: &str, cursor: Option<&str>, limit: usize) -> ObjectPage {
    let below = objects.iter().filter_map(|(key, stored)| Some((key, key.strip_prefix(prefix)?, stored)));
    let mut folders = BTreeSet::new();
    let mut entries: Vec<(String, ListedObject)> = Vec::new();
    for (key, rest, stored) in below {
        match rest.split_once('/') {
            Some((folder, _)) if folders.insert(folder) => {
                let name = format!("{prefix}{folder}/");
                entries.push((name.clone(), ListedObject::Folder(name)));
            }
            Some(_) => {}
            None => {
                let info = stored.info();
                entries.push((key.clone(), ListedObject::Object { key: key.clone(), size: info.size, modified: info.modified }));
            }
        }
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries.retain(|(name, _)| cursor.is_none_or(|cursor| name.as_str() > cursor));
    let next = (entries.len() > limit && limit > 0).then(|| entries[limit - 1].0.clone());
    ObjectPage { entries: entries.into_iter().take(limit).map(|(_, entry)| entry).collect(), next }
}

fn percent_encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
