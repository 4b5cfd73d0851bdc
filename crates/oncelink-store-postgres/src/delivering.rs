//! Reports of a delivery and the ends of a claim: one statement each.

use oncelink_core::claim::ClaimRef;
use oncelink_core::coverage::Coverage;
use oncelink_core::ports::{CompleteOutcome, Progress, RecordOutcome, ReleaseOutcome};
use oncelink_core::{Actor, Timestamp};

use crate::database::{Database, IfLost};
use crate::failure::Failure;
use crate::rows::{ActorParts, limit, ranges, read_claim, whole};
use crate::sql;

/// `LinkStore::record`. Not repeated by itself when its answer is lost: a second time would count what was sent twice.
pub(crate) async fn record(db: &Database, report: &Progress) -> Result<RecordOutcome, Failure> {
    let actor = ActorParts::of(&report.actor);
    let row = db
        .row(
            sql::CLAIM_RECORD,
            IfLost::Tell,
            &[
                &report.claim.link.as_str(),
                &report.claim.claim.as_str(),
                &i64::from(report.claim.epoch),
                &report.now.as_millis(),
                &ranges(&report.delivered)?,
                &whole(report.sent, "the number of sent bytes")?,
                &report.lease_until.as_millis(),
                &report.may_complete,
                &report.ended.map(|bytes| whole(bytes, "the number of delivered bytes")).transpose()?,
                &report.recorder.0.cast_signed(),
                &actor.address,
                &actor.user_agent,
                &actor.key,
                &limit(Coverage::MAX_RANGES),
            ],
        )
        .await?;
    let Some(row) = row else { return Ok(RecordOutcome::NotYours) };
    let claim = read_claim(&row)?;
    match row.try_get::<_, Option<i64>>("revoked_at") {
        Ok(None) => Ok(RecordOutcome::Kept(claim)),
        Ok(Some(_)) => Ok(RecordOutcome::Revoked),
        Err(_) => Err(Failure::Defect("claim_record.sql doesn't say whether the link is revoked")),
    }
}

/// `LinkStore::complete`. Not repeated by itself when its answer is lost: a second time would find the claim completed,
/// and say that it wasn't active.
pub(crate) async fn complete(db: &Database, claim: &ClaimRef, now: Timestamp, actor: &Actor) -> Result<CompleteOutcome, Failure> {
    let done = end(db, sql::CLAIM_COMPLETE, claim, now, actor).await?;
    Ok(if done { CompleteOutcome::Completed } else { CompleteOutcome::NotActive })
}

/// `LinkStore::release`. Not repeated by itself, for the same reason.
pub(crate) async fn release(db: &Database, claim: &ClaimRef, now: Timestamp, actor: &Actor) -> Result<ReleaseOutcome, Failure> {
    let done = end(db, sql::CLAIM_RELEASE, claim, now, actor).await?;
    Ok(if done { ReleaseOutcome::Released } else { ReleaseOutcome::NotReleased })
}

/// Runs one of the two statements that end a claim; whether it did.
async fn end(db: &Database, statement: &str, claim: &ClaimRef, now: Timestamp, actor: &Actor) -> Result<bool, Failure> {
    let actor = ActorParts::of(actor);
    let row = db
        .row(
            statement,
            IfLost::Tell,
            &[
                &claim.link.as_str(),
                &claim.claim.as_str(),
                &i64::from(claim.epoch),
                &now.as_millis(),
                &actor.address,
                &actor.user_agent,
                &actor.key,
            ],
        )
        .await?;
    Ok(row.is_some())
}
