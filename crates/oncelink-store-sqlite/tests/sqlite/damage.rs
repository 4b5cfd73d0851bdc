//! Files that were damaged: told as such, by name, and never with a panic.

use std::fs;
use std::path::Path;

use oncelink_core::ports::{KeyStore, LinkFilter, LinkStore};
use oncelink_core::token::LinkId;
use oncelink_core::{Fault, FaultKind};
use oncelink_store_sqlite::{OpenError, SqliteStore};
use oncelink_testkit::fixtures::{a_key, a_link, claim_id, progress};

use crate::support::{Place, find, granted, stored, wish};

const PAGE: usize = 4_096;

/// A closed database with three hundred links, each claimed, whose ids come back.
async fn filled(place: &Place) -> Vec<LinkId> {
    let store = place.open();
    let batch: Vec<_> = (0..300).map(|_| a_link().note(&"n".repeat(200)).build_new()).collect();
    let ids: Vec<LinkId> = batch.iter().map(|new| new.link.id.clone()).collect();
    store.insert(batch).await.expect("the store inserts");
    for (holder, id) in (1..).zip(&ids) {
        granted(store.claim(wish(id, holder)).await).expect("the store claims");
    }
    store.insert_key(a_key(1)).await.expect("the store inserts");
    store.close().await;
    ids
}

/// Writes noise over `pages` (from 0) of the file.
fn spoil(file: &Path, pages: impl IntoIterator<Item = usize>, seed: u64) {
    let mut content = fs::read(file).expect("the file is there");
    let mut state = seed | 1;
    for page in pages {
        for byte in content[page * PAGE..].iter_mut().take(PAGE) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 40) as u8;
        }
    }
    fs::write(file, content).expect("the file can be written");
}

/// Asks for everything; the faults that came.
async fn exercise(store: &SqliteStore, ids: &[LinkId]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let all = LinkFilter { limit: 1_000, ..LinkFilter::default() };
    faults.extend(store.list(&all).await.err());
    faults.extend(store.list_keys().await.err());
    for (holder, id) in (1_u32..).zip(ids) {
        faults.extend(store.find(id).await.err());
        faults.extend(store.find_claim(id, &claim_id(u128::from(holder))).await.err());
        faults.extend(store.events(id, 10).await.err());
        faults.extend(store.claim(wish(id, holder)).await.err());
        faults.extend(store.claim(wish(id, 100_000 + holder)).await.err());
    }
    faults
}

#[tokio::test]
async fn a_spoilt_header_is_told_at_opening() {
    let place = Place::new();
    filled(&place).await;
    spoil(&place.file, [0], 1);
    let error = SqliteStore::open(&place.file).err().expect("the file is refused");
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error}");
}

#[tokio::test]
async fn spoilt_pages_are_told_and_never_panic() {
    let whole = Place::new();
    let ids = filled(&whole).await;
    let content = fs::read(&whole.file).expect("the file is there");
    let pages = content.len() / PAGE;
    let mut told = 0;
    for seed in 0..16_usize {
        let place = Place::new();
        fs::write(&place.file, &content).expect("the copy can be written");
        // Every sixteenth page, from another one each time: all tables and indexes have their turn.
        spoil(&place.file, (1 + seed..pages).step_by(16), seed as u64);
        match SqliteStore::open(&place.file) {
            Err(OpenError::Damaged { .. }) => told += 1,
            Err(error) => panic!("spoilt pages are no other trouble: {error}"),
            Ok(store) => {
                let faults = exercise(&store, &ids).await;
                told += u32::from(!faults.is_empty());
                for fault in faults {
                    assert_eq!(fault.kind, FaultKind::Corrupt, "{fault}");
                    assert!(fault.to_string().contains("links.db"), "{fault}");
                }
            }
        }
    }
    assert!(told >= 12, "only {told} of 16 were noticed");
}

#[tokio::test]
async fn a_truncated_file_is_told() {
    let place = Place::new();
    let ids = filled(&place).await;
    let content = fs::read(&place.file).expect("the file is there");
    fs::write(&place.file, &content[..content.len() / 2]).expect("the file can be cut");
    match SqliteStore::open(&place.file) {
        Err(error) => assert!(matches!(error, OpenError::Damaged { .. }), "{error}"),
        Ok(store) => {
            let faults = exercise(&store, &ids).await;
            assert!(!faults.is_empty());
            assert!(faults.iter().all(|fault| fault.kind == FaultKind::Corrupt), "{faults:?}");
        }
    }
}

