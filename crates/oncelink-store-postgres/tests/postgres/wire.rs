//! What travels over the wire: one statement per transition, prepared, and what is sent again when a reply was lost.

use oncelink_core::claim::ClaimState;
use oncelink_core::event::{Event, EventKind};
use oncelink_core::ports::{
    ClaimOutcome, CompleteOutcome, LinkFilter, LinkStore, Progress, RecordOutcome, ReleaseOutcome, ReserveOutcome, RevokeOutcome,
};
use oncelink_core::{Actor, FaultKind};
use oncelink_store_postgres::PostgresStore;
use oncelink_testkit::fixtures::{a_link, after, claim_id, claim_request, idempotent, part, progress};

use crate::support::{Place, open, stored};
use crate::wire_proxy::WireProxy;

/// A store with one connection, which its opening has used, behind a proxy that has forgotten the opening.
async fn watched() -> Option<(PostgresStore, WireProxy)> {
    let place = Place::schema().await?;
    let proxy = WireProxy::before(&place).await;
    let store = open(&place.url_through(proxy.port(), "sslmode=disable&pool_size=1")).await;
    proxy.taken_log();
    Some((store, proxy))
}

#[tokio::test]
async fn a_happy_redeem_is_two_writes_and_two_reads_of_one_statement_each() {
    let Some((store, proxy)) = watched().await else { return };
    let id = stored(&store, a_link().build()).await;
    assert_eq!(proxy.taken_log(), ["link_insert"]);

    assert!(store.find_claim(&id, &claim_id(1)).await.expect("the store finds").is_some_and(|(_, claim)| claim.is_none()));
    let ClaimOutcome::Granted { claim, fresh: true, .. } = store.claim(claim_request(&id, 1)).await.expect("the store claims") else {
        panic!("a fresh link is claimed");
    };
    store.find_claim(&id, &claim.id).await.expect("the store finds");
    let last = Progress {
        delivered: part(0..1_000),
        sent: 1_000,
        may_complete: true,
        ended: Some(1_000),
        ..progress(&claim.reference(), after(1))
    };
    let RecordOutcome::Kept(claim) = store.record(last).await.expect("the store records") else { panic!("the report is kept") };
    assert!(matches!(claim.state, ClaimState::Completed { .. }));
    assert_eq!(proxy.taken_log(), ["link_find_claim", "claims_take", "link_find_claim", "claims_record"]);

    let kinds: Vec<EventKind> = store.events(&id, 9).await.expect("the store reads").into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Created, EventKind::Claimed, EventKind::Delivered { bytes: 1_000 }, EventKind::Completed]);
}

#[tokio::test]
async fn every_transition_is_one_prepared_statement() {
    let Some((store, proxy)) = watched().await else { return };
    let id = stored(&store, a_link().uses(3).build()).await;
    let mut claims = Vec::new();
    for holder in 1..=2 {
        let ClaimOutcome::Granted { claim, .. } = store.claim(claim_request(&id, holder)).await.expect("the store claims") else {
            panic!("there are uses left");
        };
        claims.push(claim.reference());
    }
    proxy.taken_log();

    let done = store.complete(claims[0].clone(), after(1), Actor::default()).await.expect("the store completes");
    assert_eq!((done, proxy.taken_log()), (CompleteOutcome::Completed, vec!["claim_complete".to_owned()]));
    let done = store.release(claims[1].clone(), after(1), Actor::default()).await.expect("the store releases");
    assert_eq!((done, proxy.taken_log()), (ReleaseOutcome::Released, vec!["claim_release".to_owned()]));
    let ReserveOutcome::Reserved(attempts) = store.reserve_attempt(&id, after(1)).await.expect("the store reserves") else {
        panic!("there are attempts left");
    };
    store.refund_attempt(&id, attempts.since).await.expect("the store refunds");
    assert_eq!(proxy.taken_log(), ["attempt_reserve", "attempt_refund"]);
    let viewed = Event { link: id.clone(), at: after(1), kind: EventKind::Viewed, claim: None, actor: Actor::default() };
    store.note(viewed).await.expect("the store notes");
    assert_eq!(proxy.taken_log(), ["event_note"]);
    let revoked = store.revoke(&id, after(2), Actor::default()).await.expect("the store revokes");
    assert!(matches!(revoked, RevokeOutcome::Revoked(_)));
    store.ping().await.expect("the store is there");
    store.purge(after(1), 10).await.expect("the store purges");
    assert_eq!(proxy.taken_log(), ["link_revoke", "pulse_beat", "link_purge"]);
}

#[tokio::test]
async fn a_batch_of_a_thousand_is_one_statement_and_a_page_too() {
    let Some((store, proxy)) = watched().await else { return };
    let batch = (0..1_000).map(|number| match number {
        0 => idempotent(a_link().build(), "name", "body"),
        _ => a_link().build_new(),
    });
    assert_eq!(store.insert(batch.collect()).await.expect("the store inserts").len(), 1_000);
    assert_eq!(proxy.taken_log(), ["link_insert", "idempotency_find"]);
    let page = store.list(&LinkFilter { limit: 100, ..LinkFilter::default() }).await.expect("the store lists");
    assert_eq!((page.links.len(), page.next.is_some()), (100, true));
    assert_eq!(proxy.taken_log(), ["parse link_list", "link_list"]);
}

#[tokio::test]
async fn a_claim_whose_reply_is_lost_is_asked_for_again_and_found() {
    let Some((store, proxy)) = watched().await else { return };
    let id = stored(&store, a_link().uses(5).build()).await;
    proxy.lose_next_reply();
    let outcome = store.claim(claim_request(&id, 1)).await.expect("the store asks again");
    assert!(matches!(outcome, ClaimOutcome::Granted { fresh: false, .. }), "{outcome:?}");
    let link = store.find(&id).await.expect("the store finds").expect("the link is there");
    assert_eq!((link.claimed, store.claims(&id).await.expect("the store reads").len()), (1, 1));
}

#[tokio::test]
async fn a_report_whose_reply_is_lost_counts_once_and_is_told_as_unknown() {
    let Some((store, proxy)) = watched().await else { return };
    let id = stored(&store, a_link().build()).await;
    let ClaimOutcome::Granted { claim, .. } = store.claim(claim_request(&id, 1)).await.expect("the store claims") else {
        panic!("a fresh link is claimed");
    };
    proxy.lose_next_reply();
    let report = Progress { sent: 10, ..progress(&claim.reference(), after(1)) };
    let fault = store.record(report).await.expect_err("nobody knows");
    assert_eq!(fault.kind, FaultKind::Unavailable, "{fault}");
    assert_eq!(store.claims(&id).await.expect("the store goes on")[0].sent, 10);
}
