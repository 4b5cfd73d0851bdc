//! The way to a table: credentials, region, endpoint, time-outs and retries.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryPartition;
use aws_smithy_http_client::{Builder, tls};

use crate::open_error::OpenError;

/// How long after its end a record stays, unless [`crate::DynamoStore::with_retention`] says otherwise, before DynamoDB's
/// time to live takes it. A purge may take it sooner.
pub const RETENTION: Duration = Duration::from_secs(90 * 24 * 3_600);
/// As long as any time to live can say.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(100 * 366 * 24 * 3_600);

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(3);
/// How long a call may take, all its attempts together.
const CALL: Duration = Duration::from_secs(10);
/// How often a call is attempted.
const ATTEMPTS: u32 = 3;
/// The region of an endpoint that isn't AWS's, when nobody names one: it has to be in the signature.
const ANY_REGION: &str = "us-east-1";

/// A client with this crate's time-outs and retries, and the usual AWS chain of credentials. `table` is for messages.
///
/// # Errors
/// [`OpenError::NoRegion`].
pub async fn connect(table: &str, region: Option<&str>, endpoint: Option<&str>) -> Result<Client, OpenError> {
    let http = Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https();
    let region = region.map(|name| Region::new(name.to_owned()));
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(CALL).connect_timeout(ATTEMPT).build();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
    if let Some(region) = region {
        loader = loader.region(region);
    }
    let config = Box::pin(loader.load()).await;
    // A budget of retries of its own: the SDK would share one with every other client of the process.
    let partition = RetryPartition::new(format!("oncelink/{table}"));
    let mut builder = aws_sdk_dynamodb::config::Builder::from(&config).retry_partition(partition);
    if let Some(endpoint) = endpoint {
        builder = builder.endpoint_url(endpoint);
    }
    match (config.region(), endpoint) {
        (Some(_), _) => {}
        (None, Some(_)) => builder = builder.region(Region::new(ANY_REGION)),
        (None, None) => return Err(OpenError::NoRegion { table: table.to_owned() }),
    }
    Ok(Client::from_conf(builder.build()))
}

/// Whether DynamoDB takes `name` for a table.
pub(crate) fn check_name(name: &str) -> Result<(), OpenError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if (3..=255).contains(&name.len()) && name.bytes().all(plain) { Ok(()) } else { Err(OpenError::BadName { name: name.to_owned() }) }
}
