//! Where a connection stands: whose turn it is, and since when.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The client hasn't sent anything yet.
    Silent,
    /// A request's head is coming in.
    Head,
    /// A request is being answered.
    Busy,
    /// The last answer is made, and nothing has come since.
    Idle,
}

/// Kept by whoever moves the connection on, read by whoever watches it.
#[derive(Debug)]
pub(crate) struct Pace {
    state: Mutex<(Phase, Instant)>,
    blocked: AtomicBool,
}

impl Pace {
    /// A connection that was just accepted.
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new((Phase::Silent, Instant::now())), blocked: AtomicBool::new(false) }
    }

    /// Bytes came from the client.
    pub(crate) fn heard(&self) {
        // While a request is being answered they are its body or the next request, which waits its turn.
        self.step(|phase| matches!(phase, Phase::Silent | Phase::Idle).then_some(Phase::Head));
    }

    /// A request's head is complete.
    pub(crate) fn asked(&self) {
        self.step(|_| Some(Phase::Busy));
    }

    /// All of a response was handed over to the connection.
    pub(crate) fn answered(&self) {
        self.step(|_| Some(Phase::Idle));
    }

    /// Whether the last write found the socket full.
    pub(crate) fn set_blocked(&self, blocked: bool) {
        self.blocked.store(blocked, Ordering::Release);
    }

    /// Whether a write waits for room.
    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked.load(Ordering::Acquire)
    }

    /// The phase, and since when it lasts.
    pub(crate) fn now(&self) -> (Phase, Instant) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self, next: impl FnOnce(Phase) -> Option<Phase>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(phase) = next(state.0) {
            *state = (phase, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_heads_later_bytes_win_it_no_time() {
        let pace = Pace::new();
        pace.heard();
        let first = pace.now();
        pace.heard();
        assert_eq!((first.0, pace.now()), (Phase::Head, first));
    }

    #[test]
    fn a_requests_body_is_no_new_head() {
        let pace = Pace::new();
        for (step, expected) in [
            (Pace::heard as fn(&Pace), Phase::Head),
            (Pace::asked, Phase::Busy),
            (Pace::heard, Phase::Busy),
            (Pace::answered, Phase::Idle),
            (Pace::heard, Phase::Head),
        ] {
            step(&pace);
            assert_eq!(pace.now().0, expected);
        }
    }
}
