//! The simulated source: one object that never changes, read in pieces, slowly and with failures.
//!
//! Its bytes are all zero and take no memory: a run counts them, it doesn't look at them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;
use oncelink_core::object::{ByteRange, ObjectError, ObjectInfo, ObjectKey, ObjectPage, ObjectStream, ObjectVersion, PresignedUrl};
use oncelink_core::ports::{ObjectSource, Presigner};
use oncelink_core::{Fault, Timestamp};

use super::executor::breathe_times;
use super::network::Weather;
use super::plan::{SIZE, UNIT};

const UNIT_BYTES: usize = 4 << 20;
static ZEROS: [u8; UNIT_BYTES] = [0; UNIT_BYTES];

/// The source.
pub(super) struct SimObjects(pub(super) Arc<Weather>);

#[async_trait]
impl ObjectSource for SimObjects {
    async fn head(&self, _key: &ObjectKey) -> Result<ObjectInfo, ObjectError> {
        let version = ObjectVersion { etag: String::new(), version_id: None };
        Ok(ObjectInfo { size: SIZE, version, content_type: None, modified: None, sha256: None })
    }

    async fn open(&self, _key: &ObjectKey, _version: &ObjectVersion, _size: u64, range: ByteRange) -> Result<ObjectStream, ObjectError> {
        breathe_times(self.0.delay()).await;
        if self.0.strikes() {
            return Err(Fault::unavailable("the source failed").into());
        }
        let breaks_after = if self.0.strikes() { self.0.dice.below(3) } else { u64::MAX };
        Ok(Box::pin(Pieces { left: range.end - range.start, breaks_after, weather: Arc::clone(&self.0), rested: false }))
    }

    async fn list(&self, _prefix: &str, _cursor: Option<&str>, _limit: usize) -> Result<ObjectPage, ObjectError> {
        Ok(ObjectPage::default())
    }

    async fn ping(&self) -> Result<(), Fault> {
        Ok(())
    }

    fn presigner(&self) -> Option<&dyn Presigner> {
        Some(self)
    }
}

#[async_trait]
impl Presigner for SimObjects {
    async fn presign(
        &self,
        _key: &ObjectKey,
        _version: &ObjectVersion,
        _ttl: Duration,
        _disposition: &str,
        _content_type: &str,
    ) -> Result<PresignedUrl, ObjectError> {
        breathe_times(self.0.delay()).await;
        Ok(PresignedUrl { url: String::new(), expires_at: Timestamp::from_millis(i64::MAX) })
    }
}

/// The bytes of an open object, a piece at a time; each is waited for.
struct Pieces {
    left: u64,
    breaks_after: u64,
    weather: Arc<Weather>,
    rested: bool,
}

impl Stream for Pieces {
    type Item = Result<Bytes, ObjectError>;

    fn poll_next(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.rested = !self.rested;
        if self.rested {
            return Poll::Pending;
        }
        if self.breaks_after == 0 && !self.weather.is_calm() {
            return Poll::Ready(Some(Err(Fault::unavailable("the source broke off").into())));
        }
        self.breaks_after = self.breaks_after.saturating_sub(1);
        let length = self.left.min(UNIT);
        self.left -= length;
        let piece = Bytes::from_static(&ZEROS).slice(..usize::try_from(length).unwrap_or(UNIT_BYTES));
        Poll::Ready((length > 0).then_some(Ok(piece)))
    }
}
