//! The people at the other end: what they ask for, what they do with the answer, and when they lose patience.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use oncelink_core::Timestamp;
use oncelink_core::claim::Claim;
use oncelink_core::holder::{ClaimHandle, ClaimId, Holder};
use oncelink_core::range::RangeAnswer;

use super::Promise;
use super::delivery::Wire;
use super::executor::{Owner, TaskId, breathe};
use super::ledger::is_final;
use super::plan::{Mode, Persona, SIZE, UNIT};
use super::server::{Answer, Call, Request, handle};
use super::world::World;

/// How many times somebody tries before giving up for good.
const PATIENCE: u32 = 6;

/// Somebody with a holder secret.
pub(super) struct Client {
    pub(super) world: Rc<World>,
    pub(super) number: usize,
    pub(super) persona: Persona,
    pub(super) holder: Holder,
    pub(super) handle: ClaimHandle,
    /// The epoch that was given back; fetching waits for a later one.
    pub(super) gave_back: Cell<u32>,
}

/// What came of fetching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fetched {
    /// All that was asked for.
    All,
    /// Something, or nothing; it may be asked for again.
    Part,
    /// The answer was a final no.
    Over,
}

impl Client {
    /// Makes a client and tells the ledger whose its claim will be.
    pub(super) fn new(world: &Rc<World>, number: usize, persona: Persona) -> Rc<Self> {
        let holder = Holder::create(world.dice.as_ref());
        let handle = ClaimHandle::derive(&world.token, &holder);
        let honest = matches!(persona, Persona::Honest | Persona::Hesitant);
        world.ledger.belongs(&handle.claim_id(), number, honest);
        Rc::new(Self { world: Rc::clone(world), number, persona, holder, handle, gave_back: Cell::new(0) })
    }

    /// Lives until it has what it wants, or has lost patience.
    pub(super) async fn live(self: Rc<Self>) {
        self.world.rest(60).await;
        match (self.world.plan.mode, self.persona) {
            (_, Persona::Previewer) => self.preview().await,
            (Mode::Direct, _) => self.get_directly().await,
            (_, Persona::Honest) => self.get().await,
            (_, Persona::Hesitant) => self.hesitate().await,
            (_, Persona::Greedy) => self.grab().await,
            (_, Persona::Thief) => self.steal().await,
        }
    }

    /// Claims and fetches, and repeats whatever got lost.
    pub(super) async fn get(&self) {
        for _ in 0..PATIENCE {
            match self.claim().await {
                Some(Some(claim)) if claim.epoch > self.gave_back.get() => {
                    if self.fetch_all().await {
                        return;
                    }
                }
                Some(None) => return,
                Some(Some(_)) | None => {}
            }
            self.world.rest(20).await;
        }
    }

    /// The claim; `Some(None)` when the answer was no, `None` when there was none.
    pub(super) async fn claim(&self) -> Option<Option<Claim>> {
        match self.ask(Request::Claim(self.holder.clone())).await? {
            Answer::Granted(claim) => Some(Some(claim)),
            Answer::Refused(refusal) if is_final(&refusal) => Some(None),
            Answer::Done | Answer::Bytes(_) | Answer::Url | Answer::Refused(_) | Answer::Failed => None,
        }
    }

    /// Fetches until everything is there; false when patience ends before.
    pub(super) async fn fetch_all(&self) -> bool {
        for _ in 0..PATIENCE {
            match self.fetch_some().await {
                Fetched::Over => return true,
                Fetched::All | Fetched::Part if self.has_all() => return true,
                Fetched::All | Fetched::Part => {}
            }
        }
        false
    }

