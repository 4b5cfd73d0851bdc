//! The bytes of an open object as a stream that outlives its connections: a body that stalls or breaks is asked for anew
//! from where it broke.
//!
//! Must not read ahead of who polls, must not yield a byte of another version or beyond the range, and must not end
//! early without an error.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use futures_util::Stream;
use oncelink_core::object::ObjectError;
use oncelink_core::{Fault, FaultKind};

use crate::bucket::Bucket;
use crate::fault;
use crate::fetch::Wanted;

/// How often a body is asked for anew without a byte having come in between.
const ATTEMPTS: u32 = 3;

/// A download under way.
pub(crate) struct Download {
    bucket: Arc<Bucket>,
    /// What is still to come.
    wanted: Wanted,
    flow: Flow,
    /// The last bytes, held until the body has ended well: only then the SDK has compared its checksum.
    last: Option<Bytes>,
    /// How often the body was asked for anew since the last byte came.
    attempts: u32,
}

/// Where the bytes come from.
enum Flow {
    /// From an answer.
    Body(ByteStream),
    /// From the answer to a request that is under way.
    Resuming(Pin<Box<dyn Future<Output = Result<ByteStream, ObjectError>> + Send>>),
    /// No more come.
    Ended,
}

/// What a step brought: bytes to give out, or nothing yet.
type Step = Result<Option<Bytes>, ObjectError>;

impl Download {
    /// The stream of what is `wanted`, whose first answer has `body`.
    pub(crate) fn new(bucket: Arc<Bucket>, wanted: Wanted, body: ByteStream) -> Self {
        Self { bucket, wanted, flow: Flow::Body(body), last: None, attempts: 0 }
    }

    /// A chunk came.
    fn take(&mut self, chunk: Bytes) -> Step {
        let left = self.wanted.range.end - self.wanted.range.start;
        let length = chunk.len() as u64;
        if length > left {
            return Err(self.fault(FaultKind::Unavailable, "got more bytes than were asked for").into());
        }
        if length == 0 {
            return Ok(None);
        }
        self.attempts = 0;
        self.wanted.range.start += length;
        if length < left {
            return Ok(Some(chunk));
        }
        self.last = Some(chunk);
        Ok(None)
    }

    /// The body ended: well, or too early.
    fn end(&mut self) -> Step {
        if self.last.is_none() {
            return self.resume("the body ended early".to_owned());
        }
        self.flow = Flow::Ended;
        Ok(self.last.take())
    }

    /// The body failed.
    fn fail(&mut self, why: String) -> Step {
        if self.last.is_none() {
            return self.resume(why);
        }
        // Every byte came, so that it is their checksum which is wrong.
        let remedy = "got bytes that don't fit the checksum kept with the object; put the object into the bucket anew";
        Err(self.fault(FaultKind::Corrupt, remedy).because(why).into())
    }

    /// The rest could not be asked for. That the object is another one is final, that the service is away isn't.
    fn retry(&mut self, error: ObjectError) -> Step {
        match error {
            ObjectError::Fault(fault) if fault.kind == FaultKind::Unavailable => self.resume(fault.to_string()),
            ObjectError::Fault(_) | ObjectError::NotFound | ObjectError::Changed | ObjectError::Unfit(_) => Err(error),
        }
    }

    /// Asks for the rest, unless that was tried often enough.
    fn resume(&mut self, why: String) -> Step {
        if self.attempts >= ATTEMPTS {
            return Err(self.fault(FaultKind::Unavailable, "broke off too often; look at network and service").because(why).into());
        }
        let pause = self.attempts.checked_sub(1).map_or(Duration::ZERO, |waited| self.bucket.patience.pause * 4_u32.pow(waited));
        self.attempts += 1;
        let Wanted { key, range, .. } = &self.wanted;
        tracing::info!(%key, at = range.start, attempt = self.attempts, why, "a download from S3 is taken up again");
        let (bucket, wanted) = (self.bucket.clone(), self.wanted.clone());
        self.flow = Flow::Resuming(Box::pin(async move {
            tokio::time::sleep(pause).await;
            bucket.fetch(&wanted).await
        }));
        Ok(None)
    }

    fn fault(&self, kind: FaultKind, what: &str) -> Fault {
        let Wanted { key, range, .. } = &self.wanted;
        Fault::new(kind, format!("reading '{key}' of s3://{} at byte {} {what}", self.bucket.place.bucket, range.start))
    }
}

