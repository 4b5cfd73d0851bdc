//! Which bytes of an object have been delivered, as a set of ranges.

use std::ops::Range;

/// A set of byte positions, kept as sorted ranges that neither touch nor overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage(Vec<Range<u64>>);

impl Coverage {
    /// The most ranges that are kept. A client that scatters more gaps than this loses credit for the shortest range,
    /// never gains any: the record stays bounded and completion only comes later.
    pub const MAX_RANGES: usize = 256;

    /// No byte.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `range` (half-open).
    pub fn add(&mut self, range: Range<u64>) {
        if range.start >= range.end {
            return;
        }
        let from = self.0.partition_point(|have| have.end < range.start);
        let to = self.0.partition_point(|have| have.start <= range.end);
        let mut joined = range;
        if from < to {
            joined.start = joined.start.min(self.0[from].start);
            joined.end = joined.end.max(self.0[to - 1].end);
        }
        self.0.splice(from..to, [joined]);
        if self.0.len() > Self::MAX_RANGES {
            self.drop_shortest();
        }
    }

    /// Adds every range of `other`.
    pub fn merge(&mut self, other: &Self) {
        for range in &other.0 {
            self.add(range.clone());
        }
    }

    /// Whether all of `other` is in it.
    pub fn includes(&self, other: &Self) -> bool {
        other.0.iter().all(|part| self.0.iter().any(|have| have.start <= part.start && part.end <= have.end))
    }

    /// Whether all of `0..size` is in the set. An empty object is covered by the empty set.
    pub fn is_whole(&self, size: u64) -> bool {
        size == 0 || self.0.first().is_some_and(|first| first.start == 0 && first.end >= size)
    }

    /// Whether no byte is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes are in the set.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|range| range.end - range.start).sum()
    }

    /// The ranges, sorted.
    pub fn ranges(&self) -> &[Range<u64>] {
        &self.0
    }

    /// The set as text, `0-10,20-30` with exclusive ends: the form in which stores keep it.
    pub fn to_text(&self) -> String {
        let parts: Vec<String> = self.0.iter().map(|range| format!("{}-{}", range.start, range.end)).collect();
        parts.join(",")
    }

    /// Reads what [`Coverage::to_text`] wrote; nothing when it is something else.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut set = Self::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (start, end) = part.split_once('-')?;
            set.add(start.parse().ok()?..end.parse().ok()?);
        }
        Some(set)
    }

    fn drop_shortest(&mut self) {
        let shortest = (0..self.0.len()).min_by_key(|&index| self.0[index].end - self.0[index].start);
        if let Some(index) = shortest {
            self.0.remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn coverage_is_the_union_of_what_was_added(parts in prop::collection::vec((0_u64..300, 0_u64..40), 0..40)) {
            let mut set = Coverage::new();
            let mut model = vec![false; 400];
            for (start, length) in parts {
                set.add(start..start + length);
                (start..start + length).for_each(|place| model[usize::try_from(place).expect("small")] = true);
            }
            prop_assert_eq!(set.len(), model.iter().filter(|&&covered| covered).count() as u64);
            let first_gap = model.iter().position(|&covered| !covered).expect("the model ends with a gap") as u64;
            prop_assert!(set.is_whole(first_gap));
            prop_assert!(!set.is_whole(first_gap + 1));
            prop_assert!(set.ranges().windows(2).all(|pair| pair[0].end < pair[1].start));
            prop_assert_eq!(Coverage::from_text(&set.to_text()), Some(set));
        }
    }

    #[test]
    fn scattered_ranges_stay_bounded_and_never_gain_credit() {
        let mut set = Coverage::new();
        for place in 0..10_000_u64 {
            set.add(place * 3..place * 3 + 1);
        }
        assert_eq!(set.ranges().len(), Coverage::MAX_RANGES);
        assert!(!set.is_whole(2));
    }
}
