//! Table `claims`.

use oncelink_core::Timestamp;
use oncelink_core::claim::{Claim, ClaimState, InstanceId};
use oncelink_core::coverage::Coverage;
use oncelink_core::holder::ClaimId;
use oncelink_core::token::LinkId;
use rusqlite::Row;

use super::{Record, log};
use crate::failure::Failure;

/// A claim's state as its two columns, the time in milliseconds.
pub(crate) fn state_parts(state: ClaimState) -> (&'static str, i64) {
    match state {
        ClaimState::Active { lease_until } => ("active", lease_until.as_millis()),
        ClaimState::Completed { at } => ("completed", at.as_millis()),
        ClaimState::Released { at } => ("released", at.as_millis()),
    }
}

/// Reads a claim.
pub(crate) fn read_claim(row: &Row<'_>) -> Result<Claim, Failure> {
    claim(&Record::new(row, "claims", "id"))
}

/// A claim and what else counts when it is reported on.
pub(crate) struct Reported {
    /// The claim.
    pub(crate) claim: Claim,
    /// How long its log is, in bytes.
    pub(crate) logged: usize,
    /// The object's size.
    pub(crate) size: u64,
    /// Whether the link is revoked.
    pub(crate) revoked: bool,
}

/// Reads a claim with what else counts when it is reported on.
pub(crate) fn read_reported(row: &Row<'_>) -> Result<Reported, Failure> {
    let record = Record::new(row, "claims", "id");
    Ok(Reported {
        claim: claim(&record)?,
        logged: log::length(row)?,
        size: record.count("size")?,
        revoked: record.maybe_time("revoked_at")?.is_some(),
    })
}

/// The columns in the order of the table.
fn claim(record: &Record<'_>) -> Result<Claim, Failure> {
    Ok(Claim {
        link: record.parse("link", LinkId::parse)?,
        id: record.parse("id", ClaimId::parse)?,
        epoch: record.get("epoch")?,
        state: record.parse("state", state_of)?(record.time("state_at")?),
        claimed_at: record.time("claimed_at")?,
        sent: record.count("sent")?,
        coverage: record.parse("coverage", Coverage::from_text)?,
        recorder: InstanceId(record.get::<i64>("recorder")?.cast_unsigned()),
    })
}

/// What a word makes of the time beside it.
fn state_of(word: &str) -> Option<fn(Timestamp) -> ClaimState> {
    match word {
        "active" => Some(|lease_until| ClaimState::Active { lease_until }),
        "completed" => Some(|at| ClaimState::Completed { at }),
        "released" => Some(|at| ClaimState::Released { at }),
        _ => None,
    }
}
