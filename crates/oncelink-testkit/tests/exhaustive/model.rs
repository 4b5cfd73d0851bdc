//! The small world: who may do what next, and what must be true of every state.

use oncelink_testkit::checker::Machine;

use crate::store::{Decided, END, SmallClaim, SmallLink, SmallReport, SmallState, Store, WHOLE};

pub(crate) const CLIENTS: usize = 3;
const SERVERS: u8 = 2;

/// What is explored.
pub(crate) struct World {
    bounds: Bounds,
    store: Store,
}

/// How large the world is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) uses: u8,
    pub(crate) crashes: u8,
    /// How far the time goes; a tick is a lease, and after the second one the link has expired.
    pub(crate) ticks: u8,
}

impl World {
    pub(crate) fn new(bounds: Bounds, flaw: Option<Flaw>) -> Self {
        Self { bounds, store: Store::new(bounds.uses, flaw) }
    }
}

/// A mistake in the store, for testing the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    CountsWhenFinished,
    ForgetsTheHolder,
    LapseGivesBack,
    ReleasesWithoutFence,
    EveryEndCompletes,
}

impl Flaw {
    pub(crate) const ALL: [Self; 5] =
        [Self::CountsWhenFinished, Self::ForgetsTheHolder, Self::LapseGivesBack, Self::ReleasesWithoutFence, Self::EveryEndCompletes];
}

/// All there is at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    now: u8,
    crashes_left: u8,
    /// Whether a message may still be delivered twice.
    may_repeat: bool,
    link: SmallLink,
    clients: [Client; CLIENTS],
}

/// A client, what the store keeps of its claim, and its messages on the way to the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Client {
    phase: Phase,
    /// Which pieces it has.
    has: u8,
    /// The epoch that it knows to be its own; 0 when none.
    knows: u8,
    /// The latest epoch that it gave back, or fetched in.
    gave_back: u8,
    fetched: u8,
    stored: SmallClaim,
    claim: Option<u8>,
    report: Option<SmallReport>,
    release: Option<(u8, u8)>,
}

/// What a client is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Phase {
    #[default]
    Idle,
    /// Its claim is with this server.
    Asking(u8),
    /// It receives from this server, in this epoch; these pieces were sent.
    Receiving { server: u8, epoch: u8, sent: u8 },
    /// It was told a final no.
    Over,
}

/// What may happen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Tick,
    Crash(u8),
    Revoke,
    Ask(usize, u8),
    /// The claim's message reaches the store; whether its reply arrives, and whether a copy is still under way.
    Claim(usize, Reply),
    LoseClaim(usize),
    Fetch(usize, u8),
    Piece(usize),
    /// The response ends; whether the acknowledgement of its last piece arrives.
    End(usize, bool),
    Report(usize),
    LoseReport(usize),
    GiveBack(usize),
    /// The release's message reaches the store; whether a copy is still under way.
    Release(usize, bool),
    LoseRelease(usize),
}

/// What becomes of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Arrives,
    IsLost,
    /// It arrives, and the message will come a second time.
    ArrivesTwice,
}

impl Machine for World {
    type State = State;
    type Step = Step;

    fn initial(&self) -> State {
        State {
            now: 0,
            crashes_left: self.bounds.crashes,
            may_repeat: true,
            link: SmallLink::default(),
            clients: [Client::default(); CLIENTS],
        }
    }

    fn steps(&self, state: &State, into: &mut Vec<(Step, State)>) {
        let mut add = |step: Step| {
            let mut next = *state;
            next.take(self, step);
            into.push((step, next.canonical()));
        };
        if state.now < self.bounds.ticks {
            add(Step::Tick);
        }
        if state.crashes_left > 0 {
            (0..SERVERS).for_each(|server| add(Step::Crash(server)));
        }
        if !state.link.revoked {
            add(Step::Revoke);
        }
        for (number, client) in state.clients.iter().enumerate() {
            client.steps(number, state.may_repeat, &mut add);
        }
    }

    fn breach(&self, state: &State) -> Option<String> {
        state.breach(self)
    }
}

