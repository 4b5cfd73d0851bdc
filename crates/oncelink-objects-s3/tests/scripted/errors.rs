//! Refusals and failures of requests, in words that name the thing and the remedy.

use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_sdk_s3::config::{Credentials, ProvideCredentials};
use oncelink_core::object::ObjectError;
use oncelink_core::ports::ObjectSource;
use oncelink_core::{Fault, FaultKind};
use oncelink_testkit::object_suite::read_all;
use tokio::net::TcpListener;

use crate::server::{Answer, Server};
use crate::{assert_fault, credentials, fault, key, serve, settings, source, source_with, version};

/// What opening an object becomes when the answer is `answer`.
async fn opening(answer: Answer) -> ObjectError {
    let server = Server::start(move |_, _| answer.clone()).await;
    let opened = source(server.addr).await.open(&key(), &version("e", None), 10, 0..10).await;
    opened.map(drop).expect_err("a refused open")
}

async fn faulty(answer: Answer) -> Fault {
    fault(opening(answer).await)
}

#[tokio::test]
async fn an_answer_about_the_object_is_no_fault() {
    assert!(matches!(opening(Answer::error(404, "NoSuchKey")).await, ObjectError::NotFound));
    assert!(matches!(opening(Answer::new(404, "")).await, ObjectError::NotFound));
    assert!(matches!(opening(Answer::error(412, "PreconditionFailed")).await, ObjectError::Changed));
    assert!(matches!(opening(Answer::new(412, "")).await, ObjectError::Changed));
    assert!(matches!(opening(Answer::error(416, "InvalidRange")).await, ObjectError::Changed));
}

#[tokio::test]
async fn a_refusal_names_the_bucket_and_the_remedy() {
    use FaultKind::{Denied, Unavailable};
    let cases: [(u16, &str, FaultKind, &[&str]); 11] = [
        (403, "AccessDenied", Denied, &["dir/file.bin", "s3:GetObject", "s3:ListBucket"]),
        (403, "InvalidAccessKeyId", Denied, &["not valid", "access key"]),
        (403, "SignatureDoesNotMatch", Denied, &["not valid", "secret"]),
        (400, "ExpiredToken", Denied, &["expired", "renew"]),
        (400, "InvalidToken", Denied, &["expired", "renew"]),
        (403, "RequestTimeTooSkewed", Unavailable, &["clock"]),
        (403, "InvalidObjectState", Unavailable, &["archived", "restore"]),
        (400, "KMS.DisabledException", Denied, &["kms:Decrypt"]),
        (404, "NoSuchBucket", Unavailable, &["no bucket", "endpoint"]),
        (400, "AuthorizationHeaderMalformed", Unavailable, &["not in eu-test-1", "region=REGION"]),
        (400, "SomethingNew", Unavailable, &["refuses", "dir/file.bin", "mend"]),
    ];
    for (status, code, kind, words) in cases {
        let fault = faulty(Answer::error(status, code)).await;
        assert_fault(&fault, kind, words);
        assert!(fault.message.contains("the-bucket"), "{fault}");
        assert!(fault.to_string().contains(&format!("status {status}, {code}, about {code}")), "S3's own words are kept: {fault}");
    }
    assert_fault(&faulty(Answer::new(403, "")).await, Denied, &["the-bucket", "s3:GetObject"]);
    assert_fault(&faulty(Answer::new(418, "what?")).await, Unavailable, &["the-bucket", "none of S3's", "http://127.0.0.1"]);
}

#[tokio::test]
async fn a_bucket_in_another_region_is_told_with_its_region() {
    for answer in [Answer::error(301, "PermanentRedirect"), Answer::new(301, ""), Answer::error(307, "TemporaryRedirect")] {
        let fault = faulty(answer.with("x-amz-bucket-region", "ap-south-9")).await;
        assert_fault(&fault, FaultKind::Unavailable, &["is in ap-south-9, not in eu-test-1", "s3://the-bucket?region=ap-south-9"]);
    }
    let server = Server::start(|_, _| Answer::new(301, "").with("x-amz-bucket-region", "ap-south-9")).await;
    let seen = fault(source(server.addr).await.head(&key()).await.expect_err("elsewhere"));
    assert_fault(&seen, FaultKind::Unavailable, &["ap-south-9"]);
}

#[tokio::test]
async fn an_overload_that_passes_is_not_seen_and_one_that_stays_is_unavailable() {
    let server = Server::start(|number, request| match number {
        0 | 1 => Answer::error(503, "SlowDown"),
        _ => serve(request, b"0123456789", "e"),
    })
    .await;
    let stream = source(server.addr).await.open(&key(), &version("e", None), 10, 0..10).await.expect("the third attempt");
    assert_eq!(read_all(stream).await.expect("the bytes"), "0123456789");
    assert_eq!(server.seen().len(), 3);
    assert_fault(&faulty(Answer::error(503, "SlowDown")).await, FaultKind::Unavailable, &["the-bucket", "overloaded"]);
}

#[tokio::test]
async fn a_service_that_is_away_is_unavailable_and_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    drop(listener);
    let away = fault(source(addr).await.head(&key()).await.expect_err("nobody listens"));
    assert_fault(&away, FaultKind::Unavailable, &["the-bucket", &format!("http://{addr}")]);
    assert!(away.to_string().to_lowercase().contains("connection refused"), "{away}");
}

#[tokio::test]
async fn a_service_that_never_answers_is_given_up() {
    // Connections are made by the kernel; nobody takes them.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    let mut impatient = settings(credentials());
    impatient.patience.answer = Duration::from_millis(100);
    let source = source_with(addr, impatient).await;
    assert_fault(&source.ping().await.expect_err("no answer"), FaultKind::Unavailable, &["can't be reached", "the-bucket"]);
}

/// A provider that has none to give.
#[derive(Debug)]
struct Nothing(fn() -> CredentialsError);

impl ProvideCredentials for Nothing {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::ready(Err::<Credentials, _>((self.0)()))
    }
}

#[tokio::test]
async fn missing_credentials_are_told_from_a_service_that_gives_none_just_now() {
    let server = Server::start(|_, _| Answer::error(403, "AccessDenied")).await;
    let with = async |reason: fn() -> CredentialsError| {
        source_with(server.addr, settings(Nothing(reason))).await.ping().await.expect_err("no credentials")
    };
    let none = with(CredentialsError::not_loaded_no_source).await;
    assert_fault(&none, FaultKind::Denied, &["no credentials", "the-bucket", "AWS_PROFILE", "role"]);
    let later = with(|| CredentialsError::provider_error("the metadata service is away")).await;
    assert_fault(&later, FaultKind::Unavailable, &["the-bucket", "can't be fetched"]);
    assert!(server.seen().is_empty(), "nothing is sent unsigned");
}

#[tokio::test]
async fn what_is_no_s3_is_named() {
    let server = Server::start(|_, _| Answer::new(200, "<html>welcome</html>").with("Content-Type", "text/html")).await;
    let fault = source(server.addr).await.ping().await;
    assert!(fault.is_err_and(|fault| fault.message.contains("none of S3's")));
}
