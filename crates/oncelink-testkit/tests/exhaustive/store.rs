//! The store's part of a state in a few bytes, and back: between the two stand the core's own types and transitions.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use oncelink_core::Timestamp;
use oncelink_core::claim::{Claim, ClaimRef, ClaimState, Standing};
use oncelink_core::coverage::Coverage;
use oncelink_core::link::Link;
use oncelink_core::ports::{ClaimRequest, Progress};
use oncelink_core::transition::{self, Decision};
use oncelink_testkit::fixtures::{a_link, after, claim_request_at, link_id, progress};

use crate::model::Flaw;

/// How many pieces the object has.
pub(crate) const PIECES: u8 = 2;
/// All of them.
pub(crate) const WHOLE: u8 = (1 << PIECES) - 1;
/// When claiming ends, in ticks.
pub(crate) const END: u8 = 2;

/// What is stored of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SmallLink {
    pub(crate) claimed: u8,
    pub(crate) revoked: bool,
}

/// What is stored of a claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SmallClaim {
    /// 0: there is none.
    pub(crate) epoch: u8,
    pub(crate) state: SmallState,
    /// 1 when anything was sent.
    pub(crate) sent: u8,
    /// Which pieces were delivered, one bit each.
    pub(crate) pieces: u8,
}

/// A claim's state; times in ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SmallState {
    #[default]
    Released,
    Active {
        until: u8,
    },
    Completed,
}

/// A report on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SmallReport {
    pub(crate) epoch: u8,
    pub(crate) pieces: u8,
    pub(crate) whole: bool,
    pub(crate) now: u8,
}

/// What a claim's write decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decided {
    /// A use was taken.
    Taken,
    /// The holder had it already.
    Had,
    /// No.
    Refused,
}

type Memory<K, V> = RefCell<HashMap<K, V>>;

/// The store's transitions. Each is computed once and remembered: there are few, and many ways to them.
#[derive(Default)]
pub(crate) struct Store {
    uses: u8,
    flaw: Option<Flaw>,
    claims: Memory<(SmallLink, SmallClaim, u8), (SmallLink, SmallClaim, Decided)>,
    reports: Memory<(bool, SmallClaim, SmallReport), SmallClaim>,
    releases: Memory<(SmallClaim, u8, u8), Option<SmallClaim>>,
}

impl Store {
    /// The store of a link for so many uses.
    pub(crate) fn new(uses: u8, flaw: Option<Flaw>) -> Self {
        Self { uses, flaw, ..Self::default() }
    }

    /// A claim that was sent at `now` arrives.
    pub(crate) fn claim(&self, link: SmallLink, own: SmallClaim, now: u8) -> (SmallLink, SmallClaim, Decided) {
        remember(&self.claims, (link, own, now), || self.decide_claim(link, own, now))
    }

    /// A report arrives.
    pub(crate) fn report(&self, link: SmallLink, own: SmallClaim, report: SmallReport) -> SmallClaim {
        remember(&self.reports, (link.revoked, own, report), || self.decide_report(link, own, report))
    }

    /// A release of `epoch` that was sent at `now` arrives; nothing when it changes nothing.
    pub(crate) fn release(&self, own: SmallClaim, epoch: u8, now: u8) -> Option<SmallClaim> {
        let fenced = own.epoch == epoch || self.flaw == Some(Flaw::ReleasesWithoutFence);
        let decide = || grow(own).and_then(|claim| transition::release(&claim, tick(now))).map(|next| shrink(&next));
        if fenced { remember(&self.releases, (own, epoch, now), decide) } else { None }
    }

    /// Whether a server lets the holder go on at `now`.
    pub(crate) fn lets_go_on(&self, link: SmallLink, own: SmallClaim, now: u8) -> bool {
        !link.revoked && grow(own).is_some_and(|claim| matches!(claim.standing(tick(now)), Standing::Active { .. }))
    }

