//! How much, how long and from how many.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

/// How large a request's head may be, in bytes; also what hyper may buffer of a response.
pub(crate) const HEAD_SIZE: usize = 64 * 1024;
/// How many header lines a request may have.
pub(crate) const HEADERS: usize = 100;
/// How many bytes may wait unsent in the kernel, per connection. More would only delay a cut and use memory: what can be
/// sent at once isn't limited by this.
pub(crate) const UNSENT: u32 = 256 * 1024;
/// How many connections one address may have, however many there may be in total.
const MOST_PER_ADDRESS: usize = 1024;
/// A proxy keeps connections for its own purposes, and must not be surprised by our closing one just as it uses it.
const PROXY_IDLES: u32 = 10;

/// The bounds within which clients are served.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections in total. Beyond, a new one is closed at once.
    pub connections: usize,
    /// Connections from one address (IPv6: from one /64), unless it is a trusted proxy's.
    pub connections_per_address: usize,
    /// Proxies that carry many clients.
    pub trusted_proxies: Vec<IpNet>,
    /// How long a new connection may be silent, and how long a request's head may take from its first byte on.
    pub head: Duration,
    /// How long a connection may be unused between two requests; ten times that for a trusted proxy.
    pub idle: Duration,
    /// How long a client may take none of the bytes that wait for it. A reader's TCP tells of room in large steps: one that
    /// takes 1 KiB/s from a buffer of 128 KiB looks stalled for two minutes at a time (measured), and it must not be cut.
    pub stall: Duration,
    /// How long a shutdown waits for running responses.
    pub drain: Duration,
}

impl Limits {
    /// The usual bounds with at most `connections`, of which no address may have more than half, nor more than 1,024.
    pub fn new(connections: usize) -> Self {
        Self {
            connections,
            connections_per_address: connections.div_ceil(2).min(MOST_PER_ADDRESS),
            trusted_proxies: Vec::new(),
            head: Duration::from_secs(15),
            idle: Duration::from_secs(75),
            stall: Duration::from_secs(300),
            drain: Duration::from_secs(30),
        }
    }

    pub(crate) fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|net| net.contains(&address))
    }

    /// How long a connection from `address` may be unused between two requests.
    pub(crate) fn idle_of(&self, address: IpAddr) -> Duration {
        if self.is_trusted(address) { self.idle.saturating_mul(PROXY_IDLES) } else { self.idle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trusted_proxy_may_idle_longer() {
        let limits = Limits { trusted_proxies: vec!["10.0.0.0/8".parse().expect("a network")], ..Limits::new(100) };
        let idle = |address: &str| limits.idle_of(address.parse().expect("an address"));
        assert_eq!(idle("192.0.2.1"), limits.idle);
        assert_eq!(idle("10.1.2.3"), limits.idle * 10);
    }
}
