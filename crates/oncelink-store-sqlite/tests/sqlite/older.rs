//! Files of older programs: everything in them is there after the opening, and goes on.

use oncelink_core::claim::{Claim, ClaimRef};
use oncelink_core::event::Event;
use oncelink_core::link::Link;
use oncelink_core::ports::{InsertOutcome, LinkStore, RecordOutcome};
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Timestamp};
use oncelink_store_sqlite::SqliteStore;
use oncelink_testkit::fixtures::{a_link, after, an_actor, claim_id, idempotent, key_id, link_id, progress};
use rusqlite::Connection;

use crate::support::{Place, SmallDisk, find, granted, stored, wish};

/// The migrations of the programs before the present one.
const OLDER: [&str; 2] = [include_str!("../../migrations/0001_init.sql"), include_str!("../../migrations/0002_logs.sql")];

/// What is in `place`, as the program of an older version would have it.
fn older(place: &Place, version: usize) -> Place {
    let older = Place::new();
    write_older(place, version, &older.raw());
    older
}

fn write_older(place: &Place, version: usize, db: &Connection) {
    OLDER[..version].iter().for_each(|migration| db.execute_batch(migration).expect("a migration runs"));
    db.execute("ATTACH ?1 AS later", [place.file.to_str().expect("a path in UTF-8")]).expect("the file can be attached");
    for table in ["links", "claims", "events", "idempotency"] {
        copy(db, table);
    }
    let head = format!("PRAGMA application_id = {}; PRAGMA user_version = {version}; PRAGMA journal_mode = WAL", 0x4f4c_6e6b);
    db.execute_batch(&head).expect("the file is marked");
}

/// A table's columns as they were. A claim named its link by its id.
fn copy(db: &Connection, table: &str) {
    let mut columns = db.prepare("SELECT name FROM pragma_table_info(?1, 'main')").expect("a table has columns");
    let names: Vec<String> =
        columns.query_map([table], |row| row.get(0)).expect("columns have names").collect::<Result<_, _>>().expect("names are text");
    let id = "(SELECT links.id FROM later.links WHERE links.seq = old.link)";
    let values: Vec<&str> = names.iter().map(|name| if table == "claims" && name == "link" { id } else { name }).collect();
    let sql = format!("INSERT INTO main.{table} ({}) SELECT {} FROM later.{table} AS old", names.join(", "), values.join(", "));
    db.execute(&sql, []).expect("the rows fit");
}

/// All that a store tells of some links.
async fn told(store: &SqliteStore, ids: &[LinkId]) -> Vec<(Link, Vec<Claim>, Vec<Event>)> {
    let mut told = Vec::new();
    for id in ids {
        let claims = store.claims(id).await.expect("the store reads claims");
        told.push((find(store, id).await, claims, store.events(id, 1_000).await.expect("the store reads events")));
    }
    told
}

/// Links of every kind of life: untouched with all columns set, half delivered, given back and taken again, revoked.
async fn lives(store: &SqliteStore) -> Vec<LinkId> {
    let full =
        a_link().id(link_id(9)).note("for Ann").metadata("{}").passphrase("$argon2id$x").allow_from(&["10.0.0.0/8"]).created_by(key_id(1));
    let full = full.not_before(after(1)).sha256([7; 32]).content_type("text/plain").reissue_of(link_id(3)).webhook("https://example.org/");
    let ids = [
        stored(store, full.version("e", Some("v")).build()).await,
        stored(store, a_link().id(link_id(2)).uses(5).size(10_000).build()).await,
        stored(store, a_link().id(link_id(5)).uses(1).build()).await,
        stored(store, a_link().id(link_id(1)).build()).await,
    ];
    let at = |link: &LinkId, holder, epoch| ClaimRef { link: link.clone(), claim: claim_id(holder), epoch };
    for holder in 1..=3 {
        granted(store.claim(wish(&ids[1], holder)).await).expect("there is a use");
        let half = progress(&at(&ids[1], holder.into(), 1), after(10));
        store.record(half).await.expect("the store writes");
    }
    for epoch in 1..=2 {
        granted(store.claim(wish(&ids[2], 1)).await).expect("there is a use");
        store.release(at(&ids[2], 1, epoch), after(20), Actor::default()).await.expect("the store writes");
    }
    granted(store.claim(wish(&ids[2], 1)).await).expect("there is a use");
    store.revoke(&ids[3], after(30), an_actor()).await.expect("the store writes");
    ids.to_vec()
}

