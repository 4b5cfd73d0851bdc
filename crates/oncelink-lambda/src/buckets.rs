//! Buckets that are connected to by the first request that needs them: most requests need the table only.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use oncelink_core::Fault;
use oncelink_core::object::{ByteRange, ObjectError, ObjectInfo, ObjectKey, ObjectPage, ObjectStream, ObjectVersion, PresignedUrl};
use oncelink_core::ports::{ObjectSource, Presigner};
use oncelink_objects_s3::{Place, S3Source};
use oncelink_system::SystemClock;
use tokio::sync::OnceCell;

/// A bucket, connected to or not yet.
pub(crate) struct Bucket {
    place: Place,
    source: OnceCell<S3Source>,
}

impl Bucket {
    /// The bucket at `place`.
    pub(crate) fn new(place: Place) -> Self {
        Self { place, source: OnceCell::new() }
    }

    async fn source(&self) -> Result<&S3Source, Fault> {
        self.source.get_or_try_init(|| S3Source::open(self.place.clone(), Arc::new(SystemClock))).await
    }
}

#[async_trait]
impl ObjectSource for Bucket {
    async fn head(&self, key: &ObjectKey) -> Result<ObjectInfo, ObjectError> {
        self.source().await?.head(key).await
    }

    async fn open(&self, key: &ObjectKey, version: &ObjectVersion, size: u64, range: ByteRange) -> Result<ObjectStream, ObjectError> {
        self.source().await?.open(key, version, size, range).await
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>, limit: usize) -> Result<ObjectPage, ObjectError> {
        self.source().await?.list(prefix, cursor, limit).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.source().await?.ping().await
    }

    fn presigner(&self) -> Option<&dyn Presigner> {
        Some(self)
    }
}

#[async_trait]
impl Presigner for Bucket {
    async fn presign(
        &self,
        key: &ObjectKey,
        version: &ObjectVersion,
        ttl: Duration,
        disposition: &str,
        content_type: &str,
    ) -> Result<PresignedUrl, ObjectError> {
        self.source().await?.presign(key, version, ttl, disposition, content_type).await
    }
}
