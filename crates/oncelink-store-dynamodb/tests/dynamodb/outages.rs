//! Lost answers, throttling, missing rights: nothing is counted twice, nothing is lost, and the fault says what to do.

use oncelink_core::event::EventKind;
use oncelink_core::link::Attempts;
use oncelink_core::ports::{
    ClaimOutcome, ClaimRequest, CompleteOutcome, InsertOutcome, LinkStore, Progress, ReleaseOutcome, ReserveOutcome, RevokeOutcome,
};
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Fault, FaultKind};
use oncelink_store_dynamodb::DynamoStore;
use oncelink_testkit::Gate;
use oncelink_testkit::fixtures::{NOW, a_link, after, claim_request, idempotent, new_link, part, progress};

use crate::proxy::{Proxy, Trouble};
use crate::support::{Place, find, report, stored, take};

async fn behind_proxy() -> Option<(DynamoStore, Proxy)> {
    let place = Place::new()?;
    let proxy = Proxy::before(&place.endpoint).await;
    let store = place.open_at(&proxy.endpoint()).await.unwrap_or_else(|error| panic!("{error}"));
    Some((store, proxy))
}

/// How often an event of this kind is told.
async fn told(store: &DynamoStore, id: &LinkId, kind: &EventKind) -> usize {
    let events = store.events(id, 100).await.expect("the store reads events");
    events.iter().filter(|event| event.kind == *kind).count()
}

/// The SDK sends the write again, and its condition fails on its own success: that is a fresh claim, once.
#[tokio::test]
async fn a_claim_whose_answer_was_lost_takes_one_use_and_is_fresh() {
    let Some((store, proxy)) = behind_proxy().await else { return };
    let id = stored(&store, a_link().uses(3).passphrase("hash").build()).await;
    store.reserve_attempt(&id, NOW).await.expect("the store reserves");
    for (holder, completed) in [(1, false), (2, true)] {
        proxy.trouble("UpdateItem", &Trouble::LoseReply, 1);
        take(&store, ClaimRequest { proved: Some(NOW), completed, ..claim_request(&id, holder) }).await;
    }
    let link = find(&store, &id).await;
    assert_eq!((link.claimed, link.attempts), (2, Some(Attempts { since: NOW, count: 0 })));
    assert_eq!(told(&store, &id, &EventKind::Claimed).await, 2);
    // The same holder once more is the same claim, and not fresh.
    let again = store.claim(claim_request(&id, 1)).await.expect("the store claims");
    assert!(matches!(again, ClaimOutcome::Granted { fresh: false, .. }));
}

/// A report, a completion, a release, a revocation, an attempt: each is done once and says so.
#[tokio::test]
async fn transitions_whose_answers_were_lost_are_done_once() {
    let Some((store, proxy)) = behind_proxy().await else { return };
    let id = stored(&store, a_link().uses(3).build()).await;
    let mut claims = Vec::new();
    for holder in 1..=3 {
        claims.push(take(&store, claim_request(&id, holder)).await.1.reference());
    }
    let lose = || proxy.trouble("UpdateItem", &Trouble::LoseReply, 1);
    lose();
    let some = Progress { delivered: part(0..10), sent: 10, ended: Some(10), ..progress(&claims[0], after(1)) };
    assert_eq!(report(&store, some).await.sent, 10);
    lose();
    let rest = Progress { delivered: part(10..1_000), sent: 990, may_complete: true, ..progress(&claims[0], after(2)) };
    assert_eq!(report(&store, rest).await.sent, 1_000);
    lose();
    let completed = store.complete(claims[1].clone(), after(3), Actor::default()).await.expect("the store completes");
    assert_eq!(completed, CompleteOutcome::Completed);
    lose();
    let released = store.release(claims[2].clone(), after(4), Actor::default()).await.expect("the store releases");
    assert_eq!(released, ReleaseOutcome::Released);
    lose();
    let reserved = store.reserve_attempt(&id, after(5)).await.expect("the store reserves");
    assert_eq!(reserved, ReserveOutcome::Reserved(Attempts { since: after(5), count: 1 }));
    store.reserve_attempt(&id, after(5)).await.expect("the store reserves");
    lose();
    store.refund_attempt(&id, after(5)).await.expect("the store refunds");
    assert_eq!(find(&store, &id).await.attempts, Some(Attempts { since: after(5), count: 1 }));
    lose();
    let revoked = store.revoke(&id, after(6), Actor::default()).await.expect("the store revokes");
    assert!(matches!(revoked, RevokeOutcome::Revoked(link) if link.revoked_at == Some(after(6)) && link.claimed == 2));
    for (kind, count) in
        [(EventKind::Delivered { bytes: 10 }, 1), (EventKind::Completed, 2), (EventKind::Released, 1), (EventKind::Revoked, 1)]
    {
        assert_eq!(told(&store, &id, &kind).await, count, "{kind:?}");
    }
}

