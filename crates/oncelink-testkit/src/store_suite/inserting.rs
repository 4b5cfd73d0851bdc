//! Promises about storing new links. Must not be about anything that happens to them later.

use std::time::Duration;

use oncelink_core::Timestamp;
use oncelink_core::event::EventKind;
use oncelink_core::link::{Delivery, Gate, Link};
use oncelink_core::ports::{IdempotencyKey, InsertOutcome, NewLink};

use super::{StoreUnderTest, find, race, stored, take};
use crate::fixtures::{NOW, a_link, after, an_actor, claim_request, idempotent, key_id, link_id, new_link};

/// Nothing is lost or rounded: unicode, IPv6 CIDRs, big numbers, absent and empty values.
pub async fn every_field_of_a_link_comes_back_as_inserted<S: StoreUnderTest>(under: S) {
    let store = under.store();
    for link in [full_link(), a_link().build(), largest_link(), emptiest_link()] {
        stored(&*store, link.clone()).await;
        assert_eq!(find(&*store, &link.id).await, link);
    }
}

/// A thousand links in one call, with a repeat and a conflict among them, each answered in its place.
pub async fn a_batch_of_a_thousand_is_answered_in_order<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let first = a_link().build();
    let mut batch: Vec<NewLink> = (0..1_000_u32).map(|place| a_link().note(&format!("place {place}")).build_new()).collect();
    batch[100] = idempotent(first.clone(), "name", "body");
    batch[500] = idempotent(a_link().build(), "name", "body");
    batch[900] = idempotent(a_link().build(), "name", "another body");
    let links: Vec<Link> = batch.iter().map(|new| new.link.clone()).collect();
    let outcomes = store.insert(batch).await.expect("the store inserts");
    assert_eq!(outcomes.len(), 1_000);
    for (place, (outcome, link)) in outcomes.into_iter().zip(links).enumerate() {
        let (expected, there) = match place {
            500 => (InsertOutcome::Repeated(first.clone()), false),
            900 => (InsertOutcome::Conflict, false),
            _ => (InsertOutcome::Created, true),
        };
        assert_eq!(outcome, expected, "place {place}");
        let found = store.find(&link.id).await.expect("the store finds");
        assert_eq!(found, there.then_some(link), "place {place}");
    }
    assert!(store.insert(Vec::new()).await.expect("an empty batch is no trouble").is_empty());
}

/// Another link under the same id changes nothing, whatever the store says to it.
pub async fn an_existing_link_is_never_overwritten<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let link = a_link().build();
    stored(&*store, link.clone()).await;
    take(&*store, claim_request(&link.id, 1)).await;
    let thief = a_link().id(link.id.clone()).uses(50).key("other").build();
    if let Ok(outcomes) = store.insert(vec![new_link(thief)]).await {
        assert_ne!(outcomes, vec![InsertOutcome::Created]);
    }
    assert_eq!(find(&*store, &link.id).await, Link { claimed: 1, ..link });
}

/// Same key, same body: the first link, as it is now; nothing new is stored.
pub async fn a_repeated_creation_gives_the_first_link<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let first = a_link().uses(3).build();
    store.insert(vec![idempotent(first.clone(), "name", "body")]).await.expect("the store inserts");
    take(&*store, claim_request(&first.id, 1)).await;
    let second = a_link().uses(3).build();
    let outcome = store.insert(vec![idempotent(second.clone(), "name", "body")]).await.expect("the store inserts");
    assert_eq!(outcome, vec![InsertOutcome::Repeated(Link { claimed: 1, ..first.clone() })]);
    assert_eq!(store.find(&second.id).await.expect("the store finds"), None);
    let events = store.events(&first.id, 10).await.expect("the store reads events");
    assert_eq!(events.iter().filter(|event| event.kind == EventKind::Created).count(), 1);
}

/// Same key, other body: a conflict, also for a link under another key in between.
pub async fn another_body_under_the_same_idempotency_key_conflicts<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let link = a_link().build();
    store.insert(vec![idempotent(link.clone(), "name", "body")]).await.expect("the store inserts");
    let refused = a_link().build();
    let batch = vec![idempotent(refused.clone(), "name", "BODY"), idempotent(a_link().build(), "Name", "BODY")];
    let outcomes = store.insert(batch).await.expect("the store inserts");
    assert_eq!(outcomes, vec![InsertOutcome::Conflict, InsertOutcome::Created]);
    assert_eq!(store.find(&refused.id).await.expect("the store finds"), None);
    assert_eq!(find(&*store, &link.id).await, link);
}