impl Stream for Download {
    type Item = Result<Bytes, ObjectError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let step = match &mut self.flow {
                Flow::Body(body) => match ready!(Pin::new(body).poll_next(context)) {
                    Some(Ok(chunk)) => self.take(chunk),
                    Some(Err(error)) => self.fail(fault::words(&error)),
                    None => self.end(),
                },
                Flow::Resuming(request) => match ready!(request.as_mut().poll(context)) {
                    Ok(body) => {
                        self.flow = Flow::Body(body);
                        Ok(None)
                    }
                    Err(error) => self.retry(error),
                },
                Flow::Ended => return Poll::Ready(None),
            };
            match step {
                Ok(Some(chunk)) => return Poll::Ready(Some(Ok(chunk))),
                Ok(None) => {}
                Err(error) => {
                    self.flow = Flow::Ended;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
    use aws_sdk_s3::primitives::SdkBody;
    use futures_util::StreamExt;
    use http_body::{Body, Frame};
    use oncelink_core::object::{ObjectKey, ObjectVersion};
    use oncelink_testkit::ManualClock;

    use crate::client::Settings;
    use crate::place::Place;

    /// A body that gives what it is told to, as the SDK's own does when it compares checksums.
    struct Told(VecDeque<Result<&'static str, &'static str>>);

    impl Body for Told {
        type Data = Bytes;
        type Error = Box<dyn std::error::Error + Send + Sync>;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            let told = self.0.pop_front();
            Poll::Ready(told.map(|told| told.map(|bytes| Frame::data(Bytes::from_static(bytes.as_bytes()))).map_err(Into::into)))
        }
    }

    /// A download of ten bytes whose body is `told`.
    async fn download(told: impl Into<VecDeque<Result<&'static str, &'static str>>>) -> Download {
        let endpoint = Some("http://127.0.0.1:1".to_owned());
        let place = Place { bucket: "the-bucket".to_owned(), endpoint, region: Some("test".to_owned()), ..Place::default() };
        let credentials = Credentials::new("id", "secret", None, None, "test");
        let settings = Settings { credentials: Some(SharedCredentialsProvider::new(credentials)), ..Settings::default() };
        let bucket = Bucket::connect(place, Arc::new(ManualClock::new()), &settings).await.expect("a bucket");
        let version = ObjectVersion { etag: "e".to_owned(), version_id: None };
        let wanted = Wanted { key: ObjectKey::parse("k").expect("a key"), version, size: 10, range: 0..10 };
        Download::new(Arc::new(bucket), wanted, ByteStream::new(SdkBody::from_body_1_x(Told(told.into()))))
    }

    #[tokio::test]
    async fn a_body_with_a_wrong_checksum_never_arrives_whole() {
        for told in [vec![Ok("01234"), Ok("56789"), Err("checksum mismatch")], vec![Ok("0123456789"), Err("checksum mismatch")]] {
            let steps: Vec<_> = download(told.clone()).await.collect().await;
            let count: usize = steps.iter().flatten().map(Bytes::len).sum();
            assert!(count < 10, "{told:?}: {count} bytes");
            let Some(Err(ObjectError::Fault(fault))) = steps.last() else { panic!("{told:?} ends with a fault") };
            assert_eq!(fault.kind, FaultKind::Corrupt);
            assert!(fault.message.contains("the-bucket") && fault.to_string().contains("checksum mismatch"), "{fault}");
        }
    }

    #[tokio::test]
    async fn a_body_that_ends_well_arrives_chunk_by_chunk_as_it_came() {
        let steps: Vec<_> = download([Ok("012"), Ok(""), Ok("3456"), Ok("789")]).await.collect().await;
        let chunks: Vec<_> = steps.into_iter().map(|step| step.expect("good bytes")).collect();
        assert_eq!(chunks, ["012", "3456", "789"]);
    }

    #[tokio::test]
    async fn a_body_that_goes_on_after_its_last_byte_is_refused() {
        for told in [vec![Ok("0123456789"), Ok("x")], vec![Ok("01234"), Ok("56789x")]] {
            let steps: Vec<_> = download(told.clone()).await.collect().await;
            assert!(steps.iter().flatten().map(Bytes::len).sum::<usize>() < 10, "{told:?}");
            assert!(matches!(steps.last(), Some(Err(ObjectError::Fault(_)))), "{told:?}");
        }
    }
}
