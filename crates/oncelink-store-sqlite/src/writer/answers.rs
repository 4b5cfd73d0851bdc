//! The answers of one commit, handed over together.
//!
//! Waking a task from a thread that isn't the runtime's takes a lock of the runtime, and often a system call, where a task of
//! the runtime would only queue it; so a whole batch is given to one task that wakes the others. Must not keep an answer back:
//! whatever becomes of that task, everybody is answered.

use tokio::runtime::Handle;

use super::job::Job;
use crate::failure::Failure;

/// Jobs whose transaction has ended. Settles them when dropped, hence also when their runtime is shutting down.
struct Answers {
    jobs: Vec<Box<dyn Job>>,
    lost: Option<Failure>,
}

/// Answers all jobs: with their results, or with why the transaction was lost.
pub(super) fn give(jobs: Vec<Box<dyn Job>>, lost: Option<Failure>) {
    let home = common_home(&jobs);
    let answers = Answers { jobs, lost };
    if let Some(home) = home {
        home.spawn(async move { drop(answers) });
    }
}

/// The runtime in which two or more wait, and nobody elsewhere: a runtime that nobody drives must only keep its own waiting.
fn common_home(jobs: &[Box<dyn Job>]) -> Option<Handle> {
    let (first, others) = jobs.split_first().filter(|(_, others)| !others.is_empty())?;
    let home = first.home()?;
    others.iter().all(|job| job.home().is_some_and(|other| other.id() == home.id())).then(|| home.clone())
}

impl Drop for Answers {
    fn drop(&mut self) {
        for job in self.jobs.drain(..) {
            job.settle(self.lost.as_ref());
        }
    }
}
