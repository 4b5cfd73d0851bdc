//! Opening a database: what is made, what is refused, and that each refusal names the place and never the password.

use std::time::UNIX_EPOCH;

use oncelink_core::ports::LinkStore;
use oncelink_store_postgres::{OpenError, PostgresStore};
use oncelink_testkit::fixtures::a_link;

use crate::support::{Place, authorities, open, stored};

/// The refusal, which must name a remedy and no password.
async fn refused(place: &Place, url: &str) -> OpenError {
    let error = PostgresStore::open(url).await.err().expect("the database is refused");
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains(place.password()), "{text}");
    }
    assert!(error.to_string().contains(';'), "a remedy follows the finding: {error}");
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_replicas_that_open_at_once_make_the_tables_once() {
    let Some(place) = Place::schema().await else { return };
    let openings: Vec<_> = (0..10)
        .map(|_| {
            let url = place.url_with("pool_size=2");
            tokio::spawn(async move { open(&url).await })
        })
        .collect();
    for opening in openings {
        opening.await.expect("an opening doesn't panic").ping().await.expect("the store is there");
    }
    let versions = place.raw().await.query("SELECT version FROM oncelink_schema", &[]).await.expect("the table is there");
    assert_eq!(versions.len(), 2);
}

#[tokio::test]
async fn a_newer_programs_tables_are_refused_and_left_as_they_were() {
    let Some(place) = Place::schema().await else { return };
    place.open().await.close().await;
    let raw = place.raw().await;
    raw.batch_execute("INSERT INTO oncelink_schema (version) VALUES (99)").await.expect("a newer program works");
    let error = refused(&place, &place.url()).await;
    assert!(matches!(&error, OpenError::NewerSchema { found: 99, known, .. } if *known < 99), "{error}");
    let rows = raw.query("SELECT version FROM oncelink_schema ORDER BY version", &[]).await.expect("the table is there");
    assert_eq!(rows.len(), 3);
}

#[tokio::test]
async fn the_servers_clock_can_be_asked_and_nothing_is_made_for_it() {
    let Some(place) = Place::schema().await else { return };
    let now = || i64::try_from(UNIX_EPOCH.elapsed().expect("after 1970").as_millis()).expect("before the year 292 million");
    let (before, told, after) = (now(), PostgresStore::time(&place.url()).await, now());
    let told = told.unwrap_or_else(|error| panic!("{error}")).as_millis();
    // Another machine's clock may be a little off.
    assert!((before - 60_000..=after + 60_000).contains(&told), "{before} {told} {after}");
    assert_eq!(PostgresStore::inspect(&place.url()).await.expect("the database can be looked at").found, 0);
}

#[tokio::test]
async fn a_missing_table_is_found_before_the_first_request() {
    let Some(place) = Place::schema().await else { return };
    place.open().await.close().await;
    place.raw().await.batch_execute("DROP TABLE oncelink_claims").await.expect("somebody breaks it");
    let error = refused(&place, &place.url()).await;
    assert!(error.to_string().contains("lacks tables"), "{error}");
}

#[tokio::test]
async fn a_wrong_password_is_named_and_never_shown() {
    let Some(place) = Place::schema().await else { return };
    let url = place.url().replace(place.password(), "hunter2");
    let error = refused(&place, &url).await;
    assert!(error.to_string().contains("refuses user or password"), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_database_or_a_server_that_is_not_there_is_named() {
    let Some(place) = Place::schema().await else { return };
    let nowhere = refused(&place, &place.url().replace("/oncelink_test?", "/nowhere?")).await.to_string();
    assert!(nowhere.contains("/nowhere doesn't exist"), "{nowhere}");
    // Port 1 is nobody's.
    let silent = refused(&place, &place.url_through(1, "connect_timeout=1")).await.to_string();
    assert!(silent.contains("127.0.0.1:1/") && silent.contains("can't be reached"), "{silent}");
}

#[tokio::test]
async fn an_encoding_that_can_not_hold_every_text_is_refused() {
    let Some(place) = Place::database_with("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0").await else { return };
    assert!(matches!(refused(&place, &place.url()).await, OpenError::NotUtf8 { .. }));
}

#[tokio::test]
async fn a_search_path_without_a_schema_is_refused() {
    let Some(place) = Place::schema().await else { return };
    let url = place.url().replace(&place.name, "nowhere_at_all");
    assert!(matches!(refused(&place, &url).await, OpenError::NoSchema { .. }));
}

#[tokio::test]
async fn a_role_without_the_right_to_make_tables_works_once_they_are_there() {
    let Some(place) = Place::schema().await else { return };
    let (raw, role) = (place.raw().await, format!("{}_role", place.name));
    let grant = format!("CREATE ROLE {role} LOGIN PASSWORD '{}'; GRANT USAGE ON SCHEMA {} TO {role}", place.password(), place.name);
    raw.batch_execute(&grant).await.expect("a role can be made");
    let url = place.url().replace("://oncelink:", &format!("://{role}:"));
    let denied = refused(&place, &url).await.to_string();
    assert!(denied.contains("grant it CREATE"), "{denied}");

    place.open().await.close().await;
    let rights = format!(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
        schema = place.name
    );
    raw.batch_execute(&rights).await.expect("rights can be granted");
    let store = open(&url).await;
    stored(&store, a_link().build()).await;
}

#[tokio::test]
async fn a_certificate_is_checked_where_encryption_is_asked_for() {
    let Some(place) = Place::schema().await else { return };
    let Some(file) = authorities() else { return };
    let encrypted = place.url_with("sslmode=prefer");
    open(&encrypted).await.ping().await.expect("prefer believes anybody");

    let known = place.url_with(&format!("sslmode=verify-full&sslrootcert={}", file.display()));
    open(&known).await.ping().await.expect("the authority is known");
    let foreign = refused(&place, &place.url_with("sslmode=require")).await;
    assert!(matches!(&foreign, OpenError::NoTls { .. } | OpenError::BadAuthorities { .. }), "{foreign}");
    let other_name = known.replace("127.0.0.1", "127.0.0.2");
    if tokio::net::TcpStream::connect(place.server_addr().replace("127.0.0.1", "127.0.0.2")).await.is_ok() {
        assert!(matches!(refused(&place, &other_name).await, OpenError::NoTls { .. }));
    }
}

#[tokio::test]
async fn authorities_that_can_not_be_read_are_named() {
    let Some(place) = Place::schema().await else { return };
    let error = refused(&place, &place.url_with("sslmode=require&sslrootcert=/nowhere/ca.pem")).await;
    assert!(matches!(&error, OpenError::BadAuthorities { .. }) && error.to_string().contains("/nowhere/ca.pem"), "{error}");
}
