//! How far the running downloads of a shared file are: a source that counts what is taken from another one.
//!
//! Must not change a byte, an error or the pace of the source below.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::stream;
use futures_util::{Stream, StreamExt};
use oncelink_core::Fault;
use oncelink_core::object::{ByteRange, ObjectError, ObjectInfo, ObjectKey, ObjectPage, ObjectStream, ObjectVersion};
use oncelink_core::ports::{ObjectSource, Presigner};

/// Where each open stream is.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<Streams>);

#[derive(Debug, Default)]
struct Streams {
    next: u64,
    /// The position in the object of every open stream, by its number.
    open: BTreeMap<u64, u64>,
}

impl Meter {
    /// How far the foremost of the open streams is; nothing when there is none.
    pub(crate) fn foremost(&self) -> Option<u64> {
        self.with(|streams| streams.open.values().max().copied())
    }

    /// How many streams are open.
    pub(crate) fn running(&self) -> usize {
        self.with(|streams| streams.open.len())
    }

    fn with<T>(&self, look: impl FnOnce(&mut Streams) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One open stream's place in the meter, given up when the stream is dropped.
struct Place {
    meter: Arc<Meter>,
    number: u64,
}

impl Place {
    fn begin(meter: &Arc<Meter>, at: u64) -> Self {
        let number = meter.with(|streams| {
            streams.next += 1;
            streams.open.insert(streams.next, at);
            streams.next
        });
        Self { meter: Arc::clone(meter), number }
    }

    fn moved(&self, count: u64) {
        self.meter.with(|streams| *streams.open.entry(self.number).or_default() += count);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.meter.with(|streams| streams.open.remove(&self.number));
    }
}

/// A source whose streams are metered.
pub(crate) struct Metered {
    inner: Arc<dyn ObjectSource>,
    meter: Arc<Meter>,
}

impl Metered {
    /// Meters what is taken from `inner`.
    pub(crate) fn new(inner: Arc<dyn ObjectSource>) -> Self {
        Self { inner, meter: Arc::default() }
    }

    /// The meter.
    pub(crate) fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }
}

#[async_trait]
impl ObjectSource for Metered {
    async fn head(&self, key: &ObjectKey) -> Result<ObjectInfo, ObjectError> {
        self.inner.head(key).await
    }

    async fn open(&self, key: &ObjectKey, version: &ObjectVersion, size: u64, range: ByteRange) -> Result<ObjectStream, ObjectError> {
        let start = range.start;
        let stream = self.inner.open(key, version, size, range).await?;
        Ok(Box::pin(metered(stream, Place::begin(&self.meter, start))))
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>, limit: usize) -> Result<ObjectPage, ObjectError> {
        self.inner.list(prefix, cursor, limit).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.inner.ping().await
    }

    fn presigner(&self) -> Option<&dyn Presigner> {
        self.inner.presigner()
    }
}

fn metered(stream: ObjectStream, place: Place) -> impl Stream<Item = Result<bytes::Bytes, ObjectError>> + Send {
    stream::unfold((stream, place), |(mut stream, place)| async move {
        let piece = stream.next().await?;
        if let Ok(bytes) = &piece {
            place.moved(bytes.len() as u64);
        }
        Some((piece, (stream, place)))
    })
}

#[cfg(test)]
mod tests {
    use oncelink_objects_local::LocalSource;

    use super::*;

    #[tokio::test]
    async fn the_meter_follows_the_foremost_stream_and_forgets_the_closed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        std::fs::write(&path, vec![7; 1_000_000]).expect("writable");
        let local = LocalSource::single(&path).expect("a file");
        let key = local.only_key().expect("one file").clone();
        let source = Metered::new(Arc::new(local));
        let (meter, info) = (source.meter(), source.head(&key).await.expect("there"));
        let mut whole = source.open(&key, &info.version, info.size, 0..info.size).await.expect("there");
        let tail = source.open(&key, &info.version, info.size, 900_000..info.size).await.expect("there");
        assert_eq!((meter.running(), meter.foremost()), (2, Some(900_000)));
        drop(tail);
        assert_eq!(meter.foremost(), Some(0));
        let first = whole.next().await.expect("a piece").expect("good").len() as u64;
        assert_eq!(meter.foremost(), Some(first));
        let rest: u64 = whole.map(|piece| piece.expect("good").len() as u64).fold(0, |sum, len| async move { sum + len }).await;
        assert_eq!((first + rest, meter.running(), meter.foremost()), (1_000_000, 0, None));
    }
}
