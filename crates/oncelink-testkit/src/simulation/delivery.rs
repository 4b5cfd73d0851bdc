//! A delivery on its way: body, connection and supervisor, as the HTTP layer has them on sockets of its own.
//!
//! A model, in the simplest shape that keeps what matters: bytes are drawn from the account before they go out; what the
//! client got may be more than what the server knows to be acknowledged; the record is written when the response ends,
//! and at each third of the lease.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::StreamExt;
use oncelink_core::claim::{Claim, ClaimState};
use oncelink_core::coverage::Coverage;
use oncelink_core::delivery::Report;
use oncelink_core::ports::RecordOutcome;
use oncelink_core::redeem::Opened;
use oncelink_core::{Actor, Fault, Timestamp};

use super::account::Account;
use super::executor::{Life, breathe, breathe_times};
use super::plan::LEASE;
use super::replica::Replica;
use super::world::World;

/// A connection that carries one response.
pub(super) struct Wire {
    pub(super) claim: Claim,
    pub(super) start: u64,
    /// Bytes that the server has written.
    pub(super) written: Cell<u64>,
    /// Bytes that have reached the client.
    pub(super) received: Cell<u64>,
    /// Bytes of which the server knows that they have reached the client.
    pub(super) acknowledged: Cell<u64>,
    pub(super) length: u64,
    pub(super) broken: Cell<bool>,
    /// Which life of which server writes.
    pub(super) replica: Rc<Replica>,
}

/// One response of one claim.
pub(super) struct Delivery {
    replica: Rc<Replica>,
    world: Rc<World>,
    claim: Claim,
    account: Rc<Account>,
    wire: Rc<Wire>,
    /// Whether an untouched claim is given back, since its holder was made on the spot.
    fresh: bool,
    /// Whether the holder's word was taken.
    takes_over: bool,
    stage: Cell<Stage>,
    cut: Cell<bool>,
    /// Whether the store was asked, and answered, after the link was revoked.
    knew: Cell<bool>,
    /// What the record knows of this response.
    delivered: Cell<u64>,
    sent: Cell<u64>,
    word: RefCell<Coverage>,
    /// When its end was told without an answer.
    tried: RefCell<Vec<Timestamp>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Running,
    Finished,
    Broken,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} bytes of {} from {} on", self.length, self.claim.id, self.start)
    }
}

impl Wire {
    /// The server looks at what the client's TCP has acknowledged.
    fn look(&self) -> u64 {
        if !self.broken.get() {
            self.acknowledged.set(self.received.get());
        }
        self.acknowledged.get()
    }
}

impl Delivery {
    pub(super) fn new(world: &Rc<World>, account: Rc<Account>, wire: Rc<Wire>, word: Option<Coverage>, fresh: bool) -> Self {
        let takes_over = word.is_some();
        let (claim, replica, world) = (wire.claim.clone(), Rc::clone(&wire.replica), Rc::clone(world));
        let (delivered, sent) = (Cell::new(0), Cell::new(0));
        let (stage, cut, word) = (Cell::new(Stage::Running), Cell::new(false), RefCell::new(word.unwrap_or_default()));
        let (knew, tried) = (Cell::new(false), RefCell::default());
        Self { replica, world, claim, account, wire, fresh, takes_over, stage, cut, knew, delivered, sent, word, tried }
    }

    /// Which life of which server it belongs to.
    pub(super) fn life(&self) -> Life {
        self.replica.life
    }

    /// Moves the bytes. Dropping it breaks the connection, unless all is out.
    pub(super) async fn run_body(self: Rc<Self>, opened: Opened) {
        let body = Body(self);
        let (delivery, wire) = (&body.0, &body.0.wire);
        let (mut next, mut rest) = (Some(opened.first), opened.rest);
        while wire.written.get() < wire.length {
            let chunk = match next.take() {
                Some(chunk) => chunk,
                None => match rest.next().await {
                    Some(Ok(chunk)) => chunk,
                    Some(Err(_)) | None => return,
                },
            };
            let count = chunk.len() as u64;
            if wire.broken.get() || delivery.cut.get() || !delivery.account.draw(count) {
                return;
            }
            delivery.world.ledger.written(&delivery.claim.id, delivery.world.time(), delivery.knew.get());
            wire.written.set(wire.written.get() + count);
            if wire.written.get() == wire.length {
                delivery.account.begin_finish();
                delivery.stage.set(Stage::Finished);
            }
            breathe().await;
        }
    }

    /// Renews the lease while the response moves, and writes the record when it ends.
    pub(super) async fn supervise(self: Rc<Self>) {
        match self.until_ended().await {
            Stage::Finished => {
                let whole = self.until_acknowledged().await;
                let arrived = self.wire.look();
                self.settle(arrived, whole || arrived > 0).await;
            }
            Stage::Broken | Stage::Running => {
                self.account.begin_finish();
                let arrived = self.wire.look();
                // The last missing byte may have come with a response that was hung up on.
                self.settle(arrived, arrived > 0).await;
            }
        }
    }

    async fn until_ended(&self) -> Stage {
        let mut last = self.replica.links.now();
        while self.stage.get() == Stage::Running {
            self.renew_when_due(&mut last).await;
            breathe().await;
        }
        self.stage.get()
    }