    fn decide_claim(&self, small: SmallLink, own: SmallClaim, now: u8) -> (SmallLink, SmallClaim, Decided) {
        let (mut link, wish) = (self.link(small), wish(now));
        if self.flaw == Some(Flaw::CountsWhenFinished) {
            link.claimed = u32::from(own.state == SmallState::Completed);
        }
        if self.flaw == Some(Flaw::LapseGivesBack) && now > 0 {
            link.claimed = 0;
        }
        let before = grow(own).filter(|_| self.flaw != Some(Flaw::ForgetsTheHolder));
        match transition::claim(&link, before.as_ref(), &wish) {
            Decision::Take(taken) => {
                transition::count_use(&mut link, &wish);
                let claimed = u8::try_from(link.claimed).expect("few uses");
                (SmallLink { claimed, ..small }, shrink(&taken), Decided::Taken)
            }
            Decision::Have(_) => (small, own, Decided::Had),
            Decision::Refuse(_) => (small, own, Decided::Refused),
        }
    }

    fn decide_report(&self, link: SmallLink, own: SmallClaim, report: SmallReport) -> SmallClaim {
        let Some(before) = grow(own) else { return own };
        let reference = ClaimRef { epoch: u32::from(report.epoch), ..before.reference() };
        let careless = self.flaw == Some(Flaw::EveryEndCompletes);
        let report = Progress {
            delivered: coverage(if careless { WHOLE } else { report.pieces }),
            sent: u64::from(report.pieces.count_ones()),
            may_complete: report.whole || careless,
            lease_until: wish(report.now).lease_until,
            ..progress(&reference, tick(report.now))
        };
        transition::record(&self.link(link), &before, &report).map_or(own, |next| shrink(&next))
    }

    fn link(&self, small: SmallLink) -> Link {
        let link = a_link().id(link_id(1)).size(u64::from(PIECES)).uses(u32::from(self.uses)).expires_at(tick(END)).build();
        Link { claimed: u32::from(small.claimed), revoked_at: small.revoked.then_some(after(0)), ..link }
    }
}

fn remember<K: Eq + Hash, V: Copy>(memory: &Memory<K, V>, key: K, decide: impl FnOnce() -> V) -> V {
    *memory.borrow_mut().entry(key).or_insert_with(decide)
}

/// The core's claim that a state means.
fn grow(small: SmallClaim) -> Option<Claim> {
    let state = match small.state {
        SmallState::Active { until } => ClaimState::Active { lease_until: tick(until) },
        SmallState::Completed => ClaimState::Completed { at: after(0) },
        SmallState::Released => ClaimState::Released { at: after(0) },
    };
    let wish = wish(0);
    (small.epoch > 0).then(|| Claim {
        link: wish.link,
        id: wish.claim,
        epoch: u32::from(small.epoch),
        state,
        claimed_at: after(0),
        sent: u64::from(small.sent),
        coverage: coverage(small.pieces),
        recorder: wish.recorder,
    })
}

/// A tick's time. One tick is a whole lease.
fn tick(number: u8) -> Timestamp {
    after(i64::from(number) * 1_000)
}

fn wish(now: u8) -> ClaimRequest {
    let now = tick(now);
    ClaimRequest { lease_until: now.plus(Duration::from_secs(1)), ..claim_request_at(&link_id(1), 1, now) }
}

fn coverage(pieces: u8) -> Coverage {
    let mut set = Coverage::new();
    (0..PIECES).filter(|piece| pieces & (1 << piece) != 0).for_each(|piece| set.add(u64::from(piece)..u64::from(piece) + 1));
    set
}

fn shrink(claim: &Claim) -> SmallClaim {
    let state = match claim.state {
        ClaimState::Active { lease_until } => {
            let ticks = lease_until.since(after(0)).as_secs();
            SmallState::Active { until: u8::try_from(ticks).expect("few ticks") }
        }
        ClaimState::Completed { .. } => SmallState::Completed,
        ClaimState::Released { .. } => SmallState::Released,
    };
    let has = |piece: &u8| claim.coverage.ranges().iter().any(|range| range.contains(&u64::from(*piece)));
    SmallClaim {
        epoch: u8::try_from(claim.epoch).expect("few epochs"),
        state,
        sent: u8::try_from(claim.sent.min(1)).expect("at most 1"),
        pieces: (0..PIECES).filter(has).map(|piece| 1 << piece).sum(),
    }
}
