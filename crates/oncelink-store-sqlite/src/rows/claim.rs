//! Table `claims`.

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

/// Reads a claim.
pub(crate) fn read_claim(row: &Row<'_>) -> Result<Claim, Failure> {
    let record = Record::new(row, "claims", "id");
    let at = record.time("state_at")?;
    Ok(Claim {
        link: record.parse("link", LinkId::parse)?,
        id: record.parse("id", ClaimId::parse)?,
        epoch: record.get("epoch")?,
        state: record.parse("state", |word| match word {
            "active" => Some(ClaimState::Active { lease_until: at }),
            "completed" => Some(ClaimState::Completed { at }),
            "released" => Some(ClaimState::Released { at }),
            _ => None,
        })?,
        claimed_at: record.time("claimed_at")?,
        sent: record.count("sent")?,
        coverage: record.parse("coverage", Coverage::from_text)?,
        recorder: InstanceId(record.get::<i64>("recorder")?.cast_unsigned()),
    })
}
