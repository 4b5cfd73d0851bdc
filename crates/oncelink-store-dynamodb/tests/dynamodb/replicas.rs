//! Several stores on one table, as replicas are: what one remembers, another may have changed.

use std::sync::Arc;

use oncelink_core::claim::{ClaimState, InstanceId};
use oncelink_core::event::{Event, EventKind};
use oncelink_core::ports::{ClaimOutcome, LinkStore, Progress, RecordOutcome};
use oncelink_core::{Actor, Refusal};
use oncelink_store_dynamodb::DynamoStore;
use oncelink_testkit::fixtures::{a_link, after, claim_request, part, progress};

use crate::support::{Place, find, report, stored, take};

async fn replicas(count: usize) -> Option<Vec<Arc<DynamoStore>>> {
    let place = Place::new()?;
    let mut stores = Vec::new();
    for _ in 0..count {
        stores.push(Arc::new(place.open().await));
    }
    Some(stores)
}

/// Reports of one claim through four replicas at once: nothing is lost, and one of them completes it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reports_through_several_replicas_add_up() {
    let Some(stores) = replicas(4).await else { return };
    let id = stored(&stores[0], a_link().size(320).build()).await;
    let claim = take(&stores[0], claim_request(&id, 1)).await.1.reference();
    let reports: Vec<_> = (0..32_u64)
        .map(|number| {
            let (store, claim) = (Arc::clone(&stores[number as usize % 4]), claim.clone());
            let part = Progress {
                delivered: part(number * 10..number * 10 + 10),
                sent: 10,
                may_complete: true,
                ended: Some(10),
                recorder: InstanceId(number),
                ..progress(&claim, after(1))
            };
            tokio::spawn(async move { report(&store, part).await })
        })
        .collect();
    let mut completed = 0;
    for kept in reports {
        completed += u32::from(matches!(kept.await.expect("no report panics").state, ClaimState::Completed { .. }));
    }
    assert_eq!(completed, 1);
    let (_, end) = stores[3].find_claim(&id, &claim.claim).await.expect("the store finds").expect("the link is there");
    let end = end.expect("the claim is there");
    assert_eq!((end.sent, end.coverage), (320, part(0..320)));
}

/// A replica that remembers a claim as running learns from its write that it isn't, or that the link was revoked.
#[tokio::test]
async fn what_a_replica_remembers_decides_nothing() {
    let Some(stores) = replicas(2).await else { return };
    let id = stored(&stores[0], a_link().uses(2).build()).await;
    let first = take(&stores[0], claim_request(&id, 1)).await.1.reference();
    stores[1].complete(first.clone(), after(1), Actor::default()).await.expect("the store completes");
    let late = Progress { delivered: part(0..9), sent: 9, ..progress(&first, after(2)) };
    assert_eq!(stores[0].record(late).await.expect("the store records"), RecordOutcome::NotYours);

    let second = take(&stores[0], claim_request(&id, 2)).await.1.reference();
    stores[1].revoke(&id, after(3), Actor::default()).await.expect("the store revokes");
    let stop = Progress { delivered: part(0..9), sent: 9, ..progress(&second, after(4)) };
    assert_eq!(stores[0].record(stop).await.expect("the store records"), RecordOutcome::Revoked);

    // The other way round: remembered as over, present again.
    let id = stored(&stores[0], a_link().build()).await;
    let old = take(&stores[0], claim_request(&id, 1)).await.1.reference();
    stores[0].release(old, after(1), Actor::default()).await.expect("the store releases");
    let (_, anew) = take(&stores[1], claim_request(&id, 1)).await;
    assert_eq!(anew.epoch, 2);
    let kept = report(&stores[0], Progress { sent: 5, ..progress(&anew.reference(), after(2)) }).await;
    assert_eq!((kept.epoch, kept.sent), (2, 5));
}

/// Sixty-four holders through four replicas, one use.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_claimant_wins_through_whichever_replica() {
    let Some(stores) = replicas(4).await else { return };
    for _ in 0..5 {
        let id = stored(&stores[0], a_link().build()).await;
        let claims: Vec<_> = (0..64_u128)
            .map(|holder| {
                let (store, wish) = (Arc::clone(&stores[holder as usize % 4]), claim_request(&id, holder));
                tokio::spawn(async move { store.claim(wish).await.expect("the store claims") })
            })
            .collect();
        let mut winners = 0;
        for outcome in claims {
            match outcome.await.expect("no claim panics") {
                ClaimOutcome::Granted { fresh, .. } => winners += u32::from(fresh),
                ClaimOutcome::Refused(refusal) => assert_eq!(refusal, Refusal::Spent),
            }
        }
        assert_eq!((winners, find(&stores[1], &id).await.claimed), (1, 1));
    }
}

/// Events move out of a link's item through several replicas at once; each is told once, and in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn events_that_move_out_are_told_once_and_in_order() {
    let Some(stores) = replicas(4).await else { return };
    let id = stored(&stores[0], a_link().uses(200).build()).await;
    for holders in (0..200_u128).collect::<Vec<_>>().chunks(32) {
        let claims: Vec<_> = holders
            .iter()
            .map(|&holder| {
                let (store, id) = (Arc::clone(&stores[holder as usize % 4]), id.clone());
                tokio::spawn(async move { take(&store, claim_request(&id, holder)).await.0.claimed })
            })
            .collect();
        for claim in claims {
            claim.await.expect("no claim panics");
        }
    }
    let note = Event { link: id.clone(), at: after(1), kind: EventKind::Viewed, claim: None, actor: Actor::default() };
    stores[2].note(note).await.expect("the store notes");
    let mut released = 0;
    for claim in stores[1].claims(&id).await.expect("the store reads claims") {
        stores[3].release(claim.reference(), after(2), Actor::default()).await.expect("the store releases");
        released += 1;
    }
    assert_eq!(released, 200);
    let told: Vec<EventKind> =
        stores[1].events(&id, 1_000).await.expect("the store reads events").into_iter().map(|event| event.kind).collect();
    let mut expected = vec![EventKind::Created];
    expected.extend(vec![EventKind::Claimed; 200]);
    expected.push(EventKind::Viewed);
    expected.extend(vec![EventKind::Released; 200]);
    assert_eq!(told, expected);
    for limit in [1, 31, 33, 202, 250] {
        let some = stores[1].events(&id, limit).await.expect("the store reads events");
        assert!(some.iter().map(|event| &event.kind).eq(expected[..limit].iter()), "limit {limit}");
    }
}

/// Two replicas purge at once: every link is counted by one of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_that_purge_at_once_count_every_link_once() {
    let Some(stores) = replicas(3).await else { return };
    for _ in 0..30 {
        stored(&stores[0], a_link().expires_at(after(10)).build()).await;
    }
    let purges: Vec<_> = stores
        .iter()
        .map(|store| {
            tokio::spawn({
                let store = Arc::clone(store);
                async move { store.purge(after(11), 100).await }
            })
        })
        .collect();
    let mut deleted = 0;
    for purge in purges {
        deleted += purge.await.expect("no purge panics").expect("the store purges").deleted;
    }
    assert_eq!(deleted, 30);
}
