//! The engine that the environment names, and a way to it that counts bytes.

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use bytes::Bytes;
use oncelink_core::Timestamp;
use oncelink_core::ports::Clock;
use oncelink_objects_s3::{Place, S3Source, Settings};
use oncelink_testkit::ManualClock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An engine, and a client of the tests' own that puts objects.
pub(crate) struct Engine {
    bucket: String,
    endpoint: String,
    region: String,
    credentials: Credentials,
    client: Client,
}

impl Engine {
    /// The engine that the environment names; nothing when there is none and none is required.
    pub(crate) fn from_env() -> Option<Self> {
        let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let Some(endpoint) = var("ONCELINK_TEST_S3_ENDPOINT") else {
            assert!(var("ONCELINK_TEST_REQUIRE_ENGINES").is_none_or(|wish| wish != "1"), "ONCELINK_TEST_S3_ENDPOINT names no S3 engine");
            skipped();
            return None;
        };
        let needed = |name| var(name).unwrap_or_else(|| panic!("{name} is not set"));
        let credentials = Credentials::new(needed("AWS_ACCESS_KEY_ID"), needed("AWS_SECRET_ACCESS_KEY"), None, None, "test");
        let region = var("AWS_REGION").unwrap_or_else(|| "us-east-1".to_owned());
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(aws_smithy_http_client::tls::Provider::Rustls(aws_smithy_http_client::tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(http)
            .region(Region::new(region.clone()))
            .endpoint_url(&endpoint)
            .credentials_provider(credentials.clone())
            .force_path_style(true);
        let client = Client::from_conf(config.build());
        Some(Self { bucket: needed("ONCELINK_TEST_S3_BUCKET"), endpoint, region, credentials, client })
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.endpoint.trim_start_matches("http://").trim_end_matches('/').parse().expect("the tests want an address")
    }

    /// A source on `folder`, reached through `addr`.
    pub(crate) async fn source(&self, folder: &str, addr: SocketAddr) -> S3Source {
        self.source_of(&self.bucket, folder, addr).await
    }

    /// A source on any bucket.
    pub(crate) async fn source_of(&self, bucket: &str, folder: &str, addr: SocketAddr) -> S3Source {
        self.source_at(bucket, folder, addr, Arc::new(ManualClock::at(now()))).await
    }

    /// A source on `folder` that takes `clock`'s word for the time.
    pub(crate) async fn source_by(&self, folder: &str, clock: Arc<dyn Clock>) -> S3Source {
        self.source_at(&self.bucket, folder, self.addr(), clock).await
    }

    async fn source_at(&self, bucket: &str, folder: &str, addr: SocketAddr, clock: Arc<dyn Clock>) -> S3Source {
        let place = Place {
            bucket: bucket.to_owned(),
            prefix: folder.to_owned(),
            endpoint: Some(format!("http://{addr}")),
            region: Some(self.region.clone()),
            path_style: true,
        };
        let settings = Settings { credentials: Some(SharedCredentialsProvider::new(self.credentials.clone())), ..Settings::default() };
        S3Source::with(place, clock, &settings).await.expect("a source")
    }

    /// Puts an object.
    pub(crate) async fn put(&self, key: &str, bytes: Bytes) {
        let request = self.client.put_object().bucket(&self.bucket).key(key).body(bytes.into());
        Box::pin(request.send()).await.unwrap_or_else(|error| panic!("put {key:?}: {error:?}"));
    }

    /// Deletes an object.
    pub(crate) async fn delete(&self, key: &str) {
        let request = self.client.delete_object().bucket(&self.bucket).key(key);
        Box::pin(request.send()).await.unwrap_or_else(|error| panic!("delete {key:?}: {error:?}"));
    }
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests shall see that these were not")]
fn skipped() {
    eprintln!("skipped: ONCELINK_TEST_S3_ENDPOINT names no S3 engine; scripts/engines/garage.sh starts one");
}

/// The time that engines compare signatures with.
#[expect(clippy::disallowed_methods, reason = "an engine has no clock that could be turned")]
pub(crate) fn now() -> Timestamp {
    let span = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time after 1970");
    Timestamp::from_millis(0).plus(span)
}

/// A prefix that nobody else uses, with a slash at its end.
pub(crate) fn fresh_folder() -> String {
    format!("conformance/{:016x}/", RandomState::new().hash_one(now().as_millis()))
}

/// A way to the engine that counts what comes back.
pub(crate) struct Meter {
    /// Where it begins.
    pub(crate) addr: SocketAddr,
    bytes: Arc<AtomicU64>,
}

impl Meter {
    /// A meter before `engine`, as long as the test's runtime lives.
    pub(crate) async fn before(engine: &Engine) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let (addr, target) = (listener.local_addr().expect("an address"), engine.addr());
        let bytes = Arc::new(AtomicU64::new(0));
        let counter = bytes.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, target, counter.clone()));
            }
        });
        Self { addr, bytes }
    }

    /// How many bytes came back so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::SeqCst)
    }
}

/// Carries bytes both ways until either side has enough.
async fn carry(client: TcpStream, target: SocketAddr, counter: Arc<AtomicU64>) {
    let Ok(engine) = TcpStream::connect(target).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_engine, mut to_engine) = engine.into_split();
    let there = async move { tokio::io::copy(&mut from_client, &mut to_engine).await.map(drop) };
    let back = async move {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = from_engine.read(&mut buffer).await?;
            if count == 0 {
                return Ok::<(), std::io::Error>(());
            }
            counter.fetch_add(count as u64, Ordering::SeqCst);
            to_client.write_all(&buffer[..count]).await?;
        }
    };
    tokio::select! {
        _ = there => {}
        _ = back => {}
    }
}
