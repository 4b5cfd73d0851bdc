//! Promises about what is told of a link afterwards: its claims and its events.

use futures_util::future::join_all;
use oncelink_core::claim::ClaimRef;
use oncelink_core::event::{Event, EventKind};
use oncelink_core::ports::{ClaimOutcome, ClaimRequest, CompleteOutcome, LinkStore, NewLink, Progress, RecordOutcome, ReleaseOutcome};
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Refusal, Timestamp};

use super::delivering::claimed;
use super::{StoreUnderTest, kept, refusal, stored, take};
use crate::fixtures::{LEASE, NOW, a_link, after, an_actor, claim_id, claim_request, claim_request_at, link_id, part, progress};

/// By the time of the claim, then by id; a use that is taken anew counts from then on.
pub async fn claims_come_oldest_first<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = stored(&*store, a_link().uses(5).build()).await;
    let mut expected = Vec::new();
    for (holder, millis) in [(4, 0), (1, 5), (3, 5), (2, 9)] {
        expected.push(take(&*store, claim_request_at(&id, holder, after(millis))).await.1);
    }
    // Another link's claims are not among them.
    claimed(&*store, 1_000).await;
    assert_eq!(store.claims(&id).await.expect("the store reads claims"), expected);
    let oldest = expected.remove(0);
    store.release(oldest.reference(), after(10), Actor::default()).await.expect("the store releases");
    expected.push(take(&*store, claim_request_at(&id, 4, after(11))).await.1);
    assert_eq!(store.claims(&id).await.expect("the store reads claims"), expected);
}

/// A whole life of a link: every line with its time, its claim and its actor, also within one millisecond.
pub async fn events_tell_who_did_what_in_order<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let link = a_link().uses(2).build();
    let id = link.id.clone();
    store.insert(vec![NewLink { link, idempotency: None, actor: actor(0) }]).await.expect("the store inserts");
    let claim = take(&*store, ClaimRequest { actor: actor(1), ..claim_request(&id, 1) }).await.1.reference();
    let some = Progress {
        delivered: part(0..400),
        sent: 400,
        ended: Some(u64::from(u32::MAX) + 1),
        actor: actor(2),
        ..progress(&claim, after(7))
    };
    kept(store.record(some).await.expect("the store records"));
    let silent = Progress { delivered: part(400..500), sent: 100, actor: actor(3), ..progress(&claim, after(7)) };
    kept(store.record(silent).await.expect("the store records"));
    let rest =
        Progress { delivered: part(500..1_000), may_complete: true, ended: Some(500), actor: actor(4), ..progress(&claim, after(7)) };
    kept(store.record(rest).await.expect("the store records"));
    let at_once = ClaimRequest { completed: true, actor: actor(5), ..claim_request_at(&id, 2, after(8)) };
    take(&*store, at_once).await;
    store.revoke(&id, after(9), an_actor()).await.expect("the store revokes");
    let line = |at: Timestamp, kind, holder: Option<u128>, actor| Event { link: id.clone(), at, kind, claim: holder.map(claim_id), actor };
    let expected = [
        line(NOW, EventKind::Created, None, actor(0)),
        line(NOW, EventKind::Claimed, Some(1), actor(1)),
        line(after(7), EventKind::Delivered { bytes: u64::from(u32::MAX) + 1 }, Some(1), actor(2)),
        line(after(7), EventKind::Delivered { bytes: 500 }, Some(1), actor(4)),
        line(after(7), EventKind::Completed, Some(1), actor(4)),
        line(after(8), EventKind::Claimed, Some(2), actor(5)),
        line(after(8), EventKind::Completed, Some(2), actor(5)),
        line(after(9), EventKind::Revoked, None, an_actor()),
    ];
    assert_eq!(events(&*store, &id).await, expected);
}

/// Both ends of a claim that no report brings about.
pub async fn a_completion_by_hand_and_a_release_are_told<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let (first, second) = (claimed(&*store, 1_000).await, claimed(&*store, 1_000).await);
    store.complete(first.clone(), after(3), an_actor()).await.expect("the store completes");
    store.release(second.clone(), after(4), an_actor()).await.expect("the store releases");
    for (claim, at, kind) in [(first, after(3), EventKind::Completed), (second, after(4), EventKind::Released)] {
        let told = events(&*store, &claim.link).await;
        assert_eq!(told.len(), 3);
        assert_eq!(told[2], Event { link: claim.link, at, kind, claim: Some(claim.claim), actor: an_actor() });
    }
}

