//! `GetObject`: one request for bytes of the pinned version, and the check that the answer is what was asked for.
//!
//! Must not trust that a condition or a range was honoured: some services ignore one or the other.

use std::ops::Range;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use oncelink_core::Fault;
use oncelink_core::object::{ObjectError, ObjectKey, ObjectVersion};

use crate::bucket::Bucket;
use crate::fault::{self, Ask, Failed};
use crate::look;
use crate::place::Place;

/// Which bytes of which object are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) key: ObjectKey,
    pub(crate) version: ObjectVersion,
    /// The whole object's size.
    pub(crate) size: u64,
    /// Not empty, within the object.
    pub(crate) range: Range<u64>,
}

impl Bucket {
    /// Asks for what is `wanted`. The body has not been read when this returns.
    pub(crate) async fn fetch(&self, wanted: &Wanted) -> Result<ByteStream, ObjectError> {
        let request = self
            .client
            .get_object()
            .bucket(&self.place.bucket)
            .key(wanted.key.as_str())
            .if_match(format!("\"{}\"", wanted.version.etag))
            .set_range(wanted.header());
        match Box::pin(request.send()).await {
            Ok(answer) => wanted.check(&answer, &self.place).map(|()| answer.body),
            Err(error) => Err(self.meaning(Ask::Object(&wanted.key), Failed::of(&error))),
        }
    }
}

impl Wanted {
    /// The `Range` header; none for the whole object, whose checksum the bucket then tells.
    fn header(&self) -> Option<String> {
        let whole = self.range == (0..self.size);
        (!whole).then(|| format!("bytes={}-{}", self.range.start, self.range.end - 1))
    }

    fn check(&self, answer: &GetObjectOutput, place: &Place) -> Result<(), ObjectError> {
        let version = look::version(answer.e_tag(), answer.version_id());
        let version = version.ok_or_else(|| fault::lacking("strong ETag", &self.key, place))?;
        if version != self.version {
            return Err(ObjectError::Changed);
        }
        let length = answer.content_length().and_then(|length| u64::try_from(length).ok());
        if self.header().is_none() {
            return if length.is_none_or(|length| length == self.size) { Ok(()) } else { Err(ObjectError::Changed) };
        }
        let Some((range, size)) = answer.content_range().and_then(content_range) else {
            return Err(
                Fault::unavailable(format!("s3://{} answers a Range with no part; use a service that honours it", place.bucket)).into()
            );
        };
        if size.is_some_and(|size| size != self.size) {
            return Err(ObjectError::Changed);
        }
        if range != self.range || length.is_some_and(|length| length != range.end - range.start) {
            let asked = format!("{}..{}", self.range.start, self.range.end);
            return Err(Fault::unavailable(format!("s3://{} gives other bytes of '{}' than {asked}", place.bucket, self.key)).into());
        }
        Ok(())
    }
}

/// The range and, where it is told, the size of the whole that a `Content-Range` header names (RFC 9110 14.4).
fn content_range(header: &str) -> Option<(Range<u64>, Option<u64>)> {
    let (range, size) = header.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let end = last.parse::<u64>().ok()?.checked_add(1)?;
    let size = if size == "*" { None } else { Some(size.parse().ok()?) };
    Some((first.parse().ok()?..end, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_is_read_or_refused() {
        assert_eq!(content_range("bytes 0-0/1"), Some((0..1, Some(1))));
        assert_eq!(content_range("bytes 5-9/*"), Some((5..10, None)));
        for bad in ["", "bytes", "bytes */5", "bytes 1-/5", "bytes -1/5", "items 0-1/5", "bytes 0-18446744073709551615/5", "bytes 0-1/x"] {
            assert_eq!(content_range(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn only_a_part_is_asked_for_with_a_range() {
        let version = ObjectVersion { etag: "e".to_owned(), version_id: None };
        let wanted = |range| Wanted { key: ObjectKey::parse("k").expect("a key"), version: version.clone(), size: 10, range };
        assert_eq!(wanted(0..10).header(), None);
        assert_eq!(wanted(0..1).header().as_deref(), Some("bytes=0-0"));
        assert_eq!(wanted(3..10).header().as_deref(), Some("bytes=3-9"));
    }
}
