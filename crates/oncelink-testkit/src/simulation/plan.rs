//! What a seed says of a run: the link's terms, who takes part, and how bad the day is.

use oncelink_core::link::{Delivery, Gate};

use crate::SeededEntropy;

/// A lease, in milliseconds.
pub(super) const LEASE: i64 = 60_000;
/// One piece of the object, in bytes. So large that the 8 MiB beyond twice the object are two pieces.
pub(super) const UNIT: u64 = 4 << 20;
/// The object's size in bytes.
pub(super) const SIZE: u64 = 3 * UNIT;

/// How the link is opened and delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// A POST claims, a GET fetches.
    Page,
    /// A POST claims, a GET hands out a presigned URL.
    Redirect,
    /// A GET does both.
    Direct,
}

/// What a client is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Persona {
    /// Wants the file, repeats what got lost, resumes what broke.
    Honest,
    /// Gives its claim back before it has fetched anything, and changes its mind.
    Hesitant,
    /// Stops short of the end and begins anew, for a second copy.
    Greedy,
    /// Knows the link and guesses claims.
    Thief,
    /// Fetches ahead: GET of the page and HEAD of everything.
    Previewer,
}

/// One run, as drawn from a seed.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) mode: Mode,
    pub(super) uses: u32,
    /// In how many milliseconds claiming ends.
    pub(super) expires_in: i64,
    /// How far each replica's clock is off, in milliseconds.
    pub(super) skews: Vec<i64>,
    pub(super) clients: Vec<Persona>,
    pub(super) revoked: bool,
    /// How many crashes there are at the most.
    pub(super) crashes: u32,
    /// One call of a port in so many goes wrong; never when 0.
    pub(super) trouble: u64,
    /// For how many turns a call may take at the most.
    pub(super) slowness: u64,
    /// One step in so many sees the clock move on by a good part of a lease.
    pub(super) haste: u64,
}

impl Plan {
    /// Draws a plan.
    pub(super) fn draw(dice: &SeededEntropy) -> Self {
        use Persona::{Greedy, Hesitant, Honest, Previewer, Thief};
        let mode = *dice.pick(&[Mode::Page, Mode::Page, Mode::Page, Mode::Redirect, Mode::Direct]);
        let others: &[Persona] = match mode {
            Mode::Page => &[Honest, Honest, Hesitant, Hesitant, Greedy, Thief, Previewer],
            Mode::Redirect => &[Honest, Honest, Hesitant, Hesitant, Thief, Previewer],
            // Whoever asks gets a holder made on the spot: there is nothing to give back and nothing to guess.
            Mode::Direct => &[Honest, Honest, Honest, Greedy, Previewer],
        };
        let clients = (0..1 + dice.below(4)).map(|_| *dice.pick(others));
        Self {
            mode,
            uses: *dice.pick(&[1, 1, 1, 2]),
            expires_in: *dice.pick(&[LEASE / 4, LEASE, 1_000 * LEASE, 1_000 * LEASE]),
            skews: (0..1 + dice.below(2)).map(|_| skew(dice)).collect(),
            clients: std::iter::once(Honest).chain(clients).collect(),
            revoked: dice.one_in(4),
            crashes: *dice.pick(&[0, 0, 1, 2, 3]),
            trouble: *dice.pick(&[0, 30, 10, 5]),
            slowness: *dice.pick(&[1, 2, 8]),
            haste: *dice.pick(&[1_000_000, 400, 120]),
        }
    }

    pub(super) fn gate(&self) -> Gate {
        if self.mode == Mode::Direct { Gate::Direct } else { Gate::Page }
    }

    pub(super) fn delivery(&self) -> Delivery {
        if self.mode == Mode::Redirect { Delivery::Redirect } else { Delivery::Stream }
    }

    /// How far the clock is off that is behind the most, in milliseconds.
    pub(super) fn slowest(&self) -> i64 {
        self.skews.iter().copied().min().unwrap_or(0)
    }

    /// How far the clock is off that is ahead the most, in milliseconds.
    pub(super) fn fastest(&self) -> i64 {
        self.skews.iter().copied().max().unwrap_or(0)
    }
}

fn skew(dice: &SeededEntropy) -> i64 {
    let most = *dice.pick(&[0, 5, LEASE / 4]);
    i64::try_from(dice.below(2 * most.unsigned_abs() + 1)).unwrap_or(0) - most
}