impl Client {
    fn steps(&self, number: usize, may_repeat: bool, add: &mut impl FnMut(Step)) {
        if self.phase == Phase::Idle && self.claim.is_none() && self.has != WHOLE {
            (0..SERVERS).for_each(|server| add(Step::Ask(number, server)));
        }
        if self.claim.is_some() {
            add(Step::Claim(number, Reply::Arrives));
            add(Step::Claim(number, Reply::IsLost));
            add(Step::LoseClaim(number));
            if may_repeat {
                add(Step::Claim(number, Reply::ArrivesTwice));
            }
        }
        // Nothing is fetched in an epoch that was given back, and nothing is given back in which something was fetched.
        let holds = self.phase == Phase::Idle && self.knows > self.gave_back;
        if holds && self.has != WHOLE {
            (0..SERVERS).for_each(|server| add(Step::Fetch(number, server)));
        }
        // One client that changes its mind is enough.
        if holds && number == 0 && self.fetched < self.knows && self.release.is_none() && self.knows < 2 {
            add(Step::GiveBack(number));
        }
        if let Phase::Receiving { .. } = self.phase {
            if self.has != WHOLE {
                add(Step::Piece(number));
            }
            if self.report.is_none() {
                add(Step::End(number, true));
                add(Step::End(number, false));
            }
        }
        if self.report.is_some() {
            add(Step::Report(number));
            add(Step::LoseReport(number));
        }
        if self.release.is_some() {
            add(Step::Release(number, false));
            if may_repeat {
                add(Step::Release(number, true));
            }
            add(Step::LoseRelease(number));
        }
    }

    /// The same client with the servers' names exchanged.
    fn swap_servers(&mut self) {
        if let Phase::Asking(server) | Phase::Receiving { server, .. } = &mut self.phase {
            *server = 1 - *server;
        }
    }

    /// The server it talks to.
    fn server(&self) -> Option<u8> {
        match self.phase {
            Phase::Asking(server) | Phase::Receiving { server, .. } => Some(server),
            Phase::Idle | Phase::Over => None,
        }
    }
}

impl State {
    /// Servers differ in nothing but their names, and neither do the clients that never change their minds: of states that
    /// differ only so, one stands for all.
    fn canonical(mut self) -> Self {
        self.clients[1..].sort_unstable();
        if self.clients.iter().find_map(Client::server) == Some(1) {
            self.clients.iter_mut().for_each(Client::swap_servers);
            self.clients[1..].sort_unstable();
        }
        self
    }

    fn take(&mut self, world: &World, step: Step) {
        let (now, link) = (self.now, self.link);
        match step {
            Step::Tick => self.now += 1,
            Step::Crash(server) => {
                self.crashes_left -= 1;
                // Whatever the server knew and hadn't sent to the store is gone; what it had sent is still under way.
                let hit = self.clients.iter_mut().filter(|client| client.server() == Some(server));
                hit.for_each(|client| client.phase = Phase::Idle);
            }
            Step::Revoke => self.link.revoked = true,
            Step::Ask(number, server) => {
                self.clients[number].phase = Phase::Asking(server);
                self.clients[number].claim = Some(now);
            }
            Step::Claim(number, reply) => self.claim(world, number, reply),
            Step::Fetch(number, server) => self.fetch(world, number, server),
            Step::Piece(number) => self.clients[number].receive(),
            Step::End(number, acknowledged) => self.clients[number].end(acknowledged, now),
            Step::Report(number) => {
                let client = &mut self.clients[number];
                if let Some(report) = client.report.take() {
                    client.stored = world.store.report(link, client.stored, report);
                }
            }
            Step::GiveBack(number) => {
                let client = &mut self.clients[number];
                client.gave_back = client.knows;
                client.release = Some((client.knows, now));
            }
            Step::Release(number, again) => self.release(world, number, again),
            Step::LoseClaim(number) => {
                let client = &mut self.clients[number];
                client.claim = None;
                client.stop_asking();
            }
            Step::LoseReport(number) => self.clients[number].report = None,
            Step::LoseRelease(number) => self.clients[number].release = None,
        }
    }

    fn claim(&mut self, world: &World, number: usize, reply: Reply) {
        let client = &mut self.clients[number];
        let Some(sent_at) = client.claim.take() else { return };
        let (link, stored, decided) = world.store.claim(self.link, client.stored, sent_at);
        (self.link, client.stored) = (link, stored);
        if reply == Reply::ArrivesTwice {
            client.claim = Some(sent_at);
            self.may_repeat = false;
        }
        let listens = matches!(client.phase, Phase::Asking(_));
        client.stop_asking();
        if listens && reply != Reply::IsLost {
            match decided {
                Decided::Taken | Decided::Had => client.knows = client.stored.epoch,
                Decided::Refused => client.phase = Phase::Over,
            }
        }
    }

