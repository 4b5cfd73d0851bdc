//! SIGINT and SIGTERM: the first asks to end, the second ends.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Failure;
use crate::output;

/// Both signals, from now on.
pub(crate) struct Interrupts {
    int: Signal,
    term: Signal,
}

impl Interrupts {
    /// Takes the signals over from the system, which would end the process at once.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let take = |kind| signal(kind).map_err(|error| Failure::failed(format!("can't listen for signals: {error}")));
        Ok(Self { int: take(SignalKind::interrupt())?, term: take(SignalKind::terminate())? })
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.int.recv() => {}
            _ = self.term.recv() => {}
        }
    }

    /// Ends the process at the next signal, whatever it is doing. Nothing is lost by it: what is claimed is on disk.
    pub(crate) fn exit_at_the_next(mut self) {
        tokio::spawn(async move {
            self.next().await;
            output::complaint("told twice to stop: stopping at once");
            std::process::exit(1);
        });
    }
}
