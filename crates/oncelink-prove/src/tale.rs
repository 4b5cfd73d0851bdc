//! What a number tells: which link is made, and who comes to it.
//!
//! The same seed and number make the same tale. When its requests meet is the machines' doing.

use std::time::Duration;

use crate::dice::Dice;
use crate::history::{Gate, Terms};
use crate::persona::Persona;

/// The objects' sizes in bytes: some fit every buffer between server and client, the last doesn't by far.
pub(crate) const SIZES: [u64; 4] = [211, 3_000, 300_000, LARGE];
const LARGE: u64 = 4 << 20;
const LARGEST: usize = SIZES.len() - 1;

/// A link and its clients.
#[derive(Clone, Debug)]
pub(crate) struct Tale {
    pub(crate) terms: Terms,
    pub(crate) cast: Vec<Persona>,
    /// Whether the network misbehaves.
    pub(crate) rough: bool,
    /// Whether a newcomer tries at the end.
    pub(crate) closing: bool,
    /// For its clients.
    pub(crate) dice: Dice,
}

/// How many tales of a campaign are long ones: one in so many.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    /// One tale in so many goes over a bad network.
    pub faulty: u64,
    /// One faulty tale in so many waits for a lease or an expiry.
    pub slow: u64,
}

impl Tale {
    /// The tale of this number.
    pub(crate) fn draw(seed: u64, number: u64, mix: Mix) -> Self {
        let mut dice = Dice::split(seed, number);
        if !dice.one_in(mix.faulty) {
            return Self::race(dice);
        }
        if dice.one_in(mix.slow) { Self::slow(dice) } else { Self::faulty(dice) }
    }

    /// Whether it mostly waits.
    pub(crate) fn is_slow(&self) -> bool {
        self.terms.expires_in.is_some() || self.cast.contains(&Persona::Sleeper)
    }

    /// The bulk: some race for a small object.
    fn race(mut dice: Dice) -> Self {
        use Persona::{Passerby, Racer};
        let gate = if dice.one_in(2) { Gate::Page } else { Gate::Direct };
        let uses = if dice.one_in(8) { 2 } else { 1 };
        let mut cast = vec![Racer; 2 + dice.index(2)];
        if dice.one_in(6) {
            cast.push(Passerby);
        }
        let object = dice.index(2);
        Self { terms: terms(gate, object, uses, None), cast, rough: false, closing: dice.one_in(8), dice }
    }

    /// Lost answers, broken downloads, strangers, revocations.
    fn faulty(mut dice: Dice) -> Self {
        use Persona::{Greedy, Parallel, Passerby, Quitter, Racer, Repeater, Resumer, Revoker, Stranger, Vanisher};
        let stops = 1 + u32::try_from(dice.below(3)).unwrap_or(0);
        let (gate, uses, object, cast) = match dice.below(12) {
            0 | 1 => (Gate::Page, 1, dice.index(2), vec![Repeater, Racer, Racer]),
            2 => (Gate::Page, 1, LARGEST, vec![Resumer(stops), Racer]),
            3 => (Gate::Page, 2, 2, vec![Resumer(stops), Resumer(1), Racer]),
            4 => (Gate::Page, 1, 2, vec![Parallel, Racer]),
            5 => (Gate::Page, 1, LARGEST, vec![Greedy]),
            6 => (Gate::Page, 1, dice.index(3), vec![Quitter, Racer]),
            7 => (Gate::Page, 2, dice.index(2), vec![Vanisher, Repeater]),
            8 => (Gate::Page, 1, dice.index(3), vec![Resumer(1), Stranger, Passerby]),
            9 => (Gate::Page, 3, dice.index(2), vec![Revoker, Repeater, Racer]),
            10 => (Gate::Direct, 1, dice.index(3), vec![Passerby, Racer, Racer]),
            _ => (Gate::Direct, 2, dice.index(2), vec![Revoker, Racer, Stranger]),
        };
        Self { terms: terms(gate, object, uses, None), cast, rough: true, closing: true, dice }
    }

    /// Leases run out, links expire.
    fn slow(mut dice: Dice) -> Self {
        use Persona::{Latecomer, Racer, Repeater, Sleeper};
        let object = dice.index(2);
        if dice.one_in(2) {
            return Self { terms: terms(Gate::Page, object, 1, None), cast: vec![Sleeper], rough: false, closing: true, dice };
        }
        let expires_in = Some(Duration::from_secs(1));
        let gate = if dice.one_in(3) { Gate::Direct } else { Gate::Page };
        let early = if gate == Gate::Page { Repeater } else { Racer };
        let cast = if dice.one_in(2) { vec![Latecomer] } else { vec![early, Latecomer] };
        Self { terms: terms(gate, object, 2, expires_in), cast, rough: dice.one_in(2), closing: false, dice }
    }
}

fn terms(gate: Gate, object: usize, uses: u32, expires_in: Option<Duration>) -> Terms {
    Terms { gate, object, size: SIZES[object], uses, expires_in }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIX: Mix = Mix { faulty: 2, slow: 4 };

    fn tales(seed: u64) -> Vec<String> {
        (0..200).map(|number| format!("{:?}", Tale::draw(seed, number, MIX))).collect()
    }

    #[test]
    fn the_same_seed_tells_the_same_tales() {
        assert_eq!(tales(5), tales(5));
        assert_ne!(tales(5), tales(6));
    }

    #[test]
    fn every_persona_has_its_part() {
        use Persona::{Greedy, Latecomer, Parallel, Passerby, Quitter, Racer, Repeater, Resumer, Revoker, Sleeper, Stranger, Vanisher};
        let all: Vec<Persona> = (0..500).flat_map(|number| Tale::draw(1, number, MIX).cast).collect();
        for persona in [Greedy, Latecomer, Parallel, Passerby, Quitter, Racer, Repeater, Resumer(1), Revoker, Sleeper, Stranger, Vanisher] {
            assert!(all.contains(&persona), "{persona:?}");
        }
    }
}
