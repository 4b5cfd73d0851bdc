//! A gateway, its function, a table and a folder of a bucket, of a test's own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use bytes::Bytes;
use futures_util::StreamExt;
use oncelink_core::apikey::ApiKeySecret;
use oncelink_store_dynamodb::DynamoStore;
use oncelink_system::OsEntropy;
use serde_json::{Value, json};

use crate::emulator::event::Shape;
use crate::emulator::function::Function;
use crate::emulator::gateway::{Faults, Gateway};

/// How long one request may take before its test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(120);

/// The engines that the environment names.
#[derive(Clone)]
pub(crate) struct Engines {
    pub(crate) dynamodb: String,
    pub(crate) s3: String,
    pub(crate) bucket: String,
}

/// What a test wants its function to be.
pub(crate) struct Plan {
    pub(crate) shape: Shape,
    pub(crate) streams: bool,
    pub(crate) stage: Option<&'static str>,
    pub(crate) variables: Vec<(&'static str, String)>,
    pub(crate) faults: Faults,
}

/// Everything together.
pub(crate) struct House {
    pub(crate) gateway: Gateway,
    pub(crate) key: ApiKeySecret,
    pub(crate) base: String,
    folder: String,
    engines: Engines,
    client: Client,
    shape: Shape,
    variables: Vec<(String, String)>,
    /// Holds the log.
    scratch: tempfile::TempDir,
}

/// An answer that was read to its end; `whole` is false when it broke off.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) whole: bool,
}

impl Engines {
    /// Nothing when there are none and none are required.
    pub(crate) fn from_env() -> Option<Self> {
        let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        match (var("ONCELINK_TEST_DYNAMODB"), var("ONCELINK_TEST_S3_ENDPOINT")) {
            (Some(dynamodb), Some(s3)) => {
                Some(Self { dynamodb, s3, bucket: var("ONCELINK_TEST_S3_BUCKET").expect("an engine comes with a bucket") })
            }
            _ => {
                let required = var("ONCELINK_TEST_REQUIRE_ENGINES").is_some_and(|wish| wish == "1");
                assert!(!required, "ONCELINK_TEST_DYNAMODB and ONCELINK_TEST_S3_ENDPOINT name no engines");
                skipped();
                None
            }
        }
    }
}

impl Plan {
    /// Buffered, without faults.
    pub(crate) fn buffered(shape: Shape) -> Self {
        Self { shape, streams: false, stage: None, variables: Vec::new(), faults: Faults::default() }
    }

    /// With response streaming.
    pub(crate) fn streaming(shape: Shape) -> Self {
        Self { streams: true, ..Self::buffered(shape) }
    }

    /// With one more variable for the function.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// The house; nothing without engines.
    pub(crate) async fn build(self) -> Option<House> {
        House::build(self).await
    }
}

