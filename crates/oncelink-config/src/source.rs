//! Sources as the operator writes them: `[name=]DIR` or `[name=]s3://BUCKET[/PREFIX][?endpoint=URL&region=R&path_style=true]`.

use std::path::{Path, PathBuf};

use oncelink_core::object::{ObjectKey, SourceName};

use crate::query::Place;

/// What a source is called whose directory has no name of its own, such as `..`.
const NAMELESS: &str = "files";

/// A source: its name and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSpec {
    /// Its name.
    pub name: SourceName,
    /// Where it lies.
    pub kind: SourceKind,
}

/// Where a source lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A directory of this machine.
    Local {
        /// The directory.
        dir: PathBuf,
    },
    /// A bucket, or a part of it.
    S3 {
        /// The bucket.
        bucket: String,
        /// What keys must begin with; may be empty.
        prefix: String,
        /// The service's address, for another one than AWS.
        endpoint: Option<String>,
        /// The bucket's region; absent: from the environment.
        region: Option<String>,
        /// Whether the bucket stands in the path instead of the host's name.
        path_style: bool,
    },
}

impl SourceSpec {
    /// The source that `text` spells.
    ///
    /// # Errors
    /// What is wrong with it and what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, place) = split_name(text)?;
        let kind = parse_kind(place)?;
        let name = match name {
            Some(name) => name,
            None => kind.own_name(),
        };
        Ok(Self { name, kind })
    }
}

impl SourceKind {
    /// The name of a source that wasn't given one: the bucket's or the directory's.
    fn own_name(&self) -> SourceName {
        let base = match self {
            Self::S3 { bucket, .. } => bucket.clone(),
            Self::Local { dir } => base_name(dir),
        };
        let fit: String = base.chars().map(|c| if is_name_char(c) { c } else { '-' }).take(64).collect();
        SourceName::parse(&fit).or_else(|| SourceName::parse(NAMELESS)).unwrap_or_else(|| unreachable!("the default is a name"))
    }
}

