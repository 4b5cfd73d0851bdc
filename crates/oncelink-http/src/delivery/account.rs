//! What all responses of one claim share within this process: the byte budget, the lease and what has arrived, as far as
//! they are known here, and whether one of them is just being settled.
//!
//! A request takes its place *before* it reads the claim's record: what another response reports while it reads is then in
//! the account, which nobody forgets meanwhile.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use oncelink_core::claim::Claim;
use oncelink_core::coverage::Coverage;
use oncelink_core::holder::ClaimId;
use oncelink_core::reports::{Reporting, Reports};
use oncelink_core::token::LinkId;
use oncelink_core::{Refusal, Timestamp};
use tokio::sync::Notify;

use super::recent::Recent;

/// How long a request waits for the settlement of a response that went out just before it.
const SETTLE_WAIT: Duration = Duration::from_secs(2);

/// The accounts of all claims with running responses; and when those that just had one were reported on.
#[derive(Default)]
pub(crate) struct Accounts(Mutex<Ledger>);

#[derive(Default)]
struct Ledger {
    open: HashMap<ClaimId, Arc<Account>>,
    recent: Recent,
}

/// One claim's account.
pub(crate) struct Account {
    link: LinkId,
    state: Mutex<State>,
    settled: Notify,
}

#[derive(Default)]
struct State {
    /// Of which epoch of the claim; known once its record has been read.
    epoch: Option<u32>,
    /// How many requests have a place at it.
    seats: usize,
    /// How many bytes may be sent in all.
    limit: u64,
    /// Bytes in the claim's record.
    recorded: u64,
    /// Bytes sent but not yet in the record.
    unreported: u64,
    /// Until when the lease runs at least.
    lease_until: Option<Timestamp>,
    /// Responses whose last byte is out and whose record isn't written.
    finishing: u32,
    reports: Reports,
    /// The object's size.
    size: u64,
    /// What the holder has, in the record or not.
    arrived: Coverage,
    /// Since when everything has: that's known here before it is in the record.
    delivered_at: Option<Timestamp>,
    /// Whether the claim has ended.
    over: bool,
}

/// One request's place at its claim's account. Leaving it, the last one takes the account along.
pub(crate) struct Seat {
    accounts: Arc<Accounts>,
    id: ClaimId,
    account: Arc<Account>,
}

impl Seat {
    /// Takes a place at the account of the claim `id`, whose record is yet to be read.
    pub(crate) fn reserve(accounts: &Arc<Accounts>, link: &LinkId, id: &ClaimId) -> Self {
        Self { accounts: Arc::clone(accounts), id: id.clone(), account: accounts.enter(link, id) }
    }

    /// Takes in what the record says of the claim on an object of `size` bytes, whose budget is `limit` bytes.
    pub(crate) fn read(&mut self, claim: &Claim, size: u64, limit: u64) {
        if !self.account.read(claim, size, limit) {
            // The account is of an earlier epoch, which others may still be settling.
            self.account = self.accounts.later(&self.account, claim, size, limit);
        }
    }

    /// Waits, within bounds, until no response of the claim is out but unsettled, or everything is known to have arrived: then
    /// [`Account::refuse_delivered`] knows more than the record.
    pub(crate) async fn wait_settled(&self) {
        let is_known = |state: &State| state.is_settled() || state.delivered_at.is_some();
        let _ = tokio::time::timeout(SETTLE_WAIT, self.account.until(is_known)).await;
    }
}

/// A report that is being written.
pub(crate) struct Report<'a> {
    account: &'a Account,
    reporting: Reporting,
    recorded: u64,
}

