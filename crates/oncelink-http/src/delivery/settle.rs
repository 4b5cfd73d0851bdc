//! Settling: the lease is renewed while a response moves, and the record is written when it ends.
//!
//! The supervisor runs from a response's start to its record. On our own sockets a response has arrived when the
//! client's TCP has acknowledged its last byte.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use oncelink_core::claim::{Claim, ClaimState};
use oncelink_core::coverage::Coverage;
use oncelink_core::delivery::Report;
use oncelink_core::holder::ClaimId;
use oncelink_core::ports::RecordOutcome;
use oncelink_core::{Actor, Links, Timestamp};
use tokio::time::{Instant, sleep};

use super::account::Seat;
use super::flow::{Flow, Stage};
use crate::app::App;
use crate::metrics::Metrics;
use crate::wire::Wire;

/// How long an acknowledgement may keep us waiting without any progress on an open connection. Whoever runs the connection
/// cuts one that stalls, so this is only the last resort.
const ACK_PATIENCE: Duration = Duration::from_secs(600);
/// How long it may when the connection has been given up on our side.
const ACK_PATIENCE_CLOSED: Duration = Duration::from_secs(10);
/// How long the bytes of a broken response are waited for; the holder's next request waits a little longer.
const BREAK_PATIENCE: Duration = Duration::from_secs(1);
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MOST: Duration = Duration::from_secs(5);

/// One response of one claim.
pub(crate) struct Delivery {
    links: Arc<Links>,
    claim: Claim,
    pub(crate) account: Seat,
    pub(crate) flow: Arc<Flow>,
    actor: Actor,
    fresh: bool,
    acknowledged_later: bool,
    takes_over: bool,
    metrics: Arc<Metrics>,
    told: Mutex<Told>,
}

/// How a response is to be recorded.
pub(crate) struct Manner {
    /// What the holder says it has already, where its word is taken.
    pub(crate) word: Option<Coverage>,
    /// Who downloads.
    pub(crate) actor: Actor,
    /// Whether an untouched claim is given back.
    pub(crate) fresh: bool,
    /// Whether the holder will say itself when it has everything.
    pub(crate) acknowledged_later: bool,
}

/// What the record knows of this response.
struct Told {
    /// Bytes from the response's start that were reported as delivered.
    delivered: u64,
    /// Bytes that were reported as sent.
    sent: u64,
    /// The holder's word, until it has been reported.
    word: Coverage,
    /// When the last report was tried to be written.
    tried: Vec<Timestamp>,
}

/// What a response has left behind when it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    /// So many of its bytes have reached the client, at least.
    pub(crate) arrived: u64,
    /// So many may have, at most.
    pub(crate) sent: u64,
    /// Nothing has left, nor will, not even the head.
    pub(crate) nothing: bool,
}

impl Left {
    /// Exactly so many bytes.
    pub(crate) fn of(sent: u64) -> Self {
        Self { arrived: sent, sent, nothing: sent == 0 }
    }
}

impl Delivery {
    pub(crate) fn new(app: &App, claim: Claim, account: Seat, flow: Arc<Flow>, manner: Manner) -> Self {
        let Manner { word, actor, fresh, acknowledged_later } = manner;
        let (links, metrics) = (Arc::clone(&app.links), Arc::clone(&app.metrics));
        metrics.delivery_began();
        let takes_over = word.is_some();
        if let Some(word) = &word {
            account.know(word);
        }
        let told = Mutex::new(Told { delivered: 0, sent: 0, word: word.unwrap_or_default(), tried: Vec::new() });
        Self { links, claim, account, flow, actor, fresh, acknowledged_later, takes_over, metrics, told }
    }

    /// The claim's public name.
    pub(crate) fn claim_id(&self) -> &ClaimId {
        &self.claim.id
    }

    /// Writes the last report. With `acknowledged` the bytes that arrived are known to have, so that they may complete the
    /// claim. Says whether it was kept.
    ///
    /// A store that fails is asked again until the lease has run out; then the claim lapses, which spends it all the same.
    pub(crate) async fn settle(&self, left: Left, acknowledged: bool) -> bool {
        let Left { arrived, sent, nothing } = left;
        if acknowledged && !self.acknowledged_later {
            let start = self.flow.start();
            self.account.arrive(start..start + arrived, self.links.now());
        }
        let kept = if self.fresh && nothing && !acknowledged {
            self.links.give_back(&self.claim, &self.actor).await;
            true
        } else {
            self.report_until_kept(arrived, sent, acknowledged).await
        };
        self.account.end_finish();
        kept
    }

