//! What a real engine doesn't do on demand: refuse, break off, stall, change its mind, and ignore what it was asked.

mod bodies;
mod connections;
mod errors;
mod looking;
mod presigning;
mod server;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use oncelink_core::object::{ObjectError, ObjectKey, ObjectVersion};
use oncelink_core::{Fault, FaultKind};
use oncelink_objects_s3::{Patience, Place, S3Source, Settings};
use oncelink_testkit::ManualClock;

use crate::server::{Answer, Request};

const SECRET: &str = "a-secret-that-must-not-be-told";

fn place(addr: SocketAddr) -> Place {
    Place {
        bucket: "the-bucket".to_owned(),
        prefix: String::new(),
        endpoint: Some(format!("http://{addr}")),
        region: Some("eu-test-1".to_owned()),
        path_style: true,
    }
}

fn settings(credentials: impl aws_sdk_s3::config::ProvideCredentials + 'static) -> Settings {
    let patience = Patience { pause: Duration::from_millis(1), ..Patience::default() };
    Settings { credentials: Some(SharedCredentialsProvider::new(credentials)), patience }
}

fn credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", SECRET, None, None, "test")
}

async fn source(addr: SocketAddr) -> S3Source {
    source_with(addr, settings(credentials())).await
}

async fn source_with(addr: SocketAddr, settings: Settings) -> S3Source {
    S3Source::with(place(addr), Arc::new(ManualClock::new()), &settings).await.expect("a source")
}

fn key() -> ObjectKey {
    ObjectKey::parse("dir/file.bin").expect("a key")
}

fn version(etag: &str, version_id: Option<&str>) -> ObjectVersion {
    ObjectVersion { etag: etag.to_owned(), version_id: version_id.map(str::to_owned) }
}

/// The fault inside an error.
fn fault(error: ObjectError) -> Fault {
    match error {
        ObjectError::Fault(fault) => fault,
        other @ (ObjectError::NotFound | ObjectError::Changed | ObjectError::Unfit(_)) => panic!("no fault: {other}"),
    }
}

/// Checks kind and words of a fault, and that it keeps what it must.
fn assert_fault(fault: &Fault, kind: FaultKind, words: &[&str]) {
    let shown = format!("{fault} {fault:?}");
    assert_eq!(fault.kind, kind, "{shown}");
    for word in words {
        assert!(fault.message.contains(word), "'{word}' is missing: {shown}");
    }
    for secret in [SECRET, "AKIDEXAMPLE", "Signature=", "AWS4-HMAC"] {
        assert!(!shown.contains(secret), "'{secret}' is told: {shown}");
    }
}

/// Answers as S3 does: the bytes that are asked for, of an object `content` with this `ETag`.
fn serve(request: &Request, content: &[u8], etag: &str) -> Answer {
    let etag = format!("\"{etag}\"");
    if request.header("if-match").is_some_and(|wanted| wanted != etag) {
        return Answer::error(412, "PreconditionFailed");
    }
    let Some(range) = request.header("range") else { return Answer::new(200, content).with("ETag", etag) };
    let (first, last) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')).expect("a range");
    let (first, last): (usize, usize) = (first.parse().expect("a number"), last.parse().expect("a number"));
    let told = format!("bytes {first}-{last}/{}", content.len());
    Answer::new(206, &content[first..=last]).with("ETag", etag).with("Content-Range", told)
}
