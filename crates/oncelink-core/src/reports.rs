//! Which reports of one claim are on their way in one process: so that one whose answer is lost can be told from the others.

use std::time::Duration;

use crate::time::Timestamp;

/// The reports of one claim.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reports {
    running: u32,
    begun: u64,
    last: Option<Timestamp>,
}

/// A report that is on its way.
#[derive(Clone, Copy, Debug)]
pub struct Reporting {
    at: Timestamp,
    number: u64,
    alone: bool,
}

impl Reports {
    /// None yet; `last` is when the claim was last reported on before, if that is still known.
    #[must_use]
    pub fn after(last: Option<Timestamp>) -> Self {
        Self { last, ..Self::default() }
    }

    /// The time of the last one.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// One begins, at `now` or a moment later: no two have the same time.
    pub fn begin(&mut self, now: Timestamp) -> Reporting {
        self.running += 1;
        self.begun += 1;
        let at = self.last.map_or(now, |last| now.max(last.plus(Duration::from_millis(1))));
        self.last = Some(at);
        Reporting { at, number: self.begun, alone: self.running == 1 }
    }

    /// One has ended, whatever came of it.
    pub fn end(&mut self) {
        self.running -= 1;
    }

    /// Whether no other one was on its way at any time since this one began.
    #[must_use]
    pub fn was_alone(&self, reporting: Reporting) -> bool {
        reporting.alone && self.begun == reporting.number
    }
}

impl Reporting {
    /// The time that is its own.
    #[must_use]
    pub fn at(self) -> Timestamp {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn each_has_a_time_of_its_own() {
        let mut reports = Reports::after(Some(at(6)));
        assert_eq!([5, 5, 20].map(|now| reports.begin(at(now)).at()), [at(7), at(8), at(20)]);
        assert_eq!(reports.last(), Some(at(20)));
    }

    #[test]
    fn one_is_alone_until_another_begins_and_when_all_have_ended() {
        let mut reports = Reports::default();
        let first = reports.begin(at(0));
        assert!(reports.was_alone(first));
        let second = reports.begin(at(0));
        assert!(!reports.was_alone(first) && !reports.was_alone(second), "they are two");
        reports.end();
        assert!(!reports.was_alone(first), "and were");
        reports.end();
        let third = reports.begin(at(0));
        assert!(reports.was_alone(third));
    }
}