/// Two servers end a response of one claim in the same moment, and one's answer is lost.
#[tokio::test]
async fn sem_4_a_report_whose_answer_is_lost_counts_once_though_another_server_reports_meanwhile() {
    let Some(place) = Place::new() else { return };
    let proxy = Proxy::before(&place.endpoint).await;
    let here = place.open_at(&proxy.endpoint()).await.unwrap_or_else(|error| panic!("{error}"));
    let there = place.open().await;
    let id = stored(&here, a_link().build()).await;
    let claim = take(&here, claim_request(&id, 1)).await.1.reference();
    let lost = Gate::new();
    proxy.trouble("UpdateItem", &Trouble::LoseReplyAt(lost.clone()), 1);
    let mine = Progress { delivered: part(0..300), sent: 400, ended: Some(400), ..progress(&claim, after(1)) };
    let others = async {
        lost.arrival().await;
        let other = Progress { delivered: part(300..500), sent: 200, ended: Some(200), ..progress(&claim, after(1)) };
        assert_eq!(report(&there, other).await.sent, 600);
        lost.open();
    };
    let (kept, ()) = tokio::join!(report(&here, mine), others);
    assert_eq!((kept.sent, kept.coverage), (600, part(0..500)));
    assert_eq!(told(&here, &id, &EventKind::Delivered { bytes: 400 }).await, 1);
    // What is known of the claim here is the present, not what the lost answer would have said.
    let rest = Progress { delivered: part(500..1_000), sent: 500, may_complete: true, ended: Some(500), ..progress(&claim, after(2)) };
    assert_eq!(report(&here, rest).await.sent, 1_100);
}

/// A new link is created once and said to be, with an idempotency key and without.
#[tokio::test]
async fn a_creation_whose_answer_was_lost_is_a_creation() {
    let Some((store, proxy)) = behind_proxy().await else { return };
    for lost in 1..=2 {
        let plain = a_link().build();
        proxy.trouble("PutItem", &Trouble::LoseReply, 1);
        assert_eq!(store.insert(vec![new_link(plain)]).await.expect("the store inserts"), [InsertOutcome::Created]);
        let keyed = a_link().build();
        proxy.trouble("PutItem", &Trouble::LoseReply, lost);
        let name = format!("name {lost}");
        let outcome = store.insert(vec![idempotent(keyed.clone(), &name, "body")]).await.expect("the store inserts");
        assert_eq!(outcome, [InsertOutcome::Created]);
        proxy.calm();
        let again = store.insert(vec![idempotent(a_link().build(), &name, "body")]).await.expect("the store inserts");
        assert_eq!(again, [InsertOutcome::Repeated(keyed)]);
    }
}

/// A throttled table is "later", and nothing was spent; once it is calm the same holder claims.
#[tokio::test]
async fn a_throttled_claim_spends_nothing() {
    let Some((store, proxy)) = behind_proxy().await else { return };
    let id = stored(&store, a_link().build()).await;
    for (status, code) in [(400, "ProvisionedThroughputExceededException"), (400, "ThrottlingException"), (500, "InternalServerError")] {
        proxy.trouble("UpdateItem", &Trouble::refusal(status, code), 10);
        let fault = store.claim(claim_request(&id, 1)).await.expect_err("the table is throttled");
        assert_eq!(fault.kind, FaultKind::Unavailable, "{code}");
        proxy.calm();
        assert_eq!(find(&store, &id).await.claimed, 0);
    }
    take(&store, claim_request(&id, 1)).await;
}

/// One slow moment is bridged by the SDK.
#[tokio::test]
async fn a_short_throttling_is_not_noticed() {
    let Some((store, proxy)) = behind_proxy().await else { return };
    let id = stored(&store, a_link().build()).await;
    proxy.trouble("UpdateItem", &Trouble::refusal(400, "ThrottlingException"), 1);
    take(&store, claim_request(&id, 1)).await;
}

/// An item that has no room for another event gets some: its older events move out, then the write is done.
#[tokio::test]
async fn a_full_item_makes_room_for_a_claim() {
    let Some((store, proxy)) = behind_proxy().await else { return };
    let id = stored(&store, a_link().uses(2).build()).await;
    take(&store, claim_request(&id, 1)).await;
    let full = r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"Item size to update has exceeded the maximum allowed size"}"#;
    proxy.trouble("UpdateItem", &Trouble::Answer(400, full.to_owned()), 1);
    proxy.taken_calls();
    take(&store, claim_request(&id, 2)).await;
    assert_eq!(proxy.taken_calls(), ["UpdateItem", "GetItem", "BatchWriteItem", "UpdateItem", "UpdateItem"]);
    let kinds: Vec<EventKind> = store.events(&id, 10).await.expect("the store reads events").into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Created, EventKind::Claimed, EventKind::Claimed]);
}

/// What the operator has to mend is named: the action that isn't allowed, the table that isn't there, the old credentials.
#[tokio::test]
async fn faults_name_the_thing_and_the_remedy() {
    let Some((store, proxy)) = behind_proxy().await else { return };
    let id = stored(&store, a_link().build()).await;
    for (code, kind, words) in [
        ("AccessDeniedException", FaultKind::Denied, ["dynamodb:GetItem", "dynamodb-policy.json"]),
        ("ResourceNotFoundException", FaultKind::Unavailable, ["test-", "oncelink store init"]),
        ("ExpiredTokenException", FaultKind::Denied, ["expired", "renew"]),
        ("UnrecognizedClientException", FaultKind::Denied, ["credentials", "clock"]),
    ] {
        proxy.trouble("GetItem", &Trouble::refusal(400, code), 1);
        let fault: Fault = store.find(&id).await.expect_err("the engine refuses");
        assert_eq!(fault.kind, kind, "{code}");
        let text = fault.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
}

/// Nobody listens: a fault, and soon.
#[tokio::test]
async fn an_engine_that_is_gone_is_unavailable() {
    let Some(place) = Place::new() else { return };
    let client = oncelink_store_dynamodb::connect(&place.table, None, Some("http://127.0.0.1:9")).await.expect("a client can be made");
    let fault = DynamoStore::with_client(client, &place.table).ping().await.expect_err("nobody listens on port 9");
    assert_eq!(fault.kind, FaultKind::Unavailable);
    assert!(fault.to_string().contains("doesn't answer"), "{fault}");
}
