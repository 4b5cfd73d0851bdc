//! Where a source lies, and which keys are its own.
//!
//! Must not ask the bucket anything.

use std::fmt;

use oncelink_core::object::{ObjectError, ObjectKey};

/// A bucket, or a part of it, and how to reach it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The bucket's name.
    pub bucket: String,
    /// The folder that the source is bound to, with or without a slash at its end, or the one key; empty for the whole
    /// bucket. `out` covers `out` and `out/a`, not `outer/a`.
    pub prefix: String,
    /// The service's address, for another one than Amazon S3.
    pub endpoint: Option<String>,
    /// The bucket's region; absent: what the environment or the profile says, and for an `endpoint` otherwise
    /// `us-east-1`.
    pub region: Option<String>,
    /// Whether the bucket stands in the path instead of the host's name.
    pub path_style: bool,
}

impl Place {
    /// Refuses a key outside the prefix.
    ///
    /// # Errors
    /// [`ObjectError::Unfit`], with the prefix.
    pub(crate) fn admit(&self, key: &ObjectKey) -> Result<(), ObjectError> {
        if key.as_str() == self.prefix || key.as_str().starts_with(&self.root()) {
            return Ok(());
        }
        Err(ObjectError::Unfit(format!("keys of this source begin with '{}'", self.root())))
    }

    /// What S3 is to be asked for when `prefix` is listed: a beginning of the root shows the root, for nothing beside it
    /// may be seen.
    ///
    /// # Errors
    /// [`ObjectError::Unfit`] for a prefix outside the source, and for one that no key can begin with.
    pub(crate) fn listed(&self, prefix: &str) -> Result<String, ObjectError> {
        let root = self.root();
        if root.starts_with(prefix) {
            return Ok(root);
        }
        if !prefix.starts_with(&root) {
            return Err(ObjectError::Unfit(format!("prefixes of this source begin with '{root}'")));
        }
        let folders = prefix.rsplit_once('/').map_or("", |(folders, _)| folders);
        if prefix.chars().any(char::is_control) || folders.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(ObjectError::Unfit("no key can begin with this prefix".to_owned()));
        }
        Ok(prefix.to_owned())
    }

    /// What every key below the prefix begins with: empty, or ends with a slash.
    pub(crate) fn root(&self) -> String {
        match self.prefix.as_str() {
            "" => String::new(),
            prefix if prefix.ends_with('/') => prefix.to_owned(),
            prefix => format!("{prefix}/"),
        }
    }
}

/// `s3://BUCKET` or `s3://BUCKET/PREFIX`.
impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "s3://{}", self.bucket)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(out, "/{}", self.prefix) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(prefix: &str) -> Place {
        Place { bucket: "bucket".to_owned(), prefix: prefix.to_owned(), ..Place::default() }
    }

    fn admits(prefix: &str, key: &str) -> bool {
        place(prefix).admit(&ObjectKey::parse(key).expect("a key")).is_ok()
    }

    #[test]
    fn a_prefix_covers_whole_segments_only() {
        for (prefix, inside, outside) in [
            ("", vec!["a", "a/b", "/a", "a//b"], vec![]),
            ("out", vec!["out", "out/a", "out//a", "out/"], vec!["outer/a", "ou", "a/out", "/out/a"]),
            ("out/", vec!["out/a", "out/b/c", "out/"], vec!["out", "outer/a", "a", "out\\a", "OUT/a"]),
            ("a/b.pdf", vec!["a/b.pdf"], vec!["a/b.pdf2", "a/b", "a/c.pdf"]),
        ] {
            assert!(inside.iter().all(|key| admits(prefix, key)), "{prefix:?}");
            assert!(!outside.iter().any(|key| admits(prefix, key)), "{prefix:?}");
        }
    }

    #[test]
    fn a_listing_stays_in_the_source() {
        for (prefix, asked, expected) in [
            ("", "", ""),
            ("", "a/b", "a/b"),
            ("out", "", "out/"),
            ("out", "out", "out/"),
            ("a/b/", "a/", "a/b/"),
            ("out", "out/x/", "out/x/"),
            ("out", "out/..", "out/.."),
            ("out", "out/.hidden", "out/.hidden"),
        ] {
            assert_eq!(place(prefix).listed(asked).ok().as_deref(), Some(expected), "{prefix:?} {asked:?}");
        }
        for (prefix, asked) in
            [("out", "outer"), ("out", "b"), ("out", "/"), ("out", "out/../"), ("", "../"), ("", "a/./b"), ("", "a\0"), ("out", "out/\n")]
        {
            assert!(matches!(place(prefix).listed(asked), Err(ObjectError::Unfit(_))), "{prefix:?} {asked:?}");
        }
    }
}
