//! The HTTP server around the use cases: bound first, so that its address can stand in links, then run.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use oncelink_config::Secret;
use oncelink_core::Links;
use oncelink_http::{App, Brand, Settings};
use oncelink_server::Limits;

use crate::exit::Failure;

/// How the server treats connections and requests.
#[derive(Clone, Debug)]
pub(crate) struct Manners {
    /// Whose forwarding headers count.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Requests that one address may make per minute; 0 for any number.
    pub(crate) rate_limit: u32,
    /// Connections in total.
    pub(crate) max_connections: usize,
    /// How long a shutdown waits for running downloads.
    pub(crate) drain: Duration,
    /// What pages say of who sends.
    pub(crate) brand: Brand,
    /// What console sessions are signed with, where several servers share it.
    pub(crate) console_secret: Option<Secret>,
}

/// A bound socket on which nobody is answered yet.
pub(crate) struct Listener {
    listener: oncelink_server::Listener,
    addr: SocketAddr,
}

impl Listener {
    /// Binds `addr`.
    pub(crate) fn bind(addr: SocketAddr) -> Result<Self, Failure> {
        let bound = oncelink_server::Listener::bind(addr).and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (addr, listener) =
            bound.map_err(|error| Failure::failed(format!("can't listen on {addr}: {error}; choose another address with --listen")))?;
        Ok(Self { listener, addr })
    }

    /// The address, with the port that was picked.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Answers requests until `stop` is done, then drains.
    pub(crate) async fn run(
        self,
        links: Arc<Links>,
        public_url: String,
        manners: Manners,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), Failure> {
        let Manners { trusted_proxies, rate_limit, max_connections, drain, brand, console_secret } = manners;
        let limits = Limits { trusted_proxies: trusted_proxies.clone(), drain, ..Limits::new(max_connections) };
        let mut app = App::new(links, Settings { public_url, trusted_proxies, rate_limit, brand, transport: None });
        if let Some(secret) = console_secret {
            app = app.with_console_secret(secret.reveal()).map_err(|error| Failure::failed(error.to_string()))?;
        }
        oncelink_server::serve(self.listener, app, limits, stop).await;
        Ok(())
    }
}
