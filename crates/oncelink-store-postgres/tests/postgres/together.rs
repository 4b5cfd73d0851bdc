//! Calls that share a statement: what they share, and what they must not share: another one's fate.

use std::sync::Arc;
use std::time::Duration;

use oncelink_core::claim::ClaimState;
use oncelink_core::event::EventKind;
use oncelink_core::ports::{ClaimOutcome, ClaimRequest, LinkStore, Progress, RecordOutcome};
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Fault, FaultKind};
use oncelink_store_postgres::PostgresStore;
use oncelink_testkit::fixtures::{a_link, after, claim_request, new_link, part, progress};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::Client;

use crate::support::{Place, granted, open, replicas, stored};
use crate::wire_proxy::WireProxy;

/// Less than the server lets anybody wait for a lock.
const SOON: Duration = Duration::from_secs(4);

/// New links, one use each.
async fn links(store: &PostgresStore, count: usize) -> Vec<LinkId> {
    let links: Vec<_> = (0..count).map(|_| a_link().build()).collect();
    let ids = links.iter().map(|link| link.id.clone()).collect();
    store.insert(links.into_iter().map(new_link).collect()).await.expect("the store inserts");
    ids
}

fn claiming(store: &Arc<PostgresStore>, wish: ClaimRequest) -> JoinHandle<Result<ClaimOutcome, Fault>> {
    let store = store.clone();
    tokio::spawn(async move { store.claim(wish).await })
}

/// The last report of a delivery of the fixtures' 1,000 bytes.
fn last_report(claim: &oncelink_core::claim::Claim) -> Progress {
    Progress { delivered: part(0..1_000), sent: 1_000, may_complete: true, ended: Some(1_000), ..progress(&claim.reference(), after(1)) }
}

/// On one thread every call has come before the first statement goes.
#[tokio::test]
async fn calls_at_the_same_moment_share_a_statement() {
    let Some(place) = Place::schema().await else { return };
    let proxy = WireProxy::before(&place).await;
    let store = Arc::new(open(&place.url_through(proxy.port(), "sslmode=disable&pool_size=1")).await);
    let ids = links(&store, 64).await;
    proxy.taken_log();

    let finds: Vec<_> =
        ids.iter().cloned().map(|id| (store.clone(), id)).map(|(store, id)| tokio::spawn(async move { store.find(&id).await })).collect();
    for (find, id) in finds.into_iter().zip(&ids) {
        assert_eq!(find.await.expect("a find doesn't panic").expect("the store finds").expect("it is there").id, *id);
    }
    assert_eq!(proxy.taken_log(), ["links_find"]);

    let claims: Vec<_> = ids.iter().map(|id| claiming(&store, claim_request(id, 1))).collect();
    let mut reports = Vec::new();
    for claim in claims {
        let ClaimOutcome::Granted { claim, fresh: true, .. } = claim.await.expect("a claim doesn't panic").expect("the store claims")
        else {
            panic!("a fresh link is claimed");
        };
        reports.push(last_report(&claim));
    }
    assert_eq!(proxy.taken_log(), ["claims_take"]);

    let records: Vec<_> = reports
        .into_iter()
        .map(|report| (store.clone(), report))
        .map(|(store, report)| tokio::spawn(async move { store.record(report).await }))
        .collect();
    for record in records {
        let RecordOutcome::Kept(claim) = record.await.expect("a report doesn't panic").expect("the store records") else {
            panic!("it is kept")
        };
        assert_eq!((claim.state, claim.sent), (ClaimState::Completed { at: after(1) }, 1_000));
    }
    assert_eq!(proxy.taken_log(), ["claims_record"]);
}

