//! A piece of work with somebody who waits for it. Must not know what the work is.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use oncelink_core::Fault;
use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::failure::Failure;

/// A piece of work, whatever its result.
pub(super) trait Job: Send {
    /// Runs the work and keeps its result; the failure, when it was one. May be called again after its change was undone.
    fn run(&mut self, db: &Connection) -> Option<&Failure>;
    /// The runtime in which somebody waits.
    fn home(&self) -> Option<&Handle>;
    /// Answers whoever waits: with the result, or with why the whole transaction was lost.
    fn settle(self: Box<Self>, lost: Option<&Failure>);
}

/// A piece of work with the result `T`.
pub(super) struct Task<T, W> {
    file: Arc<Path>,
    home: Option<Handle>,
    work: W,
    outcome: Result<T, Failure>,
    reply: oneshot::Sender<Result<T, Fault>>,
}

impl<T, W> Task<T, W> {
    /// `work` on `file`, whose result goes to `reply`. Called where the reply is waited for.
    pub(super) fn new(file: Arc<Path>, work: W, reply: oneshot::Sender<Result<T, Fault>>) -> Self {
        Self { file, home: Handle::try_current().ok(), work, outcome: Err(Failure::Defect("a job was settled before it ran")), reply }
    }
}

impl<T: Send, W: FnMut(&Connection) -> Result<T, Failure> + Send> Job for Task<T, W> {
    fn run(&mut self, db: &Connection) -> Option<&Failure> {
        // What the work saw is thrown away with it, and what it wrote is undone.
        self.outcome = catch_unwind(AssertUnwindSafe(|| (self.work)(db))).unwrap_or_else(|panic| Err(panicked(&*panic)));
        self.outcome.as_ref().err()
    }

    fn home(&self) -> Option<&Handle> {
        self.home.as_ref()
    }

    fn settle(self: Box<Self>, lost: Option<&Failure>) {
        let Self { file, outcome, reply, .. } = *self;
        let answer = match lost {
            Some(lost) => Err(lost.as_fault(&file)),
            None => outcome.map_err(|failure| failure.into_fault(&file)),
        };
        // Whoever waited may be gone; the change stays.
        let _ = reply.send(answer);
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
    Failure::Panicked(text.unwrap_or_else(|| "without a message".to_owned()))
}
