//! The world of one run: the store, the replicas, the tasks and the time.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use oncelink_core::Timestamp;
use oncelink_core::link::Link;
use oncelink_core::ports::LinkStore;
use oncelink_core::token::Token;

use super::booked::BookedStore;
use super::delivery::Wire;
use super::executor::{Life, Tasks, breathe};
use super::ledger::Ledger;
use super::network::{FarStore, Weather};
use super::objects::SimObjects;
use super::plan::{LEASE, Plan, SIZE};
use super::replica::{Replica, SkewedClock};
use super::{Crashes, Habits, Setup};
use crate::SeededEntropy;
use crate::fixtures::{NOW, a_link, new_link};

/// How many steps of the scheduler there are before everything has come to rest: beyond that it never will.
const MOST_STEPS: u32 = 60_000;

/// Everything there is in one run.
pub(super) struct World {
    pub(super) dice: Arc<SeededEntropy>,
    pub(super) plan: Plan,
    pub(super) habits: Habits,
    pub(super) token: Token,
    pub(super) tasks: Tasks,
    pub(super) weather: Arc<Weather>,
    pub(super) ledger: Arc<Ledger>,
    /// The store under test, without the network before it.
    pub(super) truth: Arc<dyn LinkStore>,
    time: Arc<AtomicI64>,
    replicas: RefCell<Vec<Rc<Replica>>>,
    wires: RefCell<Vec<Rc<Wire>>>,
    crashes_left: Cell<u32>,
    crashes: Crashes,
    steps: Cell<u64>,
}

impl World {
    /// Builds the world of `seed` with nobody in it yet.
    pub(super) fn new(seed: u64, setup: &Setup, told: bool) -> Rc<Self> {
        let dice = Arc::new(SeededEntropy::new(seed));
        let drawn = Plan::draw(&dice);
        let crashes = match setup.crashes {
            Crashes::ByChance => drawn.crashes,
            Crashes::Never => 0,
            Crashes::Once { .. } => 1,
        };
        let plan = Plan { crashes, ..drawn };
        let token = Token::create(dice.as_ref(), NOW);
        let time = Arc::new(AtomicI64::new(NOW.as_millis()));
        let expires_at = Timestamp::from_millis(NOW.as_millis() + plan.expires_in);
        let ledger = Arc::new(Ledger::new(plan.clone(), expires_at, told));
        let truth = (setup.store)();
        let world = Rc::new(Self {
            weather: Arc::new(Weather::new(Arc::clone(&dice), plan.trouble, plan.slowness)),
            tasks: Tasks::default(),
            replicas: RefCell::default(),
            wires: RefCell::default(),
            crashes_left: Cell::new(plan.crashes),
            crashes: setup.crashes,
            steps: Cell::new(0),
            habits: setup.habits,
            dice,
            plan,
            token,
            ledger,
            truth,
            time,
        });
        for replica in 0..world.plan.skews.len() {
            let life = Life { replica, number: 0 };
            let started = world.start(life);
            world.replicas.borrow_mut().push(started);
        }
        world
    }

    /// The link as it is inserted.
    pub(super) fn link(&self) -> Link {
        let expires_at = Timestamp::from_millis(NOW.as_millis() + self.plan.expires_in);
        let builder = a_link().id(self.token.link_id()).size(SIZE).uses(self.plan.uses).expires_at(expires_at);
        builder.gate(self.plan.gate()).delivery(self.plan.delivery()).build()
    }

    /// Stores the link.
    pub(super) async fn insert_link(&self) {
        let _ = self.truth.insert(vec![new_link(self.link())]).await;
    }

    /// The clocks go on until every lease has run out and the link has expired.
    pub(super) fn outlast(&self) {
        self.time.fetch_add(self.plan.expires_in + 10_000 * LEASE, Ordering::Relaxed);
    }

    /// The clocks go on until every lease has run out that isn't bound to the link's end.
    pub(super) fn outlast_leases(&self) {
        self.time.fetch_add(3 * LEASE, Ordering::Relaxed);
    }

    /// Whether a server has crashed.
    pub(super) fn has_crashed(&self) -> bool {
        self.crashes_left.get() < self.plan.crashes
    }

    /// The true time in milliseconds.
    pub(super) fn time(&self) -> i64 {
        self.time.load(Ordering::Relaxed)
    }

