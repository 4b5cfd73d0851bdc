//! Reports whose answers were lost: whether the record shows that they were kept all the same.
//!
//! A report that is written twice counts its bytes twice against the holder's budget. Must not take a report for kept that may
//! not have been: what it says was delivered has to be in the record too.

use crate::claim::Claim;
use crate::coverage::Coverage;
use crate::event::{Event, EventKind};
use crate::link::Link;
use crate::ports::RecordOutcome;
use crate::service::Links;
use crate::{Fault, Timestamp};

/// How many events of a link are looked through.
const MOST_EVENTS: usize = 10_000;

impl Links {
    /// The outcome of a response's last report, of `bytes` in all, when the event of its end shows that it was kept, at one of the
    /// times at which that was tried. Others may report on the claim meanwhile, here and at other replicas, if no two of the same
    /// bytes do so in the same millisecond: the caller sees to that within its process.
    ///
    /// # Errors
    /// A fault: then the report may not be written again yet.
    pub async fn find_told(
        &self,
        claim: &Claim,
        delivered: &Coverage,
        bytes: u64,
        tried: &[Timestamp],
    ) -> Result<Option<RecordOutcome>, Fault> {
        if tried.is_empty() {
            return Ok(None);
        }
        let events = self.store().events(&claim.link, MOST_EVENTS).await?;
        let is_its_own = |event: &Event| event.claim.as_ref() == Some(&claim.id) && event.kind == EventKind::Delivered { bytes };
        if !events.iter().any(|event| is_its_own(event) && tried.contains(&event.at)) {
            return Ok(None);
        }
        let Some((link, Some(found))) = self.store().find_claim(&claim.link, &claim.id).await? else { return Ok(None) };
        Ok((found.epoch == claim.epoch).then(|| kept(&link, found, delivered)).flatten())
    }

    /// The outcome of a report in the middle of a response, when the record says just what it would say then, with `sent` bytes
    /// in all, and it is this process that has the record.
    ///
    /// Only for whoever is alone in this process with a report on that claim: two of the same bytes look the same.
    pub async fn find_kept(&self, claim: &Claim, delivered: &Coverage, sent: u64) -> Option<RecordOutcome> {
        let (link, found) = self.store().find_claim(&claim.link, &claim.id).await.ok()??;
        let found = found.filter(|found| (found.epoch, found.recorder, found.sent) == (claim.epoch, self.instance, sent))?;
        kept(&link, found, delivered)
    }
}

/// What the report would have been told by this record, if the record has what it delivered.
fn kept(link: &Link, found: Claim, delivered: &Coverage) -> Option<RecordOutcome> {
    let is_there = found.coverage.includes(delivered);
    is_there.then(|| if link.revoked_at.is_some() { RecordOutcome::Revoked } else { RecordOutcome::Kept(found) })
}
