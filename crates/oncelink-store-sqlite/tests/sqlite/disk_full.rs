//! A full disk: who was told of a fault has nothing, who was granted a claim keeps it, and nobody else is harmed.

use std::collections::BTreeSet;
use std::sync::Arc;

use oncelink_core::ports::LinkStore;
use oncelink_core::{Fault, FaultKind};
use oncelink_store_sqlite::SqliteStore;
use oncelink_testkit::fixtures::{a_link, claim_id};

use crate::support::{HeldLock, SmallDisk, begin, claim_ids, find, granted, stored, wish};

fn is_disk_full(fault: &Fault) {
    assert_eq!(fault.kind, FaultKind::Unavailable, "{fault}");
    let sentence = fault.to_string();
    assert!(sentence.contains("links.db") && sentence.contains("disk"), "{sentence}");
}

#[tokio::test]
async fn a_full_disk_grants_nothing_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount(4_096) else { return };
    let file = disk.path().join("links.db");
    let store = Arc::new(SqliteStore::open(&file).expect("the store opens"));
    let id = stored(&store, a_link().uses(1_000).build()).await;
    let filler = disk.fill_but(400);
    let (mut kept, mut lost) = (BTreeSet::new(), BTreeSet::new());
    for holder in 0..1_000 {
        match granted(store.claim(wish(&id, holder)).await) {
            Ok(claim) => kept.insert(claim),
            Err(fault) => {
                is_disk_full(&fault);
                lost.insert(claim_id(u128::from(holder)))
            }
        };
        if lost.len() == 20 {
            break;
        }
    }
    assert!(kept.len() > 10, "there was room for some: {}", kept.len());
    assert_eq!(lost.len(), 20, "there wasn't room for all");
    is_disk_full(&ping_until_full(&store).await.expect("a store that can't write isn't well"));
    find(&store, &id).await;

    std::fs::remove_file(filler).expect("the filler is there");
    kept.insert(granted(store.claim(wish(&id, 5_000)).await).expect("with room, the same store goes on"));
    store.close().await;
    let store = SqliteStore::open(&file).expect("the store opens again");
    assert_eq!(claim_ids(&store, &id).await.into_iter().collect::<BTreeSet<_>>(), kept);
    assert_eq!(find(&store, &id).await.claimed as usize, kept.len());
}

/// A ping writes less than a claim, and may have room a few times more; its failure in the end.
async fn ping_until_full(store: &SqliteStore) -> Option<Fault> {
    for _ in 0..20 {
        if let Err(fault) = store.ping().await {
            return Some(fault);
        }
    }
    None
}

#[tokio::test]
async fn a_creation_too_large_for_the_disk_takes_no_claim_along() {
    let Some(disk) = SmallDisk::mount(4_096) else { return };
    let file = disk.path().join("links.db");
    let store = Arc::new(SqliteStore::open(&file).expect("the store opens"));
    let id = stored(&store, a_link().uses(10).build()).await;
    let lock = HeldLock::take(rusqlite::Connection::open(&file).expect("SQLite opens the file"));
    let large: Vec<_> = (0..1_000).map(|_| a_link().metadata(&"x".repeat(8_000)).build_new()).collect();
    let claims: Vec<_> = (0..5).map(|holder| claim(&store, wish(&id, holder))).collect();
    let creator = store.clone();
    let creation = begin(async move { creator.insert(large).await });
    let later: Vec<_> = (5..10).map(|holder| claim(&store, wish(&id, holder))).collect();
    lock.release();
    for call in claims.into_iter().chain(later) {
        granted(call.await).expect("a claim needs little room");
    }
    is_disk_full(&creation.await.expect_err("there is no room for it"));
    assert_eq!(find(&store, &id).await.claimed, 10);
}

fn claim(
    store: &Arc<SqliteStore>,
    wish: oncelink_core::ports::ClaimRequest,
) -> crate::support::Begun<Result<oncelink_core::ports::ClaimOutcome, Fault>> {
    let store = store.clone();
    begin(async move { store.claim(wish).await })
}
