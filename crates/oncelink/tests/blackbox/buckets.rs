//! The same promises over a real S3 engine, and what only S3 has: presigned redirects.
//!
//! They run when `ONCELINK_TEST_S3_ENDPOINT` names an engine (see `scripts/engines/garage.sh`), and pass unlooked otherwise.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::harness::http::percent;
use crate::harness::link::path_of;
use crate::harness::s3::Bucket;
use crate::harness::{Cable, Link, Req, Res, Server, Setup, holder, pattern, until};

/// A server on a folder of the bucket that is this test's own, reached through a cable.
struct Place {
    server: Server,
    bucket: Bucket,
    cable: Cable,
    prefix: String,
}

impl Place {
    /// Nothing when no engine runs.
    async fn prepare(setup: Setup) -> Option<Self> {
        let bucket = Bucket::from_env()?;
        let cable = Cable::to(bucket.addr()).await;
        let prefix = format!("blackbox/{}", holder());
        let endpoint = percent(&format!("http://{}", cable.addr));
        let source = format!("files=s3://{}/{prefix}?endpoint={endpoint}&region={}&path_style=true", bucket.name, bucket.region);
        let setup = setup.source(&source).env("AWS_ACCESS_KEY_ID", &bucket.access_key).env("AWS_SECRET_ACCESS_KEY", &bucket.secret_key);
        let server = setup.env("AWS_EC2_METADATA_DISABLED", "true").start().await;
        Some(Self { server, bucket, cable, prefix })
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }

    async fn put(&self, name: &str, content: &[u8]) {
        self.bucket.put(&self.key(name), content).await;
    }

    async fn link(&self, name: &str, more: serde_json::Value) -> Link {
        let mut terms = json!({"source": "files", "key": self.key(name)});
        for (field, value) in more.as_object().expect("an object") {
            terms[field] = value.clone();
        }
        self.server.link(terms).await
    }
}

