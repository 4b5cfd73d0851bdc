//! Objects and where they lie: source, key, pinned version.

use std::fmt;
use std::ops::Range;
use std::pin::Pin;

use bytes::Bytes;
use futures_core::Stream;

use crate::text;
use crate::time::Timestamp;

/// The name of a source: 1 to 64 characters of `A-Za-z0-9._-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceName(String);

/// The key of an object: UTF-8, at most 1,024 bytes (S3's own limit), free of `.` and `..` segments and of control
/// characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(String);

/// Why a text is no object key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// The text is empty.
    #[error("the key is empty")]
    Empty,
    /// The text has more than 1,024 bytes.
    #[error("the key is longer than 1,024 bytes")]
    TooLong,
    /// A segment is `.` or `..`.
    #[error("the key has a '.' or '..' segment")]
    DotSegment,
    /// The text has a control character.
    #[error("the key has a control character")]
    Control,
}

/// The version that a link pins: what must still be there when it is redeemed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectVersion {
    /// The entity tag without quotes: S3's `ETag`; for a local file its size and modification time in nanoseconds.
    pub etag: String,
    /// S3's `VersionId`, when the bucket keeps versions.
    pub version_id: Option<String>,
}

/// What a source says of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// The object's size in bytes.
    pub size: u64,
    /// Its version now.
    pub version: ObjectVersion,
    /// The media type that the source gives, unchecked.
    pub content_type: Option<String>,
    /// When it was last changed, where the source knows.
    pub modified: Option<Timestamp>,
    /// SHA-256 over the whole object, where the source keeps it (S3's `x-amz-checksum-sha256` of type `FULL_OBJECT`).
    pub sha256: Option<[u8; 32]>,
}

/// One line of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListedObject {
    /// An object.
    Object {
        /// The object's key.
        key: String,
        /// Its size in bytes.
        size: u64,
        /// When it was last changed, where the source knows.
        modified: Option<Timestamp>,
    },
    /// A common prefix that ends with `/`.
    Folder(String),
}

/// One page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectPage {
    /// The entries, in the source's order.
    pub entries: Vec<ListedObject>,
    /// What to ask with for the next page.
    pub next: Option<String>,
}

/// A presigned URL (S3 only).
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedUrl {
    /// The URL: a secret until it has expired.
    pub url: String,
    /// When it stops to work.
    pub expires_at: Timestamp,
}

/// The bytes of an open object.
pub type ObjectStream = Pin<Box<dyn Stream<Item = Result<Bytes, ObjectError>> + Send>>;

/// Which bytes are wanted: half-open, within the object.
pub type ByteRange = Range<u64>;

/// Why an object can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// There is no such object (S3's `NoSuchKey`).
    #[error("no such object")]
    NotFound,
    /// The object is no longer the pinned version (S3's `PreconditionFailed`).
    #[error("the object has changed")]
    Changed,
    /// The key can't name an object of this source.
    #[error("the key can't name an object of this source: {0}")]
    Unfit(String),
    /// The source failed.
    #[error(transparent)]
    Fault(#[from] crate::Fault),
}

impl SourceName {
    /// The source that `text` names, or nothing when it has other characters or another length.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        ((1..=64).contains(&text.len()) && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl ObjectKey {
    /// The longest key, in bytes.
    pub const MAX: usize = 1024;

    /// Checks `text` as a key.
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        if text.is_empty() {
            return Err(BadKey::Empty);
        }
        if text.len() > Self::MAX {
            return Err(BadKey::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(BadKey::Control);
        }
        if text.split(['/', '\\']).any(|segment| segment == "." || segment == "..") {
            return Err(BadKey::DotSegment);
        }
        Ok(Self(text.to_owned()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment: what a download is called when its link doesn't say. Never empty.
    pub fn file_name(&self) -> String {
        let last = self.0.rsplit(['/', '\\']).find(|segment| !segment.is_empty()).unwrap_or_default();
        let name = text::tame(last, 255);
        if name.trim_matches([' ', '.']).is_empty() { "download".to_owned() } else { name }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PresignedUrl(.., expires at {} ms)", self.expires_at.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_accepted_key_has_no_way_out(text in "\\PC{0,40}|[./\\\\a]{0,12}") {
            if let Ok(key) = ObjectKey::parse(&text) {
                prop_assert!(key.as_str().split(['/', '\\']).all(|segment| segment != "." && segment != ".."));
                prop_assert!(!key.as_str().chars().any(char::is_control));
                let name = key.file_name();
                prop_assert!(!name.is_empty() && name.len() <= 255);
                prop_assert!(!name.contains(['/', '\\']));
            }
        }
    }

    #[test]
    fn a_refused_key_says_what_is_wrong() {
        assert_eq!(ObjectKey::parse(""), Err(BadKey::Empty));
        assert_eq!(ObjectKey::parse(&"x".repeat(1025)), Err(BadKey::TooLong));
        assert_eq!(ObjectKey::parse("a/../b"), Err(BadKey::DotSegment));
        assert_eq!(ObjectKey::parse("a\\..\\b"), Err(BadKey::DotSegment));
        assert_eq!(ObjectKey::parse("a\u{0}b"), Err(BadKey::Control));
        assert!(ObjectKey::parse("a/..b/c...").is_ok());
    }
}
