//! What happened to a claim: partly in the claim's own row, partly in a table, and always told in one order.

use oncelink_core::event::{Event, EventKind};
use oncelink_core::ports::{ClaimOutcome, ClaimRequest, LinkStore, Progress};
use oncelink_core::{Actor, Timestamp};
use oncelink_testkit::fixtures::{a_link, after, an_actor, claim_id, claim_request, link_id, progress};

use crate::support::{Place, open, stored};

/// How long a log gets before events go into the table, and one line more.
const MOST: i64 = 2_048 + 256;

fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.kind.as_str()).collect()
}

#[tokio::test]
async fn a_long_history_goes_on_in_the_table_and_keeps_its_order() {
    let Some(place) = Place::schema().await else { return };
    let store = place.open().await;
    let id = stored(&store, a_link().build()).await;
    let ClaimOutcome::Granted { claim, .. } = store.claim(claim_request(&id, 1)).await.expect("the store claims") else {
        panic!("a fresh link is claimed");
    };
    for bytes in 0..60 {
        let report = Progress { ended: Some(bytes), actor: an_actor(), ..progress(&claim.reference(), after(1)) };
        store.record(report).await.expect("the store records");
    }
    let told = store.events(&id, 99).await.expect("the store reads");
    let bytes: Vec<u64> = told[2..].iter().map(|event| if let EventKind::Delivered { bytes } = event.kind { bytes } else { 99 }).collect();
    assert_eq!(bytes, (0..60).collect::<Vec<_>>());
    assert!(told[2..].iter().all(|event| event.actor == an_actor() && event.claim == Some(claim_id(1))));
    assert_eq!(kinds(&told[..2]), ["created", "claimed"]);
    assert_eq!(store.events(&id, 5).await.expect("the store reads"), told[..5]);
    let raw = place.raw().await;
    let row = raw.query_one("SELECT length(log)::bigint, (SELECT count(*) FROM oncelink_events) FROM oncelink_claims", &[]).await;
    let row = row.expect("there is one claim");
    assert!((1..MOST).contains(&row.get::<_, i64>(0)) && row.get::<_, i64>(1) > 1, "{row:?}");
}

#[tokio::test]
async fn an_actor_is_told_as_it_was() {
    let Some(place) = Place::schema().await else { return };
    let store = place.open().await;
    let agent = |text: &str| Actor { user_agent: Some(text.to_owned()), ..Actor::default() };
    let cases = [
        (Actor::default(), Actor::default()),
        (an_actor(), an_actor()),
        (agent(""), agent("")),
        (agent("=\\N \\t'"), agent("=\\N \\t'")),
        // It makes no field and no line.
        (agent("a\tb\n1\t1\tclaimed"), agent("a b 1 1 claimed")),
    ];
    for (actor, expected) in cases {
        let id = stored(&store, a_link().build()).await;
        store.claim(ClaimRequest { actor, completed: true, ..claim_request(&id, 1) }).await.expect("the store claims");
        let told = store.events(&id, 9).await.expect("the store reads");
        assert_eq!(kinds(&told), ["created", "claimed", "completed"]);
        assert!(told[1..].iter().all(|event| event.actor == expected), "{told:?}");
    }
}

/// What version 1 left: a link that is being downloaded, and a role that may not make tables.
fn version_one(role: &str) -> String {
    let tables = include_str!("../../migrations/0001_init.sql");
    let (link, claim, at) = (link_id(1), claim_id(1), after(0).as_millis());
    format!(
        "CREATE TABLE oncelink_schema (version BIGINT PRIMARY KEY); INSERT INTO oncelink_schema VALUES (1); {tables}
        CREATE ROLE {role}; GRANT SELECT, INSERT ON oncelink_events TO {role};
        INSERT INTO oncelink_links (id, source, key, etag, size, uses, expires_at, lifetime, gate, delivery, filename, allow_from, created_at, claimed, notes)
        VALUES ('{link}', 'main', 'a.pdf', 'e', 1000, 1, {expires}, 1000, 'page', 'stream', 'a.pdf', '', {at}, 1, 0);
        INSERT INTO oncelink_claims (link, claim, epoch, state, state_at, claimed_at, sent, coverage, recorder)
        VALUES ('{link}', '{claim}', 1, 'active', {expires}, {at}, 0, '{{}}', 1);
        INSERT INTO oncelink_events (link, at, kind, claim) VALUES ('{link}', {at}, 'created', NULL), ('{link}', {at}, 'claimed', '{claim}');",
        link = link.as_str(),
        claim = claim.as_str(),
        expires = after(1_000_000).as_millis(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_download_goes_on_when_ten_replicas_upgrade_the_tables_at_once() {
    let Some(place) = Place::schema().await else { return };
    let (raw, role) = (place.raw().await, format!("{}_reader", place.name));
    raw.batch_execute(&version_one(&role)).await.expect("the tables of version 1 can be made");
    let openings: Vec<_> = (0..10)
        .map(|_| {
            let url = place.url_with("pool_size=1");
            tokio::spawn(async move { open(&url).await })
        })
        .collect();
    let mut stores = Vec::new();
    for opening in openings {
        stores.push(opening.await.expect("an opening doesn't panic"));
    }
    let claims = stores[0].claims(&link_id(1)).await.expect("the store reads");
    let ended = |bytes, now: Timestamp| Progress { ended: Some(bytes), ..progress(&claims[0].reference(), now) };
    stores[1].record(ended(7, after(1))).await.expect("the store records");
    stores[2].complete(claims[0].reference(), after(2), Actor::default()).await.expect("the store completes");
    let told = stores[3].events(&link_id(1), 9).await.expect("the store reads");
    assert_eq!(kinds(&told), ["created", "claimed", "delivered", "completed"]);
    let may = format!("SELECT has_sequence_privilege('{role}', 'oncelink_events_seq_seq', 'USAGE')");
    assert!(raw.query_one(&may, &[]).await.expect("the server tells").get::<_, bool>(0), "whoever could tell of events still can");
}

#[tokio::test]
async fn a_role_that_may_not_number_events_is_told_at_the_opening() {
    let Some(place) = Place::schema().await else { return };
    place.open().await.close().await;
    let (raw, role) = (place.raw().await, format!("{}_role", place.name));
    let rights = format!(
        "CREATE ROLE {role} LOGIN PASSWORD '{}'; GRANT USAGE ON SCHEMA {schema} TO {role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
        place.password(),
        schema = place.name
    );
    raw.batch_execute(&rights).await.expect("rights can be granted");
    let url = place.url().replace("://oncelink:", &format!("://{role}:"));
    let error = oncelink_store_postgres::PostgresStore::open(&url).await.err().expect("a right is missing");
    assert!(error.to_string().contains("oncelink_events_seq_seq"), "{error}");
}
