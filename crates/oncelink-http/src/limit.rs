//! How much one address may ask: a number of requests per minute, at once or spread out.
//!
//! Counts in this process only. Must not know what a request wants: failed API keys and mistyped links count like any.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

/// How often addresses that have been quiet are forgotten.
const SWEEP: Duration = Duration::from_secs(60);
/// How often they are when very many are remembered.
const SWEEP_CROWDED: Duration = Duration::from_secs(2);
const CROWD: usize = 100_000;

/// Who shares one allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Network {
    /// One address.
    V4(Ipv4Addr),
    /// The upper half of an address, a /64: what one subscriber has at the least.
    V6(u64),
    /// All those of whom no address is known.
    Unknown,
}

/// The allowances of all addresses.
pub(crate) struct Limits<C: Clock = DefaultClock>(Option<Pace<C>>);

struct Pace<C: Clock> {
    limiter: RateLimiter<Network, DashMapStateStore<Network>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    swept: Mutex<C::Instant>,
}

impl Limits {
    /// `per_minute` requests for each address; any number when it is 0.
    pub(crate) fn new(per_minute: u32) -> Self {
        Self::with_clock(per_minute, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Limits<C> {
    fn with_clock(per_minute: u32, clock: C) -> Self {
        Self(NonZeroU32::new(per_minute).map(|number| Pace {
            limiter: RateLimiter::dashmap_with_clock(Quota::per_minute(number), clock.clone()),
            swept: Mutex::new(clock.now()),
            clock,
        }))
    }

    /// Counts a request of `address`.
    ///
    /// # Errors
    /// After how many seconds it may ask again, when it has asked too much.
    pub(crate) fn check(&self, address: Option<IpAddr>) -> Result<(), u64> {
        let Some(pace) = &self.0 else { return Ok(()) };
        pace.sweep();
        pace.limiter.check_key(&Network::of(address)).map_err(|refused| {
            let millis = refused.wait_time_from(pace.clock.now()).as_millis();
            u64::try_from(millis.div_ceil(1_000)).unwrap_or(u64::MAX).max(1)
        })
    }
}

impl<C: Clock> Pace<C> {
    /// Forgets whoever has its whole allowance back. Done by a request now and then: there is no task to be stopped.
    fn sweep(&self) {
        let every = if self.limiter.len() > CROWD { SWEEP_CROWDED } else { SWEEP };
        let now = self.clock.now();
        {
            let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
            if now.duration_since(*swept) < every.into() {
                return;
            }
            *swept = now;
        }
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

impl Network {
    fn of(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => Self::V4(address),
            Some(IpAddr::V6(address)) => Self::V6((address.to_bits() >> 64) as u64),
            None => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    #[test]
    fn an_address_that_asks_too_much_waits_and_others_do_not() {
        let clock = FakeRelativeClock::default();
        let limits = Limits::with_clock(3, clock.clone());
        let one = address("192.0.2.1");
        assert_eq!([limits.check(one), limits.check(one), limits.check(one)], [Ok(()); 3]);
        assert_eq!(limits.check(one), Err(20), "one every 20 seconds");
        assert_eq!(limits.check(address("::ffff:192.0.2.1")), Err(20), "the same address, written otherwise");
        assert_eq!(limits.check(address("192.0.2.2")), Ok(()));
        clock.advance(Duration::from_millis(19_500));
        assert_eq!(limits.check(one), Err(1), "rounded up");
        clock.advance(Duration::from_millis(500));
        assert_eq!((limits.check(one), limits.check(one)), (Ok(()), Err(20)));
    }

    #[test]
    fn a_64_shares_one_allowance_and_so_do_the_unknown() {
        let limits = Limits::with_clock(1, FakeRelativeClock::default());
        assert_eq!(limits.check(address("2001:db8:0:1::1")), Ok(()));
        assert!(limits.check(address("2001:db8:0:1:ffff::9")).is_err());
        assert_eq!(limits.check(address("2001:db8:0:2::1")), Ok(()));
        assert!(limits.check(None).is_ok() && limits.check(None).is_err());
    }

    #[test]
    fn quiet_addresses_are_forgotten() {
        let clock = FakeRelativeClock::default();
        let limits = Limits::with_clock(60, clock.clone());
        for last in 0..200 {
            assert_eq!(limits.check(address(&format!("192.0.2.{last}"))), Ok(()));
        }
        clock.advance(Duration::from_secs(61));
        assert_eq!(limits.check(address("198.51.100.1")), Ok(()));
        assert_eq!(limits.0.as_ref().map(|pace| pace.limiter.len()), Some(1));
    }

    #[test]
    fn nought_is_no_limit() {
        let limits = Limits::new(0);
        assert!((0..10_000).all(|_| limits.check(None).is_ok()));
    }
}
