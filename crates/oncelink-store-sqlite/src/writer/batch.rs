//! One transaction for many jobs. Must not answer anybody before it knows what became of the commit.

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

use super::job::Job;
use crate::failure::Failure;

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
        jobs.into_iter().for_each(|job| job.settle(lost.as_ref()));
    }
}

/// One transaction. An error means that nothing of it is in the file as far as SQLite knows.
fn attempt(db: &Connection, jobs: &mut [Box<dyn Job>], commits: &AtomicU64) -> Result<(), Failure> {
    // IMMEDIATE: the lock is taken at once, so that what a job reads is still true when it writes.
    execute(db, "BEGIN IMMEDIATE")?;
    let done = jobs.iter_mut().try_for_each(|job| run(db, job.as_mut())).and_then(|()| execute(db, "COMMIT"));
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

/// One job in its savepoint. An error means that the transaction is lost, not just the job.
fn run(db: &Connection, job: &mut dyn Job) -> Result<(), Failure> {
    execute(db, "SAVEPOINT job")?;
    if let Some(failure) = job.run(db) {
        if db.is_autocommit() {
            // A full disk, a failing one or short memory: SQLite has rolled everything back by itself.
            return Err(failure.repeat());
        }
        execute(db, "ROLLBACK TO job")?;
    }
    execute(db, "RELEASE job")
}

fn execute(db: &Connection, statement: &str) -> Result<(), Failure> {
    db.prepare_cached(statement)?.execute([])?;
    Ok(())
}
