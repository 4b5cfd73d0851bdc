//! Opening a file: what is created, what is refused, and that each refusal names the file.

use std::fs;
use std::path::Path;

use oncelink_core::ports::LinkStore;
use oncelink_store_sqlite::{OpenError, SqliteStore};
use oncelink_testkit::fixtures::a_link;
use rusqlite::Connection;

use crate::support::{Place, SmallDisk, find, granted, stored, wish};

/// The refusal, which must name `named`.
fn refused(file: &Path, named: &Path) -> OpenError {
    let error = SqliteStore::open(file).err().expect("the file is refused");
    let sentence = error.to_string();
    assert!(sentence.contains(&named.display().to_string()), "{sentence}");
    assert!(sentence.contains(';'), "a remedy follows the finding: {sentence}");
    error
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let store = place.open();
    stored(&store, a_link().build()).await;
    for name in ["db", "db-wal", "db-shm", "db.lock"] {
        let mode = fs::metadata(place.file.with_extension(name)).expect("the file is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_closed_store_is_one_file_and_its_lock() {
    let place = Place::new();
    let store = place.open();
    let id = stored(&store, a_link().build()).await;
    store.close().await;
    let directory = place.file.parent().expect("the file lies in a directory");
    let mut names: Vec<_> =
        fs::read_dir(directory).expect("the directory can be read").map(|entry| entry.expect("an entry").file_name()).collect();
    names.sort();
    assert_eq!(names, ["links.db", "links.db.lock"]);
    assert_eq!(find(&place.open(), &id).await.id, id);
}

#[tokio::test]
async fn a_second_server_on_the_same_file_is_refused() {
    let place = Place::new();
    let first = place.open();
    assert!(matches!(refused(&place.file, &place.file), OpenError::InUse { .. }));
    first.ping().await.expect("the first one goes on");
    first.close().await;
    let second = place.open();
    assert!(matches!(refused(&place.file, &place.file), OpenError::InUse { .. }));
    drop(second);
    place.open();
}

#[cfg(unix)]
#[tokio::test]
async fn another_name_of_the_same_file_is_no_way_around() {
    let place = Place::new();
    let _first = place.open();
    let alias = place.file.with_file_name("alias.db");
    std::os::unix::fs::symlink(&place.file, &alias).expect("a link can be made");
    assert!(matches!(refused(&alias, &place.file), OpenError::InUse { .. }));
}

#[test]
fn a_missing_folder_is_not_made() {
    let place = Place::new();
    let folder = place.file.with_file_name("nowhere");
    assert!(matches!(refused(&folder.join("links.db"), &folder), OpenError::DirectoryMissing { .. }));
    assert!(!folder.exists());
}

#[test]
fn a_folder_is_no_database() {
    let place = Place::new();
    let folder = place.file.parent().expect("the file lies in a directory");
    assert!(matches!(refused(folder, folder), OpenError::NotAFile { .. }));
}

#[test]
fn an_empty_file_becomes_a_database() {
    let place = Place::new();
    fs::write(&place.file, b"").expect("a file can be written");
    place.open();
}

#[test]
fn what_is_no_database_is_refused_and_left_as_it_was() {
    for content in [&b"x"[..], b"just some text\n", &[0xa5; 100_000], b"SQLite format 2\0 and more behind it"] {
        let place = Place::new();
        fs::write(&place.file, content).expect("a file can be written");
        assert!(matches!(refused(&place.file, &place.file), OpenError::NotADatabase { .. }));
        assert_eq!(fs::read(&place.file).expect("the file is there"), content);
    }
}

#[test]
fn another_programs_database_is_refused_and_left_as_it_was() {
    for application_id in [0, 1_234] {
        let place = Place::new();
        let theirs = format!("CREATE TABLE links (theirs); PRAGMA application_id = {application_id}; PRAGMA user_version = 1;");
        place.raw().execute_batch(&theirs).expect("their program works");
        let before = fs::read(&place.file).expect("the file is there");
        let error = refused(&place.file, &place.file);
        let OpenError::Foreign { application_id: found, .. } = error else { panic!("{error}") };
        assert_eq!(found, application_id);
        assert_eq!(fs::read(&place.file).expect("the file is there"), before);
    }
}

#[tokio::test]
async fn a_newer_programs_tables_are_refused_and_left_as_they_were() {
    let place = Place::new();
    place.open().close().await;
    place.raw().execute_batch("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)").expect("a newer program works");
    let error = refused(&place.file, &place.file);
    let OpenError::NewerSchema { found: 99, known, .. } = error else { panic!("{error}") };
    assert!(known < 99);
    let version: i64 = place.raw().pragma_query_one(None, "user_version").expect("a version");
    assert_eq!(version, 99);
}

#[tokio::test]
async fn a_missing_table_is_found_before_the_first_request() {
    let place = Place::new();
    place.open().close().await;
    place.raw().execute_batch("DROP TABLE claims").expect("somebody breaks it");
    assert!(matches!(refused(&place.file, &place.file), OpenError::Damaged { .. }));
}

#[tokio::test]
async fn a_database_in_another_journal_mode_goes_back_to_the_log() {
    let place = Place::new();
    place.open().close().await;
    let mode = place.raw().pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get::<_, String>(0));
    assert_eq!(mode.expect("SQLite changes the mode"), "delete");
    let store = place.open();
    let id = stored(&store, a_link().build()).await;
    granted(store.claim(wish(&id, 1)).await).expect("the store claims");
    let mode: String = place.raw().pragma_query_one(None, "journal_mode").expect("a mode");
    assert_eq!(mode, "wal");
}

#[test]
fn a_reader_that_keeps_the_file_locked_is_named_as_such() {
    let place = Place::new();
    drop(place.open());
    let theirs = place.raw();
    theirs.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())).expect("SQLite changes the mode");
    theirs.execute_batch("BEGIN EXCLUSIVE").expect("nobody else is there");
    assert!(matches!(refused(&place.file, &place.file), OpenError::Locked { .. }));
}

#[tokio::test]
async fn a_read_only_disk_is_named_as_such() {
    let Some(disk) = SmallDisk::mount(4_096) else { return };
    let file = disk.path().join("links.db");
    SqliteStore::open(&file).expect("the store opens").close().await;
    disk.make_read_only();
    assert!(matches!(refused(&file, &file), OpenError::ReadOnly { .. }));
    let new = disk.path().join("new.db");
    assert!(matches!(refused(&new, &new), OpenError::ReadOnly { .. }));
}

#[test]
fn a_full_disk_is_named_as_such() {
    let Some(disk) = SmallDisk::mount(256) else { return };
    let file = disk.path().join("links.db");
    disk.fill_but(4);
    let error = SqliteStore::open(&file).err().expect("there is no room");
    assert!(matches!(error, OpenError::DiskFull { .. } | OpenError::Failed { .. }), "{error}");
    assert!(error.to_string().contains("disk"), "{error}");
}

#[test]
fn a_failed_opening_leaves_no_half_made_tables() {
    let Some(disk) = SmallDisk::mount(256) else { return };
    let file = disk.path().join("links.db");
    let filler = disk.fill_but(60);
    assert!(SqliteStore::open(&file).is_err(), "there is no room for the tables");
    fs::remove_file(filler).expect("the filler is there");
    SqliteStore::open(&file).expect("the next opening makes them");
    let tables = Connection::open(&file).and_then(|db| db.prepare("SELECT beats FROM pulse")?.query_one([], |row| row.get::<_, i64>(0)));
    assert_eq!(tables.expect("the last table is there"), 0);
}
