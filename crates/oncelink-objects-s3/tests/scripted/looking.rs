//! Heads and listings.

use data_encoding::BASE64;
use oncelink_core::FaultKind;
use oncelink_core::object::{ListedObject, ObjectError};
use oncelink_core::ports::ObjectSource;

use crate::server::{Answer, Server};
use crate::{assert_fault, fault, key, source, version};

#[tokio::test]
async fn head_tells_what_the_bucket_says() {
    let server = Server::start(|_, _| {
        Answer::new(200, "")
            .with("Content-Length", "12345")
            .with("Content-Type", "application/pdf")
            .with("ETag", "\"abc-2\"")
            .with("Last-Modified", "Tue, 14 Nov 2023 22:13:20 GMT")
            .with("x-amz-version-id", "v7")
            .with("x-amz-checksum-sha256", BASE64.encode(&[9; 32]))
            .with("x-amz-checksum-type", "FULL_OBJECT")
    })
    .await;
    let info = source(server.addr).await.head(&key()).await.expect("an object");
    assert_eq!((info.size, info.version), (12345, version("abc-2", Some("v7"))));
    assert_eq!((info.content_type.as_deref(), info.sha256), (Some("application/pdf"), Some([9; 32])));
    assert_eq!(info.modified.map(|time| time.as_millis()), Some(1_700_000_000_000));
    let [request] = &server.seen()[..] else { panic!("one HEAD: {:?}", server.seen()) };
    assert_eq!((request.method.as_str(), request.target.as_str()), ("HEAD", "/the-bucket/dir/file.bin"));
    assert_eq!(request.header("x-amz-checksum-mode"), Some("ENABLED"));
}

#[tokio::test]
async fn an_object_without_a_strong_etag_is_a_fault_that_says_so() {
    for weak in ["W/\"abc\"", ""] {
        let server = Server::start(move |_, _| Answer::new(200, "abc").with("ETag", weak)).await;
        let error = source(server.addr).await.head(&key()).await.expect_err("no version");
        assert_fault(&fault(error), FaultKind::Unavailable, &["the-bucket", "ETag", "dir/file.bin"]);
    }
}

/// What a HEAD that fails with `status` becomes when a GET would be answered with `named`.
async fn head_fails(status: u16, named: Answer) -> ObjectError {
    let answer = move |_: usize, request: &crate::server::Request| {
        if request.method == "HEAD" { Answer::new(status, "") } else { named.clone() }
    };
    let server = Server::start(answer).await;
    source(server.addr).await.head(&key()).await.expect_err("a failed HEAD")
}

#[tokio::test]
async fn a_failed_head_is_explained_by_a_get() {
    assert!(matches!(head_fails(404, Answer::error(404, "NoSuchKey")).await, ObjectError::NotFound));
    let gone = fault(head_fails(404, Answer::error(404, "NoSuchBucket")).await);
    assert_fault(&gone, FaultKind::Unavailable, &["no bucket 'the-bucket'"]);
    let denied = fault(head_fails(403, Answer::error(403, "AccessDenied")).await);
    assert_fault(&denied, FaultKind::Denied, &["the-bucket", "s3:GetObject", "s3:ListBucket"]);
    let expired = fault(head_fails(400, Answer::error(400, "ExpiredToken")).await);
    assert_fault(&expired, FaultKind::Denied, &["the-bucket", "expired", "renew"]);
    // The object came back in between: then what HEAD saw counts.
    let back = Answer::new(206, "x").with("ETag", "\"e\"").with("Content-Range", "bytes 0-0/1");
    assert!(matches!(head_fails(404, back).await, ObjectError::NotFound));
}

#[tokio::test]
async fn a_listing_asks_for_a_page_at_the_cursor_and_decodes_it() {
    let server = Server::start(|_, _| {
        Answer::new(
            200,
            "<ListBucketResult><Name>the-bucket</Name><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\
             <NextContinuationToken>to+ken/2=</NextContinuationToken>\
             <Contents><Key>a/x+y%2Bz</Key><Size>7</Size><LastModified>2023-11-14T22:13:20.000Z</LastModified></Contents>\
             <CommonPrefixes><Prefix>a/%C3%BC/</Prefix></CommonPrefixes></ListBucketResult>",
        )
    })
    .await;
    let page = source(server.addr).await.list("a/", Some("to+ken/1="), 50).await.expect("a page");
    let [ListedObject::Object { key, size: 7, modified: Some(_) }, ListedObject::Folder(folder)] = &page.entries[..] else {
        panic!("an object and a folder: {page:?}");
    };
    assert_eq!((key.as_str(), folder.as_str(), page.next.as_deref()), ("a/x y+z", "a/\u{fc}/", Some("to+ken/2=")));
    let target = &server.seen()[0].target;
    for part in ["continuation-token=to%2Bken%2F1%3D", "max-keys=50", "prefix=a%2F", "delimiter=%2F", "encoding-type=url"] {
        assert!(target.contains(part), "{part} in {target}");
    }
}

#[tokio::test]
async fn a_refused_listing_names_the_right_that_is_missing() {
    let server = Server::start(|_, _| Answer::error(403, "AccessDenied")).await;
    let source = source(server.addr).await;
    let listed = fault(source.list("", None, 10).await.expect_err("refused"));
    assert_fault(&listed, FaultKind::Denied, &["the-bucket", "s3:ListBucket"]);
    assert_fault(&source.ping().await.expect_err("refused"), FaultKind::Denied, &["the-bucket", "s3:ListBucket"]);
}

#[tokio::test]
async fn a_cursor_that_the_bucket_refuses_is_unfit_and_other_failures_are_not() {
    let server = Server::start(|number, _| Answer::error(400, if number == 0 { "InvalidArgument" } else { "ExpiredToken" })).await;
    let source = source(server.addr).await;
    assert!(matches!(source.list("", Some("strange"), 10).await, Err(ObjectError::Unfit(_))));
    let expired = fault(source.list("", Some("good"), 10).await.expect_err("no credentials any more"));
    assert_fault(&expired, FaultKind::Denied, &["expired"]);
}
