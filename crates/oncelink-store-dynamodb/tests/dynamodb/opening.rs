//! What is checked before the first request, and how a table is made.

use aws_sdk_dynamodb::types::AttributeValue;
use oncelink_core::Timestamp;
use oncelink_core::ports::{LinkStore, Progress};
use oncelink_store_dynamodb::{DynamoStore, OpenError};
use oncelink_testkit::fixtures::{a_link, after, claim_request, progress};

use crate::proxy::{Proxy, Trouble};
use crate::support::{Place, report, stored, take};

/// Ten replicas start at once on an account without the table: all of them open it, and it is one table.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_replicas_that_start_at_once_make_one_table() {
    let Some(place) = Place::new() else { return };
    let place = std::sync::Arc::new(place);
    let starts: Vec<_> = (0..10)
        .map(|_| {
            let place = std::sync::Arc::clone(&place);
            tokio::spawn(async move { place.open().await })
        })
        .collect();
    let mut stores = Vec::new();
    for start in starts {
        stores.push(start.await.expect("no start panics"));
    }
    let id = stored(&stores[0], a_link().build()).await;
    for store in &stores {
        assert!(store.find(&id).await.expect("the store finds").is_some());
        store.ping().await.expect("the store is well");
    }
}

/// A created table deletes by `ttl`, has both indexes, and is paid for by use.
#[tokio::test]
async fn a_created_table_is_as_documented() {
    let Some(place) = Place::new() else { return };
    place.open().await;
    let client = place.raw().await;
    let ttl = Box::pin(client.describe_time_to_live().table_name(&place.table).send()).await.expect("the engine describes");
    let ttl = ttl.time_to_live_description.expect("there is a description");
    assert_eq!(ttl.attribute_name.as_deref(), Some("ttl"));
    let table = Box::pin(client.describe_table().table_name(&place.table).send()).await.expect("the engine describes");
    let table = table.table.expect("there is a description");
    let mut indexes: Vec<&str> = table.global_secondary_indexes().iter().filter_map(|index| index.index_name()).collect();
    indexes.sort_unstable();
    assert_eq!(indexes, ["by-creation", "by-end"]);
    for index in table.global_secondary_indexes() {
        let projection = index.projection().and_then(|projection| projection.projection_type());
        assert_eq!(projection.map(|kind| kind.as_str()), Some("KEYS_ONLY"));
    }
}

/// Tidying up comes ninety days after the link's end, and after that of a lease that outlives it; events go with the link.
#[tokio::test]
async fn time_to_live_follows_the_end_of_link_and_lease() {
    const DAYS: i64 = 90 * 24 * 3_600;
    let Some(place) = Place::new() else { return };
    let store = DynamoStore::open(&place.table, None, Some(&place.endpoint)).await.unwrap_or_else(|error| panic!("{error}"));
    let (end, lease) = (4_000_000_000_000, 4_000_000_900_000);
    let id = stored(&store, a_link().expires_at(Timestamp::from_millis(end)).build()).await;
    let ttl = async || place.link_item(&id).await["ttl"].as_n().expect("a number").parse::<i64>().expect("whole seconds");
    assert_eq!(ttl().await, end / 1_000 + DAYS + 1);
    let claim = take(&store, claim_request(&id, 1)).await.1.reference();
    report(&store, progress(&claim, after(1))).await;
    assert_eq!(ttl().await, end / 1_000 + DAYS + 1, "a lease that ends before the link changes nothing");
    report(&store, Progress { lease_until: Timestamp::from_millis(lease), ..progress(&claim, after(2)) }).await;
    assert_eq!(ttl().await, lease / 1_000 + DAYS + 1);
}

/// Checking alone creates nothing.
#[tokio::test]
async fn a_missing_table_is_named_and_not_created_by_a_check() {
    let Some(place) = Place::new() else { return };
    let store = DynamoStore::with_client(place.raw().await, &place.table);
    let error = store.check().await.expect_err("there is no table");
    assert!(matches!(&error, OpenError::Missing { table } if *table == place.table));
    assert!(error.to_string().contains("oncelink store init"));
    assert!(matches!(store.check().await, Err(OpenError::Missing { .. })));
    store.init().await.expect("the table is made");
    store.check().await.expect("the table fits");
}