impl House {
    async fn build(plan: Plan) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let engines = Engines::from_env()?;
        let scratch = tempfile::tempdir().expect("a folder");
        // The folder's name is random, and good enough for all that must be this house's alone.
        let name = scratch.path().file_name().expect("a name").to_string_lossy().trim_start_matches('.').to_owned();
        let table = format!("lambda-{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = format!("lambda/{table}");
        Box::pin(DynamoStore::open(&table, Some("us-east-1"), Some(&engines.dynamodb))).await.unwrap_or_else(|error| panic!("{error}"));
        let key = ApiKeySecret::create(&OsEntropy);
        let mut variables: Vec<(String, String)> = [
            ("ONCELINK_STORE", format!("dynamodb://{table}?region=us-east-1&endpoint={}", engines.dynamodb)),
            ("ONCELINK_SOURCE", source(&engines, &engines.s3, &folder)),
            ("ONCELINK_API_KEY_HASHES", data_encoding::HEXLOWER.encode(&key.hash().0)),
            ("ONCELINK_LAMBDA_MODE", if plan.streams { "stream" } else { "buffered" }.to_owned()),
            // Everything that it would ever log.
            ("ONCELINK_LOG", "trace".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
        if plan.shape.domain().is_none() {
            variables.push(("ONCELINK_PUBLIC_URL".to_owned(), "https://files.example.org".to_owned()));
        }
        variables.extend(plan.variables.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let function = function(variables.clone(), &scratch);
        let gateway = Gateway::new(function, plan.shape, plan.stage.map(str::to_owned), plan.faults);
        let base = format!("https://{}{}", plan.shape.domain().unwrap_or_else(|| "files.example.org".to_owned()), gateway.base());
        let client = client(&engines);
        Some(Self { gateway, key, base, folder, engines, client, shape: plan.shape, variables, scratch })
    }

    /// Another function on the same table and folder, which reaches the bucket by way of `s3`.
    pub(crate) fn by_way_of(&self, s3: &str) -> Self {
        let scratch = tempfile::tempdir().expect("a folder");
        let mut variables = self.variables.clone();
        variables.push(("ONCELINK_SOURCE".to_owned(), source(&self.engines, s3, &self.folder)));
        let gateway = Gateway::new(function(variables.clone(), &scratch), self.shape, None, Faults::default());
        let (key, base, folder) = (self.key.clone(), self.base.clone(), self.folder.clone());
        Self {
            gateway,
            key,
            base,
            folder,
            engines: self.engines.clone(),
            client: self.client.clone(),
            shape: self.shape,
            variables,
            scratch,
        }
    }

    /// Puts an object.
    pub(crate) async fn put(&self, name: &str, content: impl Into<Bytes>) {
        let request = self.client.put_object().bucket(&self.engines.bucket).key(self.object(name)).body(content.into().into());
        Box::pin(request.send()).await.unwrap_or_else(|error| panic!("put {name}: {error:?}"));
    }

    /// The whole key of an object.
    pub(crate) fn object(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    /// Creates a link to an object; the API's answer.
    pub(crate) async fn create(&self, name: &str, wish: Value) -> Value {
        let mut wish = wish;
        wish["key"] = json!(self.object(name));
        let request = self.sender("POST", "/v1/links").header(header::CONTENT_TYPE, "application/json");
        let answer = self.send(request.body(Body::from(wish.to_string())).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()
    }

    /// Creates a link; its path.
    pub(crate) async fn link(&self, name: &str, wish: Value) -> String {
        self.path(&self.create(name, wish).await["url"])
    }

    /// What a sender is told of a link.
    pub(crate) async fn record(&self, link: &Value) -> Value {
        let id = link["id"].as_str().expect("an id");
        self.send(self.sender("GET", &format!("/v1/links/{id}")).body(Body::empty()).expect("a request")).await.json()
    }

    /// A sender's request, with the key.
    pub(crate) fn sender(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let target = format!("{}{path}", self.gateway.base());
        Request::builder().method(method).uri(target).header(header::AUTHORIZATION, format!("Bearer {}", self.key.reveal()))
    }

    /// The path, stage included, of an absolute address that must begin with the public URL.
    pub(crate) fn path(&self, url: &Value) -> String {
        let url = url.as_str().expect("an address");
        let rest = url.strip_prefix(&self.base).unwrap_or_else(|| panic!("{url} must begin with {}", self.base));
        format!("{}{rest}", self.gateway.base())
    }

    /// Claims by POST; what the claim says.
    pub(crate) async fn claim(&self, link: &str) -> Value {
        let answer =
            self.send(Request::post(link).header(header::ACCEPT, "application/json").body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()
    }

    /// Claims and gives the path of the bytes.
    pub(crate) async fn address(&self, link: &str) -> String {
        self.path(&self.claim(link).await["url"])
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// A GET of a range.
    pub(crate) async fn range(&self, path: &str, range: &str) -> Answer {
        self.send(Request::get(path).header(header::RANGE, range).body(Body::empty()).expect("a request")).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        tokio::time::timeout(PATIENCE, self.exchange(request)).await.expect("an answer in time")
    }

    async fn exchange(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.gateway.call(request).await.into_parts();
        let mut chunks = body.into_data_stream();
        let (mut body, mut whole) = (Vec::new(), true);
        while let Some(chunk) = chunks.next().await {
            match chunk {
                Ok(chunk) => body.extend_from_slice(&chunk),
                Err(_) => whole = false,
            }
        }
        Answer { status: parts.status, headers: parts.headers, body, whole }
    }

    /// All that its instances have logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read(self.scratch.path().join("log")).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        let reason = self.header("x-emulator-reason");
        let is_file = self.headers.contains_key(header::CONTENT_DISPOSITION);
        let shown = if is_file { String::new() } else { String::from_utf8_lossy(&self.body).chars().take(2_000).collect() };
        format!("{} {reason} {shown}", self.status)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

fn function(variables: Vec<(String, String)>, scratch: &tempfile::TempDir) -> Function {
    Function::new(PathBuf::from(env!("CARGO_BIN_EXE_bootstrap")), variables, Some(scratch.path().join("log")))
}

fn source(engines: &Engines, s3: &str, folder: &str) -> String {
    format!("files=s3://{}/{folder}?endpoint={s3}&region=us-east-1&path_style=true", engines.bucket)
}

fn client(engines: &Engines) -> Client {
    let needed = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(aws_smithy_http_client::tls::Provider::Rustls(aws_smithy_http_client::tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .region(Region::new("us-east-1"))
        .endpoint_url(&engines.s3)
        .credentials_provider(Credentials::new(needed("AWS_ACCESS_KEY_ID"), needed("AWS_SECRET_ACCESS_KEY"), None, None, "test"))
        .force_path_style(true);
    Client::from_conf(config.build())
}

/// Bytes that repeat nowhere near.
pub(crate) fn content(size: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests shall see that these were not")]
fn skipped() {
    eprintln!("skipped: ONCELINK_TEST_DYNAMODB and ONCELINK_TEST_S3_ENDPOINT name no engines; scripts/engines starts them");
}
