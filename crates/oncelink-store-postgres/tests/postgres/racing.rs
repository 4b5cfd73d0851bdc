//! Several replicas on one database.

use std::sync::Arc;

use oncelink_core::claim::ClaimState;
use oncelink_core::event::EventKind;
use oncelink_core::ports::{ClaimOutcome, KeyStore, LinkStore, Progress};
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Timestamp};
use oncelink_store_postgres::PostgresStore;
use oncelink_testkit::fixtures::{NOW, a_key, a_link, after, claim_request, part, progress};

use crate::support::{Place, granted, replicas, stored};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exactly_one_claim_wins_across_replicas() {
    let Some(place) = Place::schema().await else { return };
    let stores = replicas(&place, 4).await;
    for _ in 0..10 {
        let id = stored(&*stores[0], a_link().build()).await;
        let racers: Vec<_> = (0..64_usize)
            .map(|number| {
                let (store, id) = (stores[number % 4].clone(), id.clone());
                tokio::spawn(async move { granted(&*store, claim_request(&id, number as u128)).await })
            })
            .collect();
        let mut winners = 0;
        for racer in racers {
            winners += usize::from(racer.await.expect("a racer doesn't panic"));
        }
        assert_eq!(winners, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_holder_at_every_replica_takes_one_use() {
    let Some(place) = Place::schema().await else { return };
    let stores = replicas(&place, 4).await;
    for _ in 0..25 {
        let id = stored(&*stores[0], a_link().uses(9).build()).await;
        let racers: Vec<_> = (0..16_usize)
            .map(|number| {
                let (store, id) = (stores[number % 4].clone(), id.clone());
                tokio::spawn(async move { store.claim(claim_request(&id, 7)).await.expect("the store claims") })
            })
            .collect();
        let mut fresh = 0;
        for racer in racers {
            match racer.await.expect("a racer doesn't panic") {
                ClaimOutcome::Granted { fresh: true, .. } => fresh += 1,
                ClaimOutcome::Granted { fresh: false, .. } => {}
                ClaimOutcome::Refused(refusal) => panic!("refused: {refusal:?}"),
            }
        }
        assert_eq!((fresh, counted(&*stores[0], &id).await), (1, (1, 1, 1)));
    }
}

/// A few holders, each at several replicas, claim, report, complete and release one link for two uses as fast as they can.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_storm_of_claims_and_releases_keeps_the_count_true() {
    let Some(place) = Place::schema().await else { return };
    let stores = replicas(&place, 4).await;
    let id = stored(&*stores[0], a_link().uses(2).build()).await;
    let storm: Vec<_> = (0..12_usize)
        .map(|number| {
            let (store, id) = (stores[number % 4].clone(), id.clone());
            tokio::spawn(async move {
                for round in 0..40 {
                    // Three holders, each of them four times at once.
                    let wish = claim_request(&id, (number % 3) as u128);
                    if let ClaimOutcome::Granted { claim, .. } = store.claim(wish).await.expect("the store claims") {
                        if round % 5 == 4 {
                            let seen = Progress { ended: Some(0), ..progress(&claim.reference(), after(1)) };
                            store.record(seen).await.expect("the store records");
                        }
                        store.release(claim.reference(), after(2), Actor::default()).await.expect("the store releases");
                    }
                }
            })
        })
        .collect();
    for one in storm {
        one.await.expect("nobody panics");
    }
    let (count, alive, told) = counted(&*stores[0], &id).await;
    assert_eq!((count, told), (alive, alive));
    assert!(count <= 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revocation_and_completions_at_once_leave_one_order() {
    let Some(place) = Place::schema().await else { return };
    let stores = replicas(&place, 4).await;
    for _ in 0..20 {
        let id = stored(&*stores[0], a_link().build()).await;
        let ClaimOutcome::Granted { claim, .. } = stores[0].claim(claim_request(&id, 1)).await.expect("the store claims") else {
            panic!("a fresh link is claimed");
        };
        let racers: Vec<_> = stores
            .iter()
            .cloned()
            .enumerate()
            .map(|(number, store)| {
                let claim = claim.reference();
                tokio::spawn(async move {
                    match number {
                        0 => drop(store.revoke(&claim.link, after(1), Actor::default()).await.expect("the store revokes")),
                        _ => drop(store.complete(claim, after(1), Actor::default()).await.expect("the store completes")),
                    }
                })
            })
            .collect();
        for racer in racers {
            racer.await.expect("a racer doesn't panic");
        }
        let kinds: Vec<EventKind> = stores[0].events(&id, 99).await.expect("the store reads").into_iter().map(|event| event.kind).collect();
        let completed = kinds.iter().position(|kind| *kind == EventKind::Completed);
        let revoked = kinds.iter().position(|kind| *kind == EventKind::Revoked).expect("the link is revoked");
        assert!(completed.is_none_or(|place| place < revoked), "nothing completes once the link is revoked: {kinds:?}");
        assert_eq!(kinds.iter().filter(|kind| **kind == EventKind::Completed).count(), usize::from(completed.is_some()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reports_at_every_replica_add_up_to_the_whole() {
    let Some(place) = Place::schema().await else { return };
    let stores = replicas(&place, 4).await;
    let id = stored(&*stores[0], a_link().size(64).build()).await;
    let ClaimOutcome::Granted { claim, .. } = stores[0].claim(claim_request(&id, 1)).await.expect("the store claims") else {
        panic!("a fresh link is claimed");
    };
    let racers: Vec<_> = (0..64_usize)
        .map(|number| {
            let (store, place) = (stores[number % 4].clone(), number as u64);
            let delivered = part(place..place + 1);
            let report = Progress { delivered, sent: 1, may_complete: true, ..progress(&claim.reference(), after(1)) };
            tokio::spawn(async move { store.record(report).await.expect("the store records") })
        })
        .collect();
    for racer in racers {
        racer.await.expect("a racer doesn't panic");
    }
    let claim = stores[0].claims(&id).await.expect("the store reads claims").remove(0);
    assert_eq!((claim.state, claim.sent), (ClaimState::Completed { at: after(1) }, 64));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn purges_at_once_delete_each_link_once() {
    let Some(place) = Place::schema().await else { return };
    let stores = replicas(&place, 4).await;
    let old = (0..400).map(|_| a_link().created_at(Timestamp::from_millis(0)).build_new()).collect();
    stores[0].insert(old).await.expect("the store inserts");
    let purges: Vec<_> = (0..8_usize)
        .map(|number| {
            let store = stores[number % 4].clone();
            tokio::spawn(async move { purge_all(&store).await })
        })
        .collect();
    let mut deleted = 0;
    for purge in purges {
        deleted += purge.await.expect("a purge doesn't panic");
    }
    // What one left to another that held it is there for the next.
    deleted += purge_all(&stores[0]).await;
    assert_eq!(deleted, 400);
}

#[tokio::test]
async fn a_purge_leaves_what_somebody_holds() {
    let Some(place) = Place::schema().await else { return };
    let store = place.open().await;
    let held = stored(&store, a_link().created_at(Timestamp::from_millis(0)).build()).await;
    stored(&store, a_link().created_at(Timestamp::from_millis(0)).build()).await;
    let raw = place.raw().await;
    raw.batch_execute("BEGIN").await.expect("a transaction begins");
    raw.query_one("SELECT 1 FROM oncelink_links WHERE id = $1 FOR UPDATE", &[&held.as_str()]).await.expect("nobody else holds it");
    assert_eq!(store.purge(NOW, 9).await.expect("the purge doesn't wait").deleted, 1);
    raw.batch_execute("ROLLBACK").await.expect("a transaction can be rolled back");
    assert_eq!(store.purge(NOW, 9).await.expect("the store purges").deleted, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_key_waits_for_another_one_that_is_being_made() {
    let Some(place) = Place::database().await else { return };
    let store = Arc::new(place.open().await);
    let raw = place.raw().await;
    let other = "BEGIN; INSERT INTO oncelink_api_keys (id, hash, name, actions, sources, prefixes, created_at, first)
        VALUES ('other', 'hash', 'name', '{}', '{}', '{}', 0, TRUE)";
    raw.batch_execute(other).await.expect("another replica makes its key");
    let racer = store.clone();
    let waiting = tokio::spawn(async move { racer.insert_first_key(a_key(1)).await.expect("the store looks at keys") });
    place.until_blocked_by(&raw).await;
    raw.batch_execute("COMMIT").await.expect("the other replica is done");
    assert!(!waiting.await.expect("the racer doesn't panic"), "there is a first key already");
}

async fn purge_all(store: &Arc<PostgresStore>) -> usize {
    let mut all = 0;
    loop {
        match store.purge(NOW, 30).await.expect("the store purges").deleted {
            0 => return all,
            some => all += some,
        }
    }
}

/// What the link counts, how many claims hold a use, and how many the events tell of.
async fn counted(store: &dyn LinkStore, id: &LinkId) -> (usize, usize, usize) {
    let link = store.find(id).await.expect("the store finds").expect("the link is there");
    let claims = store.claims(id).await.expect("the store reads claims");
    let alive = claims.iter().filter(|claim| !matches!(claim.state, ClaimState::Released { .. })).count();
    let events = store.events(id, usize::MAX).await.expect("the store reads events");
    let told = |kind: &EventKind| events.iter().filter(|event| event.kind == *kind).count();
    (link.claimed as usize, alive, told(&EventKind::Claimed) - told(&EventKind::Released))
}
