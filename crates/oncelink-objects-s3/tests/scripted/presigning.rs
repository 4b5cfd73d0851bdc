//! What is signed into a URL, and for how long.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::config::Credentials;
use oncelink_core::FaultKind;
use oncelink_core::object::{ObjectError, PresignedUrl};
use oncelink_core::ports::{Clock, Presigner};
use oncelink_objects_s3::S3Source;
use oncelink_testkit::ManualClock;

use crate::{assert_fault, credentials, fault, key, place, settings, version};

/// Presigns for `ttl`, at a time that is no whole second.
async fn presign(credentials: Credentials, clock: Arc<ManualClock>, ttl: Duration) -> Result<PresignedUrl, ObjectError> {
    let place = place("127.0.0.1:1".parse().expect("an address"));
    let source = S3Source::with(place, clock, &settings(credentials)).await.expect("a source");
    source.presign(&key(), &version("e", Some("v1")), ttl, "attachment; filename=\"a b\"", "application/x-told").await
}

fn clock() -> Arc<ManualClock> {
    let clock = ManualClock::new();
    clock.advance(Duration::from_millis(999));
    Arc::new(clock)
}

/// Credentials that hold for `span` from the clock's present on.
fn ending(clock: &ManualClock, span: Duration) -> Credentials {
    let end = Duration::from_millis(clock.now().plus(span).as_millis().unsigned_abs());
    Credentials::new("AKIDEXAMPLE", "secret", Some("session".to_owned()), Some(std::time::UNIX_EPOCH + end), "test")
}

fn life(signed: &PresignedUrl) -> Option<u64> {
    signed.url.split("X-Amz-Expires=").nth(1)?.split('&').next()?.parse().ok()
}

#[tokio::test]
async fn name_type_and_caching_are_signed_in_and_no_version_is() {
    let clock = clock();
    let signed = presign(credentials(), clock.clone(), Duration::from_secs(10)).await.expect("a URL");
    for part in [
        "http://127.0.0.1:1/the-bucket/dir/file.bin?",
        "response-content-disposition=attachment%3B%20filename%3D%22a%20b%22",
        "response-content-type=application%2Fx-told",
        "response-cache-control=no-store",
        "X-Amz-SignedHeaders=host&",
        "X-Amz-Signature=",
    ] {
        assert!(signed.url.contains(part), "{part} in {}", signed.url);
    }
    assert!(!signed.url.contains("versionId"), "it would need s3:GetObjectVersion");
    assert_eq!(life(&signed), Some(10));
    assert!(signed.expires_at > clock.now() && signed.expires_at <= clock.now().plus(Duration::from_secs(10)));
    assert!(!format!("{signed:?}").contains("Signature"));
}

#[tokio::test]
async fn a_url_never_outlives_its_credentials() {
    let clock = clock();
    for (span, expected) in [(3_600_000, 10), (10_000, 10), (9_001, 10), (9_000, 9), (4_500, 5), (1_000, 1)] {
        let end = clock.now().plus(Duration::from_millis(span));
        let credentials = ending(&clock, Duration::from_millis(span));
        let signed = presign(credentials, clock.clone(), Duration::from_secs(10)).await.expect("a URL");
        assert_eq!(life(&signed), Some(expected), "{span} ms");
        assert!(signed.expires_at <= end, "{span} ms");
    }
    for span in [999, 1, 0] {
        let ended = presign(ending(&clock, Duration::from_millis(span)), clock.clone(), Duration::from_secs(10)).await;
        let fault = fault(ended.expect_err("less than a second is left"));
        assert_fault(&fault, FaultKind::Unavailable, &["the-bucket", "credentials", "too soon"]);
    }
}

#[tokio::test]
async fn a_life_of_less_than_a_second_is_one_second_and_one_of_months_is_a_fault() {
    let signed = presign(credentials(), clock(), Duration::from_millis(300)).await.expect("a URL");
    assert_eq!(life(&signed), Some(1));
    let long = presign(credentials(), clock(), Duration::from_secs(90 * 86_400)).await;
    assert_fault(&fault(long.expect_err("S3 allows a week")), FaultKind::Internal, &["so long"]);
}
