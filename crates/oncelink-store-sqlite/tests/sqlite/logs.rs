//! Events that are kept in the rows they tell of: beside those of table `events`, in one order, and bounded.

use oncelink_core::claim::ClaimRef;
use oncelink_core::event::EventKind;
use oncelink_core::ports::{LinkStore, Progress};
use oncelink_core::token::LinkId;
use oncelink_store_sqlite::SqliteStore;
use oncelink_testkit::fixtures::{a_link, after, claim_id, progress};

use crate::support::{Place, granted, stored, wish};

async fn words(store: &SqliteStore, id: &LinkId) -> Vec<&'static str> {
    store.events(id, 1_000).await.expect("the store reads events").iter().map(|event| event.kind.as_str()).collect()
}

#[tokio::test]
async fn a_full_log_goes_on_in_the_table_and_loses_nothing() {
    let place = Place::new();
    let store = place.open();
    let id = stored(&store, a_link().size(10_000).build()).await;
    granted(store.claim(wish(&id, 1)).await).expect("there is a use");
    let claim = ClaimRef { link: id.clone(), claim: claim_id(1), epoch: 1 };
    for bytes in 0..500 {
        // All of one moment: only the order of writing is left to tell them apart.
        store.record(Progress { ended: Some(bytes), ..progress(&claim, after(10)) }).await.expect("the store writes");
    }
    let events = store.events(&id, 1_000).await.expect("the store reads events");
    let delivered: Vec<u64> =
        events.iter().filter_map(|event| if let EventKind::Delivered { bytes } = event.kind { Some(bytes) } else { None }).collect();
    assert_eq!(delivered, (0..500).collect::<Vec<_>>());
    assert_eq!(store.events(&id, 7).await.expect("the store reads events"), events[..7]);
    let length: i64 = place.raw().query_one("SELECT octet_length(log) FROM claims", [], |row| row.get(0)).expect("a claim");
    assert!((1_000..4_000).contains(&length), "{length} bytes");
}

#[tokio::test]
async fn a_claim_that_is_taken_anew_tells_both_times() {
    let store = Place::new().open();
    let id = stored(&store, a_link().build()).await;
    for epoch in 1..=3 {
        granted(store.claim(wish(&id, 1)).await).expect("there is a use");
        let claim = ClaimRef { link: id.clone(), claim: claim_id(1), epoch };
        store.release(claim, after(20), oncelink_core::Actor::default()).await.expect("the store writes");
    }
    assert_eq!(words(&store, &id).await, ["created", "claimed", "released", "claimed", "released", "claimed", "released"]);
}
