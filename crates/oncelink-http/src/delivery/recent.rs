//! When claims were last reported on of which no response runs any more: kept for a moment, so that the next report has another
//! time.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use oncelink_core::Timestamp;
use oncelink_core::holder::ClaimId;

/// How long a time is kept: by then the clock, which tells milliseconds, has gone on.
const MOMENT: Duration = Duration::from_millis(50);

/// The times of the last moment.
#[derive(Default)]
pub(crate) struct Recent {
    times: HashMap<ClaimId, Timestamp>,
    order: VecDeque<(Timestamp, ClaimId)>,
}

impl Recent {
    /// The claim was last reported on at `at`. What is older than a moment is forgotten.
    pub(crate) fn note(&mut self, id: &ClaimId, at: Timestamp) {
        self.times.insert(id.clone(), at);
        self.order.push_back((at, id.clone()));
        // What lies in the future too: the clock was set back.
        while let Some((old, id)) = self.order.pop_front_if(|(old, _)| old.plus(MOMENT) < at || *old > at.plus(MOMENT)) {
            if self.times.get(&id) == Some(&old) {
                self.times.remove(&id);
            }
        }
    }

    /// When the claim was last reported on, if it was just now.
    pub(crate) fn find(&self, id: &ClaimId) -> Option<Timestamp> {
        self.times.get(id).copied()
    }
}

#[cfg(test)]
mod tests {
    use oncelink_testkit::fixtures::{after, claim_id};

    use super::*;

    #[test]
    fn a_time_is_kept_for_a_moment_and_the_last_one_counts() {
        let mut recent = Recent::default();
        recent.note(&claim_id(1), after(0));
        recent.note(&claim_id(1), after(20));
        recent.note(&claim_id(2), after(60));
        assert_eq!((recent.find(&claim_id(1)), recent.find(&claim_id(3))), (Some(after(20)), None));
        recent.note(&claim_id(2), after(71));
        assert_eq!((recent.find(&claim_id(1)), recent.find(&claim_id(2))), (None, Some(after(71))));
        assert_eq!((recent.times.len(), recent.order.len()), (1, 2), "nothing else stays");
        recent.note(&claim_id(1), after(-1_000));
        assert_eq!((recent.times.len(), recent.order.len()), (1, 1), "nor does it when the clock is set back");
    }
}
