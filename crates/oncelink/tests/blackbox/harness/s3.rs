//! A tiny S3 client for the tests: signs PUT, DELETE and HEAD with AWS Signature Version 4, path style, plain HTTP.
//!
//! It exists so that the tests put objects with other code than the product's. Engine and credentials come from
//! `ONCELINK_TEST_S3_ENDPOINT` and its sisters, as `scripts/engines/garage.sh start` prints them.

use std::net::SocketAddr;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::http::{Req, Res, percent};

/// An S3 bucket of the test engine.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) endpoint: String,
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
}

impl Bucket {
    /// The bucket that the environment names; nothing when no engine runs.
    pub(crate) fn from_env() -> Option<Self> {
        let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let first = |names: &[&str]| names.iter().find_map(|name| var(name));
        Some(Self {
            endpoint: var("ONCELINK_TEST_S3_ENDPOINT")?.trim_end_matches('/').to_owned(),
            name: first(&["ONCELINK_TEST_S3_BUCKET"]).expect("an engine comes with a bucket"),
            region: first(&["ONCELINK_TEST_S3_REGION", "AWS_REGION"]).unwrap_or_else(|| "us-east-1".to_owned()),
            access_key: first(&["ONCELINK_TEST_S3_ACCESS_KEY", "AWS_ACCESS_KEY_ID"]).expect("an engine comes with credentials"),
            secret_key: first(&["ONCELINK_TEST_S3_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"]).expect("an engine comes with credentials"),
        })
    }

    /// The host and port of the engine.
    pub(crate) fn addr(&self) -> SocketAddr {
        let host = self.endpoint.trim_start_matches("http://");
        host.parse().unwrap_or_else(|error| panic!("{host}: the tests want an address: {error}"))
    }

    /// Puts an object.
    pub(crate) async fn put(&self, key: &str, content: &[u8]) {
        let answer = self.signed("PUT", key, content).await;
        assert_eq!(answer.status, 200, "put {key}: {answer}");
    }

    /// Deletes an object.
    pub(crate) async fn delete(&self, key: &str) {
        let answer = self.signed("DELETE", key, b"").await;
        assert!(matches!(answer.status, 200 | 204), "delete {key}: {answer}");
    }

    async fn signed(&self, method: &str, key: &str, content: &[u8]) -> Res {
        let at = Timestamp::now();
        let (day, time) = (at.strftime("%Y%m%d").to_string(), at.strftime("%Y%m%dT%H%M%SZ").to_string());
        let path = format!("/{}/{}", self.name, key.split('/').map(percent).collect::<Vec<_>>().join("/"));
        let host = self.addr().to_string();
        let hash = hex(&Sha256::digest(content));
        let names = "host;x-amz-content-sha256;x-amz-date";
        let canonical = format!("{method}\n{path}\n\nhost:{host}\nx-amz-content-sha256:{hash}\nx-amz-date:{time}\n\n{names}\n{hash}");
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let secret = format!("AWS4{}", self.secret_key);
        let parts = [day.as_str(), &self.region, "s3", "aws4_request", &to_sign];
        let signature: Vec<u8> = parts.iter().fold(secret.into_bytes(), |key, part| hmac(&key, part.as_bytes()));
        let signature = hex(&signature);
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", self.access_key);
        let request = Req::new(method, &path).header("x-amz-content-sha256", hash).header("x-amz-date", time);
        request.header("Authorization", authorization).body(content).send(self.addr()).await
    }
}

/// HMAC-SHA-256 (RFC 2104).
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    match key.len() {
        0..=64 => block[..key.len()].copy_from_slice(key),
        _ => block[..32].copy_from_slice(&Sha256::digest(key)),
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
