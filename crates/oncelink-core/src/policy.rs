//! What new links get when their creation doesn't say, and the bounds of every value.

use std::time::Duration;

use crate::link::{Delivery, Gate};

/// The operator's choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long after its last activity a claim may be resumed.
    pub lease: Duration,
    /// The gate of new links.
    pub gate: Gate,
    /// The delivery of new links.
    pub delivery: Delivery,
    /// How long a presigned URL lives.
    pub redirect_ttl: Duration,
    /// How long new links live.
    pub ttl: Duration,
    /// How long any link may live.
    pub max_ttl: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        const DAY: u64 = 24 * 3600;
        Self {
            lease: Duration::from_secs(15 * 60),
            gate: Gate::Page,
            delivery: Delivery::Auto,
            redirect_ttl: Duration::from_secs(10),
            ttl: Duration::from_secs(7 * DAY),
            max_ttl: Duration::from_secs(90 * DAY),
        }
    }
}

/// The most uses that one link may have.
pub const MAX_USES: u32 = 1_000;
/// The longest file name, in bytes of UTF-8.
pub const MAX_FILENAME: usize = 255;
/// The longest passphrase, in bytes.
pub const MAX_PASSPHRASE: usize = 1_024;
/// The longest note, in bytes.
pub const MAX_NOTE: usize = 2_000;
/// The most metadata, in bytes of JSON.
pub const MAX_METADATA: usize = 4_096;
/// The longest webhook URL, in bytes.
pub const MAX_WEBHOOK: usize = 2_048;
/// The most networks in `allow_from`.
pub const MAX_NETWORKS: usize = 64;
/// The longest name of an API key, in bytes.
pub const MAX_KEY_NAME: usize = 100;
/// The most links in one batch.
pub const MAX_BATCH: usize = 1_000;
