//! How much is measured: enough for a verdict in minutes, or for a figure to publish.

use std::time::Duration;

const MIB: u64 = 1024 * 1024;

/// The size of everything.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its name.
    pub name: &'static str,
    /// Alternating rounds.
    pub rounds: usize,
    /// Redeems per round, and requests of a yardstick.
    pub redeems: usize,
    /// How long a yardstick that is measured by time runs in each round.
    pub span: Duration,
    /// A large file's size in bytes.
    pub large: u64,
    /// The same where it comes from S3.
    pub large_s3: u64,
    /// How many clients read slowly.
    pub slow_clients: usize,
    /// For how long they do, in each round.
    pub slow_span: Duration,
    /// Rounds of that.
    pub slow_rounds: usize,
    /// Links of one batch creation.
    pub batch: usize,
    /// Links that a grown store has.
    pub grown: usize,
    /// Requests one after the other, for a latency.
    pub idle_requests: usize,
    /// How many measure a mixed life: small redeems beside large downloads.
    pub mixed: usize,
}

impl Plan {
    /// A verdict in under three minutes, where the goal doesn't speak of more than fits in there.
    pub fn quick() -> Self {
        Self {
            name: "quick",
            rounds: 5,
            redeems: 1_500,
            span: Duration::from_secs(2),
            large: 256 * MIB,
            large_s3: 64 * MIB,
            slow_clients: 200,
            slow_span: Duration::from_secs(5),
            slow_rounds: 1,
            batch: 20_000,
            grown: 0,
            idle_requests: 50,
            mixed: 1_000,
        }
    }

    /// A figure to publish. Takes ten minutes and some more, a quarter of them for the grown store.
    pub fn full() -> Self {
        Self {
            name: "full",
            rounds: 7,
            redeems: 10_000,
            span: Duration::from_secs(3),
            large: 1024 * MIB,
            large_s3: 1024 * MIB,
            slow_clients: 1_000,
            slow_span: Duration::from_secs(15),
            slow_rounds: 5,
            batch: 100_000,
            grown: 10_000_000,
            idle_requests: 300,
            mixed: 5_000,
        }
    }
}