    async fn renew_when_due(&self, last: &mut Timestamp) {
        let now = self.replica.links.now();
        if now.as_millis() - last.as_millis() >= LEASE / 3 {
            *last = now;
            self.renew().await;
        }
    }

    async fn renew(&self) {
        let revoked = self.world.ledger.facts().revoked.is_some();
        let arrived = self.wire.look();
        let goes_on = if arrived > self.delivered.get() {
            self.report(arrived, self.wire.written.get(), false, false).await
        } else {
            self.is_unrevoked().await.map(|unrevoked| unrevoked && self.is_leased())
        };
        self.knew.set(revoked && goes_on.is_ok());
        if !goes_on.unwrap_or_else(|_| self.is_leased()) {
            self.cut.set(true);
        }
    }

    async fn is_unrevoked(&self) -> Result<bool, Fault> {
        let found = self.replica.links.store().find_claim(&self.claim.link, &self.claim.id).await?;
        Ok(found.is_none_or(|(link, _)| link.revoked_at.is_none()))
    }

    /// All of it is in the kernel's hands; the lease and a revocation hold there too.
    async fn until_acknowledged(&self) -> bool {
        let mut last = self.replica.links.now();
        loop {
            self.renew_when_due(&mut last).await;
            if self.cut.get() {
                self.wire.broken.set(true);
            }
            // Look at death first: what was acknowledged before it still counts.
            let dead = self.wire.broken.get();
            if self.wire.look() == self.wire.length {
                return true;
            }
            if dead {
                return false;
            }
            breathe().await;
        }
    }

    async fn settle(&self, arrived: u64, acknowledged: bool) {
        if self.fresh && self.wire.written.get() == 0 && !acknowledged {
            self.replica.links.give_back(&self.claim, &Actor::default()).await;
        } else {
            self.report_until_kept(arrived, acknowledged).await;
        }
        self.account.end_finish();
    }

    async fn report_until_kept(&self, arrived: u64, whole: bool) {
        while self.report(arrived, arrived, whole, true).await.is_err() {
            if !self.is_leased() {
                return self.world.ledger.unrecorded(&self.claim.id, arrived.saturating_sub(self.sent.get()));
            }
            breathe_times(4).await;
        }
    }

    async fn report(&self, delivered: u64, sent: u64, whole: bool, ended: bool) -> Result<bool, Fault> {
        let mut coverage = self.word.borrow().clone();
        coverage.add(self.wire.start + self.delivered.get()..self.wire.start + delivered.max(self.delivered.get()));
        let new_sent = sent.saturating_sub(self.sent.get());
        let report =
            Report { delivered: coverage, sent: new_sent, may_complete: whole, ended: ended.then_some(sent), takes_over: self.takes_over };
        let outcome = self.write(report).await?;
        self.delivered.set(self.delivered.get().max(delivered));
        self.sent.set(self.sent.get() + new_sent);
        *self.word.borrow_mut() = Coverage::new();
        let lost = if ended { self.wire.written.get().saturating_sub(self.sent.get()) } else { 0 };
        let recorded = if let RecordOutcome::Kept(claim) = &outcome { claim.sent } else { 0 };
        self.account.reported(new_sent, lost, recorded);
        Ok(match outcome {
            RecordOutcome::Kept(claim) => self.take_in(claim.state),
            RecordOutcome::Revoked | RecordOutcome::NotYours => false,
        })
    }

    /// Writes a report. One whose answer is lost is looked for, lest its bytes count twice.
    async fn write(&self, report: Report) -> Result<RecordOutcome, Fault> {
        let (links, claim) = (&self.replica.links, &self.claim);
        let Report { ref delivered, sent, ended, .. } = report;
        if let Some(bytes) = ended {
            let tried = self.tried.borrow().clone();
            if let Some(outcome) = links.find_told(claim, delivered, bytes, &tried).await? {
                return Ok(outcome);
            }
        }
        let reporting = self.account.begin_report(links.now());
        let now = reporting.at();
        let fault = match links.report(claim, report.clone(), now, &Actor::default()).await {
            Ok(outcome) => return Ok(outcome),
            Err(fault) => fault,
        };
        if ended.is_some() {
            self.tried.borrow_mut().push(now);
            return Err(fault);
        }
        let Some(before) = reporting.recorded_before() else { return Err(fault) };
        let kept = links.find_kept(claim, delivered, before.saturating_add(sent)).await;
        kept.filter(|_| reporting.recorded_before().is_some()).ok_or(fault)
    }

    fn take_in(&self, state: ClaimState) -> bool {
        match state {
            ClaimState::Active { lease_until } => self.account.leased(Some(lease_until)),
            ClaimState::Completed { .. } => self.account.close(),
            ClaimState::Released { .. } => return false,
        }
        true
    }

    fn is_leased(&self) -> bool {
        self.account.lease_until().is_some_and(|until| self.replica.links.now() < until)
    }
}

/// The body in the transport's hands.
struct Body(Rc<Delivery>);

impl Drop for Body {
    /// Only says that the response is over; the record is the supervisor's.
    fn drop(&mut self) {
        if self.0.stage.get() == Stage::Running {
            self.0.stage.set(Stage::Broken);
            self.0.wire.broken.set(true);
        }
    }
}
