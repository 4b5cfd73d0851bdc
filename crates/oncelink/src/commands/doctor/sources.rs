//! The sources: can they be listed, looked at and read, and which right is missing where not.

use std::sync::Arc;

use futures_util::TryStreamExt;
use oncelink_config::{SourceKind, SourceSpec};
use oncelink_core::FaultKind;
use oncelink_core::object::{ListedObject, ObjectError, ObjectKey, ObjectPage};
use oncelink_core::ports::ObjectSource;

use crate::commands::doctor::finding::Finding;
use crate::commands::doctor::rights::{Right, remedy};
use crate::wiring;

/// How many entries are looked through for an object to try reading with.
const ENTRIES: usize = 100;
/// How deep folders are followed for one.
const DEPTH: usize = 5;

/// Looks at every source.
pub(crate) async fn examine(specs: &[SourceSpec]) -> Vec<Finding> {
    if specs.is_empty() {
        let remedy = "Name one or more: oncelink serve DIR or s3://BUCKET/PREFIX; 'source' in oncelink.toml.";
        return vec![Finding::warn("sources", "there is none, so no link can be created", remedy)];
    }
    let mut findings = Vec::new();
    for spec in specs {
        let check = format!("source '{}'", spec.name);
        match wiring::open_source(&spec.kind).await {
            Ok(source) => findings.extend(try_out(&check, &spec.kind, &source).await),
            Err(fault) => findings.push(Finding::fail(check, format!("{}: {fault}", place(&spec.kind)), elsewhere(&spec.kind))),
        }
    }
    findings
}

/// Lists, then looks at and reads the first object that is found.
async fn try_out(check: &str, kind: &SourceKind, source: &Arc<dyn ObjectSource>) -> Vec<Finding> {
    match sample(kind, source).await {
        Err(error) => vec![cant_list(check, kind, &error)],
        Ok(None) => {
            let remedy = "Put an object there and run doctor again.";
            vec![Finding::warn(
                check,
                format!("{} can be listed; whether it can be read can't be told: no object was found", place(kind)),
                remedy,
            )]
        }
        Ok(Some(key)) => vec![match read(source, &key).await {
            Ok(()) => Finding::ok(check, format!("{} can be listed, looked at and read", place(kind))),
            // Somebody is working there. It could be read.
            Err(ObjectError::NotFound | ObjectError::Changed) => {
                Finding::warn(check, format!("{key} changed while it was looked at"), "Run doctor again.")
            }
            Err(error) => cant_read(check, kind, &key, &error),
        }],
    }
}

/// The first object beneath the source's prefix, if there is one near.
async fn sample(kind: &SourceKind, source: &Arc<dyn ObjectSource>) -> Result<Option<ObjectKey>, ObjectError> {
    let mut folder = match kind {
        SourceKind::Local { .. } => String::new(),
        SourceKind::S3 { prefix, .. } => prefix.clone(),
    };
    for _ in 0..DEPTH {
        let ObjectPage { entries, .. } = source.list(&folder, None, ENTRIES).await?;
        let mut inner = None;
        for entry in entries {
            match entry {
                ListedObject::Object { key, .. } => {
                    if let Ok(key) = ObjectKey::parse(&key) {
                        return Ok(Some(key));
                    }
                }
                ListedObject::Folder(name) => inner = inner.or(Some(name)),
            }
        }
        match inner {
            Some(name) if name != folder => folder = name,
            _ => break,
        }
    }
    Ok(None)
}

/// Looks at an object and reads its first byte.
async fn read(source: &Arc<dyn ObjectSource>, key: &ObjectKey) -> Result<(), ObjectError> {
    let info = source.head(key).await?;
    let mut stream = source.open(key, &info.version, info.size, 0..info.size.min(1)).await?;
    while stream.try_next().await?.is_some() {}
    Ok(())
}

