//! The SDK's client for one place: region, credentials, time-outs, retries.
//!
//! Must not bound how long a body takes: a recipient may be as slow as they like, only a bucket may not stall.

use std::sync::Arc;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, RequestChecksumCalculation, ResponseChecksumValidation, SharedCredentialsProvider};
use oncelink_core::{Fault, FaultKind};

use crate::credentials::{Issued, Watched};
use crate::place::Place;
use crate::transport;

/// How often a request is tried. All of ours read, so that trying again is safe.
const ATTEMPTS: u32 = 3;
/// Where a service is said to be that has no region of its own.
const NOWHERE: &str = "us-east-1";

/// What else a source can be told: the defaults are right for a server.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Credentials in place of the usual chain's.
    pub credentials: Option<SharedCredentialsProvider>,
    /// How long the bucket is waited for.
    pub patience: Patience,
}

/// How long the bucket is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the head of an answer, connecting included.
    pub answer: Duration,
    /// For the next bytes of a body, before it is asked for anew.
    pub stall: Duration,
    /// Before a broken body is asked for the second time; the third time it is four times as long.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            pause: Duration::from_millis(500),
        }
    }
}

/// A client, and what it was made of.
pub(crate) struct Connected {
    pub(crate) client: Client,
    pub(crate) region: String,
    pub(crate) issued: Arc<Issued>,
}

/// A client for `place`. Nothing of the bucket is asked yet.
///
/// # Errors
/// A [`Fault`] when there is no region, or no provider of credentials.
pub(crate) async fn connect(place: &Place, settings: &Settings) -> Result<Connected, Fault> {
    let shared = load(place, settings).await;
    let Some(region) = shared.region().map(ToString::to_string) else {
        let remedy = format!("no region is known for {place}; write s3://{}?region=REGION, or set AWS_REGION", place.bucket);
        return Err(Fault::unavailable(remedy));
    };
    let Some(provider) = settings.credentials.clone().or_else(|| shared.credentials_provider()) else {
        return Err(Fault::new(FaultKind::Denied, format!("there is nothing to take credentials for {place} from")));
    };
    let issued = Arc::new(Issued::default());
    let mut config = Builder::from(&shared).credentials_provider(Watched::new(provider, issued.clone())).force_path_style(place.path_style);
    if let Some(endpoint) = &place.endpoint {
        // Other services know few of the checksums, and some refuse what they don't know.
        config = config
            .endpoint_url(endpoint)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    }
    Ok(Connected { client: Client::from_conf(config.build()), region, issued })
}

/// What environment, profile and metadata say, with our limits.
async fn load(place: &Place, settings: &Settings) -> SdkConfig {
    let patience = settings.patience;
    // An attempt's time-out covers a streamed answer's head only, and a listing's whole.
    let limits = TimeoutConfig::builder()
        .connect_timeout(patience.connect)
        .read_timeout(patience.answer)
        .operation_attempt_timeout(patience.answer * 2)
        .operation_timeout(patience.answer * 3)
        .build();
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(transport::client(patience))
        .timeout_config(limits)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .stalled_stream_protection(StalledStreamProtectionConfig::enabled().grace_period(patience.stall).build());
    Box::pin(located(loader, place).load()).await
}

/// The loader with the place's region. With an endpoint, instance metadata aren't asked: they know nothing of it, and
/// where there are none the answer takes seconds.
fn located(loader: ConfigLoader, place: &Place) -> ConfigLoader {
    match (&place.region, &place.endpoint) {
        (Some(region), _) => loader.region(Region::new(region.clone())),
        (None, Some(_)) => loader.region(
            RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
                .or_else(ProfileFileRegionProvider::new())
                .or_else(NOWHERE),
        ),
        (None, None) => loader,
    }
}
