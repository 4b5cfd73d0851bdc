//! A creation that was broken off half-way is finished by whoever repeats it.

use aws_sdk_dynamodb::types::AttributeValue;
use oncelink_core::ports::{InsertOutcome, LinkStore};
use oncelink_testkit::fixtures::{a_link, after, idempotent};

use crate::proxy::{Proxy, Trouble};
use crate::support::{Place, find};

/// The creator was stopped between the key and the link: the repeat gets the creator's link, not a second one.
#[tokio::test]
async fn a_repeat_finishes_a_creation_that_was_broken_off() {
    let Some(place) = Place::new() else { return };
    let proxy = Proxy::before(&place.endpoint).await;
    let store = place.open_at(&proxy.endpoint()).await.unwrap_or_else(|error| panic!("{error}"));
    let first = a_link().uses(3).note("of the first").build();
    // The key goes through; the link doesn't.
    proxy.trouble("UpdateItem", &Trouble::refusal(400, "ThrottlingException"), 9);
    store.insert(vec![idempotent(first.clone(), "name", "body")]).await.expect("settling the key is not needed");
    let delete = place.raw().await.delete_item().table_name(&place.table);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let delete = delete.key("pk", text(&format!("link#{}", first.id))).key("sk", text("link"));
    Box::pin(delete.send()).await.expect("the engine deletes");
    proxy.calm();

    let second = a_link().uses(3).build();
    let outcome = store.insert(vec![idempotent(second.clone(), "name", "body")]).await.expect("the store inserts");
    assert_eq!(outcome, [InsertOutcome::Repeated(first.clone())]);
    assert_eq!(find(&store, &first.id).await, first);
    assert_eq!(store.find(&second.id).await.expect("the store finds"), None);
    assert_eq!(store.events(&first.id, 10).await.expect("the store reads events").len(), 1);
}

/// Once the link is stored, the key doesn't keep a copy; and when time to live takes the link first, the name is free again.
#[tokio::test]
async fn a_key_whose_link_is_gone_is_free_again() {
    let Some(place) = Place::new() else { return };
    let store = place.open().await;
    let first = a_link().expires_at(after(10)).build();
    store.insert(vec![idempotent(first.clone(), "name", "body")]).await.expect("the store inserts");
    let key = place.item("idem#name", "idem").await.expect("the key is there");
    assert!(!key.contains_key("content"));
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let delete = place.raw().await.delete_item().table_name(&place.table);
    let delete = delete.key("pk", text(&format!("link#{}", first.id))).key("sk", text("link"));
    Box::pin(delete.send()).await.expect("the engine deletes");
    let second = a_link().build();
    let outcome = store.insert(vec![idempotent(second.clone(), "name", "body")]).await.expect("the store inserts");
    assert_eq!(outcome, [InsertOutcome::Created]);
    assert_eq!(find(&store, &second.id).await, second);
    assert_eq!(store.find(&first.id).await.expect("the store finds"), None);
}