    fn release(&mut self, world: &World, number: usize, again: bool) {
        let client = &mut self.clients[number];
        let Some((epoch, sent_at)) = client.release.take() else { return };
        if again {
            client.release = Some((epoch, sent_at));
            self.may_repeat = false;
        }
        if let Some(next) = world.store.release(client.stored, epoch, sent_at) {
            client.stored = next;
            self.link.claimed -= 1;
        }
    }

    /// A server looks whether the holder may go on, as every server does before the first byte.
    fn fetch(&mut self, world: &World, number: usize, server: u8) {
        let client = &mut self.clients[number];
        if world.store.lets_go_on(self.link, client.stored, self.now) {
            client.phase = Phase::Receiving { server, epoch: client.stored.epoch, sent: 0 };
            // Only the one that may change its mind has to remember.
            client.fetched = if number == 0 { client.knows } else { 0 };
        } else {
            client.phase = Phase::Over;
        }
    }

    fn breach(&self, world: &World) -> Option<String> {
        let uses = world.bounds.uses;
        let held = self.clients.iter().filter(|client| client.stored.is_held()).count();
        let fed = self.clients.iter().filter(|client| client.has > 0).count();
        if held > usize::from(uses) || held != usize::from(self.link.claimed) {
            return Some(format!("SEM-1: {held} claims are held, {} are counted, for {uses} uses", self.link.claimed));
        }
        if fed > usize::from(uses) {
            return Some(format!("SEM-2: {fed} holders have bytes of a link for {uses}"));
        }
        let lost = self.clients.iter().enumerate().find_map(|(number, client)| self.lost(world, number, client));
        lost.or_else(|| self.closed(world, held))
    }

    /// What a client has lost that it was promised.
    fn lost(&self, world: &World, number: usize, client: &Client) -> Option<String> {
        if client.knows > 0 && client.stored.epoch < client.knows {
            return Some(format!("SEM-3: client {number}'s claim is gone"));
        }
        match client.stored.state {
            SmallState::Completed if client.has != WHOLE => {
                Some(format!("SEM-5: client {number}'s claim is completed, and it has only pieces {:02b}", client.has))
            }
            SmallState::Released if client.stored.epoch > client.gave_back => {
                Some(format!("SEM-3: client {number}'s claim was released, and it never gave it back"))
            }
            SmallState::Active { until } if self.now < until && !self.link.revoked => {
                let (_, _, again) = world.store.claim(self.link, client.stored, self.now);
                (again != Decided::Had).then(|| format!("SEM-3: client {number} repeats its claim and gets {again:?}"))
            }
            SmallState::Active { .. } | SmallState::Completed | SmallState::Released => None,
        }
    }

    /// A free use can be had, and only then.
    fn closed(&self, world: &World, held: usize) -> Option<String> {
        let uses = world.bounds.uses;
        let open = !self.link.revoked && self.now < END && held < usize::from(uses);
        let (_, _, new) = world.store.claim(self.link, SmallClaim::default(), self.now);
        ((new == Decided::Taken) != open)
            .then(|| format!("SEM-1: {held} of {uses} uses are held at tick {}, and somebody new gets {new:?}", self.now))
    }
}

impl Client {
    fn stop_asking(&mut self) {
        if let Phase::Asking(_) = self.phase {
            self.phase = Phase::Idle;
        }
    }

    fn receive(&mut self) {
        let missing = !self.has & WHOLE;
        let piece = missing & missing.wrapping_neg();
        self.has |= piece;
        if let Phase::Receiving { sent, .. } = &mut self.phase {
            *sent |= piece;
        }
    }

    fn end(&mut self, acknowledged: bool, now: u8) {
        let Phase::Receiving { epoch, sent, .. } = self.phase else { return };
        // Pieces go out in order; without the last acknowledgement the highest one is unsure.
        let last = if sent == 0 { 0 } else { 1 << (7 - sent.leading_zeros()) };
        let pieces = if acknowledged { sent } else { sent & !last };
        self.report = Some(SmallReport { epoch, pieces, whole: acknowledged && self.has == WHOLE, now });
        self.phase = Phase::Idle;
    }
}

impl SmallClaim {
    fn is_held(&self) -> bool {
        self.epoch > 0 && self.state != SmallState::Released
    }
}
