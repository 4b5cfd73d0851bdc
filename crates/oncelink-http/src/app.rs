//! What every handler works with, and the settings that come from the operator.

use std::ops::Deref;
use std::sync::Arc;

use ipnet::IpNet;
use oncelink_core::Links;
use tokio_util::task::TaskTracker;

use crate::console::{Sessions, ShortSecret};
use crate::delivery::account::Accounts;
use crate::limit::Limits;
use crate::metrics::Metrics;
use crate::page::Brand;

/// What to do with a file that one response of the transport can't carry, for a client that asks for all of it at once.
/// Clients that ask for ranges get one segment after another, whatever this says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oversize {
    /// Say how to fetch it in segments. Strict, at any size.
    Segments,
    /// A single exchange for a presigned URL: reusable for some seconds.
    Redirect,
    /// Say that it can't be had this way.
    Refuse,
}

/// A transport that bounds its responses, such as a Lambda behind an API gateway.
#[derive(Clone, Copy, Debug)]
pub struct Transport {
    /// How many bytes of a file one response can carry.
    pub most: u64,
    /// Whether a response is gathered whole before any of it is sent.
    pub gathers: bool,
    /// For files that are larger than `most`.
    pub oversize: Oversize,
}

/// The operator's settings for HTTP.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What links begin with: `http` or `https`, host, perhaps a base path; no slash at the end.
    pub public_url: String,
    /// Whose forwarding headers count.
    pub trusted_proxies: Vec<IpNet>,
    /// Requests that one address may make per minute; 0 for any number.
    pub rate_limit: u32,
    /// What pages say of who sends.
    pub brand: Brand,
    /// The transport's bounds; none on sockets of our own.
    pub transport: Option<Transport>,
}

/// The application: cheap to clone, shared by all requests.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// What the application consists of: reached through [`App`] only.
#[derive(Clone)]
pub struct Shared {
    pub(crate) links: Arc<Links>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tracker: TaskTracker,
    pub(crate) sessions: Arc<Sessions>,
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    /// Puts the application together.
    pub fn new(links: Arc<Links>, settings: Settings) -> Self {
        Self(Arc::new(Shared {
            links,
            limits: Arc::new(Limits::new(settings.rate_limit)),
            settings: Arc::new(settings),
            accounts: Arc::default(),
            metrics: Arc::default(),
            tracker: TaskTracker::new(),
            sessions: Arc::default(),
        }))
    }

    /// With a secret that all replicas share, so that each knows the console's sessions of the others. Without it a session of
    /// the console ends with the process that began it.
    ///
    /// # Errors
    /// It is too short to be one.
    pub fn with_console_secret(mut self, secret: &str) -> Result<Self, ShortSecret> {
        Arc::make_mut(&mut self.0).sessions = Arc::new(Sessions::shared(secret)?);
        Ok(self)
    }

    /// The deliveries whose records are still being written. A graceful shutdown closes it and waits for it.
    pub fn deliveries(&self) -> &TaskTracker {
        &self.tracker
    }

    /// The path of the public URL: empty or `/base`.
    pub(crate) fn base_path(&self) -> &str {
        let url = &self.settings.public_url;
        let after_scheme = url.find("://").map_or(0, |at| at + 3);
        url[after_scheme..].find('/').map_or("", |at| url[after_scheme + at..].trim_end_matches('/'))
    }

    /// Whether links lead to this machine itself, and so nowhere for anybody else.
    pub(crate) fn is_local(&self) -> bool {
        let url = self.settings.public_url.parse::<axum::http::Uri>().ok();
        let host = url.as_ref().and_then(axum::http::Uri::host).unwrap_or_default();
        let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
        host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    }

    /// The absolute URL of a path that begins with `/`.
    pub(crate) fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.settings.public_url.trim_end_matches('/'))
    }
}
