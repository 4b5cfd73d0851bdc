//! Caps: how many connections there may be in total and from one address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts connections.
#[derive(Debug, Default)]
pub(crate) struct Caps(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    of: HashMap<IpAddr, usize>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// The server has all the connections that it may have.
    Total,
    /// This address has all the connections that one may have.
    Address,
}

/// One connection's place; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    caps: Arc<Caps>,
    /// Whom it counts for, unless it is exempt from the cap per address.
    key: Option<IpAddr>,
}

impl Caps {
    /// Takes a place for `peer`; `each` is what one address may have, where that counts at all.
    pub(crate) fn admit(self: &Arc<Self>, peer: IpAddr, total: usize, each: Option<usize>) -> Result<Place, Full> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.total >= total {
            return Err(Full::Total);
        }
        let key = each.map(|_| key(peer));
        if let (Some(key), Some(each)) = (key, each) {
            let count = counts.of.entry(key).or_default();
            if *count >= each {
                return Err(Full::Address);
            }
            *count += 1;
        }
        counts.total += 1;
        Ok(Place { caps: Arc::clone(self), key })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.caps.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total -= 1;
        let Some(key) = self.key else { return };
        if let Entry::Occupied(mut count) = counts.of.entry(key) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// Who counts as one: an IPv4 address, or the /64 that one subscriber of IPv6 has at the least.
fn key(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        v4 @ IpAddr::V4(_) => v4,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn one_address_cannot_take_all_places() {
        let caps = Arc::new(Caps::default());
        let admit = |peer: &str| caps.admit(ip(peer), 4, Some(2));
        let first = admit("192.0.2.1").expect("a place");
        let _second = admit("::ffff:192.0.2.1").expect("a place");
        assert_eq!(admit("192.0.2.1").expect_err("no third"), Full::Address);
        let _other = admit("2001:db8:0:1::1").expect("a place");
        let _same_subscriber = admit("2001:db8:0:1:ffff::2").expect("a place");
        assert_eq!(admit("198.51.100.1").expect_err("no fifth"), Full::Total);
        drop(first);
        assert_eq!(admit("2001:db8:0:1::3").expect_err("no third"), Full::Address);
        assert!(admit("192.0.2.1").is_ok());
    }

    #[test]
    fn the_exempt_count_in_the_total_only() {
        let caps = Arc::new(Caps::default());
        let places: Vec<Place> = (0..3).map(|_| caps.admit(ip("10.0.0.1"), 3, None).expect("a place")).collect();
        assert_eq!(caps.admit(ip("10.0.0.1"), 3, None).expect_err("no fourth"), Full::Total);
        drop(places);
        let counts = caps.0.lock().expect("no panic before");
        assert!(counts.total == 0 && counts.of.is_empty(), "nothing is kept of whoever has left");
    }
}
