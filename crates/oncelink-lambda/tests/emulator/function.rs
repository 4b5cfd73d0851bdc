//! A function: instances made as they are needed, one request at a time in each, frozen in between.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::instance::{Cut, Instance, Reply};

/// A function, and its instances that have nothing to do.
#[derive(Clone)]
pub(crate) struct Function(Arc<Inner>);

struct Inner {
    bootstrap: PathBuf,
    variables: Vec<(String, String)>,
    log: Option<PathBuf>,
    idle: Mutex<Vec<Instance>>,
    started: AtomicUsize,
}

impl Function {
    /// A function of which nothing runs yet. What its instances log is added to `log`.
    pub(crate) fn new(bootstrap: PathBuf, variables: Vec<(String, String)>, log: Option<PathBuf>) -> Self {
        Self(Arc::new(Inner { bootstrap, variables, log, idle: Mutex::default(), started: AtomicUsize::new(0) }))
    }

    /// Invokes it in an idle instance, or in a new one.
    ///
    /// # Errors
    /// The instance ended without an answer.
    pub(crate) async fn invoke(&self, event: Bytes) -> Result<Reply, Cut> {
        let idle = self.0.idle.lock().expect("no holder panics").pop();
        let mut instance = match idle {
            Some(instance) => instance,
            None => self.start().await?,
        };
        let reply = instance.invoke(event).await?;
        let resting = self.clone().rest(instance);
        if matches!(reply, Reply::Stream(_)) {
            tokio::spawn(resting);
        } else {
            // The next request finds it idle.
            resting.await;
        }
        Ok(reply)
    }

    /// Keeps an instance once it has nothing more to do.
    async fn rest(self, mut instance: Instance) {
        if instance.until_idle().await.is_ok() {
            self.keep(instance);
        }
    }

    /// Has `count` instances ready, none of which has been invoked.
    pub(crate) async fn start_idle(&self, count: usize) {
        for _ in 0..count {
            self.keep(self.start().await.expect("the function starts"));
        }
    }

    /// Freezes an instance that has nothing to do, and keeps it for the next request.
    pub(crate) fn keep(&self, instance: Instance) {
        instance.freeze();
        self.0.idle.lock().expect("no holder panics").push(instance);
    }

    /// Starts one more instance.
    ///
    /// # Errors
    /// It ended instead.
    pub(crate) async fn start(&self) -> Result<Instance, Cut> {
        self.0.started.fetch_add(1, Ordering::SeqCst);
        Instance::start(&self.0.bootstrap, &self.0.variables, self.0.log.as_deref()).await
    }

    /// Ends all idle instances, so that the next request is a cold start; how many there were.
    pub(crate) fn kill_idle(&self) -> u64 {
        self.0.idle.lock().expect("no holder panics").drain(..).count() as u64
    }

    /// How many instances have been started.
    pub(crate) fn started(&self) -> usize {
        self.0.started.load(Ordering::SeqCst)
    }
}
