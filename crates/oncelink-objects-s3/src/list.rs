//! `ListObjectsV2`: one level of the bucket at a time.
//!
//! Must not show what can't be linked: names that are no keys, folders' own markers, anything outside the source.

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::{EncodingType, Object};
use oncelink_core::Fault;
use oncelink_core::object::{ListedObject, ObjectError, ObjectKey, ObjectPage};

use crate::bucket::Bucket;
use crate::fault::{Ask, Failed};
use crate::{encoding, time};

/// The most that S3 gives at once.
const PAGE: usize = 1000;

impl Bucket {
    /// The page of what lies below `prefix` that begins at `cursor`, which is S3's own continuation token.
    pub(crate) async fn page(&self, prefix: &str, cursor: Option<&str>, limit: usize) -> Result<ObjectPage, ObjectError> {
        let prefix = self.place.listed(prefix)?;
        if cursor.is_some_and(|cursor| cursor.is_empty() || cursor.chars().any(char::is_control)) {
            return Err(strange_cursor());
        }
        match self.ask(&prefix, cursor, limit).await {
            Ok(answer) => Ok(page(&answer, &prefix)),
            Err(failed) if cursor.is_some() && failed.is_bad_request() => Err(strange_cursor()),
            Err(failed) => Err(self.meaning(Ask::List, failed)),
        }
    }

    /// Whether the bucket can be listed: it needs no right beyond those that the source needs anyway, and unlike HEAD it
    /// is told in words what is wrong.
    pub(crate) async fn answers(&self) -> Result<(), Fault> {
        match self.ask(&self.place.root(), None, 1).await {
            Ok(_) => Ok(()),
            Err(failed) => Err(match self.meaning(Ask::List, failed) {
                ObjectError::Fault(fault) => fault,
                other @ (ObjectError::NotFound | ObjectError::Changed | ObjectError::Unfit(_)) => {
                    Fault::unavailable(format!("{} can't be listed", self.place)).because(other)
                }
            }),
        }
    }

    async fn ask(&self, prefix: &str, cursor: Option<&str>, limit: usize) -> Result<ListObjectsV2Output, Failed> {
        let most = i32::try_from(limit.clamp(1, PAGE)).unwrap_or(i32::MAX);
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.place.bucket)
            .prefix(prefix)
            .delimiter("/")
            // Else one key with a character that XML can't have would hide all others.
            .encoding_type(EncodingType::Url)
            .set_continuation_token(cursor.map(str::to_owned))
            .max_keys(most);
        Box::pin(request.send()).await.map_err(|error| Failed::of(&error))
    }
}

fn strange_cursor() -> ObjectError {
    ObjectError::Unfit("the cursor comes from another listing".to_owned())
}

fn page(answer: &ListObjectsV2Output, prefix: &str) -> ObjectPage {
    // A service that doesn't know the encoding doesn't use it, and doesn't say it did.
    let encoded = answer.encoding_type() == Some(&EncodingType::Url);
    let plain = |name: &str| if encoded { encoding::decode(name) } else { Some(name.to_owned()) };
    // What has the listed folder's own name is the marker that consoles make of an empty folder.
    let within = |name: &String| name.starts_with(prefix) && !(name == prefix && prefix.ends_with('/'));
    let objects = answer.contents().iter().filter_map(|object| {
        let key = object.key().and_then(plain).filter(within).filter(|key| ObjectKey::parse(key).is_ok())?;
        Some((key.clone(), described(key, object)))
    });
    let folders = answer.common_prefixes().iter().filter_map(|folder| {
        let name = folder.prefix().and_then(plain).filter(within).filter(|name| ObjectKey::parse(name).is_ok())?;
        Some((name.clone(), ListedObject::Folder(name)))
    });
    let mut entries: Vec<_> = objects.chain(folders).collect();
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    let next = if answer.is_truncated() == Some(true) { answer.next_continuation_token().map(str::to_owned) } else { None };
    ObjectPage { entries: entries.into_iter().map(|(_, entry)| entry).collect(), next }
}

fn described(key: String, object: &Object) -> ListedObject {
    let size = object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
    ListedObject::Object { key, size, modified: object.last_modified().and_then(time::of_service) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::types::CommonPrefix;

    fn object(key: &str) -> Object {
        Object::builder().key(key).size(3).build()
    }

    fn name(entry: &ListedObject) -> &str {
        match entry {
            ListedObject::Object { key, .. } => key,
            ListedObject::Folder(name) => name,
        }
    }

    fn names(page: &ObjectPage) -> Vec<&str> {
        page.entries.iter().map(name).collect()
    }

    #[test]
    fn only_what_can_be_linked_is_listed_and_in_order() {
        let answer = ListObjectsV2Output::builder()
            .encoding_type(EncodingType::Url)
            .set_contents(Some(["out/", "out/z+%C3%BC", "out/a%2Bb", "out/b%01", "out/%ff", "out/..", "elsewhere"].map(object).into()))
            .common_prefixes(CommonPrefix::builder().prefix("out/m%2F").build())
            .common_prefixes(CommonPrefix::builder().prefix("out/../").build())
            .is_truncated(true)
            .next_continuation_token("more")
            .build();
        let page = page(&answer, "out/");
        assert_eq!(names(&page), ["out/a+b", "out/m/", "out/z \u{fc}"]);
        assert_eq!(page.next.as_deref(), Some("more"));
    }

    #[test]
    fn a_service_that_does_not_encode_is_believed() {
        let answer = ListObjectsV2Output::builder().contents(object("a%20b+c")).next_continuation_token("left over").build();
        let page = page(&answer, "");
        assert_eq!(names(&page), ["a%20b+c"]);
        assert_eq!(page.next, None);
    }
}
