//! Table `claims`.

use oncelink_core::Timestamp;
use oncelink_core::claim::{Claim, ClaimState, InstanceId};
use oncelink_core::coverage::Coverage;
use oncelink_core::holder::ClaimId;
use oncelink_core::token::LinkId;
use rusqlite::Row;

use super::Record;
use crate::failure::Failure;

/// A claim's state as its two columns, the time in milliseconds.
pub(crate) fn state_parts(state: ClaimState) -> (&'static str, i64) {
    match state {
        ClaimState::Active { lease_until } => ("active", lease_until.as_millis()),
        ClaimState::Completed { at } => ("completed", at.as_millis()),
        ClaimState::Released { at } => ("released", at.as_millis()),
    }
}

/// Reads a claim on `link`, of which the row knows the number only.
pub(crate) fn read_claim(row: &Row<'_>, link: &LinkId) -> Result<Claim, Failure> {
    let record = Record::new(row, "claims", "id");
    record.skip("seq");
    claim(&record, link)
}

/// A claim and what else counts when it is reported on.
pub(crate) struct Reported {
    /// The object's size.
    pub(crate) size: u64,
    /// Whether the link is revoked.
    pub(crate) revoked: bool,
    /// Column `seq`.
    pub(crate) seq: i64,
    /// The claim.
    pub(crate) claim: Claim,
    /// How long its log is, in bytes.
    pub(crate) logged: usize,
}

/// Reads a claim on `link` with what else counts when it is reported on.
pub(crate) fn read_reported(row: &Row<'_>, link: &LinkId) -> Result<Reported, Failure> {
    let link_row = Record::new(row, "links", "link_id");
    link_row.skip("link_id");
    let (size, revoked) = (link_row.count("size")?, link_row.maybe_time("revoked_at")?.is_some());
    let record = Record::after(&link_row, "claims", "id");
    Ok(Reported { size, revoked, seq: record.get("seq")?, claim: claim(&record, link)?, logged: record.length("log")? })
}

/// The columns in the order of the table, `seq` aside.
fn claim(record: &Record<'_>, link: &LinkId) -> Result<Claim, Failure> {
    record.skip("link");
    Ok(Claim {
        link: link.clone(),
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
