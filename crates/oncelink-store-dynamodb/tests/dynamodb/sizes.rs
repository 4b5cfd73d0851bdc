//! How large a link's item becomes: DynamoDB keeps 400 KB.

use std::collections::HashMap;
use std::ops::Range;

use aws_sdk_dynamodb::types::AttributeValue;
use oncelink_core::claim::InstanceId;
use oncelink_core::coverage::Coverage;
use oncelink_core::holder::ClaimId;
use oncelink_core::ports::{ClaimOutcome, ClaimRequest, LinkStore, Progress};
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Refusal};
use oncelink_store_dynamodb::DynamoStore;
use oncelink_testkit::fixtures::{a_link, after, claim_id, claim_request, key_id, part, progress};

use crate::support::{Place, find, report, stored, take};

/// What DynamoDB bounds an item to, in bytes.
const MOST: usize = 400 * 1024;

/// A thousand uses, every word of the link as long as the rules allow, every claim with the longest user agent, the largest
/// numbers and as scattered a delivery as is kept: it fits, and all thousand are claimed and delivered.
#[tokio::test]
async fn a_link_of_a_thousand_uses_fits_into_an_item_at_its_worst() {
    let Some(place) = Place::new() else { return };
    let store = place.open().await;
    let networks: Vec<String> = (0..64).map(|number| format!("2001:db8:1234:5678:9abc:def0:1234:{number:x}/128")).collect();
    let networks: Vec<&str> = networks.iter().map(String::as_str).collect();
    let link = a_link()
        .key(&"k".repeat(1_024))
        .size(i64::MAX as u64)
        .uses(1_000)
        .filename(&"f".repeat(255))
        .allow_from(&networks)
        .note(&"n".repeat(2_000))
        .metadata(&"m".repeat(4_096))
        .webhook(&"w".repeat(2_048))
        .build();
    let id = stored(&store, link).await;
    let actor = Actor {
        address: Some("2001:db8:1234:5678:9abc:def0:1234:5678".parse().expect("an address")),
        user_agent: Some("u".repeat(Actor::USER_AGENT_MAX)),
        key: Some(key_id(u128::MAX >> 8)),
    };
    let mut scattered = Coverage::new();
    for place in 0..Coverage::MAX_RANGES as u64 {
        scattered.add((1 << 62) + place * 10..(1 << 62) + place * 10 + 5);
    }
    for holder in 0..1_000_u128 {
        // Most of them are copies of the first, which is at its worst: the engine takes long to write so large an item.
        if holder == 1 {
            multiply(&place, &id, &claim_id(0), 1..960).await;
        }
        if (1..960).contains(&holder) {
            continue;
        }
        let recorder = InstanceId(u64::MAX);
        let claim = take(&store, ClaimRequest { recorder, actor: actor.clone(), ..claim_request(&id, holder) }).await.1.reference();
        let (delivered, actor) = (scattered.clone(), actor.clone());
        let sent = Progress { delivered, sent: u64::MAX, ended: Some(u64::MAX), recorder, actor, ..progress(&claim, after(1)) };
        assert!(!report(&store, sent).await.coverage.is_empty());
    }
    let item = place.link_item(&id).await;
    let size = size_of(&item);
    assert!((200_000..MOST).contains(&size), "{size} bytes");
    assert_eq!(find(&store, &id).await.claimed, 1_000);
    let refused = store.claim(claim_request(&id, 1_001)).await.expect("the store claims");
    assert_eq!(refused, ClaimOutcome::Refused(Refusal::Spent));
    assert_eq!(store.claims(&id).await.expect("the store reads claims").len(), 1_000);
    assert_eq!(store.events(&id, 10_000).await.expect("the store reads events").len(), 1 + 2 * 41);
}

/// The usual case: a thousand whole deliveries are a third of what fits; a single one is less than 2 KB.
#[tokio::test]
async fn a_thousand_whole_deliveries_take_about_a_hundred_kilobytes() {
    let Some(place) = Place::new() else { return };
    let store = place.open().await;
    for (uses, bounds) in [(1, 500..2_048), (1_000, 90_000..130_000)] {
        let id = stored(&store, a_link().size(1 << 30).uses(uses).build()).await;
        deliver(&store, &id, 0).await;
        if uses > 1 {
            multiply(&place, &id, &claim_id(0), 1..999).await;
            deliver(&store, &id, 999).await;
            assert_eq!(find(&store, &id).await.uses_left(), 0);
        }
        let size = size_of(&place.link_item(&id).await);
        assert!(bounds.contains(&size), "{uses} uses: {size} bytes");
    }
}

/// A browser takes a GiB as a whole.
async fn deliver(store: &DynamoStore, id: &LinkId, holder: u128) {
    let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
    let actor = Actor { address: Some([192, 0, 2, 1].into()), user_agent: Some(agent.to_owned()), key: None };
    let recorder = InstanceId(u64::MAX / 3);
    let claim = take(store, ClaimRequest { actor: actor.clone(), recorder, ..claim_request(id, holder) }).await.1.reference();
    let (delivered, sent) = (part(0..1 << 30), 1 << 30);
    let done = Progress { delivered, sent, may_complete: true, ended: Some(sent), actor, recorder, ..progress(&claim, after(1)) };
    report(store, done).await;
}

/// Gives a claim's entry to these holders too, each for a use, behind the store's back.
async fn multiply(place: &Place, id: &LinkId, first: &ClaimId, holders: Range<u128>) {
    let mut item = place.link_item(id).await;
    let more = u32::try_from(holders.end - holders.start).expect("few");
    let Some(AttributeValue::M(claims)) = item.get_mut("claims") else { panic!("a link has claims") };
    let entry = claims[first.as_str()].clone();
    claims.extend(holders.map(|holder| (claim_id(holder).as_str().to_owned(), entry.clone())));
    item.insert("claimed".to_owned(), AttributeValue::N((1 + more).to_string()));
    let put = place.raw().await.put_item().table_name(&place.table).set_item(Some(item));
    Box::pin(put.send()).await.expect("the engine writes");
}

/// The size of an item as DynamoDB counts it: names and values in bytes, numbers by their digits, three bytes for a list or
/// map and one for each of its elements.
fn size_of(item: &HashMap<String, AttributeValue>) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &AttributeValue) -> usize {
    if let AttributeValue::M(map) = value {
        return 3 + map.len() + size_of(map);
    }
    if let AttributeValue::L(list) = value {
        return 3 + list.iter().map(|value| 1 + value_size(value)).sum::<usize>();
    }
    if let AttributeValue::N(digits) = value {
        return digits.len().div_ceil(2) + 1;
    }
    match (value.as_s(), value.as_b()) {
        (Ok(text), _) => text.len(),
        (_, Ok(bytes)) => bytes.as_ref().len(),
        (Err(_), Err(_)) => 1,
    }
}
