//! Where things lie: keys, index keys, and the bounds that keep a link within one item.
//!
//! Must not read or write. Names and formats in here are what is stored: changing one is a new version of the layout.

use oncelink_core::Timestamp;
use oncelink_core::apikey::ApiKeyHash;
use oncelink_core::ports::PageCursor;
use oncelink_core::token::LinkId;

/// The version of the layout; an item in the table says with which one it was made.
pub(crate) const VERSION: u32 = 1;

/// The index that pages of links are read from.
pub(crate) const BY_CREATION: &str = "by-creation";
/// The index that the purge looks into.
pub(crate) const BY_END: &str = "by-end";
/// The attribute that DynamoDB's time to live looks at, in seconds.
pub(crate) const TTL: &str = "ttl";

/// Over how many partitions each index is spread: one takes about 1,000 new links a second.
pub(crate) const SHARDS: u8 = 8;

/// After so many events the ones in a link's item move out into items of their own.
pub(crate) const MOVE_EVERY: u64 = 32;
/// How many of them move at a time: an expression has at most 300 operators.
pub(crate) const MOVE_AT_MOST: usize = 100;

/// How many bytes of an item all claims' coverage together may take. With a link's own attributes (at most 20 KB), 1,000
/// claims (110 KB) and the events that have not moved out yet (at most 50 KB) it stays below DynamoDB's 400 KB.
const COVERAGE_OF_ALL: usize = 200_000;

/// The key of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    /// A link with its claims.
    pub(crate) fn link(id: &LinkId) -> Self {
        Self::new(format!("{LINK}{id}"), "link")
    }

    /// An event of a link: the one that made its count `seq`, or the note number `note` that came after that one.
    pub(crate) fn log(id: &LinkId, seq: u64, note: u64) -> Self {
        Self::new(format!("{LINK}{id}"), format!("{LOG}{seq:010}#{note:04}"))
    }

    /// An idempotency key.
    pub(crate) fn idempotency(name: &str) -> Self {
        Self::new(format!("idem#{name}"), "idem")
    }

    /// An API key.
    pub(crate) fn api_key(hash: &ApiKeyHash) -> Self {
        Self::new(KEYS, format!("{API_KEY}{}", hex(&hash.0)))
    }

    /// What decides who makes the first API key.
    pub(crate) fn first_api_key() -> Self {
        Self::new(KEYS, "first")
    }

    /// The layout's version.
    pub(crate) fn schema() -> Self {
        Self::new("oncelink", "schema")
    }

    /// What is written to find out whether the table can be written.
    pub(crate) fn pulse() -> Self {
        Self::new("oncelink", "pulse")
    }

    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }
}

/// What begins the `pk` of a link.
pub(crate) const LINK: &str = "link#";
/// What begins the `sk` of a link's events.
pub(crate) const LOG: &str = "log#";
/// The `pk` of all API keys: few, and read together.
pub(crate) const KEYS: &str = "keys";
/// What begins the `sk` of an API key.
pub(crate) const API_KEY: &str = "key#";

/// The place of an event: the link's count of events, and which note after that it is (0 for the event itself).
pub(crate) fn log_place(sk: &str) -> Option<(u64, u64)> {
    let (seq, note) = sk.strip_prefix(LOG)?.split_once('#')?;
    Some((seq.parse().ok()?, note.parse().ok()?))
}

/// The link that an index's sort key names.
pub(crate) fn indexed_link(at: &str) -> Option<LinkId> {
    at.split_once('#').and_then(|(_, id)| LinkId::parse(id))
}

/// An index's partition for a link. Ids end with a hash, so their last characters spread evenly.
pub(crate) fn shard(index: &str, id: &LinkId) -> String {
    let last = id.as_str().bytes().next_back().unwrap_or(0);
    shard_number(index, last % SHARDS)
}

/// All partitions of an index.
pub(crate) fn shards(index: &'static str) -> impl Iterator<Item = String> {
    (0..SHARDS).map(move |number| shard_number(index, number))
}

/// An index's sort key: by time, then by id.
pub(crate) fn indexed_at(at: Timestamp, id: &LinkId) -> String {
    format!("{}#{id}", sortable(at))
}

/// What every sort key of a link before `at` is less than.
pub(crate) fn indexed_before(at: Timestamp) -> String {
    sortable(at)
}

/// What the sort key of every link after the cursor (which is to say: older) is less than.
pub(crate) fn indexed_after(cursor: &PageCursor) -> String {
    indexed_at(cursor.created_at, &cursor.id)
}

/// How many bytes the coverage of one claim may take. A link of one use has room for as many ranges as the rules keep;
/// one of 1,000 uses for some ten ranges per claim.
pub(crate) fn coverage_room(uses: u32) -> usize {
    COVERAGE_OF_ALL / usize::try_from(uses.max(1)).unwrap_or(usize::MAX)
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sixteen digits that sort as the times do, also those before 1970.
fn sortable(at: Timestamp) -> String {
    format!("{:016x}", at.as_millis().cast_unsigned() ^ (1 << 63))
}

fn shard_number(index: &str, number: u8) -> String {
    format!("{index}#{number}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use oncelink_testkit::fixtures::link_id;

    #[test]
    fn sort_keys_sort_as_times_and_ids_do() {
        let times = [i64::MIN, -1, 0, 1, 9, 10, 1_767_225_600_000, i64::MAX].map(Timestamp::from_millis);
        let keys: Vec<String> = times.iter().flat_map(|&at| [indexed_at(at, &link_id(1)), indexed_at(at, &link_id(2))]).collect();
        assert!(keys.is_sorted());
        for &at in &times {
            let bound = indexed_before(at);
            assert!(times.iter().all(|&other| (indexed_at(other, &link_id(0)) < bound) == (other < at)));
        }
        assert_eq!(indexed_link(&keys[0]), Some(link_id(1)));
    }

    #[test]
    fn the_place_of_an_event_comes_back() {
        for (seq, note) in [(1, 0), (4_000_000_000, 1_000)] {
            assert_eq!(log_place(&Key::log(&link_id(1), seq, note).sk), Some((seq, note)));
        }
        assert_eq!(log_place("link"), None);
    }
}