#[tokio::test]
async fn damage_that_came_with_a_crash_is_told_at_opening() {
    let place = Place::new();
    let ids = filled(&place).await;
    let store = place.open();
    store.ping().await.expect("the store is well");
    // What a crash would leave: the file and its log.
    let crashed = Place::new();
    fs::copy(&place.file, &crashed.file).expect("the file can be copied");
    fs::copy(place.file.with_extension("db-wal"), crashed.file.with_extension("db-wal")).expect("the log can be copied");
    let pages = fs::metadata(&crashed.file).expect("the copy is there").len() as usize / PAGE;
    spoil(&crashed.file, [pages - 20], 3);
    let error = SqliteStore::open(&crashed.file).err().expect("the file is refused");
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    drop(ids);
}

#[tokio::test]
async fn a_link_that_cannot_be_read_back_is_named_and_hinders_no_other() {
    let place = Place::new();
    let store = place.open();
    let (good, bad) = (stored(&store, a_link().build()).await, stored(&store, a_link().uses(5).build()).await);
    for (column, value) in [("gate", "'?'"), ("allow_from", "'10.0.0.0/99'"), ("attempts_count", "3"), ("size", "12"), ("key", "'a/../b'")]
    {
        let column_before = format!("SELECT {column} FROM links WHERE id = '{bad}'");
        let before: rusqlite::types::Value =
            place.raw().prepare(&column_before).and_then(|mut statement| statement.query_one([], |row| row.get(0))).expect("a value");
        let set = |value: &dyn rusqlite::ToSql| {
            place.raw().execute(&format!("UPDATE links SET {column} = ? WHERE id = '{bad}'"), [value]).expect("the row can be changed")
        };
        place.raw().execute_batch(&format!("UPDATE links SET {column} = {value} WHERE id = '{bad}'")).expect("somebody edits the row");
        if column == "size" {
            assert_eq!(find(&store, &bad).await.object.size, 12, "a sound value is taken as it is");
        } else {
            for fault in
                [store.find(&bad).await.expect_err("it can't be read"), store.claim(wish(&bad, 1)).await.expect_err("it can't be read")]
            {
                assert_eq!(fault.kind, FaultKind::Corrupt);
                let sentence = fault.to_string();
                assert!(sentence.contains("links") && sentence.contains(bad.as_str()) && sentence.contains(column), "{sentence}");
            }
        }
        set(&before);
    }
    assert_eq!(find(&store, &bad).await.claimed, 0, "what couldn't be read back wasn't claimed either");
    granted(store.claim(wish(&good, 1)).await).expect("the others go on");
}

#[tokio::test]
async fn a_claim_that_cannot_be_read_back_is_named() {
    let place = Place::new();
    let store = place.open();
    let id = stored(&store, a_link().build()).await;
    granted(store.claim(wish(&id, 7)).await).expect("the store claims");
    let claim = store.claims(&id).await.expect("the store reads claims").remove(0);
    place.raw().execute_batch("UPDATE claims SET coverage = '0-1,x'").expect("somebody edits the row");
    let faults = [
        store.find_claim(&id, &claim.id).await.expect_err("it can't be read"),
        store.claims(&id).await.expect_err("it can't be read"),
        store.claim(wish(&id, 7)).await.expect_err("it can't be read"),
        store.record(progress(&claim.reference(), claim.claimed_at)).await.expect_err("it can't be read"),
    ];
    for fault in faults {
        assert_eq!(fault.kind, FaultKind::Corrupt);
        let sentence = fault.to_string();
        assert!(sentence.contains("claims") && sentence.contains(claim.id.as_str()) && sentence.contains("coverage"), "{sentence}");
    }
}

#[tokio::test]
async fn a_size_beyond_the_columns_is_refused_before_anything_is_written() {
    let place = Place::new();
    let store = place.open();
    let small = a_link().build();
    let batch = vec![oncelink_testkit::fixtures::new_link(small.clone()), a_link().size(u64::MAX).build_new()];
    let fault = store.insert(batch).await.expect_err("a size of 64 bits doesn't fit");
    assert!(fault.to_string().contains("size"), "{fault}");
    assert_eq!(store.find(&small.id).await.expect("the store finds"), None);
}