/// What changed nothing leaves no line: repeats, refusals, late and foreign actions.
pub async fn what_was_refused_is_not_told<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, 1_000).await;
    let before = events(&*store, &claim.link).await;
    let again = store.claim(claim_request_at(&claim.link, 1, after(1))).await.expect("the store claims");
    assert!(matches!(again, ClaimOutcome::Granted { fresh: false, .. }));
    assert_eq!(refusal(&*store, claim_request(&claim.link, 2)).await, Refusal::Spent);
    let stale = ClaimRef { epoch: 2, ..claim.clone() };
    let report = Progress { ended: Some(9), may_complete: true, ..progress(&stale, after(1)) };
    assert_eq!(store.record(report).await.expect("the store records"), RecordOutcome::NotYours);
    let lapsed = NOW.plus(LEASE);
    for (reference, now) in [(stale, after(1)), (claim.clone(), lapsed)] {
        let completed = store.complete(reference.clone(), now, Actor::default()).await.expect("the store completes");
        assert_eq!(completed, CompleteOutcome::NotActive);
        let released = store.release(reference, now, Actor::default()).await.expect("the store releases");
        assert_eq!(released, ReleaseOutcome::NotReleased);
    }
    assert_eq!(events(&*store, &claim.link).await, before);
    for millis in [2, 3] {
        store.revoke(&claim.link, after(millis), Actor::default()).await.expect("the store revokes");
    }
    let told = events(&*store, &claim.link).await;
    assert_eq!(told.len(), before.len() + 1, "revoking twice is told once");
    assert_eq!((&told[before.len()].kind, told[before.len()].at), (&EventKind::Revoked, after(2)));
}

/// Best-effort events with all that they say; those of an unknown link are nobody's trouble.
pub async fn notes_come_back_as_noted<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = stored(&*store, a_link().build()).await;
    let reason = |text: &str| EventKind::Refused { reason: text.to_owned() };
    let notes = [
        Event { link: id.clone(), at: after(1), kind: EventKind::Viewed, claim: None, actor: Actor::default() },
        Event { link: id.clone(), at: after(2), kind: EventKind::Viewed, claim: None, actor: an_actor() },
        Event { link: id.clone(), at: after(2), kind: reason("spent"), claim: Some(claim_id(7)), actor: actor(9) },
        Event { link: id.clone(), at: after(3), kind: reason("Größe \u{10ffff} ' \" \n"), claim: None, actor: Actor::default() },
        Event { link: id.clone(), at: after(4), kind: reason(""), claim: None, actor: Actor::default() },
    ];
    for note in &notes {
        store.note(note.clone()).await.expect("the store notes");
    }
    assert_eq!(events(&*store, &id).await[1..], notes);
    store.note(Event { link: link_id(404), ..notes[0].clone() }).await.expect("an unknown link is no trouble");
    assert_eq!(events(&*store, &link_id(404)).await, []);
}

/// A thousand and no more, also when they come at once; what changes the link is told all the same.
pub async fn notes_are_capped_and_hinder_nothing_else<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let id = stored(&*store, a_link().build()).await;
    let other = stored(&*store, a_link().build()).await;
    let view = |link: &LinkId| Event { link: link.clone(), at: NOW, kind: EventKind::Viewed, claim: None, actor: Actor::default() };
    let count = Event::MAX_PER_LINK as usize + 20;
    let noted = join_all((0..count).map(|_| store.note(view(&id)))).await;
    assert!(noted.iter().all(Result::is_ok), "too many notes are no failure");
    let views = |told: &[Event]| told.iter().filter(|event| event.kind == EventKind::Viewed).count();
    assert_eq!(views(&events(&*store, &id).await), Event::MAX_PER_LINK as usize);
    let claim = take(&*store, claim_request_at(&id, 1, after(1))).await.1.reference();
    store.complete(claim, after(2), Actor::default()).await.expect("the store completes");
    store.revoke(&id, after(3), Actor::default()).await.expect("the store revokes");
    let kinds: Vec<EventKind> = events(&*store, &id).await.into_iter().rev().take(3).map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Revoked, EventKind::Completed, EventKind::Claimed]);
    store.note(view(&other)).await.expect("the store notes");
    assert_eq!(views(&events(&*store, &other).await), 1, "one link's notes are no other's");
}

/// A limit cuts the newest off.
pub async fn events_are_limited_from_the_oldest_on<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let claim = claimed(&*store, 1_000).await;
    for millis in 1..=4 {
        let report = Progress { ended: Some(0), ..progress(&claim, after(millis)) };
        kept(store.record(report).await.expect("the store records"));
    }
    let all = events(&*store, &claim.link).await;
    assert_eq!(all.len(), 6);
    for limit in [0, 1, 2, 5, 6, 7] {
        let some = store.events(&claim.link, limit).await.expect("the store reads events");
        assert_eq!(some, all[..limit.min(6)], "limit {limit}");
    }
}

/// Somebody who can be told from the others.
fn actor(number: u8) -> Actor {
    Actor { address: Some([192, 0, 2, number].into()), user_agent: Some(format!("client {number}")), key: None }
}

async fn events(store: &dyn LinkStore, id: &LinkId) -> Vec<Event> {
    store.events(id, 5_000).await.expect("the store reads events")
}
