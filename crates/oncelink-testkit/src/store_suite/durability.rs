//! Promises about a restart: whatever was answered is still true afterwards.
//!
//! Must not know how an engine keeps its data: closing and opening again is [`StoreUnderTest::reopen`]'s. What a kill
//! leaves behind is each engine's own test.

use oncelink_core::apikey::ApiKey;
use oncelink_core::claim::Claim;
use oncelink_core::event::{Event, EventKind};
use oncelink_core::link::Link;
use oncelink_core::ports::{
    ClaimOutcome, ClaimRequest, InsertOutcome, LinkFilter, LinkStore, Progress, RecordOutcome, ReleaseOutcome, ReserveOutcome,
};
use oncelink_core::token::LinkId;
use oncelink_core::transition::{ATTEMPT_WINDOW, MAX_ATTEMPTS};
use oncelink_core::{Actor, Refusal};

use super::{StoreUnderTest, find, kept, refusal, stored, take};
use crate::fixtures::{NOW, a_key, a_link, after, an_actor, claim_request, claim_request_at, coverage, idempotent, part, progress};

/// Links, claims in every state, events and keys look the same, to the last field.
pub async fn everything_survives_reopening<S: StoreUnderTest>(mut under: S) {
    let (id, other) = {
        let (store, keys) = (under.store(), under.keys());
        keys.insert_key(ApiKey { last_used_at: Some(after(1)), ..a_key(1) }).await.expect("the store keeps keys");
        keys.insert_key(ApiKey { revoked_at: Some(after(2)), ..a_key(2) }).await.expect("the store keeps keys");
        let other = stored(&*store, super::inserting::full_link()).await;
        (lived(&*store).await, other)
    };
    let before = everything(&under, &[&id, &other]).await;
    assert_eq!((before.0.len(), before.1.len(), before.3.len()), (2, 4, 2), "a life that shows something");
    under.reopen().await;
    assert_eq!(everything(&under, &[&id, &other]).await, before);
}

/// Spent stays spent, a holder's claim stays its own, and counts go on where they were.
pub async fn the_rules_go_on_after_reopening<S: StoreUnderTest>(mut under: S) {
    let store = under.store();
    let link = a_link().build();
    store.insert(vec![idempotent(link.clone(), "name", "body")]).await.expect("the store inserts");
    let (_, claim) = take(&*store, claim_request(&link.id, 1)).await;
    let some = Progress { delivered: part(0..600), sent: 600, ..progress(&claim.reference(), after(1)) };
    kept(store.record(some).await.expect("the store records"));
    let revoked = stored(&*store, a_link().build()).await;
    store.revoke(&revoked, after(1), Actor::default()).await.expect("the store revokes");
    let released = stored(&*store, a_link().build()).await;
    let stale = take(&*store, claim_request(&released, 1)).await.1.reference();
    assert_eq!(store.release(stale.clone(), after(1), Actor::default()).await.expect("the store releases"), ReleaseOutcome::Released);
    let guarded = stored(&*store, a_link().passphrase("hash").build()).await;
    for _ in 0..MAX_ATTEMPTS {
        store.reserve_attempt(&guarded, NOW).await.expect("the store reserves");
    }
    under.keys().insert_first_key(a_key(1)).await.expect("the store keeps keys");
    drop(store);

    under.reopen().await;
    let store = under.store();
    assert_eq!(refusal(&*store, claim_request_at(&link.id, 2, after(2))).await, Refusal::Spent);
    let again = store.claim(claim_request_at(&link.id, 1, after(2))).await.expect("the store claims");
    let ClaimOutcome::Granted { claim: same, fresh: false, .. } = again else { panic!("not the same claim: {again:?}") };
    assert_eq!((same.epoch, same.sent, &same.coverage), (1, 600, &part(0..600)));
    let rest = Progress { delivered: part(600..1_000), sent: 400, may_complete: true, ..progress(&claim.reference(), after(3)) };
    assert!(kept(store.record(rest).await.expect("the store records")).lease_until().is_none(), "the two halves are the whole");
    assert_eq!(refusal(&*store, claim_request_at(&link.id, 1, after(4))).await, Refusal::Completed { at: after(3) });
    assert_eq!(refusal(&*store, claim_request(&revoked, 1)).await, Refusal::Revoked);
    assert_eq!(take(&*store, claim_request_at(&released, 1, after(4))).await.1.epoch, 2);
    assert_eq!(store.record(progress(&stale, after(5))).await.expect("the store records"), RecordOutcome::NotYours);
    let locked = store.reserve_attempt(&guarded, after(1)).await.expect("the store looks");
    assert_eq!(locked, ReserveOutcome::Locked { until: NOW.plus(ATTEMPT_WINDOW) });
    let repeated = store.insert(vec![idempotent(a_link().build(), "name", "body")]).await.expect("the store inserts");
    assert_eq!(repeated, [InsertOutcome::Repeated(find(&*store, &link.id).await)]);
    assert!(!under.keys().insert_first_key(a_key(2)).await.expect("the store looks at keys"));
}

/// A link with a claim in each state, a passphrase attempt, a note, and a revocation.
async fn lived(store: &dyn LinkStore) -> LinkId {
    let id = stored(store, a_link().uses(9).build()).await;
    let active = take(store, claim_request(&id, 1)).await.1.reference();
    let report =
        Progress { delivered: coverage(&[3..5, 9..12]), sent: 77, ended: Some(77), actor: an_actor(), ..progress(&active, after(1)) };
    kept(store.record(report).await.expect("the store records"));
    let released = take(store, claim_request(&id, 2)).await.1.reference();
    store.release(released, after(2), an_actor()).await.expect("the store releases");
    let completed = take(store, claim_request_at(&id, 3, after(3))).await.1.reference();
    store.complete(completed, after(4), an_actor()).await.expect("the store completes");
    take(store, ClaimRequest { completed: true, ..claim_request_at(&id, 4, after(5)) }).await;
    store.reserve_attempt(&id, after(6)).await.expect("the store reserves");
    let note = Event { link: id.clone(), at: after(7), kind: EventKind::Viewed, claim: None, actor: an_actor() };
    store.note(note).await.expect("the store notes");
    store.revoke(&id, after(8), an_actor()).await.expect("the store revokes");
    id
}

type Everything = (Vec<Link>, Vec<Claim>, Vec<Event>, Vec<ApiKey>);

/// All that the store tells of these links, and of its keys.
async fn everything<S: StoreUnderTest>(under: &S, ids: &[&LinkId]) -> Everything {
    let (store, keys) = (under.store(), under.keys());
    let links = store.list(&LinkFilter { limit: 100, ..LinkFilter::default() }).await.expect("the store lists").links;
    let (mut claims, mut events) = (Vec::new(), Vec::new());
    for id in ids {
        assert!(links.contains(&find(&*store, id).await));
        claims.extend(store.claims(id).await.expect("the store reads claims"));
        events.extend(store.events(id, 100).await.expect("the store reads events"));
    }
    (links, claims, events, keys.list_keys().await.expect("the store lists keys"))
}