impl Report<'_> {
    /// The time that is its own.
    pub(crate) fn at(&self) -> Timestamp {
        self.reporting.at()
    }

    /// What the record said before it, when no other report of the claim was on its way in this process at any time.
    pub(crate) fn recorded_before(&self) -> Option<u64> {
        lock(&self.account.state).reports.was_alone(self.reporting).then_some(self.recorded)
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        lock(&self.account.state).reports.end();
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
    fn enter(&self, link: &LinkId, id: &ClaimId) -> Arc<Account> {
        let mut ledger = lock(&self.0);
        let Ledger { open, recent } = &mut *ledger;
        let account = open.entry(id.clone()).or_insert_with(|| Arc::new(Account::new(link, recent.find(id))));
        lock(&account.state).seats += 1;
        Arc::clone(account)
    }

    /// A place at the account of the claim's epoch, of which `earlier` isn't.
    fn later(&self, earlier: &Arc<Account>, claim: &Claim, size: u64, limit: u64) -> Arc<Account> {
        let mut ledger = lock(&self.0);
        // Another request may have opened it meanwhile.
        let open = ledger.open.get(&claim.id).filter(|open| !Arc::ptr_eq(open, earlier) && open.read(claim, size, limit));
        let account = open.map_or_else(|| Arc::new(Account::new(&claim.link, earlier.reported_at())), Arc::clone);
        account.read(claim, size, limit);
        lock(&account.state).seats += 1;
        ledger.open.insert(claim.id.clone(), Arc::clone(&account));
        account
    }

    /// Closes the account when its last seat was left.
    fn leave(&self, id: &ClaimId, account: &Arc<Account>) {
        let mut ledger = lock(&self.0);
        let (seats, reported_at) = {
            let mut state = lock(&account.state);
            state.seats -= 1;
            (state.seats, state.reports.last())
        };
        // After a later epoch's has taken its place it isn't there any more.
        if seats > 0 || !ledger.open.get(id).is_some_and(|have| Arc::ptr_eq(have, account)) {
            return;
        }
        ledger.open.remove(id);
        if let Some(at) = reported_at {
            ledger.recent.note(id, at);
        }
    }

    /// Waits, within bounds, until no response of the claim is out but unsettled: the answer right after a finished
    /// download is then the truth.
    pub(crate) async fn wait_settled(&self, id: &ClaimId) {
        let account = lock(&self.0).open.get(id).map(Arc::clone);
        if let Some(account) = account {
            let _ = tokio::time::timeout(SETTLE_WAIT, account.until(State::is_settled)).await;
        }
    }

    /// The same for all claims of a link: what is told of it then is the truth.
    pub(crate) async fn wait_link_settled(&self, link: &LinkId) {
        let own = |(id, account): (&ClaimId, &Arc<Account>)| (account.link == *link).then(|| id.clone());
        let ids: Vec<ClaimId> = lock(&self.0).open.iter().filter_map(own).collect();
        for id in ids {
            self.wait_settled(&id).await;
        }
    }

    /// The claim has ended: no response of it may go on here.
    pub(crate) fn close(&self, id: &ClaimId) {
        let account = lock(&self.0).open.get(id).map(Arc::clone);
        if let Some(account) = account {
            account.close();
        }
    }
}

impl Account {
    fn new(link: &LinkId, reported_at: Option<Timestamp>) -> Self {
        let state = State { reports: Reports::after(reported_at), ..State::default() };
        Self { link: link.clone(), state: Mutex::new(state), settled: Notify::new() }
    }

    fn reported_at(&self) -> Option<Timestamp> {
        lock(&self.state).reports.last()
    }

    /// Takes in what the record says; false when the account is of another epoch.
    fn read(&self, claim: &Claim, size: u64, limit: u64) -> bool {
        let mut state = lock(&self.state);
        let own = *state.epoch.get_or_insert(claim.epoch) == claim.epoch;
        if own {
            (state.size, state.limit) = (size, limit);
            state.recorded = state.recorded.max(claim.sent);
            state.lease_until = state.lease_until.max(claim.lease_until());
            state.arrived.merge(&claim.coverage);
        }
        own
    }

    /// The holder has this already.
    pub(crate) fn know(&self, had: &Coverage) {
        lock(&self.state).arrived.merge(had);
    }

    /// These bytes have arrived, and complete the claim if they are the last.
    pub(crate) fn arrive(&self, bytes: Range<u64>, now: Timestamp) {
        let mut state = lock(&self.state);
        state.arrived.add(bytes);
        if state.arrived.is_whole(state.size) {
            state.delivered_at.get_or_insert(now);
        }
        drop(state);
        self.settled.notify_waiters();
    }

