//! Claims and reports column by column: many of them are one statement.

use oncelink_core::ports::{ClaimRequest, Progress};

use super::{end_of_line, ranges, state_parts, whole};
use crate::claiming;
use crate::database::Param;
use crate::failure::Failure;

/// Claims, in the order of `claims_take.sql`.
#[derive(Default)]
pub(crate) struct ClaimColumns<'a> {
    link: Vec<&'a str>,
    claim: Vec<&'a str>,
    now: Vec<i64>,
    state: Vec<&'static str>,
    state_at: Vec<i64>,
    proved: Vec<Option<i64>>,
    recorder: Vec<i64>,
    actor: Vec<String>,
}

impl<'a> ClaimColumns<'a> {
    /// Adds a claim.
    pub(crate) fn push(&mut self, wish: &'a ClaimRequest) {
        let (state, at) = state_parts(claiming::first_state(wish));
        self.link.push(wish.link.as_str());
        self.claim.push(wish.claim.as_str());
        self.now.push(wish.now.as_millis());
        self.state.push(state);
        self.state_at.push(at);
        self.proved.push(wish.proved.map(|window| window.as_millis()));
        self.recorder.push(wish.recorder.0.cast_signed());
        self.actor.push(end_of_line(&wish.actor));
    }

    /// The parameters of `claims_take.sql`.
    pub(crate) fn params(&self) -> [Param<'_>; 8] {
        [&self.link, &self.claim, &self.now, &self.state, &self.state_at, &self.proved, &self.recorder, &self.actor]
    }
}

/// Reports, in the order of `claims_record.sql`.
#[derive(Default)]
pub(crate) struct ProgressColumns<'a> {
    link: Vec<&'a str>,
    claim: Vec<&'a str>,
    epoch: Vec<i64>,
    now: Vec<i64>,
    delivered: Vec<String>,
    sent: Vec<i64>,
    lease_until: Vec<i64>,
    may_complete: Vec<bool>,
    ended: Vec<Option<i64>>,
    recorder: Vec<i64>,
    actor: Vec<String>,
}

impl<'a> ProgressColumns<'a> {
    /// Adds a report whose numbers fit.
    pub(crate) fn push(&mut self, report: &'a Progress) -> Result<(), Failure> {
        let delivered = ranges(&report.delivered)?;
        let sent = whole(report.sent, "the number of sent bytes")?;
        let ended = report.ended.map(|bytes| whole(bytes, "the number of delivered bytes")).transpose()?;
        self.link.push(report.claim.link.as_str());
        self.claim.push(report.claim.claim.as_str());
        self.epoch.push(report.claim.epoch.into());
        self.now.push(report.now.as_millis());
        self.delivered.push(delivered);
        self.sent.push(sent);
        self.lease_until.push(report.lease_until.as_millis());
        self.may_complete.push(report.may_complete);
        self.ended.push(ended);
        self.recorder.push(report.recorder.0.cast_signed());
        self.actor.push(end_of_line(&report.actor));
        Ok(())
    }

    /// The parameters of `claims_record.sql`, with the bound of ranges.
    pub(crate) fn params<'p>(&'p self, ranges: &'p i64) -> [Param<'p>; 12] {
        [
            &self.link,
            &self.claim,
            &self.epoch,
            &self.now,
            &self.delivered,
            &self.sent,
            &self.lease_until,
            &self.may_complete,
            &self.ended,
            &self.recorder,
            &self.actor,
            ranges,
        ]
    }
}