    async fn report_until_kept(&self, arrived: u64, sent: u64, acknowledged: bool) -> bool {
        let mut pause = RETRY_FIRST;
        loop {
            match self.report(arrived, sent, acknowledged, true).await {
                Ok(going_on) => return going_on,
                Err(fault) if self.links.now() < self.lease_until() => {
                    tracing::warn!(claim = %self.claim.id, %fault, "the record of a download could not be written; trying again");
                    sleep(pause).await;
                    pause = (pause * 2).min(RETRY_MOST);
                }
                Err(fault) => {
                    tracing::error!(claim = %self.claim.id, %fault, "the record of a download could not be written within its lease");
                    return false;
                }
            }
        }
    }

    /// Reports what has come since the last report. Says whether the claim goes on.
    async fn report(&self, delivered: u64, sent: u64, whole: bool, ended: bool) -> Result<bool, oncelink_core::Fault> {
        let start = self.flow.start();
        let report = {
            let told = self.told();
            let mut coverage = told.word.clone();
            coverage.add(start + told.delivered..start + delivered.max(told.delivered));
            let may_complete = whole && !self.acknowledged_later;
            let ended = ended.then_some(sent);
            Report { delivered: coverage, sent: sent.saturating_sub(told.sent), may_complete, ended, takes_over: self.takes_over }
        };
        let new_sent = report.sent;
        let outcome = self.write(report).await?;
        let mut told = self.told();
        told.delivered = told.delivered.max(delivered);
        told.sent += new_sent;
        told.word = Coverage::new();
        let lost = if ended { self.flow.yielded().saturating_sub(told.sent) } else { 0 };
        self.metrics.sent(new_sent);
        Ok(match outcome {
            RecordOutcome::Kept(claim) => {
                self.account.reported(new_sent, lost, claim.sent);
                self.take_in(&claim)
            }
            RecordOutcome::Revoked | RecordOutcome::NotYours => {
                self.account.reported(new_sent, lost, 0);
                false
            }
        })
    }

    /// Writes a report. One whose answer is lost is looked for, lest its bytes count twice.
    async fn write(&self, report: Report) -> Result<RecordOutcome, oncelink_core::Fault> {
        let Report { ref delivered, sent, ended, .. } = report;
        if let Some(bytes) = ended {
            let tried = self.told().tried.clone();
            if let Some(outcome) = self.links.find_told(&self.claim, delivered, bytes, &tried).await? {
                return Ok(outcome);
            }
        }
        let reporting = self.account.begin_report(self.links.now());
        let now = reporting.at();
        let fault = match self.links.report(&self.claim, report.clone(), now, &self.actor).await {
            Ok(outcome) => return Ok(outcome),
            Err(fault) => fault,
        };
        if ended.is_some() {
            self.told().tried.push(now);
            return Err(fault);
        }
        let Some(before) = reporting.recorded_before() else { return Err(fault) };
        let kept = self.links.find_kept(&self.claim, delivered, before.saturating_add(sent)).await;
        // Another one may have begun meanwhile.
        kept.filter(|_| reporting.recorded_before().is_some()).ok_or(fault)
    }

    fn take_in(&self, claim: &Claim) -> bool {
        match claim.state {
            ClaimState::Active { lease_until } => self.account.leased(lease_until),
            ClaimState::Completed { .. } => {
                self.account.close();
                self.metrics.completed();
            }
            ClaimState::Released { .. } => return false,
        }
        true
    }

    /// Until when the lease runs, as far as this process knows.
    fn lease_until(&self) -> Timestamp {
        self.account.lease_until().unwrap_or(self.claim.claimed_at)
    }

    fn reported_delivered(&self) -> u64 {
        self.told().delivered
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.metrics.delivery_ended();
    }
}

/// Watches over a response until its record is written.
pub(crate) async fn supervise(delivery: &Delivery, wire: Option<&Wire>) {
    let flow = &delivery.flow;
    let stage = tokio::select! {
        stage = flow.ended() => stage,
        () = keep_leased(delivery, wire) => {
            stop(flow, wire);
            flow.ended().await
        }
    };
    match (stage, wire) {
        // Without a socket to ask, the body itself has settled before its last chunk.
        (Stage::Finished, None) => {}
        (Stage::Finished, Some(wire)) => {
            // All of it is in the kernel's hands; the lease and a revocation hold there too.
            let whole = tokio::select! {
                whole = until_acknowledged(flow, wire) => whole,
                () = keep_leased(delivery, Some(wire)) => {
                    stop(flow, Some(wire));
                    false
                }
            };
            let left = if whole { Left::of(flow.length()) } else { left_behind(flow, wire).await };
            delivery.settle(left, whole || left.arrived > 0).await;
        }
        (Stage::Broken | Stage::Running, wire) => {
            delivery.account.begin_finish();
            let left = match wire {
                Some(wire) => left_behind(flow, wire).await,
                None => Left::of(flow.yielded()),
            };
            // What was acknowledged counts, however the response ended: a client with several connections hangs up on each as
            // soon as it has what it wanted of it. Without a socket nobody has acknowledged anything.
            delivery.settle(left, wire.is_some() && left.arrived > 0).await;
        }
    }
}

