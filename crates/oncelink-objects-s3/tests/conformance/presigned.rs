//! Presigned URLs, judged by an engine that checks signatures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use oncelink_core::object::{ObjectKey, PresignedUrl};
use oncelink_core::ports::{ObjectSource, Presigner};
use oncelink_objects_s3::S3Source;
use oncelink_testkit::ManualClock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::engine::{Engine, fresh_folder, now};
use crate::key;

const DISPOSITION: &str = "attachment; filename=\"a b.bin\"; filename*=UTF-8''%C3%BC.bin";

/// Status, head and body of a GET of `url`, byte by byte as it stands.
async fn get(addr: SocketAddr, url: &str) -> (u16, String, String) {
    let target = url.strip_prefix(&format!("http://{addr}")).expect("a URL of the engine");
    let mut stream = TcpStream::connect(addr).await.expect("the engine");
    let request = format!("GET {target} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a sent request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, head.to_lowercase(), body.to_owned())
}

async fn presign(source: &S3Source, key: &ObjectKey, ttl: Duration) -> PresignedUrl {
    let version = source.head(key).await.expect("the object").version;
    source.presign(key, &version, ttl, DISPOSITION, "application/x-told").await.expect("a URL")
}

#[tokio::test]
async fn a_presigned_url_gives_the_object_under_the_name_and_type_that_were_signed_in() {
    let Some(engine) = Engine::from_env() else { return };
    let folder = fresh_folder();
    let source = engine.source(&folder, engine.addr()).await;
    for name in ["plain.bin", "odd \u{fc} & co+?#%.bin"] {
        let key = key(&format!("{folder}{name}"));
        engine.put(key.as_str(), Bytes::from_static(b"for you")).await;
        let signed = presign(&source, &key, Duration::from_secs(60)).await;
        let (status, head, body) = get(engine.addr(), &signed.url).await;
        assert_eq!((status, body.as_str()), (200, "for you"), "{name}: {head}");
        assert!(head.contains(&format!("content-disposition: {}", DISPOSITION.to_lowercase())), "{head}");
        assert!(head.contains("content-type: application/x-told"), "{head}");
        assert!(head.contains("cache-control: no-store"), "{head}");
    }
}

#[tokio::test]
async fn a_presigned_url_ends_when_it_says() {
    let Some(engine) = Engine::from_env() else { return };
    let folder = fresh_folder();
    let key = key(&format!("{folder}a.bin"));
    engine.put(key.as_str(), Bytes::from_static(b"for you")).await;
    let clock = Arc::new(ManualClock::at(now().minus(Duration::from_secs(30))));
    let source = engine.source_by(&folder, clock.clone()).await;
    for (ttl, works) in [(90, true), (20, false), (29, false)] {
        let signed = presign(&source, &key, Duration::from_secs(ttl)).await;
        assert_eq!(signed.expires_at > now(), works);
        let (status, _, body) = get(engine.addr(), &signed.url).await;
        assert_eq!(status == 200, works, "{ttl} s: {status} {body}");
        assert!(works || matches!(status, 400 | 403), "{ttl} s: {status} {body}");
    }
}

#[tokio::test]
async fn no_character_of_a_presigned_url_can_be_changed() {
    let Some(engine) = Engine::from_env() else { return };
    let folder = fresh_folder();
    let key = key(&format!("{folder}a.bin"));
    engine.put(key.as_str(), Bytes::from_static(b"for you")).await;
    engine.put(&format!("{folder}b.bin"), Bytes::from_static(b"not for you")).await;
    let source = engine.source(&folder, engine.addr()).await;
    let url = presign(&source, &key, Duration::from_secs(60)).await.url;
    let start = url.find(&folder).expect("the key in the URL");
    for place in start..url.len() {
        let old = url.as_bytes()[place];
        let new = if old == b'0' { '1' } else { '0' };
        let edited = format!("{}{new}{}", &url[..place], &url[place + 1..]);
        let (status, _, body) = get(engine.addr(), &edited).await;
        assert!(matches!(status, 400 | 403), "{status} for '{}' at {place} of {url}: {body}", char::from(old));
    }
    assert!(matches!(get(engine.addr(), &url.replace("a.bin", "b.bin")).await.0, 400 | 403));
}