    /// One request, or two side by side.
    async fn fetch_some(&self) -> Fetched {
        if self.world.plan.mode == Mode::Page && self.world.dice.one_in(4) {
            let second = UNIT..2 * UNIT;
            let asked = RangeAnswer::Part { range: second, open_ended: false };
            let beside = self.send(Request::Fetch(self.handle.clone(), asked));
            let first = self.fetch(RangeAnswer::Part { range: 0..UNIT, open_ended: false }, SIZE).await;
            if let Some(Answer::Bytes(wire)) = self.wait(&beside).await {
                self.receive(&wire, SIZE).await;
            }
            return first;
        }
        let stop = if self.world.dice.one_in(5) { UNIT } else { SIZE };
        self.fetch(self.rest_of_it(), stop).await
    }

    /// What is still missing, as an honest client asks for it: from its first gap on, to the end or just a piece.
    pub(super) fn rest_of_it(&self) -> RangeAnswer {
        let start = self.prefix();
        match self.world.dice.below(3) {
            0 if start < SIZE => RangeAnswer::Part { range: start..start + UNIT, open_ended: false },
            _ if start == 0 || start >= SIZE => RangeAnswer::Whole,
            _ => RangeAnswer::Part { range: start..SIZE, open_ended: true },
        }
    }

    /// How many bytes from the beginning on the client has.
    pub(super) fn prefix(&self) -> u64 {
        let facts = self.world.ledger.facts();
        let have = facts.claims.get(&self.handle.claim_id()).map(|of| of.have.clone()).unwrap_or_default();
        have.ranges().first().filter(|first| first.start == 0).map_or(0, |first| first.end)
    }

    pub(super) fn has_all(&self) -> bool {
        if self.world.plan.mode == Mode::Redirect { self.world.ledger.facts().fed.contains(&self.number) } else { self.prefix() >= SIZE }
    }

    /// Asks for bytes, takes at most `stop` of them, and hangs up.
    pub(super) async fn fetch(&self, asked: RangeAnswer, stop: u64) -> Fetched {
        match self.ask(Request::Fetch(self.handle.clone(), asked)).await {
            Some(Answer::Bytes(wire)) => self.receive(&wire, stop).await,
            Some(Answer::Url) => {
                self.world.ledger.url(self.number);
                Fetched::All
            }
            Some(Answer::Refused(refusal)) if is_final(&refusal) => Fetched::Over,
            Some(Answer::Done | Answer::Granted(_) | Answer::Refused(_) | Answer::Failed) | None => Fetched::Part,
        }
    }

    /// Takes bytes off a connection until they end, it breaks, or there are enough.
    async fn receive(&self, wire: &Rc<Wire>, stop: u64) -> Fetched {
        let world = &self.world;
        let stop = stop.min(wire.length);
        while wire.received.get() < stop {
            let there = wire.written.get() - wire.received.get();
            // What was on its way when the connection broke may still arrive.
            let lost = wire.broken.get() && (there == 0 || world.dice.one_in(2));
            if lost {
                break;
            }
            if there > 0 && !world.dice.one_in(3) {
                self.take(wire, there.min(UNIT));
            }
            if !world.weather.is_calm() && world.dice.one_in(60) {
                wire.broken.set(true);
            }
            breathe().await;
        }
        // A whole response is left to its end; anything else is hung up.
        let whole = wire.received.get() == wire.length;
        if !whole || (!world.weather.is_calm() && world.dice.one_in(10)) {
            wire.broken.set(true);
        }
        if wire.broken.get() {
            world.ledger.unacknowledged(&wire.claim.id, wire.received.get() - wire.acknowledged.get());
        }
        if whole { Fetched::All } else { Fetched::Part }
    }

    fn take(&self, wire: &Wire, count: u64) {
        let from = wire.start + wire.received.get();
        wire.received.set(wire.received.get() + count);
        let (world, life) = (&self.world, wire.replica.life);
        world.ledger.received(self.number, &wire.claim.id, from..from + count, life);
    }