/// A bucket that can't be listed might still be read, but then a missing object can't be told from a forbidden one, and
/// nothing can be tried out here.
fn cant_list(check: &str, kind: &SourceKind, error: &ObjectError) -> Finding {
    let detail = format!("{} can't be listed: {error}", place(kind));
    let remedy = match (kind, is_denied(error)) {
        (SourceKind::S3 { .. }, true) => format!(
            "{}\nIf the credentials themselves are refused, correct them (AWS_PROFILE, AWS_ACCESS_KEY_ID or a role).",
            remedy(kind, Right::List)
        ),
        (SourceKind::Local { .. }, true) => remedy(kind, Right::List),
        (SourceKind::S3 { .. } | SourceKind::Local { .. }, false) => elsewhere(kind),
    };
    Finding::fail(check, detail, remedy)
}

fn cant_read(check: &str, kind: &SourceKind, key: &ObjectKey, error: &ObjectError) -> Finding {
    let detail = format!("{key} in {} can't be read: {error}", place(kind));
    let remedy = if is_denied(error) {
        let kms = match kind {
            SourceKind::S3 { .. } => "\nIf the object is encrypted with a KMS key, kms:Decrypt on that key is needed too.",
            SourceKind::Local { .. } => "",
        };
        format!("{}{kms}", remedy(kind, Right::Read))
    } else {
        elsewhere(kind)
    };
    Finding::fail(check, detail, remedy)
}

fn is_denied(error: &ObjectError) -> bool {
    match error {
        ObjectError::Fault(fault) => fault.kind == FaultKind::Denied,
        ObjectError::NotFound | ObjectError::Changed | ObjectError::Unfit(_) => false,
    }
}

fn elsewhere(kind: &SourceKind) -> String {
    match kind {
        SourceKind::Local { .. } => "Name a folder that is there and may be read.".to_owned(),
        SourceKind::S3 { .. } => {
            "Check the bucket's name, its region (?region=R), its endpoint (?endpoint=URL) and the credentials (AWS_PROFILE, AWS_ACCESS_KEY_ID or a role).".to_owned()
        }
    }
}

fn place(kind: &SourceKind) -> String {
    match kind {
        SourceKind::Local { dir } => dir.display().to_string(),
        SourceKind::S3 { bucket, prefix, .. } => format!("s3://{bucket}/{prefix}"),
    }
}

#[cfg(test)]
mod tests {
    use oncelink_core::Fault;
    use oncelink_core::object::SourceName;

    use super::*;
    use crate::commands::doctor::finding::Status;

    fn bucket() -> SourceKind {
        SourceKind::S3 { bucket: "my-bucket".to_owned(), prefix: "out/".to_owned(), endpoint: None, region: None, path_style: false }
    }

    fn denied() -> ObjectError {
        Fault::new(FaultKind::Denied, "access denied").into()
    }

    #[test]
    fn a_missing_right_is_told_with_the_statement_that_grants_it() {
        let list = cant_list("source 'x'", &bucket(), &denied());
        assert!(list.status == Status::Fail && list.remedy.expect("a remedy").contains("\"s3:ListBucket\""));
        let read = cant_read("source 'x'", &bucket(), &ObjectKey::parse("out/a").expect("a key"), &denied());
        let remedy = read.remedy.expect("a remedy");
        assert!(
            read.status == Status::Fail && remedy.contains("arn:aws:s3:::my-bucket/out/*") && remedy.contains("kms:Decrypt"),
            "{remedy}"
        );
        let gone = cant_list("source 'x'", &bucket(), &Fault::unavailable("no such bucket").into());
        assert!(gone.status == Status::Fail && gone.remedy.expect("a remedy").contains("region"));
    }

    #[tokio::test]
    async fn a_folder_is_listed_and_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let spec =
            |dir: std::path::PathBuf| [SourceSpec { name: SourceName::parse("x").expect("a name"), kind: SourceKind::Local { dir } }];
        let found = examine(&spec(folder.path().to_owned())).await;
        assert!(found[0].status == Status::Warn && found[0].detail.contains("no object"), "{found:?}");
        std::fs::create_dir_all(folder.path().join("a/b")).expect("writable");
        std::fs::write(folder.path().join("a/b/c"), b"content").expect("writable");
        assert_eq!(examine(&spec(folder.path().to_owned())).await[0].status, Status::Ok);
        let missing = examine(&spec(folder.path().join("not-there"))).await;
        assert!(missing[0].status == Status::Fail && missing[0].detail.contains("not-there"), "{missing:?}");
        assert_eq!(examine(&[]).await[0].status, Status::Warn);
    }
}
