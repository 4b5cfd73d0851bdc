//! What a URL says: where the database is, and how to connect to it.
//!
//! Must not let the password out: what can be shown is [`Target::place`], made of hosts, ports and the database's name, and
//! complaints name parameters, never their values.

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use crate::open_error::OpenError;

/// How many connections a pool has unless the URL says otherwise.
const POOL_SIZE: usize = 16;
/// The most connections that a URL may ask for: a thousand times a few MiB of the server's memory.
const MOST_CONNECTIONS: usize = 1_000;
/// How long a connection may take to be made, per address.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may be silent before the network is asked whether the server is still there.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
/// Between two such questions.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// After so many unanswered ones the connection is given up.
const KEEPALIVE_RETRIES: u32 = 3;
/// How long sent data may stay unacknowledged.
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// The settings of every session, before the URL's own `options`, which so come last and win.
///
/// The statements are made for READ COMMITTED. `synchronous_commit=on`: a commit that was only promised would let a spent
/// link come back to life with the server's crash. The limits end what waits or hangs before a client gives up on it.
const SESSION: &str = r"-c default_transaction_isolation=read\ committed -c synchronous_commit=on -c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s -c client_min_messages=warning";

/// A database, and how to connect to it.
pub(crate) struct Target {
    /// The driver's settings.
    pub(crate) config: Config,
    /// Hosts, ports and database: for people's eyes.
    pub(crate) place: String,
    /// How many connections at the most.
    pub(crate) pool_size: usize,
    /// Whom to believe that it is the server.
    pub(crate) trust: Trust,
}

/// Whom a connection believes that it is the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Anybody: `sslmode=disable`, `allow` or `prefer`. Encryption keeps listeners out, nobody else.
    Anybody,
    /// Whoever has a certificate for the host's name from an authority that this machine trusts.
    Native,
    /// Whoever has one from an authority in this PEM file.
    File(PathBuf),
}

impl Target {
    /// Reads a URL.
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        let (mut rest, parameters) = split(url)?;
        let mut own = Own::default();
        let mut separator = '?';
        for (name, value) in parameters {
            if !own.take(name, &value)? {
                rest.push(separator);
                rest.push_str(&format!("{name}={}", encode(&value)));
                separator = '&';
            }
        }
        let config: Config = rest.parse().map_err(|error: tokio_postgres::Error| bad(reason(&error)))?;
        Self::settle(config, own)
    }

    fn settle(mut config: Config, own: Own) -> Result<Self, OpenError> {
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(bad("it names no host"));
        }
        if config.get_user().is_none() {
            return Err(bad("it names no user"));
        }
        if config.get_target_session_attrs() == TargetSessionAttrs::ReadOnly {
            return Err(bad("target_session_attrs=read-only asks for a server that takes no claims"));
        }
        config.ssl_mode(own.ssl_mode).target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.options(match config.get_options() {
            Some(theirs) => format!("{SESSION} {theirs}"),
            None => SESSION.to_owned(),
        });
        if config.get_application_name().is_none() {
            config.application_name("oncelink");
        }
        keep_alive(&mut config);
        let trust = match (own.ssl_mode == SslMode::Require, own.authorities) {
            (false, _) => Trust::Anybody,
            (true, Some(file)) => Trust::File(file),
            (true, None) => Trust::Native,
        };
        Ok(Self { place: place(&config), config, pool_size: own.pool_size, trust })
    }
}

/// The parameters that the driver doesn't know, or not in full.
struct Own {
    pool_size: usize,
    ssl_mode: SslMode,
    authorities: Option<PathBuf>,
}

impl Default for Own {
    fn default() -> Self {
        Self { pool_size: POOL_SIZE, ssl_mode: SslMode::Prefer, authorities: None }
    }
}

impl Own {
    /// Takes a parameter that is one of these; whether it was.
    fn take(&mut self, name: &str, value: &str) -> Result<bool, OpenError> {
        match name {
            "pool_size" => match value.parse() {
                Ok(size) if (1..=MOST_CONNECTIONS).contains(&size) => self.pool_size = size,
                _ => return Err(bad(format!("pool_size must be 1 to {MOST_CONNECTIONS}"))),
            },
            "sslmode" => {
                self.ssl_mode = match value {
                    "disable" => SslMode::Disable,
                    "allow" | "prefer" => SslMode::Prefer,
                    // All three check certificate and name here: encryption for whoever answers would protect nobody.
                    "require" | "verify-ca" | "verify-full" => SslMode::Require,
                    _ => return Err(bad("sslmode must be disable, prefer, require or verify-full")),
                }
            }
            "sslrootcert" => self.authorities = (value != "system").then(|| PathBuf::from(value)),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Names of parameters with their decoded values.
type Parameters<'u> = Vec<(&'u str, String)>;

/// A URL without its parameters, and these.
fn split(url: &str) -> Result<(String, Parameters<'_>), OpenError> {
    let body = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
    let body = body.ok_or_else(|| bad("it must begin with postgres://"))?;
    // A user or password may hold what ends a host, but not '@': then a part of it would be taken for the host, and shown.
    let (credentials, behind) = body.split_once('@').map_or(("", body), |(before, behind)| (before, behind));
    if behind.contains('@') {
        return Err(bad("it has more than one '@'; write one in a user's name or a password as %40"));
    }
    let (place, query) = behind.split_once('?').unwrap_or((behind, ""));
    let mut parameters = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else { return Err(bad("a parameter has no value")) };
        parameters.push((name, decode(value).ok_or_else(|| bad(format!("the value of {name} is not percent-encoded UTF-8")))?));
    }
    let rest = if body.contains('@') { format!("postgres://{credentials}@{place}") } else { format!("postgres://{place}") };
    Ok((rest, parameters))
}

fn keep_alive(config: &mut Config) {
    // Each only where the URL has left the driver's own default.
    let plain = Config::new();
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNACKNOWLEDGED);
    }
    if config.get_keepalives_idle() == plain.get_keepalives_idle() {
        config.keepalives_idle(KEEPALIVE_IDLE);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(KEEPALIVE_INTERVAL);
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(KEEPALIVE_RETRIES);
    }
}

