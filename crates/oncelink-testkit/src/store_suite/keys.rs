//! Promises about API keys. What a key may do is not the store's business.

use std::sync::Arc;

use oncelink_core::Timestamp;
use oncelink_core::apikey::{Action, ApiKey, ApiKeyHash, Scope};
use oncelink_core::ports::KeyStore;

use super::{StoreUnderTest, race};
use crate::fixtures::{a_key, after, key_id, source_name};

/// Nothing is lost: empty lists, many of them, texts with every separator, all bytes of a hash.
pub async fn every_field_of_a_key_comes_back_as_inserted<S: StoreUnderTest>(under: S) {
    let keys = under.keys();
    let odd = Scope {
        actions: vec![Action::KeysManage, Action::LinksCreate],
        sources: ["main", "Source_1.a-b", "."].into_iter().map(source_name).collect(),
        prefixes: ["in/", "", "a,b", "1:x", "Größe/\u{10ffff}'\"\\\n", "%"].into_iter().map(str::to_owned).collect(),
    };
    let nothing = Scope { actions: Vec::new(), sources: Vec::new(), prefixes: Vec::new() };
    let full = ApiKey {
        id: key_id(u128::MAX >> 8),
        hash: ApiKeyHash(std::array::from_fn(|place| 255 - u8::try_from(place).expect("32 places"))),
        name: "Ada's key; \"quoted\" \u{10ffff}".to_owned(),
        scope: odd,
        created_at: after(1),
        last_used_at: Some(after(2)),
        revoked_at: Some(after(3)),
    };
    let plain = ApiKey { name: String::new(), scope: nothing, created_at: Timestamp::from_millis(0), ..a_key(0) };
    let all = [plain, a_key(255), full];
    for key in &all {
        keys.insert_key(key.clone()).await.expect("the store keeps keys");
    }
    for key in &all {
        assert_eq!(find(&*keys, &key.hash).await.as_ref(), Some(key));
    }
    assert_eq!(keys.list_keys().await.expect("the store lists keys"), all);
    assert_eq!(find(&*keys, &ApiKeyHash([7; 32])).await, None);
}

/// By creation, then by id.
pub async fn keys_come_oldest_first<S: StoreUnderTest>(under: S) {
    let keys = under.keys();
    assert_eq!(keys.list_keys().await.expect("the store lists keys"), []);
    for (number, millis) in [(5, 9), (4, 1), (3, 9), (9, 0), (1, 10)] {
        keys.insert_key(ApiKey { created_at: after(millis), ..a_key(number) }).await.expect("the store keeps keys");
    }
    let names: Vec<String> = keys.list_keys().await.expect("the store lists keys").into_iter().map(|key| key.name).collect();
    assert_eq!(names, ["key 9", "key 4", "key 3", "key 5", "key 1"]);
}

/// The first time stays; a revoked key is still found, so that its use can be refused by name.
pub async fn a_key_is_revoked_once_and_stays_found<S: StoreUnderTest>(under: S) {
    let keys = under.keys();
    for number in [1, 2] {
        keys.insert_key(a_key(number)).await.expect("the store keeps keys");
    }
    for millis in [5, 6, 4] {
        assert!(keys.revoke_key(&a_key(1).id, after(millis)).await.expect("the store revokes keys"));
    }
    let revoked = ApiKey { revoked_at: Some(after(5)), ..a_key(1) };
    assert_eq!(find(&*keys, &revoked.hash).await, Some(revoked.clone()));
    assert_eq!(keys.list_keys().await.expect("the store lists keys"), [revoked, a_key(2)]);
    assert!(!keys.revoke_key(&key_id(404), after(5)).await.expect("the store revokes keys"), "there is no such key");
}

/// However a store remembers what it has read: once a revocation was answered, nobody is told the old state.
pub async fn whoever_was_using_a_key_sees_its_revocation<S: StoreUnderTest>(under: S) {
    let keys = under.keys();
    for number in 0..20 {
        let key = a_key(number);
        keys.insert_key(key.clone()).await.expect("the store keeps keys");
        race(8, |racer| {
            let (keys, key) = (Arc::clone(&keys), key.clone());
            async move {
                for _ in 0..4 {
                    assert!(find(&*keys, &key.hash).await.is_some());
                }
                if racer == 0 {
                    keys.revoke_key(&key.id, after(5)).await.expect("the store revokes keys");
                    assert_eq!(find(&*keys, &key.hash).await.and_then(|found| found.revoked_at), Some(after(5)));
                }
            }
        })
        .await;
        assert_eq!(find(&*keys, &key.hash).await, Some(ApiKey { revoked_at: Some(after(5)), ..key }));
    }
}

/// The latest use is what is kept, whatever the order of the notes.
pub async fn the_last_use_of_a_key_is_noted<S: StoreUnderTest>(under: S) {
    let keys = under.keys();
    for number in [1, 2] {
        keys.insert_key(a_key(number)).await.expect("the store keeps keys");
    }
    for (millis, expected) in [(10, 10), (30, 30), (20, 30)] {
        keys.touch_key(&a_key(1).id, after(millis)).await.expect("the store notes");
        assert_eq!(find(&*keys, &a_key(1).hash).await, Some(ApiKey { last_used_at: Some(after(expected)), ..a_key(1) }));
    }
    keys.touch_key(&key_id(404), after(10)).await.expect("an unknown key is no trouble");
    assert_eq!(find(&*keys, &a_key(2).hash).await, Some(a_key(2)), "one key's use is no other's");
}

/// However many processes start at once on an empty store, there is one first key, and it is the winner's.
pub async fn sixteen_racers_make_one_first_key<S: StoreUnderTest>(under: S) {
    let keys = under.keys();
    let outcomes = race(16, |number| {
        let (keys, key) = (Arc::clone(&keys), a_key(u8::try_from(number).expect("sixteen")));
        async move { (key.clone(), keys.insert_first_key(key).await.expect("the store keeps keys")) }
    })
    .await;
    let winners: Vec<ApiKey> = outcomes.into_iter().filter(|(_, won)| *won).map(|(key, _)| key).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(keys.list_keys().await.expect("the store lists keys"), winners);
}

/// A revoked key counts: whoever revoked all keys didn't ask for a new one.
pub async fn a_store_with_a_revoked_key_takes_no_first_key<S: StoreUnderTest>(under: S) {
    let keys = under.keys();
    assert!(keys.insert_first_key(a_key(1)).await.expect("the store keeps keys"));
    assert!(!keys.insert_first_key(a_key(2)).await.expect("the store looks at keys"));
    keys.revoke_key(&a_key(1).id, after(1)).await.expect("the store revokes keys");
    assert!(!keys.insert_first_key(a_key(2)).await.expect("the store looks at keys"));
    assert_eq!(find(&*keys, &a_key(2).hash).await, None);
    keys.insert_key(a_key(3)).await.expect("further keys are taken");
    assert_eq!(keys.list_keys().await.expect("the store lists keys").len(), 2);
}

async fn find(keys: &dyn KeyStore, hash: &ApiKeyHash) -> Option<ApiKey> {
    keys.find_key(hash).await.expect("the store finds keys")
}
