//! The checked configuration of a server.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use oncelink_core::link::{Delivery, Gate};
use oncelink_core::policy::Policy;

use crate::address::{parse_base_url, parse_listen};
use crate::brand::{self, BrandSpec};
use crate::duration::parse_duration;
use crate::environment::Environment;
use crate::error::ConfigError;
use crate::layers::Layers;
use crate::options::ServeOptions;
use crate::secret::Secret;
use crate::source::SourceSpec;
use crate::store::{self, StoreSpec};

/// The data folder when none is named.
pub(crate) const DEFAULT_DATA: &str = "./oncelink-data";
/// The SQLite file in the data folder.
const DEFAULT_FILE: &str = "oncelink.db";

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
const YEAR: Duration = Duration::from_secs(366 * 24 * 3_600);

/// Everything that a server is told, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where links may point; the first is the default.
    pub sources: Vec<SourceSpec>,
    /// Where to listen.
    pub listen: SocketAddr,
    /// What links begin with, without a slash at the end; absent: the address that is listened on.
    pub public_url: Option<String>,
    /// The data folder.
    pub data: PathBuf,
    /// Where links are kept.
    pub store: StoreSpec,
    /// How long links are kept after their end; absent: for ever.
    pub retention: Option<Duration>,
    /// What links get when their creation doesn't say.
    pub policy: Policy,
    /// Whether `auto` may redirect.
    pub allow_redirect: bool,
    /// Whose forwarding headers count.
    pub trusted_proxies: Vec<IpNet>,
    /// Requests that one address may make per minute; 0 for any number.
    pub rate_limit: u32,
    /// Connections in total.
    pub max_connections: usize,
    /// How long a shutdown waits for running downloads.
    pub drain: Duration,
    /// What console sessions are signed with; absent: something that this process draws.
    pub console_secret: Option<Secret>,
    /// What pages say of who sends.
    pub brand: BrandSpec,
    /// How logs are written.
    pub log_format: LogFormat,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// Merges flags, environment and file, and checks every value.
    ///
    /// # Errors
    /// The first [`ConfigError`] met.
    pub fn load(flags: ServeOptions, environment: &Environment) -> Result<Self, ConfigError> {
        Self::from_layers(&Layers::load(flags, environment)?)
    }

    fn from_layers(layers: &Layers) -> Result<Self, ConfigError> {
        let data = layers.find("data", |o| &o.data, path)?.unwrap_or_else(|| DEFAULT_DATA.into());
        let store = layers.find("store", |o| &o.store, store::parse)?;
        let policy = policy(layers)?;
        // What is under way must not be forgotten.
        let kept = |text: &str| match retention(text)? {
            Some(kept) if kept <= policy.lease => Err(format!("is not longer than lease ({} seconds)", policy.lease.as_secs())),
            kept => Ok(kept),
        };
        Ok(Self {
            sources: sources(layers)?,
            listen: layers.find("listen", |o| &o.listen, parse_listen)?.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            public_url: layers.find("public-url", |o| &o.public_url, parse_base_url)?,
            store: store.unwrap_or_else(|| StoreSpec::Sqlite { path: data.join(DEFAULT_FILE) }),
            data,
            retention: layers.find("retention", |o| &o.retention, kept)?.unwrap_or(Some((DAY * 30).max(policy.lease + DAY))),
            policy,
            allow_redirect: layers.find("allow-redirect", |o| &o.allow_redirect, truth)?.unwrap_or(false),
            trusted_proxies: layers.find("trusted-proxies", |o| &o.trusted_proxies, networks)?.unwrap_or_default(),
            rate_limit: layers.find("rate-limit", |o| &o.rate_limit, |text| number(text, 0..=1_000_000))?.unwrap_or(0),
            max_connections: layers.find("max-connections", |o| &o.max_connections, |text| number(text, 1..=1_000_000))?.unwrap_or(4_096)
                as usize,
            drain: layers.find("drain", |o| &o.drain, |text| span(text, SECOND..=DAY))?.unwrap_or(Duration::from_secs(30)),
            console_secret: layers.find("console-secret", |o| &o.console_secret, console_secret)?,
            brand: brand(layers)?,
            log_format: layers.find("log-format", |o| &o.log_format, log_format)?.unwrap_or(LogFormat::Text),
        })
    }
}

