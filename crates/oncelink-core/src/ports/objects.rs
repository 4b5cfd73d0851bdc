//! Reading objects.

use std::time::Duration;

use async_trait::async_trait;

use crate::fault::Fault;
use crate::object::{ByteRange, ObjectError, ObjectInfo, ObjectKey, ObjectPage, ObjectStream, ObjectVersion, PresignedUrl};

/// A named place that links point into. It reads; it never writes.
#[async_trait]
pub trait ObjectSource: Send + Sync {
    /// What the source says of the object now (S3's `HeadObject`).
    ///
    /// # Errors
    /// [`ObjectError`]; never `Changed`.
    async fn head(&self, key: &ObjectKey) -> Result<ObjectInfo, ObjectError>;

    /// Opens `range` of the pinned version (S3's `GetObject` with `If-Match`). `size` is the whole object's, `range`
    /// lies within it and may be empty. The stream yields exactly the range's bytes or an error; it reads no faster
    /// than it is polled.
    ///
    /// # Errors
    /// [`ObjectError`], `Changed` when the object is another version now.
    async fn open(&self, key: &ObjectKey, version: &ObjectVersion, size: u64, range: ByteRange) -> Result<ObjectStream, ObjectError>;

    /// Lists the objects and folders below `prefix`, one level deep, `limit` at the most (S3's `ListObjectsV2`).
    ///
    /// # Errors
    /// [`ObjectError`]; `Unfit` for a prefix that leaves the source and for a strange cursor.
    async fn list(&self, prefix: &str, cursor: Option<&str>, limit: usize) -> Result<ObjectPage, ObjectError>;

    /// Whether the source answers at all.
    ///
    /// # Errors
    /// The [`Fault`] that an operator should see.
    async fn ping(&self) -> Result<(), Fault>;

    /// The ability to presign, where the source has it.
    fn presigner(&self) -> Option<&dyn Presigner> {
        None
    }
}

/// The ability to hand out presigned URLs.
#[async_trait]
pub trait Presigner: Send + Sync {
    /// Presigns a GET of the pinned version for `ttl` with the given `Content-Disposition` and `Content-Type` signed in.
    ///
    /// # Errors
    /// [`ObjectError`].
    async fn presign(
        &self,
        key: &ObjectKey,
        version: &ObjectVersion,
        ttl: Duration,
        disposition: &str,
        content_type: &str,
    ) -> Result<PresignedUrl, ObjectError>;
}
