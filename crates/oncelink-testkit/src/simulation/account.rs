//! What all responses of one claim share within one life of a server: a model of the HTTP layer's accounts.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use oncelink_core::Timestamp;
use oncelink_core::claim::Claim;
use oncelink_core::delivery;
use oncelink_core::holder::ClaimId;
use oncelink_core::reports::{Reporting, Reports};

use super::executor::breathe;
use super::plan::SIZE;

/// How many turns a request waits for a settlement at the most.
const SETTLE_WAIT: u32 = 60;

/// The accounts of one life of a server.
#[derive(Default)]
pub(super) struct Accounts {
    all: RefCell<BTreeMap<ClaimId, Rc<Account>>>,
    /// When claims were last reported on that nobody sits at any more.
    reported: RefCell<BTreeMap<ClaimId, Timestamp>>,
}

/// One claim's account.
#[derive(Default)]
pub(super) struct Account {
    /// Of which epoch of the claim; known once its record has been read.
    epoch: Cell<Option<u32>>,
    /// Bytes in the claim's record.
    recorded: Cell<u64>,
    /// Bytes sent but not yet in the record.
    unreported: Cell<u64>,
    /// Until when the lease runs at least.
    lease_until: Cell<Option<Timestamp>>,
    /// Responses whose last byte is out and whose record isn't written.
    finishing: Cell<u32>,
    reports: Cell<Reports>,
    over: Cell<bool>,
}

/// A report that is being written.
pub(super) struct Report<'a> {
    account: &'a Account,
    reporting: Reporting,
    recorded: u64,
}

impl Report<'_> {
    /// The time that is its own.
    pub(super) fn at(&self) -> Timestamp {
        self.reporting.at()
    }

    /// What the record said before it, when no other report of the claim was on its way in this life at any time.
    pub(super) fn recorded_before(&self) -> Option<u64> {
        self.account.reports.get().was_alone(self.reporting).then_some(self.recorded)
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        self.account.with_reports(Reports::end);
    }
}

impl Accounts {
    /// Takes a place at the claim's account, before its record is read.
    pub(super) fn reserve(&self, id: &ClaimId) -> Rc<Account> {
        let mut all = self.all.borrow_mut();
        // Nobody sits at it any more: the next one begins from the record.
        let gone = all.extract_if(.., |_, account| Rc::strong_count(account) == 1);
        self.reported.borrow_mut().extend(gone.filter_map(|(id, account)| account.reports.get().last().map(|at| (id, at))));
        let account = all.entry(id.clone()).or_insert_with(|| Account::after(self.reported.borrow().get(id).copied()));
        Rc::clone(account)
    }

    /// Takes in what the record says; nothing when `count` bytes don't fit into the budget.
    pub(super) fn enter(&self, mut account: Rc<Account>, claim: &Claim, count: u64) -> Option<Rc<Account>> {
        if account.epoch.get().is_some_and(|epoch| epoch != claim.epoch) {
            let mut all = self.all.borrow_mut();
            let open = all.get(&claim.id).filter(|open| open.epoch.get() == Some(claim.epoch));
            account = open.map_or_else(|| Account::after(account.reports.get().last()), Rc::clone);
            all.insert(claim.id.clone(), Rc::clone(&account));
        }
        account.epoch.set(Some(claim.epoch));
        account.recorded.set(account.recorded.get().max(claim.sent));
        account.leased(claim.lease_until());
        account.has_room_for(count).then_some(account)
    }
}

impl Account {
    fn after(reported: Option<Timestamp>) -> Rc<Self> {
        Rc::new(Self { reports: Cell::new(Reports::after(reported)), ..Self::default() })
    }

    fn with_reports<T>(&self, change: impl FnOnce(&mut Reports) -> T) -> T {
        let mut reports = self.reports.get();
        let done = change(&mut reports);
        self.reports.set(reports);
        done
    }

    /// Waits, within bounds, until no response of the claim is out but unsettled.
    pub(super) async fn until_settled(&self) {
        for _ in 0..SETTLE_WAIT {
            if self.finishing.get() == 0 {
                return;
            }
            breathe().await;
        }
    }

    fn has_room_for(&self, count: u64) -> bool {
        let limit = delivery::budget(SIZE);
        self.recorded.get() + count <= limit && self.recorded.get() + self.unreported.get() < limit
    }

    /// Until when the lease runs, as far as this life of the server knows.
    pub(super) fn lease_until(&self) -> Option<Timestamp> {
        self.lease_until.get()
    }

    /// The lease runs until then at least.
    pub(super) fn leased(&self, until: Option<Timestamp>) {
        self.lease_until.set(self.lease_until.get().max(until));
    }

    /// Takes `count` bytes out of the budget; false when they don't fit or the claim has ended.
    pub(super) fn draw(&self, count: u64) -> bool {
        let unreported = self.unreported.get() + count;
        let fits = !self.over.get() && self.recorded.get() + unreported <= delivery::budget(SIZE);
        if fits {
            self.unreported.set(unreported);
        }
        fits
    }

    /// `count` bytes went into the record, which now says `recorded`; `lost` more were drawn but never arrived.
    pub(super) fn reported(&self, count: u64, lost: u64, recorded: u64) {
        self.unreported.set(self.unreported.get().saturating_sub(count + lost));
        self.recorded.set(self.recorded.get().max(recorded));
    }

    /// A report is about to be written, at `now` or a moment later: no two of a claim's have the same time.
    pub(super) fn begin_report(&self, now: Timestamp) -> Report<'_> {
        Report { account: self, reporting: self.with_reports(|reports| reports.begin(now)), recorded: self.recorded.get() }
    }

    /// The claim has ended: no response of it may go on.
    pub(super) fn close(&self) {
        self.over.set(true);
    }

    /// A response's last byte is about to go out.
    pub(super) fn begin_finish(&self) {
        self.finishing.set(self.finishing.get() + 1);
    }

    /// A response's record is written, or was given up.
    pub(super) fn end_finish(&self) {
        self.finishing.set(self.finishing.get().saturating_sub(1));
    }
}