/// Stops a response: the source gives nothing more, and what the kernel hasn't sent yet is dropped.
fn stop(flow: &Flow, wire: Option<&Wire>) {
    flow.cut();
    if let Some(wire) = wire {
        wire.abort();
    }
}

/// What a broken response has left behind.
///
/// What the client's TCP has acknowledged has arrived; what was sent and not acknowledged may have, so it counts against
/// the budget. While the connection lives the acknowledgements are waited for a moment: the more the record knows, the
/// better can the client go on. That nothing has left is only known when nothing more can be written.
async fn left_behind(flow: &Flow, wire: &Wire) -> Left {
    let begin = Instant::now();
    loop {
        // In this order: what was acknowledged, or written, before its end still counts.
        let dead = wire.is_dead();
        let over = dead || wire.is_closed();
        let arrived = flow.acknowledged(wire);
        let sent = flow.sent(wire).max(arrived);
        let settled = arrived == sent && (sent > 0 || over);
        if dead || settled || begin.elapsed() > BREAK_PATIENCE {
            return Left { arrived, sent, nothing: over && !flow.may_have_left(wire) };
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// Renews the lease while the response moves. Ends when it may not go on: lapsed, revoked, or no longer the holder's.
async fn keep_leased(delivery: &Delivery, wire: Option<&Wire>) {
    let every = (delivery.links.policy().lease / 3).max(Duration::from_millis(20));
    let mut pause = every;
    loop {
        // A response that doesn't move is over when its lease is, not at the next renewal.
        let left = delivery.lease_until().since(delivery.links.now()) + Duration::from_millis(1);
        sleep(pause.min(left)).await;
        match renew(delivery, wire).await {
            Renewal::GoesOn => pause = every,
            Renewal::Again(soon) => pause = soon,
            Renewal::Over => return,
        }
    }
}

/// What a renewal has found.
enum Renewal {
    /// Everything is in order.
    GoesOn,
    /// The store didn't answer: try again after so long.
    Again(Duration),
    /// Not one byte more.
    Over,
}

/// Renews the lease if the response has moved.
async fn renew(delivery: &Delivery, wire: Option<&Wire>) -> Renewal {
    let flow = &delivery.flow;
    let arrived = wire.map_or(flow.yielded(), |wire| flow.acknowledged(wire));
    if arrived > delivery.reported_delivered() {
        return match delivery.report(arrived, flow.yielded(), false, false).await {
            Ok(true) => Renewal::GoesOn,
            Ok(false) => Renewal::Over,
            Err(fault) => {
                tracing::warn!(claim = %delivery.claim.id, %fault, "a lease could not be renewed; trying again");
                let soon = (delivery.links.policy().lease / 10).min(RETRY_MOST);
                if delivery.links.now() < delivery.lease_until() { Renewal::Again(soon) } else { Renewal::Over }
            }
        };
    }
    if delivery.links.now() >= delivery.lease_until() {
        return Renewal::Over;
    }
    let found = delivery.links.store().find_claim(&delivery.claim.link, &delivery.claim.id).await;
    let revoked = matches!(found, Ok(Some((link, _))) if link.revoked_at.is_some());
    if revoked { Renewal::Over } else { Renewal::GoesOn }
}

/// Waits until the client's TCP has acknowledged the whole response; false when it never will.
async fn until_acknowledged(flow: &Flow, wire: &Wire) -> bool {
    let mut pause = Duration::from_millis(1);
    let mut progress = (flow.acknowledged(wire), Instant::now());
    loop {
        if flow.is_acknowledged(wire) {
            return true;
        }
        // Looked at before the next look at it: what was acknowledged before its death still counts.
        if wire.is_dead() {
            return flow.is_acknowledged(wire);
        }
        let now = flow.acknowledged(wire);
        if now > progress.0 {
            progress = (now, Instant::now());
        }
        let patience = if wire.is_closed() { ACK_PATIENCE_CLOSED } else { ACK_PATIENCE };
        if progress.1.elapsed() > patience {
            return false;
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