    /// Claims, lets go before anything was fetched, and claims anew. A redirect that fails before its URL is out is let go
    /// too.
    async fn hesitate(&self) {
        if let Some(Some(claim)) = self.claim().await {
            let tries = self.world.plan.mode == Mode::Redirect && !self.world.dice.one_in(3);
            if !tries || self.redirect_fails().await {
                // From now on this epoch may end at any moment: nothing is fetched in it.
                self.gave_back.set(claim.epoch);
                self.ask(Request::GiveBack(claim)).await;
            }
        }
        if !self.has_all() {
            self.get().await;
        }
    }

    /// Asks for the URL; whether the answer is that there is none.
    async fn redirect_fails(&self) -> bool {
        match self.ask(Request::Fetch(self.handle.clone(), RangeAnswer::Whole)).await {
            Some(Answer::Url) => {
                self.world.ledger.url(self.number);
                false
            }
            Some(Answer::Failed) => true,
            Some(Answer::Done | Answer::Granted(_) | Answer::Bytes(_) | Answer::Refused(_)) | None => false,
        }
    }

    /// Fetches all but the last piece, again and again, and lies about what it has.
    async fn grab(&self) {
        if !matches!(self.claim().await, Some(Some(_))) {
            return;
        }
        for _ in 0..2 * PATIENCE {
            let lie = RangeAnswer::Part { range: UNIT..SIZE, open_ended: true };
            let asked = if self.world.dice.one_in(6) { lie } else { RangeAnswer::Whole };
            if self.fetch(asked, SIZE - UNIT).await == Fetched::Over {
                return;
            }
        }
    }

    /// Guesses: its own address without a claim, and the right one with a letter changed.
    async fn steal(&self) {
        for _ in 0..PATIENCE {
            self.fetch(RangeAnswer::Whole, SIZE).await;
            self.ask(Request::HeadClaim(self.handle.clone())).await;
        }
    }

    /// Safe methods only.
    async fn preview(&self) {
        for _ in 0..3 {
            let look = if self.world.plan.mode == Mode::Direct { Request::Head } else { Request::Look };
            self.ask(look).await;
            self.ask(Request::Head).await;
            self.ask(Request::HeadClaim(self.handle.clone())).await;
        }
    }

    /// The one-step link. What broke can't be asked for again, but by its address.
    pub(super) async fn get_directly(&self) {
        for _ in 0..3 {
            match self.ask(Request::Direct(self.number)).await {
                Some(Answer::Bytes(wire)) => {
                    self.receive(&wire, if self.persona == Persona::Greedy { SIZE - UNIT } else { SIZE }).await;
                    return;
                }
                Some(Answer::Refused(refusal)) if is_final(&refusal) => return,
                Some(Answer::Done | Answer::Granted(_) | Answer::Url | Answer::Refused(_) | Answer::Failed) | None => {}
            }
        }
    }

    /// Sends a request to some replica, now and then twice, and waits for the answer. None: it didn't come.
    pub(super) async fn ask(&self, request: Request) -> Option<Answer> {
        let sent = self.send(request.clone());
        // A direct GET that comes twice is two people's; whoever repeats it asks for another use.
        let twice = match request {
            Request::Direct(_) => false,
            // What comes late matters most here: it must not touch a later epoch.
            Request::GiveBack(_) => self.world.dice.one_in(2),
            Request::Look | Request::Head | Request::Claim(_) | Request::Fetch(..) | Request::HeadClaim(_) | Request::Revoke => {
                self.world.dice.one_in(12)
            }
        };
        if twice && !self.world.weather.is_calm() {
            self.send(request).call.abandoned.set(true);
        }
        self.wait(&sent).await
    }

    fn send(&self, request: Request) -> Sent {
        let world = &self.world;
        let replica = world.some_replica();
        let (late, barred) = (self.is_late(&request, replica.links.now()), self.barred(&request));
        let name = self.number;
        world.ledger.tell(|| format!("client {name} asks {:?} for {request:?} at {}", replica.life, world.time()));
        let call = Rc::new(Call { answer: RefCell::new(None), broken: Cell::new(false), abandoned: Cell::new(false) });
        let (owner, safe) = (Owner::Server(replica.life), request.is_safe());
        let is_direct = matches!(request, Request::Direct(_));
        let task = world.tasks.spawn(owner, safe, handle(Rc::clone(world), replica, request, Rc::clone(&call)));
        Sent { call, task, late, barred, is_direct }
    }

