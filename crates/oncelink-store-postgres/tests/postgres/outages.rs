//! Bad days: broken connections, locks, full pools, servers that only read. Whatever happens, a call works or is told as
//! unavailable, and nothing is counted that wasn't granted.

use std::sync::Arc;
use std::time::Duration;

use oncelink_core::ports::{ClaimOutcome, KeyStore, LinkStore};
use oncelink_core::{Fault, FaultKind};
use oncelink_testkit::fixtures::{a_key, a_link, after, claim_request};

use crate::support::{Place, granted, open, stored};
use crate::wire_proxy::WireProxy;

/// Ends every connection to this database but the one that asks.
const END_ALL: &str =
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

fn unavailable(fault: &Fault, named: &str) {
    assert_eq!(fault.kind, FaultKind::Unavailable, "{fault}");
    assert!(fault.message.contains(named), "{fault}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_the_server_ended_are_replaced_and_nothing_is_doubled() {
    let Some(place) = Place::database().await else { return };
    let store = Arc::new(open(&place.url_with("pool_size=8")).await);
    let raw = place.raw().await;
    let id = stored(&*store, a_link().uses(900).build()).await;
    let mut granted = 0;
    for round in 0..10_u128 {
        let racers: Vec<_> = (0..16)
            .map(|number| {
                let (store, wish) = (store.clone(), claim_request(&id, round * 16 + number));
                tokio::spawn(async move { store.claim(wish).await })
            })
            .collect();
        raw.execute(END_ALL, &[]).await.expect("a superuser may end connections");
        for racer in racers {
            match racer.await.expect("a racer doesn't panic") {
                Ok(ClaimOutcome::Granted { .. }) => granted += 1,
                Ok(ClaimOutcome::Refused(refusal)) => panic!("refused: {refusal:?}"),
                Err(fault) => unavailable(&fault, "PostgreSQL at"),
            }
        }
    }
    store.ping().await.expect("the store is back");
    let link = store.find(&id).await.expect("the store finds").expect("the link is there");
    let claims = store.claims(&id).await.expect("the store reads claims").len();
    assert_eq!(link.claimed as usize, claims);
    // One that was told as unknown may have been carried out; one that was granted always was.
    assert!((granted..=160).contains(&claims), "{granted} granted, {claims} stored");
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_in_time_and_the_holder_finds_its_claim() {
    let Some(place) = Place::schema().await else { return };
    let proxy = WireProxy::before(&place).await;
    let store = open(&place.url_through(proxy.port(), "sslmode=disable&pool_size=2")).await;
    let id = stored(&store, a_link().build()).await;
    proxy.hang_next_reply();
    let hung = tokio::time::timeout(Duration::from_secs(60), store.claim(claim_request(&id, 1))).await;
    unavailable(&hung.expect("nobody waits for ever").expect_err("no answer came"), "PostgreSQL at");
    assert!(granted(&store, claim_request(&id, 1)).await, "the same holder's, which had been written");
    assert!(!granted(&store, claim_request(&id, 2)).await);
}

#[tokio::test]
async fn an_idle_store_survives_the_end_of_its_connections() {
    let Some(place) = Place::database().await else { return };
    let store = place.open().await;
    let id = stored(&store, a_link().build()).await;
    place.raw().await.execute(END_ALL, &[]).await.expect("a superuser may end connections");
    assert!(granted(&store, claim_request(&id, 1)).await);
}

#[tokio::test]
async fn a_lock_that_is_not_given_up_is_unavailable_and_takes_nothing() {
    let Some(place) = Place::database().await else { return };
    let store = open(&place.url_with("options=-c%20lock_timeout%3D100ms")).await;
    let id = stored(&store, a_link().build()).await;
    let raw = place.raw().await;
    raw.batch_execute("BEGIN; SELECT 1 FROM oncelink_links FOR UPDATE").await.expect("nobody else is there");
    unavailable(&store.claim(claim_request(&id, 1)).await.expect_err("the row is locked"), "busy");
    raw.batch_execute("ROLLBACK").await.expect("a transaction can be rolled back");
    assert!(granted(&store, claim_request(&id, 2)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exhausted_pool_is_unavailable() {
    let Some(place) = Place::database().await else { return };
    let limits = "pool_size=1&options=-c%20lock_timeout%3D14s%20-c%20statement_timeout%3D14s";
    let store = Arc::new(open(&place.url_with(limits)).await);
    let id = stored(&*store, a_link().build()).await;
    let raw = place.raw().await;
    raw.batch_execute("BEGIN; SELECT 1 FROM oncelink_links FOR UPDATE").await.expect("nobody else is there");
    let (busy, wish) = (store.clone(), claim_request(&id, 1));
    let waiting = tokio::spawn(async move { granted(&*busy, wish).await });
    // Once the lock is waited for, the only connection is in use.
    place.until_blocked_by(&raw).await;
    unavailable(&store.ping().await.expect_err("there is no connection left"), "pool_size");
    raw.batch_execute("ROLLBACK").await.expect("a transaction can be rolled back");
    assert!(waiting.await.expect("the claim doesn't panic"));
}

#[tokio::test]
async fn a_server_that_only_reads_fails_the_ping_until_it_writes_again() {
    let Some(place) = Place::database().await else { return };
    let store = place.open().await;
    let raw = place.raw().await;
    let read_only = |on: bool| format!("ALTER DATABASE {} SET default_transaction_read_only = {on}", place.name);
    raw.batch_execute(&read_only(true)).await.expect("a superuser may");
    raw.execute(END_ALL, &[]).await.expect("a superuser may end connections");
    unavailable(&store.ping().await.expect_err("nothing can be written"), "takes no writes");
    let refusal = oncelink_store_postgres::PostgresStore::open(&place.url()).await.err().expect("it is refused at the opening too");
    assert!(refusal.to_string().contains("takes no writes"), "{refusal}");
    raw.batch_execute(&read_only(false)).await.expect("the session that asks can still write");
    store.ping().await.expect("it writes again");
}

#[tokio::test]
async fn connections_to_what_has_become_a_standby_are_given_up() {
    let Some(place) = Place::database().await else { return };
    let store = place.open().await;
    let raw = place.raw().await;
    let others = "SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    let before: i32 = raw.query_one(others, &[]).await.expect("the store has one connection").get(0);
    // What a standby answers to every write.
    let trigger = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'cannot execute UPDATE in a read-only transaction' USING ERRCODE = '25006'; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON oncelink_pulse FOR EACH ROW EXECUTE FUNCTION refuse()";
    raw.batch_execute(trigger).await.expect("a trigger can be made");
    unavailable(&store.ping().await.expect_err("nothing can be written"), "takes no writes");
    raw.batch_execute("DROP TRIGGER refuse ON oncelink_pulse").await.expect("the trigger is there");
    store.ping().await.expect("it writes again");
    let gone = async {
        loop {
            let now: Vec<i32> = raw.query(others, &[]).await.expect("the server tells").iter().map(|row| row.get(0)).collect();
            if !now.is_empty() && !now.contains(&before) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("the old connection ends");
}

#[tokio::test]
async fn a_lost_pulse_is_told() {
    let Some(place) = Place::schema().await else { return };
    let store = place.open().await;
    place.raw().await.batch_execute("DELETE FROM oncelink_pulse").await.expect("somebody deletes it");
    let fault = store.ping().await.expect_err("there is no pulse");
    assert!(fault.kind == FaultKind::Corrupt && fault.to_string().contains("oncelink_pulse"), "{fault}");
}

#[tokio::test]
async fn an_answer_counts_only_once_it_is_committed() {
    let Some(place) = Place::schema().await else { return };
    let store = place.open().await;
    let id = stored(&store, a_link().build()).await;
    let raw = place.raw().await;
    let trigger = "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
        CREATE CONSTRAINT TRIGGER spoil AFTER INSERT ON oncelink_claims DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION spoil()";
    raw.batch_execute(trigger).await.expect("a trigger can be made");
    store.claim(claim_request(&id, 1)).await.expect_err("its commit fails after its rows have come");
    raw.batch_execute("DROP TRIGGER spoil ON oncelink_claims").await.expect("the trigger is there");
    assert!(granted(&store, claim_request(&id, 2)).await, "nothing was taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tables_that_a_newer_replica_widened_can_still_be_used() {
    let Some(place) = Place::schema().await else { return };
    let store = Arc::new(place.open().await);
    let id = stored(&*store, a_link().build()).await;
    // Enough at once for every connection to have a plan for it.
    let finds: Vec<_> = (0..200)
        .map(|_| {
            let (store, id) = (store.clone(), id.clone());
            tokio::spawn(async move { store.find(&id).await.expect("the store finds").is_some() })
        })
        .collect();
    for find in finds {
        assert!(find.await.expect("a find doesn't panic"));
    }
    let raw = place.raw().await;
    raw.batch_execute("ALTER TABLE oncelink_links ADD COLUMN novelty TEXT; ALTER TABLE oncelink_claims ADD COLUMN novel TEXT")
        .await
        .expect("columns can be added");
    for _ in 0..20 {
        assert!(store.find(&id).await.expect("the store finds").is_some());
    }
    assert!(granted(&*store, claim_request(&id, 1)).await);
}

#[tokio::test]
async fn a_row_that_can_not_be_read_back_is_named() {
    let Some(place) = Place::schema().await else { return };
    let store = place.open().await;
    let id = stored(&store, a_link().build()).await;
    granted(&store, claim_request(&id, 1)).await;
    let raw = place.raw().await;
    raw.batch_execute("UPDATE oncelink_claims SET coverage = '{(,5)}'").await.expect("somebody damages it");
    let fault = store.claims(&id).await.expect_err("no set of ours has no beginning");
    assert_eq!(fault.kind, FaultKind::Corrupt, "{fault}");
    assert!(fault.to_string().contains("oncelink_claims") && fault.to_string().contains("coverage"), "{fault}");
    raw.batch_execute("UPDATE oncelink_links SET gate = 'sideways'").await.expect("somebody damages it");
    let fault = store.find(&id).await.expect_err("there is no such gate");
    assert!(fault.to_string().contains(id.as_str()) && fault.to_string().contains("gate"), "{fault}");
}

#[tokio::test]
async fn faults_hold_no_ones_data() {
    let Some(place) = Place::schema().await else { return };
    let store = place.open().await;
    store.insert_key(a_key(1)).await.expect("the store keeps keys");
    let fault = store.insert_key(a_key(1)).await.expect_err("there is such a key");
    for shown in [fault.to_string(), format!("{fault:?}")] {
        assert!(!shown.contains(a_key(1).id.as_str()) && shown.contains("23505"), "{shown}");
    }
}

#[tokio::test]
async fn a_closed_store_answers_with_a_fault() {
    let Some(place) = Place::schema().await else { return };
    let store = place.open().await;
    store.close().await;
    store.close().await;
    unavailable(&store.ping().await.expect_err("it is closed"), "is closed");
    unavailable(&store.purge(after(0), 1).await.expect_err("it is closed"), "is closed");
}
