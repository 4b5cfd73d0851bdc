//! Delivering a claimed object: who may go on, how many bytes there are to spend, and what counts as delivered.
//!
//! Must not move bytes: that is the transport's part; this module says what it may send and what a report means.

use std::time::Duration;

use crate::claim::Claim;
use crate::coverage::Coverage;
use crate::disposition;
use crate::holder::ClaimHandle;
use crate::link::{Delivery, Link};
use crate::object::PresignedUrl;
use crate::ports::{CompleteOutcome, Progress, RecordOutcome};
use crate::range::RangeAnswer;
use crate::redeem::{admitted, standing_refusal};
use crate::refusal::{No, Refusal};
use crate::service::Links;
use crate::{Actor, Fault, Timestamp};

/// What a claim may be sent beyond twice its object: one segment of 8 MiB.
pub const BUDGET_EXTRA: u64 = 8 * 1024 * 1024;

/// How many bytes a claim on an object of `size` bytes may be sent, all its responses together.
pub fn budget(size: u64) -> u64 {
    size.saturating_mul(2).saturating_add(BUDGET_EXTRA)
}

/// What a response tells the record when it has something to tell.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The bytes delivered since the last report.
    pub delivered: Coverage,
    /// How many bytes were sent since the last report.
    pub sent: u64,
    /// Whether the last byte of it is acknowledged, so that a whole coverage completes the claim.
    pub may_complete: bool,
    /// `Some(bytes)` when the response has ended, with all that it sent.
    pub ended: Option<u64>,
    /// Whether the holder's word was taken: from now on this process has the claim's record.
    pub takes_over: bool,
}

impl Links {
    /// The claim behind a `/c/` address, when its holder may go on.
    ///
    /// # Errors
    /// The refusal or a fault.
    pub async fn find_delivery(&self, handle: &ClaimHandle, actor: &Actor) -> Result<(Link, Claim), No> {
        let found = self.parts.store.find_claim(handle.link(), &handle.claim_id()).await?;
        let Some((link, Some(claim))) = found else { return Err(Refusal::Unknown.into()) };
        admitted(&link, actor)?;
        match standing_refusal(&link, &claim, self.now()) {
            Some(refusal) => Err(refusal.into()),
            None => Ok((link, claim)),
        }
    }

    /// Ends the claim because its holder says that it has every byte. That can only end it sooner.
    ///
    /// # Errors
    /// The refusal, [`Refusal::Completed`] when it was complete before; or a fault.
    pub async fn acknowledge(&self, handle: &ClaimHandle, actor: &Actor) -> Result<(), No> {
        let (_, claim) = self.find_delivery(handle, actor).await?;
        match self.parts.store.complete(claim.reference(), self.now(), actor.clone()).await? {
            CompleteOutcome::Completed => Ok(()),
            CompleteOutcome::NotActive => Err(Refusal::Completed { at: self.now() }.into()),
        }
    }

    /// What the holder's request says about bytes that no record shows; nothing where its word isn't taken.
    ///
    /// An open-ended Range is the holder's word for what lies before it, but only where a record must be missing: another
    /// process has the claim's record, and the store is ours alone, so that process has died. From then on this process
    /// has it, and knows. With a shared store the other one may be delivering what lies before at this very moment.
    pub fn taken_on_word(&self, claim: &Claim, asked: &RangeAnswer) -> Option<Coverage> {
        let RangeAnswer::Part { range, open_ended: true } = asked else { return None };
        let mut word = Coverage::new();
        word.add(0..range.start);
        (claim.recorder != self.instance && !self.parts.store.is_shared()).then_some(word)
    }

    /// Writes a report to the claim's record and renews its lease.
    ///
    /// # Errors
    /// A fault, after which nobody knows whether the report was kept. [`Links::find_told`] (the last of a response) and
    /// [`Links::find_kept`] (another) look for it; what they don't find may be written again.
    pub async fn report(&self, claim: &Claim, report: Report, now: Timestamp, actor: &Actor) -> Result<RecordOutcome, Fault> {
        self.report_until(claim, report, now, self.policy().lease, actor).await
    }

    /// Keeps a claim whose object could not be opened from lapsing before the link itself would have ended: nothing
    /// was sent, so nothing shall be lost.
    pub async fn keep(&self, link: &Link, claim: &Claim, actor: &Actor) {
        if claim.sent == 0 && claim.coverage.is_empty() {
            let now = self.now();
            let rest = link.terms.expires_at.since(now);
            let _ = self.report_until(claim, Report::default(), now, rest.max(self.policy().lease), actor).await;
        }
    }

    /// Whether the link is delivered by a redirect.
    pub fn redirects(&self, link: &Link) -> bool {
        link.terms.delivery == Delivery::Redirect
    }

    /// Presigns the object's URL and completes the claim with it, in this order; the URL is handed out at most once.
    ///
    /// # Errors
    /// The refusal or a fault. After a fault of the completing write the URL is not handed out.
    pub async fn exchange(&self, link: &Link, claim: &Claim, actor: &Actor) -> Result<PresignedUrl, No> {
        let (source, key) = self.source_of(link)?;
        let Some(presigner) = source.presigner() else {
            return Err(
                Fault::unavailable(format!("the source '{}' of link {} can't presign any more", link.object.source, link.id)).into()
            );
        };
        // Presigning asks nobody: look first, so that a changed or deleted object spends nothing.
        self.open(link, 0..link.object.size.min(1)).await?;
        let name = disposition::attachment(&link.terms.filename);
        let kind = disposition::safe_media_type(link.terms.content_type.as_deref());
        let url = presigner.presign(&key, &link.object.version, self.policy().redirect_ttl, &name, &kind).await?;
        match self.parts.store.complete(claim.reference(), self.now(), actor.clone()).await? {
            CompleteOutcome::Completed => Ok(url),
            CompleteOutcome::NotActive => Err(Refusal::Completed { at: self.now() }.into()),
        }
    }

    async fn report_until(
        &self,
        claim: &Claim,
        report: Report,
        now: Timestamp,
        lease: Duration,
        actor: &Actor,
    ) -> Result<RecordOutcome, Fault> {
        let progress = Progress {
            claim: claim.reference(),
            now,
            delivered: report.delivered,
            sent: report.sent,
            lease_until: now.plus(lease),
            may_complete: report.may_complete,
            ended: report.ended,
            recorder: if report.takes_over { self.instance } else { claim.recorder },
            actor: actor.clone(),
        };
        self.parts.store.record(progress).await
    }
}