    /// Whether a claim is asked for after the link's end, by the server's clock. Only then the holder's earlier requests
    /// matter, and those on other servers: its claim may have been made by one of them.
    fn is_late(&self, request: &Request, now: Timestamp) -> Option<Late> {
        let (ledger, id) = (&self.world.ledger, self.handle.claim_id());
        match request {
            Request::Claim(_) => (!ledger.asks(Some(&id), now)).then_some(Late::Unless(id)),
            Request::Direct(_) => (!ledger.asks(None, now)).then_some(Late::Surely),
            Request::Fetch(..) | Request::HeadClaim(_) | Request::Look | Request::Head | Request::GiveBack(_) | Request::Revoke => None,
        }
    }

    /// Why a request that is sent now can't succeed, if so.
    fn barred(&self, request: &Request) -> Option<(Promise, &'static str)> {
        let id = self.handle.claim_id();
        match request {
            Request::Claim(_) | Request::Fetch(..) | Request::HeadClaim(_) => self.world.ledger.barred(Some(&id), self.world.slowest()),
            Request::Direct(_) => self.world.ledger.barred(None, self.world.slowest()),
            Request::Look | Request::Head | Request::GiveBack(_) | Request::Revoke => None,
        }
    }

    /// The answer; none when the connection breaks or patience ends first.
    async fn wait(&self, sent: &Sent) -> Option<Answer> {
        let world = &self.world;
        loop {
            if let Some(answer) = sent.call.answer.borrow_mut().take() {
                world.ledger.tell(|| format!("client {} is answered {answer:?}", self.number));
                sent.judge(world, &answer);
                return Some(answer);
            }
            if sent.call.broken.get() {
                return None;
            }
            if !world.weather.is_calm() && world.dice.one_in(300) {
                self.hang_up(sent);
                return None;
            }
            breathe().await;
        }
    }

    /// Goes away: the server drops the handler where it is, or doesn't notice. A direct link's handler runs to its end.
    fn hang_up(&self, sent: &Sent) {
        sent.call.abandoned.set(true);
        if !sent.is_direct && self.world.dice.one_in(2) {
            self.world.tasks.cancel(sent.task);
        }
    }
}

/// A request that was sent after the link's end.
enum Late {
    /// It fails, whoever asked before.
    Surely,
    /// It fails, unless this claim was ever asked for in time.
    Unless(ClaimId),
}

/// A request that was sent.
struct Sent {
    call: Rc<Call>,
    task: TaskId,
    late: Option<Late>,
    barred: Option<(Promise, &'static str)>,
    is_direct: bool,
}

impl Sent {
    /// Whether the answer is a success that can't be.
    fn judge(&self, world: &World, answer: &Answer) {
        let success = match answer {
            Answer::Granted(_) | Answer::Bytes(_) | Answer::Url => true,
            Answer::Done | Answer::Refused(_) | Answer::Failed => false,
        };
        let late = match &self.late {
            Some(Late::Unless(claim)) => !world.ledger.was_in_time(claim),
            Some(Late::Surely) => true,
            None => false,
        };
        let expired = late.then_some((Promise::DecidedInOneWrite, "the link had expired before"));
        if let (true, Some((promise, why))) = (success, self.barred.or(expired)) {
            world.ledger.break_(promise, format!("a request succeeded although {why}"));
        }
    }
}

/// The sender takes the link back, for sure.
pub(super) async fn revoke(client: Rc<Client>) {
    client.world.rest(400).await;
    for _ in 0..PATIENCE {
        if let Some(Answer::Done) = client.ask(Request::Revoke).await {
            return;
        }
    }
}
