//! Who asks: the client's address, looked through trusted proxies, and what it calls itself.
//!
//! Must not decide anything: `allow_from` and rate limits do, with the address found here.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use ipnet::IpNet;
use oncelink_core::{Actor, text};

use crate::app::App;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The address at the other end of the connection: whoever runs the router puts it into each request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Who asks, for events and for the rules that look at addresses.
#[derive(Clone, Debug)]
pub(crate) struct Client(pub(crate) Actor);

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
        Ok(Self(actor(address, &parts.headers, &app.settings.trusted_proxies)))
    }
}

/// The actor behind a request that came from `peer`.
pub(crate) fn actor(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpNet]) -> Actor {
    Actor {
        address: peer.and_then(|peer| origin(peer.to_canonical(), headers, trusted)),
        user_agent: headers
            .get(header::USER_AGENT)
            .map(|agent| text::tame(&String::from_utf8_lossy(agent.as_bytes()), Actor::USER_AGENT_MAX))
            .filter(|agent| !agent.is_empty()),
        key: None,
    }
}

/// The nearest address that isn't a trusted proxy's, walking back from the connection through what the proxies wrote.
///
/// Each trusted proxy vouches for the one entry that it appended; an entry that can't be read ends the walk at the
/// proxy that wrote it, so that nobody passes for somebody else by sending nonsense. A proxy keeps one of the two headers
/// and passes on whatever the client wrote into the other: where they don't agree, nobody knows who asks.
fn origin(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let standard = headers.contains_key(header::FORWARDED).then(|| walk(peer, &forwarded(headers), trusted));
    let usual = headers.contains_key(X_FORWARDED_FOR).then(|| walk(peer, &x_forwarded_for(headers), trusted));
    match (standard, usual) {
        (None, None) => Some(peer),
        (Some(one), None) | (None, Some(one)) => Some(one),
        (Some(one), Some(other)) => (one == other).then_some(one),
    }
}

/// Back through `hops`, from the last proxy's word to the client's.
fn walk(peer: IpAddr, hops: &[Option<IpAddr>], trusted: &[IpNet]) -> IpAddr {
    let mut nearest = peer;
    for hop in hops.iter().rev() {
        if !trusted.iter().any(|net| net.contains(&nearest)) {
            break;
        }
        match hop {
            Some(address) => nearest = address.to_canonical(),
            None => break,
        }
    }
    nearest
}

/// `X-Forwarded-For`: addresses, the client's first.
fn x_forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(X_FORWARDED_FOR).iter();
    lines.flat_map(|line| String::from_utf8_lossy(line.as_bytes()).split(',').map(node).collect::<Vec<_>>()).collect()
}

/// `Forwarded` (RFC 7239): one element per hop, with the `for` parameter's node.
fn forwarded(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(header::FORWARDED).iter();
    lines.flat_map(|line| String::from_utf8_lossy(line.as_bytes()).split(',').map(element).collect::<Vec<_>>()).collect()
}

fn element(text: &str) -> Option<IpAddr> {
    let mut pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for")).and_then(|(_, value)| node(value))
}

/// An address as proxies write it: bare, in quotes, in brackets, with a port.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(text, |(inside, _)| inside);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let trusted = ["10.0.0.0/8".parse().expect("a network"), "::1/128".parse().expect("a network")];
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().expect("a header's value"));
        }
        origin(peer.parse().expect("an address"), &headers, &trusted).map_or_else(|| "nobody".to_owned(), |address| address.to_string())
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let xff = "x-forwarded-for";
        assert_eq!(found("192.0.2.1", &[(xff, "203.0.113.9")]), "192.0.2.1");
        assert_eq!(found("10.0.0.1", &[(xff, "203.0.113.9")]), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &[(xff, "6.6.6.6, 203.0.113.9, 10.0.0.2")]), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &[(xff, "6.6.6.6"), (xff, "203.0.113.9")]), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &[(xff, "203.0.113.9, nonsense")]), "10.0.0.1");
        assert_eq!(found("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(found("::1", &[("forwarded", "for=\"[2001:db8::7]:443\";proto=https, for=10.1.2.3")]), "2001:db8::7");
        assert_eq!(found("10.0.0.1", &[("forwarded", "proto=https;For=203.0.113.9:80")]), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &[("forwarded", "for=203.0.113.9"), (xff, "203.0.113.9")]), "203.0.113.9");
        for forged in ["for=6.6.6.6", "for=10.0.0.7", "for=nonsense", ""] {
            assert_eq!(found("10.0.0.1", &[("forwarded", forged), (xff, "203.0.113.9")]), "nobody", "{forged}");
        }
        assert_eq!(found("192.0.2.1", &[("forwarded", "for=6.6.6.6"), (xff, "6.6.6.7")]), "192.0.2.1", "a stranger's words");
        assert_eq!(found("10.0.0.1", &[("forwarded", "for=_hidden")]), "10.0.0.1");
    }
}