    /// Refuses when everything has arrived: a record that waits for a slow store makes no second copy.
    pub(crate) fn refuse_delivered(&self) -> Result<(), Refusal> {
        lock(&self.state).delivered_at.map_or(Ok(()), |at| Err(Refusal::Completed { at }))
    }

    /// Until when the lease runs, as far as this process knows: any response of the claim may have renewed it.
    pub(crate) fn lease_until(&self) -> Option<Timestamp> {
        lock(&self.state).lease_until
    }

    /// The lease runs until then at least.
    pub(crate) fn leased(&self, until: Timestamp) {
        let mut state = lock(&self.state);
        state.lease_until = state.lease_until.max(Some(until));
    }

    /// Whether `count` more bytes fit into the budget, other running responses aside.
    pub(crate) fn has_room_for(&self, count: u64) -> bool {
        let state = lock(&self.state);
        state.recorded.saturating_add(count) <= state.limit && state.recorded.saturating_add(state.unreported) < state.limit
    }

    /// Takes `count` bytes out of the budget; false when they don't fit or the claim has ended.
    pub(crate) fn draw(&self, count: u64) -> bool {
        let mut state = lock(&self.state);
        let fits = !state.over && state.recorded.saturating_add(state.unreported).saturating_add(count) <= state.limit;
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

    /// A report is about to be written, at `now` or a moment later: within this process no two of a claim's have the same time, by
    /// which they are told apart when an answer is lost.
    pub(crate) fn begin_report(&self, now: Timestamp) -> Report<'_> {
        let mut state = lock(&self.state);
        Report { account: self, reporting: state.reports.begin(now), recorded: state.recorded }
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

    async fn until(&self, holds: impl Fn(&State) -> bool) {
        loop {
            let settled = self.settled.notified();
            tokio::pin!(settled);
            // Listen before looking, or a settlement in between would be missed.
            settled.as_mut().enable();
            if holds(&lock(&self.state)) {
                return;
            }
            settled.await;
        }
    }
}

impl State {
    /// Whether every response that is out has its record.
    fn is_settled(&self) -> bool {
        self.finishing == 0
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use oncelink_testkit::fixtures;

    use super::*;

    const SIZE: u64 = 60;

    fn account(limit: u64) -> Account {
        let account = Account::new(&fixtures::link_id(1), None);
        assert!(account.read(&claim(), SIZE, limit));
        account
    }

    fn seat(accounts: &Arc<Accounts>) -> Seat {
        let claim = claim();
        Seat::reserve(accounts, &claim.link, &claim.id)
    }

    fn claim() -> Claim {
        use oncelink_core::claim::{ClaimState, InstanceId};
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
        let (mut first, mut second) = (seat(&accounts), seat(&accounts));
        first.read(&claim(), SIZE, 100);
        second.read(&claim(), SIZE, 100);
        assert!(first.draw(60) && !second.draw(60), "they share one budget");
        drop(first);
        assert!(!second.draw(60), "the account outlives the first to leave");
        drop(second);
        assert!(lock(&accounts.0).open.is_empty());
    }

    #[test]
    fn what_ends_while_the_record_is_being_read_counts_all_the_same() {
        let accounts = Arc::new(Accounts::default());
        let (mut ending, mut beginning) = (seat(&accounts), seat(&accounts));
        ending.read(&claim(), SIZE, 100);
        let stale = claim();
        assert!(ending.draw(80));
        ending.reported(80, 0, 80);
        drop(ending);
        beginning.read(&stale, SIZE, 100);
        assert!(!beginning.has_room_for(21) && !beginning.draw(21) && beginning.draw(20));
    }

    #[test]
    fn a_later_epoch_has_an_account_of_its_own() {
        let accounts = Arc::new(Accounts::default());
        let (mut earlier, mut later) = (seat(&accounts), seat(&accounts));
        earlier.read(&claim(), SIZE, 100);
        earlier.close();
        later.read(&Claim { epoch: 2, ..claim() }, SIZE, 100);
        assert!(!earlier.draw(1) && later.draw(100));
        drop(earlier);
        assert_eq!(lock(&accounts.0).open.len(), 1, "the later one stays");
        drop(later);
        assert!(lock(&accounts.0).open.is_empty());
    }

    #[test]
    fn all_requests_of_a_later_epoch_share_one_account() {
        let accounts = Arc::new(Accounts::default());
        let (mut earlier, mut second, mut third) = (seat(&accounts), seat(&accounts), seat(&accounts));
        earlier.read(&claim(), SIZE, 100);
        let again = Claim { epoch: 2, ..claim() };
        second.read(&again, SIZE, 100);
        third.read(&again, SIZE, 100);
        assert!(second.draw(60) && !third.draw(60), "they share one budget");
        drop((earlier, second));
        assert_eq!(lock(&accounts.0).open.len(), 1, "one still sits there");
        drop(third);
        assert!(lock(&accounts.0).open.is_empty());
    }

    #[test]
    fn a_lease_renewed_by_one_response_is_known_to_all() {
        let accounts = Arc::new(Accounts::default());
        let (mut first, mut second) = (seat(&accounts), seat(&accounts));
        first.read(&claim(), SIZE, 100);
        second.read(&claim(), SIZE, 100);
        let renewed = oncelink_testkit::fixtures::after(9_000);
        first.leased(renewed);
        first.leased(oncelink_testkit::fixtures::after(10));
        assert_eq!(second.lease_until(), Some(renewed));
    }

    #[test]
    fn what_has_arrived_as_a_whole_is_known_before_the_record_says_so() {
        let (account, now) = (account(200), oncelink_testkit::fixtures::after(5));
        account.arrive(0..40, now);
        account.refuse_delivered().expect("not everything yet");
        let mut word = Coverage::new();
        word.add(40..59);
        account.know(&word);
        account.arrive(10..40, now);
        account.refuse_delivered().expect("one byte is missing");
        account.arrive(59..60, now);
        assert_eq!(account.refuse_delivered(), Err(Refusal::Completed { at: now }));
    }

    #[tokio::test]
    async fn who_asks_what_is_recorded_waits_for_the_record_and_the_holder_only_for_its_end() {
        let accounts = Arc::new(Accounts::default());
        let mut seat = seat(&accounts);
        seat.read(&claim(), SIZE, 100);
        let id = claim().id;
        let is_told = || accounts.wait_settled(&id).now_or_never().is_some();
        let is_known = || seat.wait_settled().now_or_never().is_some();
        seat.begin_finish();
        assert_eq!((is_known(), is_told()), (false, false));
        seat.arrive(0..SIZE, oncelink_testkit::fixtures::after(5));
        assert_eq!((is_known(), is_told()), (true, false));
        seat.end_finish();
        assert_eq!((is_known(), is_told()), (true, true));
    }

    #[test]
    fn what_the_record_said_is_known_to_a_report_that_is_alone() {
        let account = account(100);
        assert!(account.draw(10));
        account.reported(10, 0, 30);
        let first = account.begin_report(fixtures::NOW);
        assert_eq!(first.recorded_before(), Some(30));
        let second = account.begin_report(fixtures::NOW);
        assert!(second.at() > first.at(), "each has a time of its own");
        assert_eq!((first.recorded_before(), second.recorded_before()), (None, None), "they are two");
        drop(second);
        assert_eq!(first.recorded_before(), None, "and were");
        drop(first);
        assert_eq!(account.begin_report(fixtures::NOW).recorded_before(), Some(30));
    }

    #[test]
    fn reports_of_a_claim_have_times_of_their_own_though_its_responses_end_in_between() {
        let accounts = Arc::new(Accounts::default());
        let reported = |now| seat(&accounts).begin_report(now).at();
        assert_eq!([reported(fixtures::NOW), reported(fixtures::NOW)], [fixtures::NOW, fixtures::after(1)]);
        assert_eq!([reported(fixtures::after(1)), reported(fixtures::after(9))], [fixtures::after(2), fixtures::after(9)]);
    }

    #[test]
    fn a_closed_account_gives_nothing() {
        let account = account(100);
        account.close();
        assert!(!account.draw(1));
    }
}