    /// The time on the clock that is behind the most.
    pub(super) fn slowest(&self) -> Timestamp {
        Timestamp::from_millis(self.time() + self.plan.slowest())
    }

    /// The time on the clock that is ahead the most.
    pub(super) fn fastest(&self) -> Timestamp {
        Timestamp::from_millis(self.time() + self.plan.fastest())
    }

    /// Some replica, as it is in its present life.
    pub(super) fn some_replica(&self) -> Rc<Replica> {
        Rc::clone(self.dice.pick(&self.replicas.borrow()))
    }

    /// Some time passes: up to `most` turns.
    pub(super) async fn rest(&self, most: u64) {
        for _ in 0..self.dice.below(most + 1) {
            breathe().await;
        }
    }

    /// Remembers a connection, for the crash that may break it.
    pub(super) fn connect(&self, wire: &Rc<Wire>) {
        self.wires.borrow_mut().push(Rc::clone(wire));
    }

    /// Runs until nobody has anything left to do; false when that never comes.
    pub(super) fn run(&self) -> bool {
        let rests = self.run_for(MOST_STEPS);
        // Tasks hold the world, and the world its tasks.
        if !rests {
            self.tasks.clear();
        }
        rests
    }

    fn run_for(&self, steps: u32) -> bool {
        for step in 0..steps {
            for parcel in self.weather.take_late() {
                self.tasks.spawn_network(parcel);
            }
            if step == steps / 4 {
                self.weather.calm_down();
            }
            if !self.tasks.step(&self.dice, |safe| self.ledger.set_safe(safe)) {
                return true;
            }
            self.happen();
        }
        false
    }

    /// What happens between two steps: time passes, connections break, servers crash.
    fn happen(&self) {
        let dice = &self.dice;
        if dice.one_in(16) {
            self.time.fetch_add(i64::try_from(dice.below(20)).unwrap_or(0), Ordering::Relaxed);
        }
        if self.weather.is_calm() {
            return;
        }
        if dice.one_in(self.plan.haste) {
            self.time.fetch_add(LEASE / 8 + i64::try_from(dice.below(LEASE.unsigned_abs())).unwrap_or(0), Ordering::Relaxed);
        }
        let step = self.steps.replace(self.steps.get() + 1);
        let victim = match self.crashes {
            Crashes::ByChance if self.crashes_left.get() > 0 && dice.one_in(150) => {
                Some(usize::try_from(dice.below(self.plan.skews.len() as u64)).unwrap_or(0))
            }
            Crashes::Once { step: at, replica } if at == step => Some(replica),
            Crashes::ByChance | Crashes::Never | Crashes::Once { .. } => None,
        };
        if let Some(place) = victim {
            self.crashes_left.set(self.crashes_left.get() - 1);
            self.crash(place);
        }
    }

    /// How many steps there were before the bad day ended.
    pub(super) fn steps(&self) -> u64 {
        self.steps.get()
    }

    /// Kills a replica at whatever await points its tasks are, and starts it anew.
    fn crash(&self, place: usize) {
        let life = self.replicas.borrow()[place].life;
        self.ledger.tell(|| format!("{life:?} crashes at {}", self.time()));
        self.ledger.excuse_orphans();
        let mut wires = self.wires.borrow_mut();
        for wire in wires.iter().filter(|wire| wire.replica.life == life && !wire.broken.replace(true)) {
            self.ledger.unacknowledged(&wire.claim.id, wire.received.get() - wire.acknowledged.get());
        }
        wires.retain(|wire| wire.replica.life != life);
        drop(wires);
        self.tasks.crash(life);
        let next = self.start(Life { number: life.number + 1, ..life });
        self.replicas.borrow_mut()[place] = next;
    }

    fn start(&self, life: Life) -> Rc<Replica> {
        let booked =
            Arc::new(BookedStore { inner: Arc::clone(&self.truth), ledger: Arc::clone(&self.ledger), time: Arc::clone(&self.time) });
        let far = Arc::new(FarStore { inner: booked, weather: Arc::clone(&self.weather), ledger: Arc::clone(&self.ledger) });
        let objects = Arc::new(SimObjects(Arc::clone(&self.weather)));
        let clock = SkewedClock { time: Arc::clone(&self.time), skew: self.plan.skews[life.replica] };
        Rc::new(Replica::start(life, self.dice.draw(), far, objects, clock))
    }
}
