//! The model engines pass the suites that they are the measure of: a suite that they fail would be wrong.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use oncelink_core::ports::{KeyStore, LinkStore, ObjectSource};
use oncelink_testkit::object_suite::ObjectBench;
use oncelink_testkit::store_suite::StoreUnderTest;
use oncelink_testkit::{MemoryObjects, MemoryStore};

struct MemoryUnderTest(Arc<MemoryStore>);

impl StoreUnderTest for MemoryUnderTest {
    fn store(&self) -> Arc<dyn LinkStore> {
        self.0.clone()
    }

    fn keys(&self) -> Arc<dyn KeyStore> {
        self.0.clone()
    }

    /// Memory has nothing to open again.
    async fn reopen(&mut self) {}
}

struct MemoryBench(MemoryObjects);

#[async_trait]
impl ObjectBench for MemoryBench {
    fn source(&self) -> &dyn ObjectSource {
        &self.0
    }

    async fn put(&self, key: &str, bytes: Bytes) {
        self.0.put(key, bytes);
    }

    async fn delete(&self, key: &str) {
        assert!(self.0.remove(key), "there is no object {key}");
    }

    fn bytes_read(&self) -> Option<u64> {
        Some(self.0.bytes_read())
    }
}

async fn store() -> MemoryUnderTest {
    MemoryUnderTest(Arc::new(MemoryStore::new()))
}

async fn bench() -> Option<MemoryBench> {
    let objects = MemoryObjects::new();
    objects.set_chunk_size(1_000);
    Some(MemoryBench(objects))
}

mod links {
    oncelink_testkit::store_suite!(super::store);
}

mod objects {
    use super::bench;

    oncelink_testkit::object_suite!(bench);
}
