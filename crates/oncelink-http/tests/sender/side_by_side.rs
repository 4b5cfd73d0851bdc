//! A source whose `head` answers only once several are asked for at once: proof of concurrency without any clock.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use oncelink_core::Fault;
use oncelink_core::object::{ByteRange, ObjectError, ObjectInfo, ObjectKey, ObjectPage, ObjectStream, ObjectVersion};
use oncelink_core::ports::ObjectSource;
use oncelink_testkit::MemoryObjects;
use tokio::sync::Barrier;

/// Objects of which `party` have to be looked up side by side.
pub(crate) struct SideBySide {
    objects: MemoryObjects,
    party: Barrier,
    looks: AtomicUsize,
}

impl SideBySide {
    /// A source with the objects `0.bin` to `63.bin`.
    pub(crate) fn new(party: usize) -> Self {
        let objects = MemoryObjects::new();
        for number in 0..64 {
            objects.put(&format!("{number}.bin"), &b"content"[..]);
        }
        Self { objects, party: Barrier::new(party), looks: AtomicUsize::new(0) }
    }

    /// How often an object was looked up.
    pub(crate) fn looks(&self) -> usize {
        self.looks.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl ObjectSource for SideBySide {
    async fn head(&self, key: &ObjectKey) -> Result<ObjectInfo, ObjectError> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.party.wait().await;
        self.objects.head(key).await
    }

    async fn open(&self, key: &ObjectKey, version: &ObjectVersion, size: u64, range: ByteRange) -> Result<ObjectStream, ObjectError> {
        self.objects.open(key, version, size, range).await
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>, limit: usize) -> Result<ObjectPage, ObjectError> {
        self.objects.list(prefix, cursor, limit).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        Ok(())
    }
}
