//! Objects in an S3 bucket: the [`ObjectSource`] behind `oncelink serve s3://BUCKET`, and its [`Presigner`].
//!
//! Must not know what a link is, must not write to the bucket, and must not hold more of an object than one chunk.

mod answer;
mod bucket;
mod client;
mod credentials;
mod download;
mod encoding;
mod fault;
mod fetch;
mod line;
mod list;
mod look;
mod low_water;
mod paced;
mod place;
mod pool;
mod presign;
mod time;
mod transport;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use oncelink_core::Fault;
use oncelink_core::object::{ByteRange, ObjectError, ObjectInfo, ObjectKey, ObjectPage, ObjectStream, ObjectVersion, PresignedUrl};
use oncelink_core::ports::{Clock, ObjectSource, Presigner};

use crate::bucket::Bucket;
use crate::download::Download;
use crate::fetch::Wanted;

pub use crate::client::{Patience, Settings};
pub use crate::place::Place;

/// A bucket, or a part of it, as a source of objects. Keys are the bucket's own, the prefix included.
#[derive(Clone)]
pub struct S3Source {
    bucket: Arc<Bucket>,
}

impl S3Source {
    /// The source at `place`, with credentials from the usual AWS chain: environment, profile, web identity, container,
    /// instance. The bucket isn't asked yet; [`ObjectSource::ping`] does that.
    ///
    /// # Errors
    /// A [`Fault`] when the place has no region and none is set.
    pub async fn open(place: Place, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        Self::with(place, clock, &Settings::default()).await
    }

    /// Like [`S3Source::open`], with settings of one's own.
    ///
    /// # Errors
    /// As [`S3Source::open`].
    pub async fn with(place: Place, clock: Arc<dyn Clock>, settings: &Settings) -> Result<Self, Fault> {
        Ok(Self { bucket: Arc::new(Bucket::connect(place, clock, settings).await?) })
    }

    /// Checks that `key` is the pinned version, an object of `size` bytes.
    async fn check(&self, key: &ObjectKey, version: &ObjectVersion, size: u64) -> Result<(), ObjectError> {
        let seen = self.bucket.look(key).await?;
        if seen.version == *version && seen.size == size { Ok(()) } else { Err(ObjectError::Changed) }
    }
}

#[async_trait]
impl ObjectSource for S3Source {
    async fn head(&self, key: &ObjectKey) -> Result<ObjectInfo, ObjectError> {
        self.bucket.place.admit(key)?;
        self.bucket.look(key).await
    }

    async fn open(&self, key: &ObjectKey, version: &ObjectVersion, size: u64, range: ByteRange) -> Result<ObjectStream, ObjectError> {
        self.bucket.place.admit(key)?;
        if range.start > range.end || range.end > size {
            return Err(Fault::internal(format!("range {range:?} doesn't fit an object of {size} bytes")).into());
        }
        // S3 has no empty ranges.
        if range.is_empty() {
            self.check(key, version, size).await?;
            return Ok(Box::pin(futures_util::stream::empty()));
        }
        let wanted = Wanted { key: key.clone(), version: version.clone(), size, range };
        let body = self.bucket.fetch(&wanted).await?;
        Ok(Box::pin(Download::new(self.bucket.clone(), wanted, body)))
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>, limit: usize) -> Result<ObjectPage, ObjectError> {
        self.bucket.page(prefix, cursor, limit).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.bucket.answers().await
    }

    fn presigner(&self) -> Option<&dyn Presigner> {
        Some(self)
    }
}

#[async_trait]
impl Presigner for S3Source {
    /// Presigns a GET of the object that is there; whether it is the pinned version is for the caller to look at before.
    async fn presign(
        &self,
        key: &ObjectKey,
        _version: &ObjectVersion,
        ttl: Duration,
        disposition: &str,
        content_type: &str,
    ) -> Result<PresignedUrl, ObjectError> {
        self.bucket.place.admit(key)?;
        self.bucket.sign(key, ttl, disposition, content_type).await
    }
}

/// Shows the place, never a credential.
impl fmt::Debug for S3Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "S3Source({})", self.bucket.place)
    }
}
