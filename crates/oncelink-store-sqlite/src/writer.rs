//! The one thread that writes, with group commit.
//!
//! Whatever waits in its queue shares one transaction and one flush to the disk, and nobody is answered before the
//! commit has returned; the answers go out together (`answers`). A job that fails, or panics, undoes itself and nobody else: the jobs of its transaction run again
//! then, each in a savepoint of its own. When the transaction as a whole is lost, every job in it is told so. A caller that
//! goes away changes nothing about its job.

mod answers;
mod batch;
mod job;

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use oncelink_core::Fault;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::failure::Failure;
use crate::query;
use crate::readers::closed;
use job::{Job, Task};

/// How many jobs wait before callers do.
const QUEUE: usize = 1024;
/// How many jobs share a commit at the most.
const BATCH: usize = 256;
/// From how many pages in the log on it is copied back into the file when there is nothing else to do.
const CHECKPOINT_IDLE: i64 = 1_000;
/// From how many on it is copied back whatever else there is to do.
const CHECKPOINT_BUSY: i64 = 8_000;

/// The writing thread, from outside.
pub(crate) struct Writer {
    file: Arc<Path>,
    /// Taken when dropped, which ends the thread.
    queue: Option<mpsc::Sender<Message>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    commits: Arc<AtomicU64>,
}

enum Message {
    Job(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the thread on `db`. It gives `lock` up when it has closed the file.
    pub(crate) fn start(file: Arc<Path>, db: Connection, lock: File) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let commits = Arc::new(AtomicU64::new(0));
        let desk = Desk { db, jobs, commits: commits.clone() };
        let thread = thread::Builder::new().name("sqlite-writer".to_owned()).spawn(move || desk.run(lock))?;
        Ok(Self { file, queue: Some(queue), thread: Mutex::new(Some(thread)), commits })
    }

    /// Runs `work` in a transaction; its result is true once this returns it. `work` may run a second time, after its
    /// first change has been undone.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        let job = Message::Job(Box::new(Task::new(self.file.clone(), work, reply)));
        self.send(job).await?;
        // The thread drops a reply only when it closes before it has come to the job.
        answer.await.unwrap_or_else(|_| Err(closed(&self.file)))
    }

    /// Finishes what is queued, copies the log back, closes the file, gives the lock up. Closing twice is no trouble.
    pub(crate) async fn close(&self) {
        let (reply, done) = oneshot::channel();
        if self.send(Message::Close(reply)).await.is_ok() {
            let _ = done.await;
        }
    }

    /// How many transactions were committed.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    async fn send(&self, message: Message) -> Result<(), Fault> {
        let Some(queue) = &self.queue else { return Err(closed(&self.file)) };
        queue.send(message).await.map_err(|_| closed(&self.file))
    }
}

impl Drop for Writer {
    /// Waits until the thread has written what is queued: after this the file may be opened again.
    fn drop(&mut self) {
        drop(self.queue.take());
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It catches panics of jobs; of one of its own nothing is left to save.
            let _ = thread.join();
        }
    }
}

/// The writing thread, from inside.
struct Desk {
    db: Connection,
    jobs: mpsc::Receiver<Message>,
    commits: Arc<AtomicU64>,
}

impl Desk {
    fn run(mut self, lock: File) {
        let mut closing = None;
        while closing.is_none() {
            let Some(first) = self.jobs.blocking_recv() else { break };
            let jobs = self.gather(first, &mut closing);
            batch::commit_together(&self.db, jobs, &self.commits);
            if closing.is_none() {
                self.checkpoint_if_due();
            }
        }
        self.finish(lock);
        if let Some(reply) = closing {
            let _ = reply.send(());
        }
    }

    /// The first job and what waits behind it, up to a full batch or the wish to close.
    fn gather(&mut self, first: Message, closing: &mut Option<oneshot::Sender<()>>) -> Vec<Box<dyn Job>> {
        let mut jobs = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Job(job) => jobs.push(job),
                Message::Close(reply) => {
                    *closing = Some(reply);
                    break;
                }
            }
            next = if jobs.len() < BATCH { self.jobs.try_recv().ok() } else { None };
        }
        jobs
    }

    /// Copies the log back after the answers have gone out, so that no claim waits for more than the rest of it. A
    /// failure isn't told: the log still has everything, and the next write tells what is wrong with the disk.
    fn checkpoint_if_due(&self) {
        let bound = if self.jobs.is_empty() { CHECKPOINT_IDLE } else { CHECKPOINT_BUSY };
        if pages_to_copy(&self.db).is_ok_and(|pages| pages >= bound) {
            let _ = query::checkpoint(&self.db, "PRAGMA wal_checkpoint(PASSIVE)");
        }
    }

    fn finish(self, lock: File) {
        // TRUNCATE leaves one file that can be copied away. When the disk is full the log stays, with everything in it.
        let _ = query::checkpoint(&self.db, query::TRUNCATE);
        let _ = self.db.close();
        drop(lock);
    }
}

/// How many pages of the log have not been copied back yet.
fn pages_to_copy(db: &Connection) -> Result<i64, rusqlite::Error> {
    let (log, copied) = query::checkpoint(db, "PRAGMA wal_checkpoint(NOOP)")?;
    Ok(log - copied)
}