/// Same key, same body: the link as it is now. Another body: a conflict. Another key: nothing.
pub async fn a_creation_is_found_by_its_idempotency_key_and_body<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let link = a_link().uses(3).build();
    let new = idempotent(link.clone(), "name", "body");
    let key = |name: &str, body: &str| IdempotencyKey { name: name.to_owned(), body: body.to_owned() };
    assert_eq!(store.find_repeated(&key("name", "body")).await.expect("the store finds"), None);
    store.insert(vec![new]).await.expect("the store inserts");
    take(&*store, claim_request(&link.id, 1)).await;
    let found = store.find_repeated(&key("name", "body")).await.expect("the store finds");
    assert_eq!(found, Some(InsertOutcome::Repeated(Link { claimed: 1, ..link })));
    assert_eq!(store.find_repeated(&key("name", "BODY")).await.expect("the store finds"), Some(InsertOutcome::Conflict));
    assert_eq!(store.find_repeated(&key("Name", "body")).await.expect("the store finds"), None);
}

/// Racing repeats: one creates, all others get that one.
pub async fn concurrent_repeats_of_a_creation_store_one_link<S: StoreUnderTest>(under: S) {
    let store = under.store();
    let outcomes = race(16, |number| {
        let (store, link) = (store.clone(), a_link().note(&number.to_string()).build());
        async move {
            let outcome = store.insert(vec![idempotent(link.clone(), "name", "body")]).await.expect("the store inserts");
            (link, outcome)
        }
    })
    .await;
    let winners: Vec<&Link> = outcomes.iter().filter(|(_, outcome)| outcome[0] == InsertOutcome::Created).map(|(link, _)| link).collect();
    assert_eq!(winners.len(), 1);
    for (link, outcome) in &outcomes {
        let won = link.id == winners[0].id;
        assert_eq!(store.find(&link.id).await.expect("the store finds").is_some(), won);
        assert!(won || outcome[0] == InsertOutcome::Repeated(winners[0].clone()));
    }
}

/// What was never inserted is nowhere.
pub async fn an_unknown_link_is_not_found<S: StoreUnderTest>(under: S) {
    let store = under.store();
    stored(&*store, a_link().build()).await;
    let unknown = link_id(404);
    assert_eq!(store.find(&unknown).await.expect("the store finds"), None);
    assert_eq!(store.find_claim(&unknown, &claim_request(&unknown, 1).claim).await.expect("the store finds"), None);
    assert_eq!(store.claims(&unknown).await.expect("the store reads claims"), vec![]);
    assert_eq!(store.events(&unknown, 10).await.expect("the store reads events"), vec![]);
    store.ping().await.expect("the store is well");
}

/// A link with every field set, each to something that is easily lost.
pub(super) fn full_link() -> Link {
    a_link()
        .source("Source_1.a-b")
        .key("Ünïcode/日本語/percent%25_under_score/it's \"quoted\"\\back/\u{10ffff}.txt")
        .size(1 << 53)
        .version("\"é-5\" W/ with quotes", Some("null"))
        .sha256(std::array::from_fn(|place| 255 - u8::try_from(place).expect("32 places")))
        .uses(1_000)
        .created_at(after(1))
        .expires_at(after(90 * 24 * 3_600_000 + 1))
        .not_before(after(-5))
        .gate(Gate::Direct)
        .delivery(Delivery::Redirect)
        .filename("Größe 🙂 'a'.pdf")
        .content_type("application/pdf; x=\"ü\"")
        .allow_from(&["0.0.0.0/0", "192.0.2.7/32", "2001:db8::/32", "::1/128", "10.1.2.3/8"])
        .note("first line\nsecond line; DROP TABLE links; -- 100 % 'sure'")
        .metadata("{\"käse\":[1,2.50,null,{\"a\":\"\\u0000\"}],\"big\":12345678901234567890}")
        .webhook("https://hooks.example/ü?a=b&c=d#e")
        .passphrase("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA+/=")
        .created_by(key_id(u128::MAX >> 8))
        .reissue_of(link_id(99))
        .build()
}

/// The largest values that the types and the rules let through.
fn largest_link() -> Link {
    let mut link = a_link()
        .key(&"k".repeat(1_024))
        .size(i64::MAX as u64)
        .expires_at(Timestamp::from_millis(253_402_300_799_999))
        .note(&"ü".repeat(1_000))
        .metadata(&format!("{{\"a\":\"{}\"}}", "日".repeat(4_000)))
        .build();
    link.terms.lifetime = Duration::from_millis(u64::from(u32::MAX) * 1_000 + 1);
    link
}

/// Empty texts and the smallest numbers, which are not the same as absent.
fn emptiest_link() -> Link {
    a_link()
        .key("k")
        .size(0)
        .version("", Some(""))
        .sha256([0; 32])
        .created_at(Timestamp::from_millis(0))
        .expires_at(NOW)
        .not_before(Timestamp::from_millis(-1))
        .filename("")
        .content_type("")
        .note("")
        .metadata("{}")
        .webhook("")
        .created_by(an_actor().key.expect("the fixture has a key"))
        .build()
}
