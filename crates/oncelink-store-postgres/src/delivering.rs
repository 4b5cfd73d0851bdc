//! Reports of a delivery, alone or several at a time, and the ends of a claim.

use std::collections::HashMap;
use std::sync::Arc;

use oncelink_core::claim::ClaimRef;
use oncelink_core::coverage::Coverage;
use oncelink_core::holder::ClaimId;
use oncelink_core::ports::{CompleteOutcome, Progress, RecordOutcome, ReleaseOutcome};
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Timestamp};
use tokio_postgres::Row;

use crate::database::{Database, IfLost};
use crate::failure::Failure;
use crate::gathering::{Answers, Gathering, Wish};
use crate::rows::{ActorParts, ProgressColumns, limit, name, ranges, read_claim, whole};
use crate::sql;

/// `LinkStore::record`: together with others that come at the same moment, and alone when that doesn't write it. Not
/// repeated by itself when its answer is lost: a second time would count what was sent twice.
pub(crate) async fn record(db: &Database, together: &Gathering<Progress>, report: Progress) -> Result<RecordOutcome, Failure> {
    let report = Arc::new(report);
    match together.ask(report.clone()).await? {
        Some(outcome) => Ok(outcome),
        None => record_alone(db, &report).await,
    }
}

async fn record_alone(db: &Database, report: &Progress) -> Result<RecordOutcome, Failure> {
    let _turn = db.turn().await?;
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
    row.as_ref().map_or(Ok(RecordOutcome::NotYours), read_recorded)
}

/// Reports of different claims in one statement, which says no more than which of them it wrote.
impl Wish for Progress {
    type Answer = RecordOutcome;
    type Key = (LinkId, ClaimId);
    const IF_LOST: IfLost = IfLost::Tell;

    fn key(&self) -> Self::Key {
        (self.claim.link.clone(), self.claim.claim.clone())
    }

    async fn ask(db: &Database, company: &[Arc<Self>]) -> Result<Answers<RecordOutcome>, Failure> {
        let (mut columns, most) = (ProgressColumns::default(), limit(Coverage::MAX_RANGES));
        for report in company {
            // One that doesn't fit is told so when it is asked alone.
            let _ = columns.push(report);
        }
        let rows = db.rows_once(sql::CLAIMS_RECORD, &columns.params(&most)).await?;
        let mut recorded = HashMap::new();
        for row in &rows {
            recorded.insert((name(row, "link")?, name(row, "claim")?), row);
        }
        let found =
            |report: &Arc<Self>| recorded.get(&(report.claim.link.as_str(), report.claim.claim.as_str())).map(|row| read_recorded(row));
        Ok(company.iter().map(found).collect())
    }
}

/// What a report met that was written.
fn read_recorded(row: &Row) -> Result<RecordOutcome, Failure> {
    let claim = read_claim(row)?;
    match row.try_get::<_, Option<i64>>("revoked_at") {
        Ok(None) => Ok(RecordOutcome::Kept(claim)),
        Ok(Some(_)) => Ok(RecordOutcome::Revoked),
        Err(_) => Err(Failure::Defect("a report's statement doesn't say whether the link is revoked")),
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
