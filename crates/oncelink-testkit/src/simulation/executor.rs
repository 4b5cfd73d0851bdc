//! A single-threaded executor that polls one task after another, in an order that the seed chooses.
//!
//! There are no wakers: a task that waits is asked again and again, which is what makes every order possible. Must not
//! know what the tasks do.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::SeededEntropy;

/// What a task runs.
pub(super) type Job = Pin<Box<dyn Future<Output = ()>>>;

/// Whose task it is: a crash takes a server's tasks along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// A client, who doesn't crash.
    Client,
    /// A server, in one of its lives.
    Server(Life),
    /// The network, which carries on whatever becomes of the sender.
    Network,
}

/// One life of one replica: from its start to its crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Life {
    /// Which replica.
    pub(super) replica: usize,
    /// How often it was started.
    pub(super) number: u32,
}

/// Names a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TaskId(u64);

struct Task {
    id: TaskId,
    owner: Owner,
    /// Whether it runs for a request by a safe method, which must not change anything.
    safe: bool,
    job: Job,
}

/// All tasks of a run.
#[derive(Default)]
pub(super) struct Tasks {
    running: RefCell<Vec<Task>>,
    next: Cell<u64>,
}

impl Tasks {
    /// Adds a task.
    pub(super) fn spawn(&self, owner: Owner, safe: bool, job: impl Future<Output = ()> + 'static) -> TaskId {
        let id = TaskId(self.next.replace(self.next.get() + 1));
        self.running.borrow_mut().push(Task { id, owner, safe, job: Box::pin(job) });
        id
    }

    /// Adds a task of the network's.
    pub(super) fn spawn_network(&self, job: Job) {
        self.spawn(Owner::Network, false, job);
    }

    /// Polls a task that `dice` picks, after `before` was told whether it is a safe one; false when there is none.
    pub(super) fn step(&self, dice: &SeededEntropy, before: impl FnOnce(bool)) -> bool {
        let mut running = self.running.borrow_mut();
        if running.is_empty() {
            return false;
        }
        let place = usize::try_from(dice.below(running.len() as u64)).unwrap_or(0);
        // Taken out while it is polled: it may add tasks and end others.
        let mut task = running.swap_remove(place);
        drop(running);
        before(task.safe);
        if task.job.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            self.running.borrow_mut().push(task);
        }
        true
    }

    /// Drops a task at the await point where it is.
    pub(super) fn cancel(&self, id: TaskId) {
        self.remove(|task| task.id == id);
    }

    /// Drops every task of a server's life.
    pub(super) fn crash(&self, life: Life) {
        self.remove(|task| task.owner == Owner::Server(life));
    }

    /// Drops every task.
    pub(super) fn clear(&self) {
        self.remove(|_| true);
    }

    fn remove(&self, condemned: impl Fn(&Task) -> bool) {
        let mut gone = Vec::new();
        let mut running = self.running.borrow_mut();
        let mut place = 0;
        while place < running.len() {
            if condemned(&running[place]) { gone.push(running.swap_remove(place)) } else { place += 1 }
        }
        // What a task drops may come back to the list of tasks.
        drop(running);
        drop(gone);
    }
}

/// Lets everybody else have a turn.
pub async fn breathe() {
    Breath(false).await;
}

/// Lets everybody else have `count` turns.
pub(super) async fn breathe_times(count: u64) {
    for _ in 0..count {
        breathe().await;
    }
}

struct Breath(bool);

impl Future for Breath {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}
