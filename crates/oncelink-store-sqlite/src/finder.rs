//! The thread that finds single rows: what every request begins with.
//!
//! What waits in its queue shares one read transaction, begun after all of it was asked, so that everybody sees what was
//! committed before the asking. Long reads have threads of their own ([`crate::readers`]). Must not write: the connection
//! is opened read-only.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use oncelink_core::Fault;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::failure::Failure;
use crate::query;
use crate::readers::closed;

/// How many reads share a transaction at the most: the log can't begin anew under one.
const BATCH: usize = 64;

/// One read; told a failure when there is no transaction for it.
type Read = Box<dyn FnOnce(Result<&Connection, &Failure>) + Send>;

/// The finding thread, from outside.
pub(crate) struct Finder {
    file: Arc<Path>,
    /// Taken when closed, which ends the thread. Its length is bounded by the requests that are being answered.
    queue: Mutex<Option<Sender<Read>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Finder {
    /// Starts the thread on `db`.
    pub(crate) fn start(file: Arc<Path>, db: Connection) -> std::io::Result<Self> {
        let (queue, reads) = mpsc::channel();
        let thread = thread::Builder::new().name("sqlite-finder".to_owned()).spawn(move || run(&db, &reads))?;
        Ok(Self { file, queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    /// Runs `work`, which must be short: others wait behind it.
    pub(crate) async fn find<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        let read = move |db: Result<&Connection, &Failure>| {
            let found = match db {
                Ok(db) => catch_unwind(AssertUnwindSafe(|| work(db))),
                Err(failure) => Ok(Err(failure.repeat())),
            };
            // Whoever waited may be gone. The reply of work that panicked is dropped.
            if let Ok(found) = found {
                let _ = reply.send(found);
            }
        };
        self.send(Box::new(read))?;
        let found = answer.await.unwrap_or_else(|_| Err(Failure::Panicked("while it was looking for a row".to_owned())));
        found.map_err(|failure| failure.into_fault(&self.file))
    }

    /// Finishes what is queued and closes the connection; later reads fail. Closing twice is no trouble.
    pub(crate) async fn close(&self) {
        let thread = self.end();
        let _ = tokio::task::spawn_blocking(move || thread.map(JoinHandle::join)).await;
    }

    fn send(&self, read: Read) -> Result<(), Fault> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = queue.as_ref().map(|queue| queue.send(read));
        if matches!(sent, Some(Ok(()))) { Ok(()) } else { Err(closed(&self.file)) }
    }

    fn end(&self) -> Option<JoinHandle<()>> {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Finder {
    /// Waits until the connection is closed: the writer's has to be the last.
    fn drop(&mut self) {
        if let Some(thread) = self.end() {
            let _ = thread.join();
        }
    }
}

fn run(db: &Connection, reads: &Receiver<Read>) {
    while let Ok(first) = reads.recv() {
        let batch: Vec<Read> = std::iter::once(first).chain(reads.try_iter().take(BATCH - 1)).collect();
        // It only holds one moment still for all that is read in it.
        match query::execute(db, "BEGIN") {
            Ok(()) => batch.into_iter().for_each(|read| read(Ok(db))),
            Err(failure) => batch.into_iter().for_each(|read| read(Err(&failure))),
        }
        if !db.is_autocommit() {
            // If it fails the next BEGIN does too, and is told.
            let _ = query::execute(db, "ROLLBACK");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finder() -> Finder {
        let db = Connection::open_in_memory().expect("memory is there");
        Finder::start(Path::new("test.db").into(), db).expect("a thread")
    }

    fn one(db: &Connection) -> Result<Option<i64>, Failure> {
        query::one(db, "SELECT 1", &[], |row| Ok(row.get(0)?))
    }

    #[tokio::test]
    async fn a_read_that_panics_takes_nobody_along() {
        let finder = finder();
        let broken = finder.find(|_| -> Result<(), Failure> { panic!("a defect") });
        let (broken, good) = tokio::join!(broken, finder.find(one));
        assert!(broken.is_err());
        assert_eq!(good.expect("the thread goes on"), Some(1));
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_takes_nobody_along() {
        let finder = finder();
        drop(finder.find(one));
        assert_eq!(finder.find(one).await.expect("the thread goes on"), Some(1));
    }

    #[tokio::test]
    async fn after_the_closing_a_read_is_a_fault() {
        let finder = finder();
        finder.close().await;
        finder.close().await;
        assert!(finder.find(one).await.expect_err("it is closed").message.contains("test.db"));
    }
}
