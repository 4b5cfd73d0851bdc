//! What all responses of one claim share within this process: the byte budget, and whether one is just being settled.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use oncelink_core::claim::Claim;
use oncelink_core::holder::ClaimId;
use oncelink_core::token::LinkId;
use tokio::sync::Notify;

/// How long a request waits for the settlement of a response that went out just before it.
const SETTLE_WAIT: Duration = Duration::from_secs(2);

/// The accounts of all claims with running responses.
#[derive(Default)]
pub(crate) struct Accounts(Mutex<HashMap<ClaimId, Arc<Account>>>);

/// One claim's account.
pub(crate) struct Account {
    link: LinkId,
    epoch: u32,
    limit: u64,
    state: Mutex<State>,
    settled: Notify,
}

#[derive(Default)]
struct State {
    /// Bytes in the claim's record.
    recorded: u64,
    /// Bytes sent but not yet in the record.
    unreported: u64,
    /// Responses whose last byte is out and whose record isn't written.
    finishing: u32,
    /// Whether the claim has ended.
    over: bool,
}

/// One response's place at its claim's account. Leaving it, the last one takes the account along.
pub(crate) struct Seat {
    accounts: Arc<Accounts>,
    id: ClaimId,
    account: Arc<Account>,
}

impl Seat {
    /// Takes a place at the account of `claim`, with a budget of `limit` bytes.
    pub(crate) fn take(accounts: &Arc<Accounts>, claim: &Claim, limit: u64) -> Self {
        Self { accounts: Arc::clone(accounts), id: claim.id.clone(), account: accounts.enter(claim, limit) }
    }
}

impl std::ops::Deref for Seat {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.account
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.accounts.leave(&self.id, &self.account);
    }
}

impl Accounts {
    fn enter(&self, claim: &Claim, limit: u64) -> Arc<Account> {
        let mut all = lock(&self.0);
        let account = match all.get(&claim.id) {
            Some(account) if account.epoch == claim.epoch => Arc::clone(account),
            _ => Arc::new(Account { link: claim.link.clone(), epoch: claim.epoch, limit, state: Mutex::default(), settled: Notify::new() }),
        };
        let mut state = lock(&account.state);
        state.recorded = state.recorded.max(claim.sent);
        drop(state);
        all.insert(claim.id.clone(), Arc::clone(&account));
        account
    }

    /// Forgets the account when nobody but this map and the caller, who is about to drop it, uses it any more.
    fn leave(&self, id: &ClaimId, account: &Arc<Account>) {
        let mut all = lock(&self.0);
        let last = all.get(id).is_some_and(|have| Arc::ptr_eq(have, account) && Arc::strong_count(have) == 2);
        if last {
            all.remove(id);
        }
    }

    /// Waits, within bounds, until no response of the claim is out but unsettled: the answer right after a finished
    /// download is then the truth.
    pub(crate) async fn wait_settled(&self, id: &ClaimId) {
        let account = lock(&self.0).get(id).map(Arc::clone);
        if let Some(account) = account {
            let _ = tokio::time::timeout(SETTLE_WAIT, account.until_settled()).await;
            self.leave(id, &account);
        }
    }

    /// The same for all claims of a link: what is told of it then is the truth.
    pub(crate) async fn wait_link_settled(&self, link: &LinkId) {
        let own = |(id, account): (&ClaimId, &Arc<Account>)| (account.link == *link).then(|| id.clone());
        let ids: Vec<ClaimId> = lock(&self.0).iter().filter_map(own).collect();
        for id in ids {
            self.wait_settled(&id).await;
        }
    }
}

impl Account {
    /// Whether `count` more bytes fit into the budget, other running responses aside.
    pub(crate) fn has_room_for(&self, count: u64) -> bool {
        let state = lock(&self.state);
        state.recorded.saturating_add(count) <= self.limit && state.recorded.saturating_add(state.unreported) < self.limit
    }

    /// Takes `count` bytes out of the budget; false when they don't fit or the claim has ended.
    pub(crate) fn draw(&self, count: u64) -> bool {
        let mut state = lock(&self.state);
        let fits = !state.over && state.recorded.saturating_add(state.unreported).saturating_add(count) <= self.limit;
        if fits {
            state.unreported += count;
        }
        fits
    }

    /// `count` bytes went into the record, which now says `recorded`; `lost` more were drawn but never arrived.
    pub(crate) fn reported(&self, count: u64, lost: u64, recorded: u64) {
        let mut state = lock(&self.state);
        state.unreported = state.unreported.saturating_sub(count + lost);
        state.recorded = state.recorded.max(recorded);
    }

    /// The claim has ended: no response of it may go on.
    pub(crate) fn close(&self) {
        lock(&self.state).over = true;
    }

    /// A response's last byte is about to go out.
    pub(crate) fn begin_finish(&self) {
        lock(&self.state).finishing += 1;
    }

    /// A response's record is written, or was given up.
    pub(crate) fn end_finish(&self) {
        let mut state = lock(&self.state);
        state.finishing = state.finishing.saturating_sub(1);
        drop(state);
        self.settled.notify_waiters();
    }

    async fn until_settled(&self) {
        loop {
            let settled = self.settled.notified();
            tokio::pin!(settled);
            // Listen before looking, or a settlement in between would be missed.
            settled.as_mut().enable();
            if lock(&self.state).finishing == 0 {
                return;
            }
            settled.await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(limit: u64) -> Account {
        Account { link: oncelink_testkit::fixtures::link_id(1), epoch: 1, limit, state: Mutex::default(), settled: Notify::new() }
    }

    fn claim() -> Claim {
        use oncelink_core::claim::{ClaimState, InstanceId};
        use oncelink_testkit::fixtures;
        Claim {
            link: fixtures::link_id(1),
            id: fixtures::claim_id(1),
            epoch: 1,
            state: ClaimState::Active { lease_until: fixtures::after(1000) },
            claimed_at: fixtures::after(0),
            sent: 0,
            coverage: fixtures::coverage(&[]),
            recorder: InstanceId(1),
        }
    }

    #[test]
    fn the_budget_is_shared_and_never_exceeded() {
        let account = account(100);
        assert!(account.has_room_for(100) && !account.has_room_for(101));
        assert!(account.draw(60) && !account.draw(41) && account.draw(40));
        assert!(!account.has_room_for(1));
        account.reported(50, 50, 50);
        assert!(account.has_room_for(50) && !account.has_room_for(51));
        assert!(account.draw(50) && !account.draw(1));
    }

    #[test]
    fn an_account_lives_as_long_as_somebody_sits_at_it() {
        let accounts = Arc::new(Accounts::default());
        let claim = claim();
        let first = Seat::take(&accounts, &claim, 100);
        let second = Seat::take(&accounts, &claim, 100);
        assert!(first.draw(60) && !second.draw(60), "they share one budget");
        drop(first);
        assert!(!second.draw(60), "the account outlives the first to leave");
        drop(second);
        assert!(lock(&accounts.0).is_empty());
    }

    #[test]
    fn a_closed_account_gives_nothing() {
        let account = account(100);
        account.close();
        assert!(!account.draw(1));
    }
}
