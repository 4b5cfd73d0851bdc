//! Table `oncelink_claims`.

use std::error::Error;

use oncelink_core::claim::{Claim, ClaimState, InstanceId};
use oncelink_core::coverage::Coverage;
use oncelink_core::holder::ClaimId;
use oncelink_core::token::LinkId;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use super::{Record, whole};
use crate::failure::Failure;

/// A claim's state as its two columns, the time in milliseconds.
pub(crate) fn state_parts(state: ClaimState) -> (&'static str, i64) {
    match state {
        ClaimState::Active { lease_until } => ("active", lease_until.as_millis()),
        ClaimState::Completed { at } => ("completed", at.as_millis()),
        ClaimState::Released { at } => ("released", at.as_millis()),
    }
}

/// A set of ranges as the text of an `int8multirange`.
pub(crate) fn ranges(coverage: &Coverage) -> Result<String, Failure> {
    let ranges = coverage.ranges().iter().map(|range| {
        let end = whole(range.end, "the place of a delivered byte")?;
        Ok(format!("[{},{end})", range.start))
    });
    Ok(format!("{{{}}}", ranges.collect::<Result<Vec<_>, Failure>>()?.join(",")))
}

/// Reads a claim.
pub(crate) fn read_claim(row: &Row) -> Result<Claim, Failure> {
    let record = record(row);
    let at = record.time("state_at")?;
    Ok(Claim {
        link: record.parse("link", LinkId::parse)?,
        id: record.parse("claim", ClaimId::parse)?,
        epoch: record.count("epoch")?,
        state: record.parse("state", |word| match word {
            "active" => Some(ClaimState::Active { lease_until: at }),
            "completed" => Some(ClaimState::Completed { at }),
            "released" => Some(ClaimState::Released { at }),
            _ => None,
        })?,
        claimed_at: record.time("claimed_at")?,
        sent: record.count("sent")?,
        coverage: record.get::<Ranges>("coverage")?.0,
        recorder: InstanceId(record.get::<i64>("recorder")?.cast_unsigned()),
    })
}

/// Reads a claim that stands beside its link in an outer join, when there is one.
pub(crate) fn read_claim_beside(row: &Row) -> Result<Option<Claim>, Failure> {
    match record(row).get::<Option<&str>>("claim")? {
        Some(_) => read_claim(row).map(Some),
        None => Ok(None),
    }
}

fn record(row: &Row) -> Record<'_> {
    Record { row, table: "oncelink_claims", id: "claim" }
}

/// An `int8multirange` as it comes over the wire (`multirange_send` and `range_send` in PostgreSQL's sources): a count,
/// then each range with its length, flags, and two bounds with their lengths. PostgreSQL keeps ranges of whole numbers
/// with the first one included and the last one not; nobody of us writes any without bounds.
struct Ranges(Coverage);

/// The flags of a range with an included lower and an excluded upper bound.
const HALF_OPEN: u8 = 0x02;

impl<'a> FromSql<'a> for Ranges {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        read_ranges(raw).map(Self).ok_or_else(|| "not a set of half-open ranges".into())
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::INT8MULTI_RANGE
    }
}

fn read_ranges(mut raw: &[u8]) -> Option<Coverage> {
    let mut set = Coverage::new();
    let count = i32::from_be_bytes(take(&mut raw)?);
    for _ in 0..count {
        let _length: [u8; 4] = take(&mut raw)?;
        if take(&mut raw)? != [HALF_OPEN] {
            return None;
        }
        let start = read_bound(&mut raw)?;
        set.add(start..read_bound(&mut raw)?);
    }
    raw.is_empty().then_some(set)
}

fn read_bound(raw: &mut &[u8]) -> Option<u64> {
    let length = i32::from_be_bytes(take(raw)?);
    if length != 8 {
        return None;
    }
    u64::try_from(i64::from_be_bytes(take(raw)?)).ok()
}

fn take<const N: usize>(raw: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = raw.split_first_chunk()?;
    *raw = rest;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{[3,7),[9,10)}` as a server sends it.
    fn wire() -> Vec<u8> {
        let mut raw = 2_i32.to_be_bytes().to_vec();
        for (start, end) in [(3_i64, 7_i64), (9, 10)] {
            raw.extend(25_i32.to_be_bytes());
            raw.push(HALF_OPEN);
            for bound in [start, end] {
                raw.extend(8_i32.to_be_bytes());
                raw.extend(bound.to_be_bytes());
            }
        }
        raw
    }

    #[test]
    fn ranges_are_written_as_text_and_read_from_the_wire() {
        let set = read_ranges(&wire()).expect("a set of ranges");
        assert_eq!(set.ranges(), [3..7, 9..10]);
        assert_eq!(ranges(&set).expect("they fit"), "{[3,7),[9,10)}");
        assert_eq!(ranges(&Coverage::new()).expect("they fit"), "{}");
        assert_eq!(read_ranges(&0_i32.to_be_bytes()), Some(Coverage::new()));
    }

    #[test]
    fn what_is_no_set_of_ranges_is_nothing() {
        let whole = wire();
        for end in 0..whole.len() {
            assert_eq!(read_ranges(&whole[..end]), None, "cut off at {end}");
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert_eq!(read_ranges(&longer), None);
        let mut unbounded = whole;
        unbounded[8] = 0x10;
        assert_eq!(read_ranges(&unbounded), None);
    }

    #[test]
    fn places_beyond_63_bits_are_refused() {
        let mut set = Coverage::new();
        set.add(0..u64::MAX);
        assert!(matches!(ranges(&set), Err(Failure::TooLarge(_))));
    }
}
