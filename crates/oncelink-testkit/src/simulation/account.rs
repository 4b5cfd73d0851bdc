//! What all responses of one claim share within one life of a server: a model of the HTTP layer's accounts.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use oncelink_core::claim::Claim;
use oncelink_core::delivery;
use oncelink_core::holder::ClaimId;

use super::executor::breathe;
use super::plan::SIZE;

/// How many turns a request waits for a settlement at the most.
const SETTLE_WAIT: u32 = 60;

/// The accounts of one life of a server.
#[derive(Default)]
pub(super) struct Accounts(RefCell<BTreeMap<ClaimId, Rc<Account>>>);

/// One claim's account.
pub(super) struct Account {
    epoch: u32,
    /// Bytes in the claim's record.
    recorded: Cell<u64>,
    /// Bytes sent but not yet in the record.
    unreported: Cell<u64>,
    /// Responses whose last byte is out and whose record isn't written.
    finishing: Cell<u32>,
    over: Cell<bool>,
}

impl Accounts {
    /// Takes a place at the claim's account; nothing when `count` bytes don't fit into its budget.
    pub(super) fn enter(&self, claim: &Claim, count: u64) -> Option<Rc<Account>> {
        let mut all = self.0.borrow_mut();
        // Nobody sits at it any more: the next one begins from the record.
        all.retain(|_, account| Rc::strong_count(account) > 1);
        let account = match all.get(&claim.id) {
            Some(account) if account.epoch == claim.epoch => Rc::clone(account),
            _ => Rc::new(Account::new(claim.epoch)),
        };
        account.recorded.set(account.recorded.get().max(claim.sent));
        all.insert(claim.id.clone(), Rc::clone(&account));
        account.has_room_for(count).then_some(account)
    }

    /// Waits, within bounds, until no response of the claim is out but unsettled.
    pub(super) async fn until_settled(&self, id: &ClaimId) {
        let account = self.0.borrow().get(id).map(Rc::clone);
        let Some(account) = account else { return };
        for _ in 0..SETTLE_WAIT {
            if account.finishing.get() == 0 {
                return;
            }
            breathe().await;
        }
    }
}

impl Account {
    fn new(epoch: u32) -> Self {
        Self { epoch, recorded: Cell::new(0), unreported: Cell::new(0), finishing: Cell::new(0), over: Cell::new(false) }
    }

    fn has_room_for(&self, count: u64) -> bool {
        let limit = delivery::budget(SIZE);
        self.recorded.get() + count <= limit && self.recorded.get() + self.unreported.get() < limit
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
