//! Medians and their spread over rounds.

use serde_json::{Value, json};

/// One number, measured once per round.
#[derive(Clone, Debug, Default)]
pub struct Series(Vec<f64>);

impl Series {
    /// Of a number that was measured once.
    pub fn one(value: f64) -> Self {
        Self(vec![value])
    }

    /// Adds a round's value.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The middle value; 0 of none.
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        match sorted.len() {
            0 => 0.0,
            count if count % 2 == 1 => sorted[count / 2],
            count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
        }
    }

    /// The smallest and the largest value.
    pub fn spread(&self) -> (f64, f64) {
        let low = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        (low, self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    }

    /// How often this was measured.
    pub fn rounds(&self) -> usize {
        self.0.len()
    }

    /// This by the other, round by round: what slows the machine for a while slows both.
    #[must_use]
    pub fn ratio(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(own, others)| own / others).collect())
    }

    /// This and the other, round by round.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(own, others)| own + others).collect())
    }

    /// In another unit.
    #[must_use]
    pub fn times(&self, factor: f64) -> Self {
        Self(self.0.iter().map(|value| value * factor).collect())
    }

    /// One by each value.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self(self.0.iter().map(|value| 1.0 / value).collect())
    }

    /// As JSON, every round told.
    pub fn to_json(&self) -> Value {
        let (low, high) = self.spread();
        json!({ "median": self.median(), "low": low, "high": high, "rounds": self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Series {
        Series(values.to_vec())
    }

    #[test]
    fn one_wild_round_does_not_move_the_median() {
        assert!((series(&[3.0, 1.0, 900.0, 2.0, 4.0]).median() - 3.0).abs() < 1e-9);
        assert!((series(&[4.0, 2.0]).median() - 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_ratio_is_taken_within_rounds() {
        // The machine was slow in the second round, for both.
        let ratio = series(&[10.0, 1.0, 12.0]).ratio(&series(&[5.0, 0.5, 5.0]));
        assert!((ratio.median() - 2.0).abs() < 1e-9);
        assert!((ratio.spread().1 - 2.4).abs() < 1e-9);
        assert_eq!(ratio.rounds(), 3);
    }
}
