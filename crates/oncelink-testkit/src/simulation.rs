//! Deterministic simulation: the real use cases of [`oncelink_core::Links`] among replicas, clients and a network that
//! fail in an order that a seed chooses.
//!
//! One run is one seed: it draws a link, a few clients with different habits, one or two replicas with clocks that
//! differ, and then, step by step, whose turn it is, which call is slow, lost, repeated or late, when a server crashes
//! (every task of it is dropped where it is), when a connection breaks and how far the time moves. Nothing else is random,
//! so the same seed is the same run. What is judged is in [`Promise`].
//!
//! The transport around the use cases is a model of the HTTP layer's (accounts, bodies, supervisors). It must not be
//! better than the original: what it can't do is written down in `docs/reliability.md`.

mod account;
mod booked;
mod client;
mod delivery;
mod executor;
mod judge;
mod ledger;
mod network;
mod objects;
mod plan;
mod replica;
mod server;
mod world;

pub use executor::breathe;

use std::fmt;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use oncelink_core::ports::LinkStore;

use crate::MemoryStore;
use client::Client;
use executor::Owner;
use plan::Persona;
use world::World;

/// What is put to the test: a store, and a server's habits around it.
#[derive(Clone, Copy)]
pub struct Setup {
    /// Makes an empty store.
    pub store: fn() -> Arc<dyn LinkStore>,
    /// What the server does.
    pub habits: Habits,
    /// When servers crash.
    pub crashes: Crashes,
}

/// When servers crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Crashes {
    /// Now and then, as the seed has it.
    #[default]
    ByChance,
    /// Never.
    Never,
    /// One of them, once.
    Once {
        /// After so many steps.
        step: u64,
        /// Which replica.
        replica: usize,
    },
}

/// What a server does with a request. All false is how it is meant; the others are mistakes, for testing the test.
#[derive(Clone, Copy, Debug, Default)]
pub struct Habits {
    /// HEAD is taken for a GET.
    pub head_spends: bool,
    /// A Range that doesn't begin at 0 takes a use of its own.
    pub every_range_is_a_use: bool,
}

/// A promise of `docs/semantics.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// SEM-1
    OneClaimant,
    /// SEM-2
    HolderOnly,
    /// SEM-3
    NothingSpent,
    /// SEM-4
    BrokenIsFinishable,
    /// SEM-5
    CompleteMeansOver,
    /// SEM-6
    SafeMethods,
    /// SEM-7
    DecidedInOneWrite,
    /// SEM-9
    HonestRedirects,
    /// Nobody waits for ever.
    Rest,
}

/// A broken promise, and the run that broke it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The seed that makes this run.
    pub seed: u64,
    /// Which promise.
    pub promise: Promise,
    /// How it was broken.
    pub how: String,
}

/// A run that is over.
struct Played {
    story: Vec<String>,
    /// After how many steps a server might have crashed.
    steps: u64,
    replicas: usize,
    verdict: Result<(), Breach>,
}

impl Setup {
    /// The rules as they are, over the model store.
    pub fn sound() -> Self {
        Self { store: || Arc::new(MemoryStore::new()), habits: Habits::default(), crashes: Crashes::ByChance }
    }

    /// Runs `seeds` one after another, up to the first breach; how many were run, and the breach.
    pub fn run_all(&self, seeds: Range<u64>) -> (u64, Option<Breach>) {
        let mut count = 0;
        for seed in seeds {
            count += 1;
            if let Err(breach) = self.run(seed) {
                return (count, Some(breach));
            }
        }
        (count, None)
    }

    /// Runs one seed.
    ///
    /// # Errors
    /// The first promise that was broken.
    pub fn run(&self, seed: u64) -> Result<(), Breach> {
        self.play(seed, false).verdict
    }

    /// Runs one seed again and again, with one crash: of each replica after each step. So every task is dropped at every await point
    /// that it comes to. How many runs there were; with a breach, the setup that led to it.
    pub fn crash_everywhere(&self, seed: u64) -> (u64, Option<(Self, Breach)>) {
        let without = Self { crashes: Crashes::Never, ..*self };
        let Played { steps, replicas, verdict, .. } = without.play(seed, false);
        if let Err(breach) = verdict {
            return (1, Some((without, breach)));
        }
        let mut runs = 1;
        for step in 0..steps {
            for replica in 0..replicas {
                let with = Self { crashes: Crashes::Once { step, replica }, ..*self };
                runs += 1;
                if let Err(breach) = with.run(seed) {
                    return (runs, Some((with, breach)));
                }
            }
        }
        (runs, None)
    }

    /// Runs one seed and tells what happened, line by line, with the verdict as the last one.
    pub fn story(&self, seed: u64) -> Vec<String> {
        let Played { mut story, verdict, .. } = self.play(seed, true);
        story.push(verdict.map_or_else(|breach| breach.to_string(), |()| format!("seed {seed}: no promise is broken")));
        story
    }

    fn play(&self, seed: u64, told: bool) -> Played {
        let world = World::new(seed, self, told);
        let clients: Vec<Rc<Client>> =
            world.plan.clients.iter().enumerate().map(|(number, persona)| Client::new(&world, number, *persona)).collect();
        let begin = Rc::clone(&world);
        world.tasks.spawn(Owner::Client, false, async move { begin.insert_link().await });
        let mut rests = world.run();
        for client in &clients {
            world.tasks.spawn(Owner::Client, false, Rc::clone(client).live());
        }
        if world.plan.revoked {
            let sender = Client::new(&world, usize::MAX, Persona::Honest);
            world.tasks.spawn(Owner::Client, false, client::revoke(sender));
        }
        rests &= world.run();
        world.weather.calm_down();
        world.tasks.spawn(Owner::Client, false, judge::judge(Rc::clone(&world), clients));
        rests &= world.run();
        if !rests {
            world.ledger.break_(Promise::Rest, "somebody waits for ever");
        }
        let broken = world.ledger.facts().broken.take();
        let verdict = broken.map_or(Ok(()), |(promise, how)| Err(Breach { seed, promise, how }));
        Played { story: world.ledger.story(), steps: world.steps(), replicas: world.plan.skews.len(), verdict }
    }
}

impl Promise {
    /// Its number in `docs/semantics.md`.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneClaimant => "SEM-1",
            Self::HolderOnly => "SEM-2",
            Self::NothingSpent => "SEM-3",
            Self::BrokenIsFinishable => "SEM-4",
            Self::CompleteMeansOver => "SEM-5",
            Self::SafeMethods => "SEM-6",
            Self::DecidedInOneWrite => "SEM-7",
            Self::HonestRedirects => "SEM-9",
            Self::Rest => "rest",
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "seed {}: {}: {}", self.seed, self.promise.name(), self.how)
    }
}