#[tokio::test]
async fn a_file_of_version_2_keeps_everything() {
    let place = Place::new();
    let store = place.open();
    let ids = lives(&store).await;
    let repeated = idempotent(a_link().id(link_id(4)).build(), "a name", "a body");
    store.insert(vec![repeated.clone()]).await.expect("the store inserts");
    let before = told(&store, &ids).await;
    store.close().await;
    let older = older(&place, 2);
    let store = older.open();
    let log = older.file.with_extension("db-wal");
    assert_eq!(log.metadata().map(|log| log.len()).expect("a log"), 0, "it would be in the first claim's way");
    assert_eq!(told(&store, &ids).await, before);
    let again = store.insert(vec![repeated]).await.expect("the store inserts");
    assert!(matches!(again[..], [InsertOutcome::Repeated(_)]), "{again:?}");
}

#[tokio::test]
async fn what_was_claimed_in_version_2_goes_on_and_goes_away() {
    let place = Place::new();
    let store = place.open();
    let ids = lives(&store).await;
    store.close().await;
    let older = older(&place, 2);
    let store = older.open();
    let held = ClaimRef { link: ids[1].clone(), claim: claim_id(2), epoch: 1 };
    let kept = store.record(progress(&held, after(40))).await.expect("the store writes");
    assert!(matches!(kept, RecordOutcome::Kept(_)), "{kept:?}");
    granted(store.claim(wish(&ids[1], 4)).await).expect("there is another use");
    assert_eq!(find(&store, &ids[1]).await.claimed, 4);
    let purged = store.purge(Timestamp::from_millis(i64::MAX), 100).await.expect("the store writes");
    assert_eq!(purged.deleted, 4);
    let left: i64 = older
        .raw()
        .query_one("SELECT (SELECT count(*) FROM claims) + (SELECT count(*) FROM events)", [], |row| row.get(0))
        .expect("SQLite counts");
    assert_eq!(left, 0, "claims and events go with their link");
}

#[tokio::test]
async fn a_file_of_version_1_keeps_its_history_and_goes_on() {
    let place = Place::new();
    let store = place.open();
    let id = stored(&store, a_link().uses(2).build()).await;
    granted(store.claim(wish(&id, 1)).await).expect("there is a use");
    store.close().await;
    let older = older(&place, 1);
    let events = format!(
        "INSERT INTO events (link, at, kind) VALUES ('{id}', 1, 'created');
         INSERT INTO events (link, at, kind, claim) VALUES ('{id}', 2, 'claimed', '{}');",
        claim_id(1)
    );
    older.raw().execute_batch(&events).expect("version 1 kept each event as a row");
    let store = older.open();
    granted(store.claim(wish(&id, 2)).await).expect("there is another use");
    let old = ClaimRef { link: id.clone(), claim: claim_id(1), epoch: 1 };
    store.complete(old, after(30), Actor::default()).await.expect("the store writes");
    let events = store.events(&id, 1_000).await.expect("the store reads events");
    let words: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(words, ["created", "claimed", "claimed", "completed"]);
}

#[tokio::test]
async fn a_disk_without_room_for_the_migration_leaves_the_file_as_it_was() {
    let Some(disk) = SmallDisk::mount(8_192) else { return };
    let place = Place::new();
    let store = place.open();
    let large: Vec<_> = (0..100).map(|_| a_link().metadata(&"x".repeat(8_000)).build_new()).collect();
    store.insert(large).await.expect("the store inserts");
    let id = stored(&store, a_link().id(link_id(1)).build()).await;
    store.close().await;
    let file = disk.path().join("links.db");
    write_older(&place, 2, &Connection::open(&file).expect("a file"));
    let filler = disk.fill_but(300);
    let full = SqliteStore::open(&file).err().expect("there is no room").to_string();
    assert!(full.contains("full") && full.contains("links.db"), "{full}");
    let version: i64 = Connection::open(&file).and_then(|db| db.pragma_query_one(None, "user_version")).expect("a version");
    assert_eq!(version, 2);
    std::fs::remove_file(filler).expect("room is made");
    let store = SqliteStore::open(&file).expect("now there is room");
    granted(store.claim(wish(&id, 1)).await).expect("there is a use");
}
