//! What a shared link begins with, and from where it can be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::serve::reachable;

/// What links begin with, and what the sender should know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// The base URL.
    pub(crate) base: String,
    /// A remark for the sender.
    pub(crate) remark: Option<String>,
}

/// What links to a server at `addr` begin with.
pub(crate) fn of(addr: SocketAddr, public_url: Option<&str>) -> Reach {
    decide(addr, public_url, &guess)
}

fn decide(addr: SocketAddr, public_url: Option<&str>, guess: &dyn Fn(IpAddr) -> Option<IpAddr>) -> Reach {
    if let Some(url) = public_url {
        return Reach { base: url.to_owned(), remark: None };
    }
    let local = |addr: SocketAddr| {
        let remark = "This address works on this machine only. For your network use --listen 0.0.0.0:0, for the world --public-url with a tunnel or proxy that leads here.";
        Reach { base: format!("http://{addr}"), remark: Some(remark.to_owned()) }
    };
    if addr.ip().is_loopback() {
        return local(addr);
    }
    if !addr.ip().is_unspecified() {
        return Reach { base: format!("http://{addr}"), remark: Some(in_the_clear()) };
    }
    match guess(addr.ip()) {
        Some(ip) => Reach { base: format!("http://{}", SocketAddr::new(ip, addr.port())), remark: Some(in_the_clear()) },
        None => local(reachable(addr)),
    }
}

fn in_the_clear() -> String {
    "This address works in your network, without encryption: whoever can listen there can read link and file.".to_owned()
}

/// The address that this machine has towards the network. Asking the system for a route sends nothing: 192.0.2.1 and
/// 2001:db8::1 are for documentation only.
fn guess(unspecified: IpAddr) -> Option<IpAddr> {
    let v4 = || route(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into());
    let v6 = || route(Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into());
    // A socket on [::] takes IPv4 too, and an IPv4 address is what people can type.
    if unspecified.is_ipv4() { v4() } else { v4().or_else(v6) }
}

fn route(from: IpAddr, to: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind((from, 0)).ok()?;
    socket.connect((to, 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_begins_with_what_leads_here_and_the_sender_is_told_how_far() {
        let lan = |_| Some("192.0.2.7".parse().expect("an address"));
        let nothing = |_| None;
        let decided = |addr: &str, url, guess: &dyn Fn(IpAddr) -> Option<IpAddr>| {
            let reach = decide(addr.parse().expect("an address"), url, guess);
            (reach.base, reach.remark.unwrap_or_default())
        };
        let (base, remark) = decided("127.0.0.1:4711", None, &lan);
        assert!(
            base == "http://127.0.0.1:4711" && remark.contains("this machine only") && remark.contains("--listen 0.0.0.0:0"),
            "{remark}"
        );
        let (base, remark) = decided("0.0.0.0:4711", None, &lan);
        assert!(base == "http://192.0.2.7:4711" && remark.contains("without encryption"), "{remark}");
        let (base, remark) = decided("[::]:4711", None, &nothing);
        assert!(base == "http://[::1]:4711" && remark.contains("this machine only"), "{remark}");
        assert_eq!(decided("198.51.100.3:80", None, &nothing).0, "http://198.51.100.3:80");
        assert_eq!(decided("0.0.0.0:4711", Some("https://tunnel.example"), &lan), ("https://tunnel.example".to_owned(), String::new()));
    }
}
