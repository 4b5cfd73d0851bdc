//! `HeadObject`: what the bucket says of an object.
//!
//! Must not take a composite checksum for a digest: it is one of the parts' checksums, not of the bytes.

use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::{ChecksumMode, ChecksumType};
use data_encoding::BASE64;
use oncelink_core::object::{ObjectError, ObjectInfo, ObjectKey, ObjectVersion};

use crate::bucket::Bucket;
use crate::fault::{self, Ask, Failed};
use crate::place::Place;
use crate::time;

impl Bucket {
    /// What the bucket says of `key` now.
    pub(crate) async fn look(&self, key: &ObjectKey) -> Result<ObjectInfo, ObjectError> {
        let request = self.client.head_object().bucket(&self.place.bucket).key(key.as_str()).checksum_mode(ChecksumMode::Enabled);
        match Box::pin(request.send()).await {
            Ok(seen) => info(&seen, key, &self.place),
            Err(error) => Err(self.why(key, Failed::of(&error)).await),
        }
    }

    /// What a failed HEAD means. Its answer has no body, so that a missing object, a missing bucket, a missing right and
    /// a bad key look alike: the same is asked once more with GET.
    async fn why(&self, key: &ObjectKey, failed: Failed) -> ObjectError {
        if !failed.is_bare() {
            return self.meaning(Ask::Object(key), failed);
        }
        let request = self.client.get_object().bucket(&self.place.bucket).key(key.as_str()).range("bytes=0-0");
        match Box::pin(request.send()).await {
            Ok(_) => self.meaning(Ask::Object(key), failed),
            Err(error) => self.meaning(Ask::Object(key), failed.named_by(Failed::of(&error))),
        }
    }
}

/// The version that an answer's `ETag` and `x-amz-version-id` name; nothing when there is no strong entity tag.
///
/// An object of a time before its bucket had versions has the id `null`, and is the same object as before.
pub(crate) fn version(etag: Option<&str>, version_id: Option<&str>) -> Option<ObjectVersion> {
    let etag = etag?.strip_prefix('"').and_then(|etag| etag.strip_suffix('"')).filter(|etag| !etag.is_empty())?;
    let version_id = version_id.filter(|id| *id != "null" && !id.is_empty());
    Some(ObjectVersion { etag: etag.to_owned(), version_id: version_id.map(str::to_owned) })
}

fn info(seen: &HeadObjectOutput, key: &ObjectKey, place: &Place) -> Result<ObjectInfo, ObjectError> {
    let size = seen.content_length().and_then(|length| u64::try_from(length).ok());
    Ok(ObjectInfo {
        size: size.ok_or_else(|| fault::lacking("size", key, place))?,
        version: version(seen.e_tag(), seen.version_id()).ok_or_else(|| fault::lacking("strong ETag", key, place))?,
        content_type: seen.content_type().map(str::to_owned),
        modified: seen.last_modified().and_then(time::of_service),
        sha256: sha256(seen),
    })
}

fn sha256(seen: &HeadObjectOutput) -> Option<[u8; 32]> {
    let whole = seen.checksum_type() == Some(&ChecksumType::FullObject);
    let digest = BASE64.decode(seen.checksum_sha256()?.as_bytes()).ok()?;
    digest.try_into().ok().filter(|_| whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_strong_entity_tag_makes_a_version() {
        let plain = Some(ObjectVersion { etag: "a-1".to_owned(), version_id: None });
        assert_eq!(version(Some("\"a-1\""), None), plain);
        assert_eq!(version(Some("\"a-1\""), Some("null")), plain);
        let kept = version(Some("\"a-1\""), Some("v1")).expect("a version");
        assert_eq!(kept.version_id.as_deref(), Some("v1"));
        for none in [None, Some(""), Some("\"\""), Some("a-1"), Some("W/\"a-1\"")] {
            assert_eq!(version(none, Some("v1")), None, "{none:?}");
        }
    }

    #[test]
    fn a_composite_checksum_is_no_digest() {
        let digest = BASE64.encode(&[7; 32]);
        let seen = |kind: Option<ChecksumType>, sum: &str| {
            sha256(&HeadObjectOutput::builder().set_checksum_type(kind).checksum_sha256(sum).build())
        };
        assert_eq!(seen(Some(ChecksumType::FullObject), &digest), Some([7; 32]));
        assert_eq!(seen(Some(ChecksumType::Composite), &digest), None);
        assert_eq!(seen(None, &digest), None);
        assert_eq!(seen(Some(ChecksumType::FullObject), &format!("{digest}-3")), None);
        assert_eq!(seen(Some(ChecksumType::FullObject), "AAAA"), None);
    }
}
