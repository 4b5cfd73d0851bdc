//! How long to try, and how quickly again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long to try, and how quickly again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The wait before the second try; each one doubles it.
    pub(crate) first: Duration,
    /// The longest wait that we choose ourselves.
    pub(crate) longest: Duration,
    /// Give up after so long without progress.
    pub(crate) patience: Duration,
    /// Give up after so long when nobody has answered at all and nothing can have been claimed.
    pub(crate) reach: Duration,
}

/// How much of the patience is left.
#[derive(Debug)]
pub(crate) struct Patience {
    pace: Pace,
    limit: Duration,
    since: Instant,
    next: Duration,
}

impl Pace {
    /// What people bear.
    pub(crate) fn of_people(patience: Duration) -> Self {
        let reach = patience.min(Duration::from_secs(2));
        Self { first: Duration::from_millis(250), longest: Duration::from_secs(10), patience, reach }
    }

    /// Fresh patience.
    pub(crate) fn begin(self) -> Patience {
        Patience { pace: self, limit: self.patience, since: Instant::now(), next: self.first }
    }
}

impl Patience {
    /// There was progress: begin anew.
    pub(crate) fn progress(&mut self) {
        self.since = Instant::now();
        self.next = self.pace.first;
    }

    /// Nothing is at stake yet: don't wait long.
    pub(crate) fn only_reach(&mut self) {
        self.limit = self.pace.reach;
    }

    /// Something is at stake: wait as long as was asked.
    pub(crate) fn in_full(&mut self) {
        self.limit = self.pace.patience;
    }

    /// Waits before the next try, as long as the server asked for or a little longer each time. False, without waiting,
    /// when the patience is at its end or would be then.
    pub(crate) async fn wait(&mut self, asked: Option<Duration>) -> bool {
        let delay = asked.unwrap_or(self.next).max(self.next);
        self.next = (self.next * 2).min(self.pace.longest);
        if self.since.elapsed() + delay > self.limit {
            return false;
        }
        sleep(delay).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace() -> Pace {
        let milliseconds = Duration::from_millis;
        Pace { first: milliseconds(1), longest: milliseconds(4), patience: milliseconds(60_000), reach: milliseconds(2) }
    }

    #[tokio::test]
    async fn waits_grow_to_a_bound_and_begin_anew_after_progress() {
        let mut patience = pace().begin();
        for expected in [2, 4, 4] {
            assert!(patience.wait(None).await);
            assert_eq!(patience.next, Duration::from_millis(expected));
        }
        patience.progress();
        assert_eq!(patience.next, Duration::from_millis(1));
    }

    #[tokio::test]
    async fn a_wait_that_the_patience_wont_bear_isnt_begun() {
        let mut patience = pace().begin();
        let began = Instant::now();
        assert!(!patience.wait(Some(Duration::from_secs(3_600))).await);
        assert!(began.elapsed() < Duration::from_secs(30), "it didn't wait for the hour");
        patience.only_reach();
        assert!(!patience.wait(Some(Duration::from_millis(20))).await);
        patience.in_full();
        assert!(patience.wait(Some(Duration::from_millis(1))).await);
    }
}