/// As the infrastructure templates leave it: without the item that a server marks it with.
#[tokio::test]
async fn looking_at_a_new_table_writes_nothing_into_it() {
    let Some(place) = Place::new() else { return };
    let store = DynamoStore::with_client(place.raw().await, &place.table);
    assert!(matches!(store.inspect().await, Err(OpenError::Missing { .. })));
    store.init().await.expect("the table is made");
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let unmark = place.raw().await.delete_item().table_name(&place.table).key("pk", text("oncelink")).key("sk", text("schema"));
    Box::pin(unmark.send()).await.expect("the engine deletes");
    assert_eq!(store.inspect().await.expect("the table fits"), None);
    assert_eq!(place.item("oncelink", "schema").await, None, "looking changes nothing");
    store.check().await.expect("the table fits");
    assert_eq!(store.inspect().await.expect("the table fits"), Some(1));
}

/// In a global table with eventual consistency one link could be redeemed once per Region.
#[tokio::test]
async fn a_global_table_with_eventual_consistency_is_refused_at_start() {
    let Some(place) = Place::new() else { return };
    let proxy = Proxy::before(&place.endpoint).await;
    place.open_at(&proxy.endpoint()).await.unwrap_or_else(|error| panic!("{error}"));
    proxy.trouble("DescribeTable", &Trouble::Answer(200, described(&place.table, "")), 2);
    let Err(error) = place.open_at(&proxy.endpoint()).await else { panic!("an eventually consistent table was opened") };
    assert!(matches!(&error, OpenError::EventuallyConsistent { regions, .. } if regions == "eu-west-1, us-east-1"), "{error}");
    assert!(error.to_string().contains("multi-Region strong consistency"));
    proxy.calm();
    let strong = r#","MultiRegionConsistency":"STRONG""#;
    proxy.trouble("DescribeTable", &Trouble::Answer(200, described(&place.table, strong)), 2);
    place.open_at(&proxy.endpoint()).await.unwrap_or_else(|error| panic!("{error}"));
}

/// Somebody else's table is left alone.
#[tokio::test]
async fn a_table_with_other_keys_is_refused() {
    let Some(place) = Place::new() else { return };
    let proxy = Proxy::before(&place.endpoint).await;
    let other = described(&place.table, "").replace("\"pk\"", "\"id\"").replace("Replicas", "Ignored");
    proxy.trouble("DescribeTable", &Trouble::Answer(200, other), 2);
    let Err(error) = place.open_at(&proxy.endpoint()).await else { panic!("another one's table was opened") };
    assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
}

/// A newer program's table isn't touched by an older one.
#[tokio::test]
async fn a_newer_layout_is_refused() {
    let Some(place) = Place::new() else { return };
    place.open().await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let newer = place.raw().await.put_item().table_name(&place.table).item("pk", text("oncelink")).item("sk", text("schema"));
    Box::pin(newer.item("version", AttributeValue::N("2".to_owned())).send()).await.expect("the engine writes");
    let Err(error) = place.open_at(&place.endpoint).await else { panic!("a newer table was opened") };
    assert!(matches!(error, OpenError::NewerLayout { found: 2, known: 1, .. }), "{error}");
}

/// Before anything is sent.
#[tokio::test]
async fn a_name_that_no_table_can_have_is_refused() {
    for name in ["", "ab", "a b", "table?region=x", "ünïcode"] {
        let Err(error) = DynamoStore::open(name, Some("us-east-1"), Some("http://127.0.0.1:9")).await else { panic!("{name:?} was taken") };
        assert!(matches!(error, OpenError::BadName { .. }), "{name:?}: {error}");
    }
}

/// What DynamoDB says of a table with replicas in two Regions.
fn described(table: &str, more: &str) -> String {
    let attribute = |name: &str| format!(r#"{{"AttributeName":"{name}","AttributeType":"S"}}"#);
    let attributes = ["pk", "sk", "list", "list_at", "ends", "ends_at"].map(attribute).join(",");
    let keys = |partition: &str, sort: &str| {
        format!(r#"[{{"AttributeName":"{partition}","KeyType":"HASH"}},{{"AttributeName":"{sort}","KeyType":"RANGE"}}]"#)
    };
    let index = |name: &str, keys: String| format!(r#"{{"IndexName":"{name}","KeySchema":{keys}}}"#);
    let indexes = [index("by-creation", keys("list", "list_at")), index("by-end", keys("ends", "ends_at"))].join(",");
    format!(
        r#"{{"Table":{{"TableName":"{table}","TableStatus":"ACTIVE","AttributeDefinitions":[{attributes}],"KeySchema":{},"GlobalSecondaryIndexes":[{indexes}],"Replicas":[{{"RegionName":"eu-west-1"}},{{"RegionName":"us-east-1"}}]{more}}}}}"#,
        keys("pk", "sk")
    )
}
