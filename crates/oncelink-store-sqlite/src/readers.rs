//! The connections that read more than a row: a small pool on blocking threads, never behind the writer.
//!
//! Must not write: the connections are opened read-only.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use oncelink_core::Fault;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::failure::Failure;

/// The pool.
pub(crate) struct Readers {
    file: Arc<Path>,
    /// As many permits as connections; whoever holds one finds a connection in `idle`.
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
    count: u32,
}

impl Readers {
    /// A pool of these connections.
    pub(crate) fn new(file: Arc<Path>, connections: Vec<Connection>) -> Arc<Self> {
        let count = u32::try_from(connections.len()).unwrap_or(u32::MAX);
        Arc::new(Self { file, places: Arc::new(Semaphore::new(connections.len())), idle: Mutex::new(connections), count })
    }

    /// Runs `work` on one of the connections; all that it reads is of one moment.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Fault> {
        let permit = self.places.clone().acquire_owned().await.map_err(|_| closed(&self.file))?;
        let pool = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            // The permit goes back after the connection, also when the caller is gone or the work panics.
            let _permit = permit;
            pool.borrow()?.run(work)
        });
        let result = task.await.unwrap_or_else(|error| Err(Failure::Panicked(error.to_string())));
        result.map_err(|failure| failure.into_fault(&self.file))
    }

    /// Waits for running reads and closes the connections; later reads fail.
    pub(crate) async fn close(&self) {
        if let Ok(all) = self.places.acquire_many(self.count).await {
            all.forget();
            self.places.close();
            self.connections().clear();
        }
    }

    fn borrow(&self) -> Result<Borrowed<'_>, Failure> {
        let connection = self.connections().pop();
        connection.map(|db| Borrowed { pool: self, db: Some(db) }).ok_or(Failure::Defect("the pool has fewer connections than places"))
    }

    /// Nothing can panic while this lock is held; a poisoned one is as good as any.
    fn connections(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The fault of whoever comes after the closing.
pub(crate) fn closed(file: &Path) -> Fault {
    Fault::unavailable(format!("the database {} is closed; the server is shutting down", file.display()))
}

/// A connection that goes back to its pool when dropped.
struct Borrowed<'p> {
    pool: &'p Readers,
    db: Option<Connection>,
}

impl Borrowed<'_> {
    fn run<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, Failure> {
        let db = self.db.as_ref().ok_or(Failure::Defect("a connection was given back before its work"))?;
        // Rolled back when dropped: it only holds one moment still for all that `work` reads.
        let _moment = db.unchecked_transaction()?;
        work(db)
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        self.pool.connections().extend(self.db.take());
    }
}
