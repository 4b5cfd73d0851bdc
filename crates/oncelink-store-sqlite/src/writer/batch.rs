//! One transaction for many jobs. Must not answer anybody before it knows what became of the commit.

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

use super::answers;
use super::job::Job;
use crate::failure::Failure;
use crate::query::execute;

/// Runs the jobs in one transaction, commits, and then answers each.
///
/// A batch that the disk has no room for is tried again job by job: a large creation mustn't take the claims beside it
/// along.
pub(super) fn commit_together(db: &Connection, mut jobs: Vec<Box<dyn Job>>, commits: &AtomicU64) {
    if jobs.is_empty() {
        return;
    }
    let lost = attempt(db, &mut jobs, commits).err();
    if jobs.len() > 1 && lost.as_ref().is_some_and(Failure::is_disk_full) {
        jobs.into_iter().for_each(|job| commit_together(db, vec![job], commits));
    } else {
        answers::give(jobs, lost);
    }
}

/// One transaction. An error means that nothing of it is in the file as far as SQLite knows.
fn attempt(db: &Connection, jobs: &mut [Box<dyn Job>], commits: &AtomicU64) -> Result<(), Failure> {
    // IMMEDIATE: the lock is taken at once, so that what a job reads is still true when it writes.
    execute(db, "BEGIN IMMEDIATE")?;
    let done = run_all(db, jobs).and_then(|()| execute(db, "COMMIT"));
    match done {
        Ok(()) => commits.fetch_add(1, Ordering::Relaxed),
        Err(lost) => {
            if !db.is_autocommit() {
                // If even this fails the next BEGIN fails too, and all are told: nothing is granted.
                let _ = execute(db, "ROLLBACK");
            }
            return Err(lost);
        }
    };
    Ok(())
}

/// All jobs, once plainly, and when one of them fails, which is rare, once more from the start, each in a savepoint: for that
/// SQLite copies every page that a job changes.
fn run_all(db: &Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), Failure> {
    let mut good = true;
    for job in jobs.iter_mut() {
        good = good && run(db, job.as_mut())?;
    }
    if good {
        return Ok(());
    }
    execute(db, "ROLLBACK")?;
    execute(db, "BEGIN IMMEDIATE")?;
    jobs.iter_mut().try_for_each(|job| run_apart(db, job.as_mut()))
}

/// One job in its savepoint. An error means that the transaction is lost, not just the job.
fn run_apart(db: &Connection, job: &mut dyn Job) -> Result<(), Failure> {
    execute(db, "SAVEPOINT job")?;
    if !run(db, job)? {
        execute(db, "ROLLBACK TO job")?;
    }
    execute(db, "RELEASE job")
}

/// One job; whether it succeeded. An error means that the transaction is lost, not just the job.
fn run(db: &Connection, job: &mut dyn Job) -> Result<bool, Failure> {
    match job.run(db) {
        None => Ok(true),
        // A full disk, a failing one or short memory: SQLite has rolled everything back by itself.
        Some(failure) if db.is_autocommit() => Err(failure.repeat()),
        Some(_) => Ok(false),
    }
}
