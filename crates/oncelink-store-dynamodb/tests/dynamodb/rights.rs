//! The policies under deploy/ allow what a life of links takes, and no more. Engines that run beside tests check no rights.

use std::collections::BTreeSet;

use oncelink_core::apikey::ApiKeyHash;
use oncelink_core::event::{Event, EventKind};
use oncelink_core::ports::{IdempotencyKey, InsertOutcome, KeyStore, LinkFilter, LinkStore};
use oncelink_core::{Actor, Timestamp};
use oncelink_store_dynamodb::DynamoStore;
use oncelink_testkit::fixtures::{NOW, a_key, a_link, after, claim_request, idempotent, key_id, progress};

use crate::proxy::Proxy;
use crate::support::{Place, report, stored, take};

const SERVER: &str = include_str!("../../../../deploy/aws/dynamodb-policy.json");
const TASK: &str = include_str!("../../../../deploy/ecs/template.yaml");
const FUNCTION: &str = include_str!("../../../../deploy/aws/sam/template.yaml");

/// The DynamoDB actions that a policy names; a store's address and a table's ARN only begin in the same way.
fn allowed(policy: &str) -> BTreeSet<String> {
    let words = policy.split("dynamodb:").skip(1);
    let actions = words.filter_map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_alphabetic())?;
        (end > 0 && !rest[end..].starts_with(':')).then(|| rest[..end].to_owned())
    });
    actions.collect()
}

/// Everything that a function asks of its table. More uses than a link's item keeps events of.
async fn live(store: &DynamoStore) {
    store.check().await.expect("the table is there");
    store.ping().await.expect("it is well");
    let id = stored(store, a_link().uses(80).build()).await;
    let again = IdempotencyKey { name: "again".to_owned(), body: "body".to_owned() };
    let taken = idempotent(a_link().id(id.clone()).build(), &again.name, &again.body);
    assert_eq!(store.insert(vec![taken]).await.expect("the store inserts"), [InsertOutcome::Conflict]);
    assert_eq!(store.find_repeated(&again).await.expect("the store finds"), None);
    for holder in 0..80 {
        let (_, claim) = take(store, claim_request(&id, holder)).await;
        report(store, progress(&claim.reference(), after(1))).await;
        let (claim, actor) = (claim.reference(), Actor::default());
        match holder % 2 {
            0 => drop(store.complete(claim, after(2), actor).await.expect("the store completes")),
            _ => drop(store.release(claim, after(2), actor).await.expect("the store releases")),
        }
    }
    store.reserve_attempt(&id, NOW).await.expect("the store reserves");
    store.refund_attempt(&id, NOW).await.expect("the store refunds");
    let viewed = Event { link: id.clone(), at: NOW, kind: EventKind::Viewed, claim: None, actor: Actor::default() };
    store.note(viewed).await.expect("the store notes");
    store.revoke(&id, NOW, Actor::default()).await.expect("the store revokes");
    assert!(!store.list(&LinkFilter { limit: 10, ..LinkFilter::default() }).await.expect("the store lists").links.is_empty());
    store.claims(&id).await.expect("the store reads claims");
    assert!(store.events(&id, 1_000).await.expect("the store reads events").len() > 160);
    store.insert_first_key(a_key(1)).await.expect("the store keeps a key");
    store.insert_key(a_key(2)).await.expect("the store keeps a key");
    store.find_key(&ApiKeyHash([9; 32])).await.expect("the store finds keys");
    store.list_keys().await.expect("the store lists keys");
    store.touch_key(&key_id(1), NOW).await.expect("the store notes uses");
    store.revoke_key(&key_id(1), NOW).await.expect("the store revokes keys");
}

#[tokio::test]
async fn the_policies_allow_what_is_asked_and_nothing_else() {
    let Some(place) = Place::new() else { return };
    DynamoStore::with_client(place.raw().await, &place.table).init().await.expect("the table is made");
    let proxy = Proxy::before(&place.endpoint).await;
    let store = place.open_at(&proxy.endpoint()).await.unwrap_or_else(|error| panic!("{error}"));
    live(&store).await;
    let mut asked: BTreeSet<String> = proxy.taken_calls().into_iter().collect();
    assert_eq!(asked, allowed(FUNCTION), "the function's");
    store.purge(Timestamp::from_millis(i64::MAX), 100).await.expect("the store purges");
    asked.extend(proxy.taken_calls());
    for policy in [SERVER, TASK] {
        assert_eq!(asked, allowed(policy), "a server's");
    }
}
