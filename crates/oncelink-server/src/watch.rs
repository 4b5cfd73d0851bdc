//! When a connection is cut: what is silent, slow or stalled for too long.
//!
//! It looks at short intervals, since an acknowledgement makes no noise. Must not cut what moves, however slowly.

use std::sync::Arc;
use std::time::Duration;

use oncelink_http::{Socket, Wire};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::limits::Limits;
use crate::pace::{Pace, Phase};
use crate::socket::Tcp;

/// How often to look whether the last bytes have arrived.
const LOOK: Duration = Duration::from_millis(50);
/// How long a head that has begun may still take when the server stops.
const HEAD_WHEN_STOPPING: Duration = Duration::from_secs(1);

/// Why a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// Nothing has come.
    Silent,
    /// A request's head has not come whole.
    Head,
    /// No further request has come.
    Idle,
    /// The client takes nothing of what waits for it.
    Stalled,
}

/// Watches one connection.
pub(crate) struct Watch {
    pub(crate) socket: Tcp,
    pub(crate) wire: Arc<Wire>,
    pub(crate) pace: Arc<Pace>,
    pub(crate) limits: Limits,
    /// How long this client may idle.
    pub(crate) idle: Duration,
    pub(crate) stopping: CancellationToken,
}

/// What the client has taken so far.
struct Progress {
    acknowledged: u64,
    /// When that last changed, or nothing was waiting.
    moved: Instant,
    /// When something was last waiting.
    waited: Instant,
}

impl Watch {
    /// Waits until the connection has to be cut.
    pub(crate) async fn until_overdue(&self) -> Overdue {
        let mut progress = Progress::begin(&self.wire);
        let tick = (self.limits.head.min(self.idle).min(self.limits.stall) / 10).clamp(Duration::from_millis(5), Duration::from_secs(1));
        loop {
            sleep(tick).await;
            if let Some(overdue) = self.look(&mut progress) {
                return overdue;
            }
        }
    }

    /// Waits until the client's TCP has everything; false when that takes too long or can't happen any more.
    pub(crate) async fn until_delivered(&self) -> bool {
        let mut progress = Progress::begin(&self.wire);
        while self.is_waiting() {
            progress.note(&self.wire, true);
            if self.socket.is_dead() || progress.moved.elapsed() > self.limits.stall {
                return false;
            }
            sleep(LOOK).await;
        }
        true
    }

    fn look(&self, progress: &mut Progress) -> Option<Overdue> {
        let waiting = self.is_waiting();
        progress.note(&self.wire, waiting);
        if waiting && progress.moved.elapsed() > self.limits.stall {
            return Some(Overdue::Stalled);
        }
        let (phase, since) = self.pace.now();
        match phase {
            Phase::Silent => (since.elapsed() > self.limits.head).then_some(Overdue::Silent),
            Phase::Head => (since.elapsed() > self.head()).then_some(Overdue::Head),
            Phase::Idle => (!waiting && since.max(progress.waited).elapsed() > self.idle).then_some(Overdue::Idle),
            Phase::Busy => None,
        }
    }

    fn head(&self) -> Duration {
        if self.stopping.is_cancelled() { self.limits.head.min(HEAD_WHEN_STOPPING) } else { self.limits.head }
    }

    /// Whether there is anything that the client hasn't taken.
    fn is_waiting(&self) -> bool {
        self.pace.is_blocked() || self.socket.unacknowledged().is_ok_and(|count| count > 0)
    }
}

impl Progress {
    fn begin(wire: &Wire) -> Self {
        let now = Instant::now();
        Self { acknowledged: wire.acknowledged(), moved: now, waited: now }
    }

    fn note(&mut self, wire: &Wire, waiting: bool) {
        let now = Instant::now();
        let acknowledged = wire.acknowledged();
        if acknowledged != self.acknowledged || !waiting {
            (self.acknowledged, self.moved) = (acknowledged, now);
        }
        if waiting {
            self.waited = now;
        }
    }
}
