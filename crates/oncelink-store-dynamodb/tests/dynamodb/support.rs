//! A table of a test's own on the engine that the environment names.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use oncelink_core::claim::Claim;
use oncelink_core::link::Link;
use oncelink_core::ports::{ClaimOutcome, ClaimRequest, InsertOutcome, LinkStore, Progress, RecordOutcome};
use oncelink_core::token::LinkId;
use oncelink_store_dynamodb::{DynamoStore, OpenError, connect};
use oncelink_testkit::fixtures;

/// An item as it is stored.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// A table of a test's own.
pub(crate) struct Place {
    /// Where the engine listens.
    pub(crate) endpoint: String,
    /// The table's name.
    pub(crate) table: String,
}

impl Place {
    /// A name for a table; nothing when there is no engine and none is required.
    pub(crate) fn new() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let Some(endpoint) = var("ONCELINK_TEST_DYNAMODB") else {
            assert!(var("ONCELINK_TEST_REQUIRE_ENGINES").is_none_or(|wish| wish != "1"), "ONCELINK_TEST_DYNAMODB names no engine");
            let _ = std::io::stderr().write_all(b"skipped: ONCELINK_TEST_DYNAMODB names no engine\n");
            return None;
        };
        // The engine may hold the tables of earlier runs.
        let run = RandomState::new().hash_one(std::process::id());
        let table = format!("test-{run:016x}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Some(Self { endpoint, table })
    }

    /// The store in it; the table is made when it is missing.
    pub(crate) async fn open(&self) -> DynamoStore {
        self.open_at(&self.endpoint).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The store in it, by way of another address. It keeps everything: the tests' day is in the past, and some engines do delete by
    /// time to live, by the real clock.
    pub(crate) async fn open_at(&self, endpoint: &str) -> Result<DynamoStore, OpenError> {
        DynamoStore::open(&self.table, None, Some(endpoint)).await.map(|store| store.with_retention(None))
    }

    /// A client that knows nothing of the store's rules.
    pub(crate) async fn raw(&self) -> Client {
        connect(&self.table, None, Some(&self.endpoint)).await.expect("a client can be made")
    }

    /// An item as it is.
    pub(crate) async fn item(&self, pk: &str, sk: &str) -> Option<Item> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let call = self.raw().await.get_item().table_name(&self.table).key("pk", text(pk)).key("sk", text(sk)).consistent_read(true);
        Box::pin(call.send()).await.expect("the engine reads").item
    }

    /// The item of a link as it is.
    pub(crate) async fn link_item(&self, id: &LinkId) -> Item {
        self.item(&format!("link#{id}"), "link").await.expect("the link is there")
    }
}

/// Stores a link that must be new; its id.
pub(crate) async fn stored(store: &DynamoStore, link: Link) -> LinkId {
    let id = link.id.clone();
    let outcomes = store.insert(vec![fixtures::new_link(link)]).await.expect("the store inserts");
    assert_eq!(outcomes, [InsertOutcome::Created]);
    id
}

/// The claim that must be granted afresh, and the link after it.
pub(crate) async fn take(store: &DynamoStore, wish: ClaimRequest) -> (Link, Claim) {
    match store.claim(wish).await.expect("the store claims") {
        ClaimOutcome::Granted { link, claim, fresh: true } => (link, claim),
        other @ (ClaimOutcome::Granted { .. } | ClaimOutcome::Refused(_)) => panic!("not granted afresh: {other:?}"),
    }
}

/// The claim as a report that must have been kept leaves it.
pub(crate) async fn report(store: &DynamoStore, report: Progress) -> Claim {
    match store.record(report).await.expect("the store records") {
        RecordOutcome::Kept(claim) => claim,
        other @ (RecordOutcome::Revoked | RecordOutcome::NotYours) => panic!("not kept: {other:?}"),
    }
}

/// The link, which must be there.
pub(crate) async fn find(store: &DynamoStore, id: &LinkId) -> Link {
    store.find(id).await.expect("the store finds").expect("the link is there")
}
