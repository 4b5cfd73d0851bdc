//! What a `Range` header asks of an object (RFC 9110 section 14).

use crate::object::ByteRange;

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeAnswer {
    /// The whole object (200): no header, one that isn't understood, or several ranges at once.
    Whole,
    /// A part of it (206).
    Part {
        /// The bytes, half-open.
        range: ByteRange,
        /// Whether the header said `bytes=N-`: everything from N on.
        open_ended: bool,
    },
    /// Nothing of it (416).
    Unsatisfiable,
}

/// Answers a `Range` header for an object of `size` bytes.
///
/// A header that breaks the grammar is ignored, as RFC 9110 section 14.2 allows; so is one with several ranges.
pub fn answer(header: Option<&str>, size: u64) -> RangeAnswer {
    match header.and_then(parse) {
        None => RangeAnswer::Whole,
        Some(Wanted::Last(0)) => RangeAnswer::Unsatisfiable,
        Some(Wanted::Last(_)) if size == 0 => RangeAnswer::Unsatisfiable,
        Some(Wanted::Last(length)) => RangeAnswer::Part { range: size.saturating_sub(length)..size, open_ended: false },
        Some(Wanted::From(start) | Wanted::Between(start, _)) if start >= size => RangeAnswer::Unsatisfiable,
        Some(Wanted::From(start)) => RangeAnswer::Part { range: start..size, open_ended: true },
        Some(Wanted::Between(start, last)) => RangeAnswer::Part { range: start..last.saturating_add(1).min(size), open_ended: false },
    }
}

enum Wanted {
    From(u64),
    Between(u64, u64),
    Last(u64),
}

fn parse(header: &str) -> Option<Wanted> {
    let (unit, set) = header.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = set.trim_matches([' ', '\t']).split_once('-')?;
    match (first.is_empty(), last.is_empty()) {
        (true, true) => None,
        (true, false) => Some(Wanted::Last(number(last)?)),
        (false, true) => Some(Wanted::From(number(first)?)),
        (false, false) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Wanted::Between(first, last))
        }
    }
}

/// A number of digits only; one that is too large for the type is as good as the largest.
fn number(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(range: ByteRange, open_ended: bool) -> RangeAnswer {
        RangeAnswer::Part { range, open_ended }
    }

    #[test]
    fn every_form_gets_its_answer() {
        let table = [
            ("bytes=0-", part(0..10, true)),
            ("bytes=3-", part(3..10, true)),
            ("bytes=0-0", part(0..1, false)),
            ("bytes=2-5", part(2..6, false)),
            ("bytes=2-500", part(2..10, false)),
            ("Bytes=2-5", part(2..6, false)),
            ("bytes= 2-5 ", part(2..6, false)),
            ("bytes=-3", part(7..10, false)),
            ("bytes=-30", part(0..10, false)),
            ("bytes=0-99999999999999999999999", part(0..10, false)),
            ("bytes=-99999999999999999999999", part(0..10, false)),
            ("bytes=-0", RangeAnswer::Unsatisfiable),
            ("bytes=10-", RangeAnswer::Unsatisfiable),
            ("bytes=10-12", RangeAnswer::Unsatisfiable),
            ("bytes=99999999999999999999999-", RangeAnswer::Unsatisfiable),
            ("bytes=5-2", RangeAnswer::Whole),
            ("bytes=-", RangeAnswer::Whole),
            ("bytes=", RangeAnswer::Whole),
            ("bytes", RangeAnswer::Whole),
            ("", RangeAnswer::Whole),
            ("items=0-5", RangeAnswer::Whole),
            ("bytes=0-1,3-4", RangeAnswer::Whole),
            ("bytes=a-b", RangeAnswer::Whole),
            ("bytes=+1-2", RangeAnswer::Whole),
            ("bytes=1 - 2", RangeAnswer::Whole),
            ("bytes=--5", RangeAnswer::Whole),
        ];
        for (header, expected) in table {
            assert_eq!(answer(Some(header), 10), expected, "{header}");
        }
        assert_eq!(answer(None, 10), RangeAnswer::Whole);
        assert_eq!(answer(Some("bytes=0-"), 0), RangeAnswer::Unsatisfiable);
        assert_eq!(answer(Some("bytes=-1"), 0), RangeAnswer::Unsatisfiable);
    }

    proptest! {
        #[test]
        fn a_part_always_lies_within_the_object(header in "(bytes=)?[0-9]{0,21}-?[0-9]{0,21}[,]?|\\PC{0,30}", size: u64) {
            if let RangeAnswer::Part { range, .. } = answer(Some(&header), size) {
                prop_assert!(range.start < range.end && range.end <= size);
            }
        }
    }
}