#[tokio::test]
async fn a_call_that_is_given_up_before_its_turn_is_not_made() {
    let Some(place) = Place::schema().await else { return };
    let proxy = WireProxy::before(&place).await;
    let store = Arc::new(open(&place.url_through(proxy.port(), "sslmode=disable&pool_size=1")).await);
    let id = stored(&*store, a_link().build()).await;
    proxy.taken_log();
    tokio::select! {
        biased;
        _ = store.claim(claim_request(&id, 1)) => panic!("its statement goes when this task pauses"),
        () = std::future::ready(()) => {}
    }
    assert!(granted(&*store, claim_request(&id, 2)).await, "nobody has taken the use");
    assert_eq!(proxy.taken_log(), ["claims_take"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_replicas_that_claim_many_links_at_once_grant_each_once() {
    let Some(place) = Place::schema().await else { return };
    let stores = replicas(&place, 2).await;
    let ids = links(&stores[0], 200).await;
    // Each replica has a holder of its own; the second one goes the other way.
    let there: Vec<_> = ids.iter().map(|id| claiming(&stores[0], claim_request(id, 1))).collect();
    let back: Vec<_> = ids.iter().rev().map(|id| claiming(&stores[1], claim_request(id, 2))).collect();
    for ((one, other), id) in there.into_iter().zip(back.into_iter().rev()).zip(&ids) {
        let mut holders = Vec::new();
        for racer in [one, other] {
            if let ClaimOutcome::Granted { claim, fresh, .. } = racer.await.expect("a racer doesn't panic").expect("the store claims") {
                assert!(fresh);
                holders.push(claim.id);
            }
        }
        let claims = stores[0].claims(id).await.expect("the store reads");
        assert_eq!(claims.iter().map(|claim| claim.id.clone()).collect::<Vec<_>>(), holders);
        assert_eq!(holders.len(), 1);
        let told: Vec<EventKind> = stores[1].events(id, 9).await.expect("the store reads").into_iter().map(|event| event.kind).collect();
        assert_eq!(told, [EventKind::Created, EventKind::Claimed]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_link_that_somebody_holds_keeps_nobody_else_waiting() {
    let Some(place) = Place::database().await else { return };
    let store = Arc::new(open(&place.url_with("pool_size=4")).await);
    let (ids, raw) = (links(&store, 16).await, place.raw().await);
    let (held, others) = ids.split_first().expect("there are links");
    raw.batch_execute("BEGIN").await.expect("a transaction begins");
    raw.query_one("SELECT 1 FROM oncelink_links WHERE id = $1 FOR UPDATE", &[&held.as_str()]).await.expect("nobody else holds it");

    // As many as there are connections want the one that is held.
    let waiting: Vec<_> = (1..=4).map(|holder| claiming(&store, claim_request(held, holder))).collect();
    place.until_blocked_by(&raw).await;
    let claims: Vec<_> = others.iter().map(|id| claiming(&store, claim_request(id, 1))).collect();
    for claim in claims {
        let outcome = timeout(SOON, claim).await.expect("it doesn't wait for the other").expect("a claim doesn't panic");
        let ClaimOutcome::Granted { claim, .. } = outcome.expect("the store claims") else { panic!("a fresh link is claimed") };
        let kept = timeout(SOON, store.record(last_report(&claim))).await.expect("it doesn't wait for the other");
        assert!(matches!(kept.expect("the store records"), RecordOutcome::Kept(_)));
    }
    assert!(waiting.iter().all(|claim| !claim.is_finished()), "the link is still held");
    raw.batch_execute("ROLLBACK").await.expect("a transaction can be rolled back");
    let mut winners = 0;
    for claim in waiting {
        let outcome = claim.await.expect("a claim doesn't panic").expect("the store claims");
        winners += usize::from(matches!(outcome, ClaimOutcome::Granted { .. }));
    }
    assert_eq!(winners, 1);
}

/// Ends the one session that waits in the middle of a statement, and lets whoever comes next pass.
async fn end_the_one_in_the_middle(place: &Place, raw: &Client) {
    place.until_blocked_by(raw).await;
    let end =
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";
    let ended: i64 = raw.query_one(end, &[]).await.expect("a superuser may end connections").get(0);
    assert_eq!(ended, 1);
    raw.execute("SELECT pg_advisory_unlock(7)", &[]).await.expect("it is held");
}

/// Stops every statement that writes claims, in its middle, for as long as `raw` likes.
async fn stop_in_the_middle(raw: &Client) {
    let trigger = "CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN PERFORM pg_advisory_lock_shared(7); PERFORM pg_advisory_unlock_shared(7); RETURN NEW; END $$;
        CREATE TRIGGER pause BEFORE INSERT OR UPDATE ON oncelink_claims FOR EACH ROW EXECUTE FUNCTION pause()";
    raw.batch_execute(trigger).await.expect("a trigger can be made");
    raw.execute("SELECT pg_advisory_lock(7)", &[]).await.expect("nobody else holds it");
}

#[tokio::test]
async fn a_connection_that_ends_in_the_middle_of_claims_loses_and_doubles_none() {
    let Some(place) = Place::database().await else { return };
    let store = Arc::new(open(&place.url_with("pool_size=4")).await);
    let (ids, raw) = (links(&store, 40).await, place.raw().await);
    stop_in_the_middle(&raw).await;
    let claims: Vec<_> = ids.iter().map(|id| claiming(&store, claim_request(id, 1))).collect();
    end_the_one_in_the_middle(&place, &raw).await;
    for (claim, id) in claims.into_iter().zip(&ids) {
        let outcome = claim.await.expect("a claim doesn't panic").expect("it is asked again");
        assert!(matches!(outcome, ClaimOutcome::Granted { .. }), "{outcome:?}");
        let link = store.find(id).await.expect("the store finds").expect("the link is there");
        assert_eq!((link.claimed, store.claims(id).await.expect("the store reads").len()), (1, 1));
    }
}

#[tokio::test]
async fn a_connection_that_ends_in_the_middle_of_reports_is_told_and_counts_none_twice() {
    let Some(place) = Place::database().await else { return };
    let store = Arc::new(open(&place.url_with("pool_size=4")).await);
    let (ids, raw) = (links(&store, 40).await, place.raw().await);
    let mut reports = Vec::new();
    for id in &ids {
        let ClaimOutcome::Granted { claim, .. } = store.claim(claim_request(id, 1)).await.expect("the store claims") else {
            panic!("a fresh link is claimed");
        };
        reports.push(last_report(&claim));
    }
    stop_in_the_middle(&raw).await;
    let records: Vec<_> = reports
        .iter()
        .cloned()
        .map(|report| (store.clone(), report))
        .map(|(store, report)| tokio::spawn(async move { store.record(report).await }))
        .collect();
    end_the_one_in_the_middle(&place, &raw).await;
    for (record, report) in records.into_iter().zip(reports) {
        let fault = record.await.expect("a report doesn't panic").expect_err("nobody knows");
        assert_eq!(fault.kind, FaultKind::Unavailable, "{fault}");
        // Whoever reports says it again.
        store.record(report.clone()).await.expect("the store is back");
        let claims = store.claims(&report.claim.link).await.expect("the store reads");
        assert_eq!((claims[0].state, claims[0].sent), (ClaimState::Completed { at: after(1) }, 1_000));
    }
}

/// A statement that fails for one of its rows fails for all; then each is asked alone.
#[tokio::test]
async fn what_the_server_refuses_of_one_call_harms_no_other() {
    let Some(place) = Place::schema().await else { return };
    let store = Arc::new(place.open().await);
    let ids = links(&store, 3).await;
    let agent = |text: &str| Actor { user_agent: Some(text.to_owned()), ..Actor::default() };
    let claims: Vec<_> = [(&ids[0], "good"), (&ids[1], "no text: \0"), (&ids[2], "good")]
        .into_iter()
        .map(|(id, text)| claiming(&store, ClaimRequest { actor: agent(text), ..claim_request(id, 1) }))
        .collect();
    for (number, claim) in claims.into_iter().enumerate() {
        match claim.await.expect("a claim doesn't panic") {
            Ok(outcome) => assert!(number != 1 && matches!(outcome, ClaimOutcome::Granted { .. }), "{number}: {outcome:?}"),
            Err(fault) => assert!(number == 1 && fault.kind == FaultKind::Internal, "{number}: {fault}"),
        }
    }
    assert!(granted(&*store, claim_request(&ids[1], 1)).await, "nothing was taken");
}

#[tokio::test]
async fn claims_for_one_link_at_the_same_moment_are_decided_one_after_the_other() {
    let Some(place) = Place::schema().await else { return };
    let store = Arc::new(place.open().await);
    let id = stored(&*store, a_link().uses(5).build()).await;
    let claims: Vec<_> = (1..=64).map(|holder| claiming(&store, claim_request(&id, holder))).collect();
    let mut winners = 0;
    for claim in claims {
        winners +=
            usize::from(matches!(claim.await.expect("a claim doesn't panic").expect("the store claims"), ClaimOutcome::Granted { .. }));
    }
    let link = store.find(&id).await.expect("the store finds").expect("the link is there");
    assert_eq!((winners, link.claimed, store.claims(&id).await.expect("the store reads").len()), (5, 5, 5));
}