#[tokio::test]
async fn objects_of_a_bucket_are_redeemed_whole_and_once() {
    let Some(place) = Place::prepare(Setup::new()).await else { return };
    for size in [0, 1, 65_536, (5 << 20) + 3] {
        let content = pattern(size, size as u64);
        place.put("na\u{ef}ve & co.bin", &content).await;
        for gate in ["page", "direct"] {
            let link = place.link("na\u{ef}ve & co.bin", json!({"gate": gate})).await;
            let answer = match gate {
                "page" => link.claim(place.server.addr).await.get().send(place.server.addr).await,
                _ => Req::get(&link.path).send(place.server.addr).await,
            };
            let answer = answer.expect(200, gate);
            assert!(answer.whole && answer.body == content, "{size} bytes, {gate} gate");
            assert!(answer.must("content-disposition").contains("na%C3%AFve%20%26%20co.bin"), "{answer}");
            link.try_claim(place.server.addr, &holder()).await.refused(410, "spent", "afterwards");
        }
    }
    let outside = json!({"source": "files", "key": "elsewhere/a.bin"});
    place.server.api("POST", "/v1/links", Some(&outside)).await.refused(400, "invalid-request", "outside the prefix");
    let missing = json!({"source": "files", "key": place.key("missing.bin")});
    place.server.api("POST", "/v1/links", Some(&missing)).await.refused(404, "object-not-found", "no such object");
    let objects = place.server.api("GET", &format!("/v1/objects?source=files&prefix={}/", percent(&place.prefix)), None).await;
    assert_eq!(objects.expect(200, "browse").json()["objects"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn sem_4_a_download_from_a_bucket_is_resumed_across_a_kill() {
    let Some(mut place) = Place::prepare(Setup::new()).await else { return };
    let content = pattern(12 << 20, 3);
    place.put("a.bin", &content).await;
    let link = place.link("a.bin", json!({})).await;
    let claim = link.claim(place.server.addr).await;
    let mut open = claim.get().receive_buffer(64 * 1024).open(place.server.addr).await;
    let mut got = open.read(1_000_000).await;
    place.server.kill();
    drop(open);
    place.server.start_again().await;
    let middle = claim.resume("bytes=1000000-1999999").send(place.server.addr).await.expect(206, "a bounded range");
    let rest = claim.resume("bytes=2000000-").send(place.server.addr).await.expect(206, "the rest");
    got.extend(middle.body);
    got.extend(rest.body);
    assert!(got == content);
    claim.get().send(place.server.addr).await.refused(410, "completed", "afterwards");
}

#[tokio::test]
async fn sem_8_a_changed_or_deleted_object_of_a_bucket_is_refused_unspent() {
    let Some(place) = Place::prepare(Setup::new()).await else { return };
    place.put("a.bin", b"original").await;
    let page = place.link("a.bin", json!({})).await;
    let direct = place.link("a.bin", json!({"gate": "direct"})).await;
    let redirect = place.link("a.bin", json!({"delivery": "redirect"})).await;
    let addr = place.server.addr;
    place.put("a.bin", b"replaced").await;
    page.try_claim(addr, &holder()).await.refused(409, "object-changed", "page gate");
    Req::get(&direct.path).send(addr).await.refused(409, "object-changed", "direct gate");
    redirect.try_claim(addr, &holder()).await.refused(409, "object-changed", "redirect");
    place.bucket.delete(&place.key("a.bin")).await;
    page.try_claim(addr, &holder()).await.refused(404, "object-not-found", "page gate");
    Req::get(&direct.path).send(addr).await.refused(404, "object-not-found", "direct gate");
    for link in [&page, &direct, &redirect] {
        place.server.assert_unspent(link, "changed and deleted").await;
    }
    place.put("a.bin", b"original").await;
    assert_eq!(page.claim(addr).await.get().send(addr).await.expect(200, "restored").body, b"original");
    assert_eq!(Req::get(&direct.path).send(addr).await.expect(200, "restored").body, b"original");
}

#[tokio::test]
async fn sem_11_an_unreachable_bucket_is_503_and_costs_no_use() {
    let Some(place) = Place::prepare(Setup::new()).await else { return };
    place.put("a.bin", b"original").await;
    let page = place.link("a.bin", json!({})).await;
    let direct = place.link("a.bin", json!({"gate": "direct"})).await;
    let addr = place.server.addr;
    place.cable.cut();
    for answer in [page.try_claim(addr, &holder()).await, Req::get(&direct.path).send(addr).await] {
        answer.refused(503, "source-unavailable", "the bucket is unreachable");
        assert!(answer.header("retry-after").is_some(), "{answer}");
    }
    place.server.assert_unspent(&page, "page gate").await;
    place.server.assert_unspent(&direct, "direct gate").await;
    place.cable.mend();
    let holder = holder();
    let claim = until("the bucket is back", Duration::from_secs(30), async || {
        let answer = page.try_claim(addr, &holder).await;
        assert!(matches!(answer.status, 201 | 503), "{answer}");
        (answer.status == 201).then(|| crate::harness::Claim::from_json(&answer.json(), &holder))
    })
    .await;
    assert_eq!(claim.get().send(addr).await.expect(200, "the bytes").body, b"original");
    assert_eq!(Req::get(&direct.path).send(addr).await.expect(200, "directly").body, b"original");
}

#[tokio::test]
async fn sem_4_a_bucket_lost_in_mid_body_leaves_the_claim_to_be_finished() {
    let Some(place) = Place::prepare(Setup::new()).await else { return };
    let content = pattern(24 << 20, 3);
    place.put("a.bin", &content).await;
    let link = place.link("a.bin", json!({})).await;
    let claim = link.claim(place.server.addr).await;
    let mut open = claim.get().receive_buffer(64 * 1024).open(place.server.addr).await;
    let mut got = open.read(500_000).await;
    place.cable.cut();
    got.extend(open.read(content.len()).await);
    place.cable.mend();
    assert_eq!(got[..], content[..got.len()], "no foreign byte, cut or not");
    if got.len() < content.len() {
        let range = format!("bytes={}-", got.len());
        let rest = until("the bucket is back", Duration::from_secs(30), async || {
            let answer = claim.resume(&range).send(place.server.addr).await;
            assert!(matches!(answer.status, 206 | 503), "{answer}");
            (answer.status == 206 && answer.whole).then_some(answer)
        })
        .await;
        got.extend(rest.body);
    }
    assert!(got == content);
    claim.get().send(place.server.addr).await.refused(410, "completed", "afterwards");
}

#[tokio::test]
async fn sem_9_a_redirect_is_one_exchange_for_a_short_lived_url() {
    let Some(place) = Place::prepare(Setup::new().flag("redirect-ttl", "8s")).await else { return };
    place.put("a.bin", b"original").await;
    let addr = place.server.addr;
    let link = place.link("a.bin", json!({"delivery": "redirect", "filename": "given name.bin"})).await;
    let claim = link.claim(addr).await;
    assert!(Req::head(&claim.path).send(addr).await.status < 400, "HEAD spends no redirect");
    let answer = claim.get().send(addr).await.expect(302, "the redirect");
    assert_eq!(answer.must("access-control-allow-origin"), "*");
    assert_eq!((answer.must("cache-control"), answer.must("referrer-policy")), ("no-store", "no-referrer"));
    let url = answer.must("location").to_owned();
    let life: u64 =
        url.split("X-Amz-Expires=").nth(1).and_then(|rest| rest.split('&').next()).and_then(|life| life.parse().ok()).expect("a life");
    assert!((1..=8).contains(&life), "{life} s");
    let bytes = fetch(&place, &url).await.expect(200, "the presigned URL");
    assert_eq!(bytes.body, b"original");
    assert!(bytes.must("content-disposition").contains("given%20name.bin"), "{bytes}");
    claim.get().send(addr).await.refused(410, "completed", "a second exchange");
    link.try_claim(addr, &claim.holder).await.refused(410, "completed", "the holder's claim");
    link.try_claim(addr, &holder()).await.refused(410, "spent", "another holder");
    let last = url.chars().last().expect("a signature");
    let edited = format!("{}{}", &url[..url.len() - 1], if last == '0' { '1' } else { '0' });
    assert_eq!(fetch(&place, &edited).await.status, 403, "an edited signature");
    let renamed = url.replace("a.bin", "b.bin");
    assert_eq!(fetch(&place, &renamed).await.status, 403, "another key");
    sleep(Duration::from_secs(life + 2)).await;
    let late = fetch(&place, &url).await;
    assert!(matches!(late.status, 400 | 403), "expired: {late}");
}

#[tokio::test]
async fn sem_9_a_direct_redirect_link_is_one_exchange_too() {
    let Some(place) = Place::prepare(Setup::new()).await else { return };
    place.put("a.bin", b"original").await;
    let addr = place.server.addr;
    let link = place.link("a.bin", json!({"delivery": "redirect", "gate": "direct"})).await;
    Req::head(&link.path).send(addr).await.expect(200, "HEAD");
    place.server.assert_unspent(&link, "HEAD").await;
    let answer = Req::get(&link.path).send(addr).await.expect(302, "the redirect");
    assert_eq!(answer.must("access-control-allow-origin"), "*");
    assert_eq!(fetch(&place, answer.must("location")).await.expect(200, "the bytes").body, b"original");
    Req::get(&link.path).send(addr).await.refused(410, "spent", "again");
    let auto = place.link("a.bin", json!({"gate": "direct"})).await;
    assert_eq!(Req::get(&auto.path).send(addr).await.status, 200, "auto never redirects unless the operator allows it");
}

#[tokio::test]
async fn sem_10_no_presigned_signature_is_logged() {
    let Some(place) = Place::prepare(Setup::new().trace()).await else { return };
    place.put("a.bin", b"original").await;
    let link = place.link("a.bin", json!({"delivery": "redirect"})).await;
    let claim = link.claim(place.server.addr).await;
    let answer = claim.get().send(place.server.addr).await.expect(302, "the redirect");
    let url = answer.must("location");
    let signature = url.split("X-Amz-Signature=").nth(1).and_then(|rest| rest.split('&').next()).expect("a signature").to_owned();
    let log = place.server.log();
    for (what, secret) in
        [("signature", signature.as_str()), ("token", &link.token), ("secret key", &place.bucket.secret_key), ("claim", claim.secret())]
    {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "the {what} is in the log: {}", line.unwrap_or_default());
    }
}

/// Follows a presigned URL to the engine, as a browser would.
async fn fetch(place: &Place, url: &str) -> Res {
    assert!(url.starts_with(&format!("http://{}/", place.cable.addr)), "{url}");
    Req::get(&path_of(url)).send(place.cable.addr).await
}
