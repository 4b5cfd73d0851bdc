//! What is shared: one file, one directory as an archive, or one object.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oncelink_config::{SourceKind, SourceSpec, redact};
use oncelink_core::object::SourceName;
use oncelink_core::ports::ObjectSource;
use oncelink_objects_local::LocalSource;
use oncelink_objects_zip::ZipSource;

use crate::exit::Failure;
use crate::progress::Progress;
use crate::{output, wiring};

/// One object of a source that shows nothing else.
pub(crate) struct Offer {
    /// The source's name.
    pub(crate) name: SourceName,
    /// The source.
    pub(crate) source: Arc<dyn ObjectSource>,
    /// The object's key.
    pub(crate) key: String,
    /// A remark for the sender.
    pub(crate) remark: Option<String>,
}

impl Offer {
    /// What `target` names: `s3://BUCKET/KEY`, or else a path.
    pub(crate) async fn find(target: &str) -> Result<Self, Failure> {
        if target.starts_with("s3://") {
            return Self::object(target).await;
        }
        let path = Path::new(target);
        if path.is_dir() { Self::folder(path.to_owned()).await } else { Self::file(path) }
    }

    fn file(path: &Path) -> Result<Self, Failure> {
        let source = LocalSource::single(path)?;
        let key = source.only_key().map(ToString::to_string).unwrap_or_default();
        Ok(Self { name: name()?, source: Arc::new(source), key, remark: None })
    }

    /// Reads through the folder first: only then is it known what the archive will be.
    async fn folder(path: PathBuf) -> Result<Self, Failure> {
        let reading = tokio::task::spawn_blocking(move || {
            let bar = std::cell::OnceCell::new();
            let title = format!("Reading {}", path.display());
            let opened = ZipSource::open(&path, &mut |done, total| bar.get_or_init(|| Progress::bytes(&title, total, 0)).at(done));
            if let Some(bar) = bar.get() {
                bar.end();
            }
            opened
        });
        let source = reading.await.map_err(|error| Failure::failed(format!("the folder can't be read: {error}")))??;
        let key = source.key().to_string();
        let remark = left_out(source.skipped());
        Ok(Self { name: name()?, source: Arc::new(source), key, remark })
    }

    async fn object(target: &str) -> Result<Self, Failure> {
        let spec = SourceSpec::parse(target).map_err(|problem| Failure::usage(format!("{:?} {problem}", redact(target))))?;
        let key = match &spec.kind {
            SourceKind::S3 { prefix, .. } if !prefix.is_empty() && !prefix.ends_with('/') => prefix.clone(),
            SourceKind::S3 { .. } | SourceKind::Local { .. } => {
                return Err(Failure::usage(format!("{:?} names no object; write s3://BUCKET/KEY", redact(target))));
            }
        };
        Ok(Self { name: name()?, source: wiring::open_source(&spec.kind).await?, key, remark: None })
    }
}

/// What the archive lacks, if anything: it mustn't be found out by the recipient.
fn left_out(skipped: &[PathBuf]) -> Option<String> {
    let first = output::tame(&skipped.first()?.display().to_string());
    let rest = match skipped.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("Left out, being neither file nor folder (such as symbolic links): {first}{rest}."))
}

fn name() -> Result<SourceName, Failure> {
    SourceName::parse("share").ok_or_else(|| Failure::failed("'share' is no source's name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_offered_and_what_is_no_single_object_isnt() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("gift.bin");
        std::fs::write(&path, b"a gift").expect("writable");
        let offer = Offer::find(path.to_str().expect("UTF-8")).await.expect("a file");
        assert_eq!((offer.key.as_str(), offer.remark), ("gift.bin", None));
        for (target, code) in [("/nonexistent/file", 1), ("s3://bucket", 2), ("s3://bucket/folder/", 2), ("s3://", 2)] {
            assert_eq!(Offer::find(target).await.err().map(|failure| failure.code()), Some(code), "{target}");
        }
    }

    #[tokio::test]
    async fn a_folder_is_offered_as_an_archive_and_what_it_lacks_is_told() {
        let outer = tempfile::tempdir().expect("a folder");
        let folder = outer.path().join("gift");
        std::fs::create_dir(&folder).expect("writable");
        std::fs::write(folder.join("a"), b"a gift").expect("writable");
        let target = folder.to_str().expect("UTF-8");
        let offer = Offer::find(target).await.expect("a folder");
        assert_eq!((offer.key.as_str(), offer.remark), ("gift.zip", None));
        std::os::unix::fs::symlink("a", folder.join("b")).expect("a symlink");
        std::os::unix::fs::symlink("a", folder.join("c")).expect("a symlink");
        let remark = Offer::find(target).await.expect("a folder").remark.expect("links are left out");
        assert!(remark.contains("gift/b") && remark.contains("1 more"), "{remark}");
    }
}