/// Says no word of what it was given.
fn console_secret(text: &str) -> Result<Secret, String> {
    if text.len() < 32 { Err("is too short: 32 characters or more, drawn at random".to_owned()) } else { Ok(Secret::new(text)) }
}

fn policy(layers: &Layers) -> Result<Policy, ConfigError> {
    let default = Policy::default();
    let max_ttl = layers.find("max-ttl", |o| &o.max_ttl, |text| span(text, SECOND..=YEAR * 10))?.unwrap_or(default.max_ttl);
    let within = |text: &str| match span(text, SECOND..=YEAR * 10)? {
        ttl if ttl > max_ttl => Err(format!("is longer than max-ttl ({} seconds)", max_ttl.as_secs())),
        ttl => Ok(ttl),
    };
    Ok(Policy {
        lease: layers.find("lease", |o| &o.lease, |text| span(text, SECOND..=DAY * 30))?.unwrap_or(default.lease),
        gate: layers.find("gate", |o| &o.gate, gate)?.unwrap_or(default.gate),
        delivery: layers.find("delivery", |o| &o.delivery, delivery)?.unwrap_or(default.delivery),
        redirect_ttl: layers.find("redirect-ttl", |o| &o.redirect_ttl, |text| span(text, SECOND..=HOUR))?.unwrap_or(default.redirect_ttl),
        // Who lowers the maximum alone means all links.
        ttl: layers.find("ttl", |o| &o.ttl, within)?.unwrap_or(default.ttl.min(max_ttl)),
        max_ttl,
    })
}

fn brand(layers: &Layers) -> Result<BrandSpec, ConfigError> {
    Ok(BrandSpec {
        name: layers.find("brand-name", |o| &o.brand_name, brand::name)?,
        logo: layers.find("brand-logo", |o| &o.brand_logo, brand::logo)?,
        colour: layers.find("brand-colour", |o| &o.brand_colour, brand::colour)?,
        imprint: layers.find("brand-imprint", |o| &o.brand_imprint, brand::imprint)?,
    })
}

fn sources(layers: &Layers) -> Result<Vec<SourceSpec>, ConfigError> {
    let mut sources: Vec<SourceSpec> = Vec::new();
    for (origin, text) in layers.sources() {
        let source = SourceSpec::parse(text).map_err(|problem| ConfigError::value(origin, "source", text, problem))?;
        if sources.iter().any(|other| other.name == source.name) {
            let problem = format!("is the second one called '{}'; give it a name of its own: other-name=...", source.name);
            return Err(ConfigError::value(origin, "source", text, problem));
        }
        sources.push(source);
    }
    Ok(sources)
}

fn span(text: &str, bounds: RangeInclusive<Duration>) -> Result<Duration, String> {
    let span = parse_duration(text).map_err(|problem| problem.to_string())?;
    if bounds.contains(&span) {
        return Ok(span);
    }
    Err(format!("must be between {} and {} seconds", bounds.start().as_secs(), bounds.end().as_secs()))
}

/// Nothing is "for ever".
fn retention(text: &str) -> Result<Option<Duration>, String> {
    match text.trim() {
        "0" | "off" => Ok(None),
        text => span(text, SECOND..=YEAR * 10).map(Some).map_err(|problem| format!("{problem}; 0 or off keeps links for ever")),
    }
}

fn number(text: &str, bounds: RangeInclusive<u32>) -> Result<u32, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| plain && bounds.contains(number));
    number.ok_or_else(|| format!("must be a whole number from {} to {}", bounds.start(), bounds.end()))
}

fn truth(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() || text.contains('\0') { Err("names no folder".to_owned()) } else { Ok(text.into()) }
}

fn gate(text: &str) -> Result<Gate, String> {
    Gate::parse(text).ok_or_else(|| "must be page or direct".to_owned())
}

fn delivery(text: &str) -> Result<Delivery, String> {
    Delivery::parse(text).ok_or_else(|| "must be auto, stream or redirect".to_owned())
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json".to_owned()),
    }
}

fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(network).collect()
}

fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().or_else(|_| text.parse().map(|address: std::net::IpAddr| address.into()));
    network.map_err(|_| format!("has '{}', which is no network; write 10.0.0.0/8 or 192.0.2.7", text.escape_debug()))
}

#[cfg(test)]
mod tests;