fn base_name(dir: &Path) -> String {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    absolute.file_name().map_or_else(|| NAMELESS.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Takes `name=` off. Only what could be a name is one: `./a=b` and `s3://b?region=r` have none.
fn split_name(text: &str) -> Result<(Option<SourceName>, &str), String> {
    match text.split_once('=') {
        Some((name, place)) if !name.is_empty() && name.chars().all(is_name_char) => match SourceName::parse(name) {
            Some(name) => Ok((Some(name), place)),
            None => Err("has a name of more than 64 characters".to_owned()),
        },
        _ => Ok((None, text)),
    }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn parse_kind(place: &str) -> Result<SourceKind, String> {
    if let Some(rest) = place.strip_prefix("s3://") {
        return parse_bucket(rest);
    }
    if place.contains("://") {
        return Err("is neither a directory nor s3://BUCKET[/PREFIX]".to_owned());
    }
    if place.is_empty() || place.contains('\0') {
        return Err("names no directory; write [name=]DIR or [name=]s3://BUCKET[/PREFIX]".to_owned());
    }
    Ok(SourceKind::Local { dir: place.into() })
}

fn parse_bucket(rest: &str) -> Result<SourceKind, String> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
    let fits = (3..=255).contains(&bucket.len()) && bucket.chars().all(is_name_char) && !bucket.contains("..");
    if !fits {
        return Err("has no valid bucket name; write s3://BUCKET[/PREFIX]".to_owned());
    }
    if !prefix.is_empty()
        && let Err(problem) = ObjectKey::parse(prefix)
    {
        return Err(format!("has a prefix that no key can begin with: {}", problem.to_string().replace("the key", "it")));
    }
    let place = Place::parse(query, &["endpoint", "region", "path_style"])?;
    let Place { endpoint, region, path_style } = place;
    Ok(SourceKind::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned(), endpoint, region, path_style })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(name: &str, dir: &str) -> SourceSpec {
        SourceSpec { name: SourceName::parse(name).expect("a name"), kind: SourceKind::Local { dir: dir.into() } }
    }

    fn bucket(name: &str, bucket: &str, prefix: &str) -> SourceSpec {
        let (bucket, prefix) = (bucket.to_owned(), prefix.to_owned());
        let kind = SourceKind::S3 { bucket, prefix, endpoint: None, region: None, path_style: false };
        SourceSpec { name: SourceName::parse(name).expect("a name"), kind }
    }

    #[test]
    fn a_directory_or_a_bucket_with_or_without_a_name_is_a_source() {
        let cases = [
            ("/srv/files", local("files", "/srv/files")),
            ("/srv/my files/", local("my-files", "/srv/my files/")),
            ("out=/srv/files", local("out", "/srv/files")),
            ("out=a=b", local("out", "a=b")),
            ("./a=b", local("a-b", "./a=b")),
            ("a b=c", local("a-b-c", "a b=c")),
            ("=x", local("-x", "=x")),
            ("/", local("files", "/")),
            ("/srv/\u{fc}ber", local("-ber", "/srv/\u{fc}ber")),
            ("s3://bucket", bucket("bucket", "bucket", "")),
            ("s3://bucket/", bucket("bucket", "bucket", "")),
            ("s3://my.bucket/a/b", bucket("my.bucket", "my.bucket", "a/b")),
            ("s3://bucket/a%20b=c", bucket("bucket", "bucket", "a%20b=c")),
            ("in-1=s3://bucket/a/", bucket("in-1", "bucket", "a/")),
        ];
        for (text, expected) in cases {
            assert_eq!(SourceSpec::parse(text), Ok(expected), "{text}");
        }
        let long = format!("/{}", "x".repeat(100));
        assert_eq!(SourceSpec::parse(&long).expect("a path").name.as_str().len(), 64);
        assert!(!SourceSpec::parse(".").expect("a path").name.as_str().contains('/'));
    }

    #[test]
    fn a_bucket_may_be_told_where_it_lies() {
        for text in [
            "s3://b-1/p?endpoint=http://127.0.0.1:9000&region=garage&path_style=true",
            "s3://b-1/p?path_style=true&region=garage&endpoint=http%3A%2F%2F127.0.0.1%3A9000",
            "s3://b-1/p?path-style=true&&region=garage&endpoint=http://127.0.0.1:9000/",
        ] {
            let expected = SourceKind::S3 {
                bucket: "b-1".to_owned(),
                prefix: "p".to_owned(),
                endpoint: Some("http://127.0.0.1:9000".to_owned()),
                region: Some("garage".to_owned()),
                path_style: true,
            };
            assert_eq!(SourceSpec::parse(text).map(|source| source.kind), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_source_is_refused_with_the_reason() {
        let long = format!("{}=dir", "n".repeat(65));
        let cases = [
            ("", "names no directory"),
            ("a=", "names no directory"),
            ("a\u{0}b", "names no directory"),
            (long.as_str(), "64 characters"),
            ("http://host/x", "neither a directory nor"),
            ("S3://bucket", "neither a directory nor"),
            ("s3://", "bucket name"),
            ("s3://b", "bucket name"),
            ("s3:///key", "bucket name"),
            ("s3://bu cket", "bucket name"),
            ("s3://a..b", "bucket name"),
            ("s3://user:pw@bucket", "bucket name"),
            ("s3://bucket/a/../b", "'.' or '..' segment"),
            ("s3://bucket/a\u{7}", "control character"),
            ("s3://bucket?colour=red", "unknown parameter 'colour'"),
            ("s3://bucket?region", "without a value"),
            ("s3://bucket?region=", "region"),
            ("s3://bucket?region=a/b", "region"),
            ("s3://bucket?region=%zz", "%-sequence"),
            ("s3://bucket?region=%f", "%-sequence"),
            ("s3://bucket?region=%ff", "%-sequence"),
            ("s3://bucket?path_style=yes", "neither true nor false"),
            ("s3://bucket?region=a&region=b", "twice"),
            ("s3://bucket?endpoint=127.0.0.1:9000", "endpoint"),
            ("s3://bucket?endpoint=http://key:secret@host", "user name"),
        ];
        for (text, expected) in cases {
            let problem = SourceSpec::parse(text).expect_err(text);
            assert!(problem.contains(expected) && !problem.contains("secret"), "{text:?}: {problem}");
        }
    }
}
