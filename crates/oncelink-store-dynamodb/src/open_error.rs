//! What may be wrong with a table before the first request, each with what to do about it.

use oncelink_core::Fault;

/// Why a table can't be used. Each sentence names the table and the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The name can't be a table's.
    #[error("{name:?} can't be the name of a DynamoDB table: 3 to 255 characters of A-Z a-z 0-9 _ - .")]
    BadName {
        /// The name.
        name: String,
    },
    /// Nobody says in which region the table is.
    #[error("the region of the DynamoDB table {table} isn't known; add ?region=... to the store, or set AWS_REGION")]
    NoRegion {
        /// The table.
        table: String,
    },
    /// There is no such table.
    #[error(
        "the DynamoDB table {table} doesn't exist in this region and account; create it with `oncelink store init`, or check table name, region and credentials"
    )]
    Missing {
        /// The table.
        table: String,
    },
    /// The table is another one's.
    #[error("the DynamoDB table {table} is not one of oncelink's: {detail}; name another table, or let `oncelink store init` create one")]
    Foreign {
        /// The table.
        table: String,
        /// What differs.
        detail: String,
    },
    /// An index is missing.
    #[error(
        "the DynamoDB table {table} lacks the index {index} (keys {partition} and {sort}, both strings, projection KEYS_ONLY); add it, or create the table anew with `oncelink store init`"
    )]
    NoIndex {
        /// The table.
        table: String,
        /// The index.
        index: &'static str,
        /// Its partition key.
        partition: &'static str,
        /// Its sort key.
        sort: &'static str,
    },
    /// Conditions don't hold across the Regions of the table.
    #[error(
        "the DynamoDB table {table} is a global table with eventual consistency (replicas in {regions}): there each Region decides by its own copy, and the last writer wins, so that a link for one use could be redeemed once per Region. Use a table in a single Region, or a global table with multi-Region strong consistency"
    )]
    EventuallyConsistent {
        /// The table.
        table: String,
        /// Where its replicas are.
        regions: String,
    },
    /// The table can't be used now.
    #[error("the DynamoDB table {table} is {status}; wait until it is ACTIVE, or mend what keeps it from that")]
    NotActive {
        /// The table.
        table: String,
        /// What DynamoDB says.
        status: String,
    },
    /// A newer version of this program has made the table.
    #[error("the DynamoDB table {table} has version {found} of its layout and this program knows up to {known}; use the newer program")]
    NewerLayout {
        /// The table.
        table: String,
        /// The table's version.
        found: u32,
        /// The latest version that is known.
        known: u32,
    },
    /// A request failed.
    #[error(transparent)]
    Failed(#[from] Fault),
}