fn place(config: &Config) -> String {
    let names = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    });
    let names: Vec<String> = match config.get_hosts().is_empty() {
        false => names.collect(),
        true => config.get_hostaddrs().iter().map(ToString::to_string).collect(),
    };
    let ports = config.get_ports();
    let port = |index: usize| ports.get(index).or(ports.first()).copied().unwrap_or(5432);
    let hosts: Vec<String> = names.iter().enumerate().map(|(index, name)| format!("{name}:{}", port(index))).collect();
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("PostgreSQL at {}/{database}", hosts.join(","))
}

/// What the driver has against a URL: it names parameters, not their values.
fn reason(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

fn bad(detail: impl Into<String>) -> OpenError {
    OpenError::BadUrl { detail: detail.into() }
}

/// Percent-decoding; nothing when that isn't UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => digit(rest.next()?)? * 16 + digit(rest.next()?)?,
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Percent-encoding of all that could mean something.
fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~,/".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        Target::parse(url).unwrap_or_else(|error| panic!("{error} in {url}"))
    }

    fn complaint(url: &str) -> String {
        Target::parse(url).err().unwrap_or_else(|| panic!("{url} is taken")).to_string()
    }

    #[test]
    fn a_url_is_read_with_sensible_defaults() {
        let target = target("postgres://me:hunter2@db.example/links");
        assert_eq!(target.place, "PostgreSQL at db.example:5432/links");
        assert_eq!((target.pool_size, target.trust), (POOL_SIZE, Trust::Anybody));
        assert_eq!(target.config.get_password(), Some(&b"hunter2"[..]));
        assert_eq!(target.config.get_connect_timeout(), Some(&CONNECT_TIMEOUT));
        assert_eq!(target.config.get_application_name(), Some("oncelink"));
        assert_eq!(target.config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
        assert_eq!(target.config.get_options(), Some(SESSION));
    }

    #[test]
    fn what_a_url_says_wins() {
        let target = target(
            "postgresql://me@h1:1,h2:2/x?pool_size=3&application_name=a%26b&connect_timeout=9&keepalives_idle=8&options=-c%20statement_timeout%3D1s",
        );
        assert_eq!(target.place, "PostgreSQL at h1:1,h2:2/x");
        assert_eq!(target.pool_size, 3);
        assert_eq!(target.config.get_application_name(), Some("a&b"));
        assert_eq!(target.config.get_connect_timeout(), Some(&Duration::from_secs(9)));
        assert_eq!(target.config.get_keepalives_idle(), Duration::from_secs(8));
        assert!(target.config.get_options().is_some_and(|options| options.ends_with(" -c statement_timeout=1s")));
    }

    #[test]
    fn every_mode_that_asks_for_encryption_checks_the_certificate() {
        for mode in ["require", "verify-ca", "verify-full"] {
            let target = target(&format!("postgres://me@h/x?sslmode={mode}"));
            assert_eq!((target.config.get_ssl_mode(), target.trust), (SslMode::Require, Trust::Native), "{mode}");
        }
        let own = target("postgres://me@h/x?sslmode=verify-full&sslrootcert=/etc/ca%20.pem");
        assert_eq!(own.trust, Trust::File(PathBuf::from("/etc/ca .pem")));
        assert_eq!(target("postgres://me@h/x?sslmode=require&sslrootcert=system").trust, Trust::Native);
        assert_eq!(target("postgres://me@h/x?sslmode=disable").config.get_ssl_mode(), SslMode::Disable);
    }

    #[test]
    fn sockets_and_odd_characters_are_read() {
        let target = target("postgres://me:a%40b%2Fc?d@%2Frun%2Fpg:5433/my%20db");
        assert_eq!(target.place, "PostgreSQL at /run/pg:5433/my db");
        assert_eq!(target.config.get_password(), Some(&b"a@b/c?d"[..]));
        let by_parameter = super::Target::parse("postgres:///x?host=/run/pg&user=me&password=pw").expect("a libpq URL");
        assert_eq!(by_parameter.place, "PostgreSQL at /run/pg:5432/x");
    }

    #[test]
    fn complaints_name_the_thing_and_never_the_password() {
        let cases = [
            ("mysql://me:hunter2@h/x", "postgres://"),
            ("postgres://me:hun@ter2@h/x", "%40"),
            ("postgres://me:hunter2@h/x?pool_size=0", "pool_size"),
            ("postgres://me:hunter2@h/x?sslmode=maybe", "sslmode"),
            ("postgres://me:hunter2@h/x?sslmod=require", "sslmod"),
            ("postgres://me:hunter2@h/x?target_session_attrs=read-only", "read-only"),
            ("postgres://me:hunter2@h:port/x", "port"),
            ("postgres://me:hunter2@/x", "host"),
            ("postgres://h/x", "user"),
            ("postgres://me:hunter2@h/x?options", "no value"),
            ("postgres://me:hunter2@h/x?options=%f", "options"),
        ];
        for (url, named) in cases {
            let text = complaint(url);
            assert!(text.contains(named), "{named} in {text}");
            assert!(!text.contains("hunter2") && !text.contains("ter2"), "{text}");
        }
    }
}
