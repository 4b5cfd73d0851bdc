//! One subject of a measurement: its rate, its CPU, and how busy the client was that asked it, round by round.
//!
//! Must not hold anything against a goal.

use crate::load::Outcome;
use crate::report::Report;
use crate::stats::Series;

const MICROS: f64 = 1e6;
const GB: f64 = 1e9;
/// From which share of what it can use on a client may be what limits a rate.
const BUSY: f64 = 0.85;

/// All of it per job.
pub(super) struct Subject {
    /// Jobs per second.
    pub(super) rate: Series,
    /// The server's CPU seconds.
    pub(super) cpu: Series,
    /// The client's.
    client: Series,
    /// How much of one core the client used ...
    share: Series,
    /// ... and how many it can use.
    cores: usize,
}

impl Default for Subject {
    fn default() -> Self {
        Self::asked_by_threads(1)
    }
}

impl Subject {
    /// Of which nothing is known yet, to be asked by a client that has as many threads.
    pub(super) fn asked_by_threads(threads: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from).min(threads);
        Self { rate: Series::default(), cpu: Series::default(), client: Series::default(), share: Series::default(), cores }
    }

    /// Adds a round in which the server spent `seconds` of CPU.
    pub(super) fn take(&mut self, outcome: &Outcome, seconds: f64) {
        self.take_rate(outcome);
        self.cpu.push(seconds / outcome.latencies.len().max(1) as f64);
    }

    /// Adds a round of which the server's CPU isn't known.
    pub(super) fn take_rate(&mut self, outcome: &Outcome) {
        self.take_plain(outcome.rate, outcome.client_share());
        self.client.push(outcome.client_cpu.as_secs_f64());
    }

    /// Adds a round of which the rate is known, and the client's share of a core.
    pub(super) fn take_plain(&mut self, rate: f64, share: f64) {
        self.rate.push(rate);
        self.share.push(share);
    }

    /// CPU seconds of server and client together. On one machine the kernel does part of what either sends or receives in the
    /// other's time, more or less of it as they happen to run; the sum doesn't depend on that.
    pub(super) fn both(&self) -> Series {
        self.cpu.plus(&self.client)
    }

    /// Seconds per job.
    pub(super) fn time(&self) -> Series {
        self.rate.inverse()
    }

    /// Its figures.
    pub(super) fn tell(&self, report: &mut Report, name: &str) {
        self.figure(report, name, "/s", self.rate.clone());
        self.figure(report, name, "us CPU each", self.cpu.times(MICROS));
        self.figure(report, &format!("{name}: the client's own"), "us CPU of the client", self.client.times(MICROS));
    }

    /// The same where each job was a file of `size` bytes.
    pub(super) fn tell_large(&self, report: &mut Report, name: &str, size: u64) {
        let size = size as f64 / GB;
        self.figure(report, name, "GB/s", self.rate.times(size));
        self.figure(report, name, "CPU s/GB", self.cpu.times(1.0 / size));
        self.figure(report, &format!("{name}: the client's own"), "CPU s/GB of the client", self.client.times(1.0 / size));
    }

    /// A figure of its own, measured by its client; nothing where there were no rounds.
    pub(super) fn figure(&self, report: &mut Report, name: &str, unit: &'static str, series: Series) {
        if series.rounds() > 0 {
            report.figure(name, unit, series).asked_by(&self.share);
        }
    }
}

/// Why one rate isn't judged by another: a client may have been what limited it.
pub(super) fn busy_client(subjects: &[&Subject]) -> Option<String> {
    let used = |subject: &&Subject| subject.share.median() / subject.cores as f64;
    let most = subjects.iter().map(used).fold(0.0, f64::max);
    (most > BUSY).then(|| format!("a load client used {:.0} % of what it can", most * 100.0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_client_at_its_limit_leaves_a_rate_unjudged() {
        let of = |micros: u64| {
            let mut subject = Subject::default();
            let latencies = vec![Duration::from_millis(1); 4];
            subject.take(&Outcome { rate: 10_000.0, latencies, client_cpu: Duration::from_micros(micros) }, 0.0004);
            subject
        };
        assert_eq!(busy_client(&[&of(80), &of(40)]), None);
        assert!(busy_client(&[&of(40), &of(90)]).is_some_and(|why| why.contains("90 %")));
        assert!((of(80).cpu.median() - 0.0001).abs() < 1e-9);
    }
}
