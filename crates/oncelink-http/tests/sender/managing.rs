//! What senders do with what exists: lists, detail, revoking, reissuing, keys, browsing.

use std::time::Duration;

use serde_json::{Value, json};

use crate::house::House;

#[tokio::test]
async fn pages_have_no_gaps_and_no_repeats() {
    let house = House::new().await;
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(house.link(json!({"key": "a.bin"})).await["id"].clone());
        house.clock.advance(Duration::from_millis(1));
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = house.ask("GET", &format!("/v1/links?limit=3{cursor}"), None).await.expect(200).json();
        seen.extend(page["links"].as_array().expect("links").iter().map(|link| link["id"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    seen.reverse();
    assert_eq!(seen, made, "newest first, each once");
    for bad in ["limit=0", "limit=1001", "cursor=nonsense", "state=happy", "note=%ff", "colour=red", "limit=1&limit=2"] {
        house.ask("GET", &format!("/v1/links?{bad}"), None).await.refused(400, "invalid-request");
    }
}

#[tokio::test]
async fn a_link_tells_its_claims_and_what_became_of_them() {
    let house = House::new().await;
    let link = house.link(json!({"key": "a.bin"})).await;
    let path = link["url"].as_str().expect("a URL").strip_prefix("https://files.example.org").expect("its path").to_owned();
    let claim = axum::http::Request::post(path).header("Accept", "application/json").body(axum::body::Body::empty());
    house.send(claim).await.expect(201);
    let target = format!("/v1/links/{}", link["id"].as_str().expect("an id"));
    let shown = house.ask("GET", &target, None).await.expect(200).json();
    assert_eq!((&shown["state"], &shown["uses_left"], &shown["claims"][0]["state"]), (&json!("spent"), &json!(0), &json!("active")));
    house.clock.advance(Duration::from_secs(3_600));
    let shown = house.ask("GET", &target, None).await.expect(200).json();
    assert_eq!((&shown["claims"][0]["state"], &shown["claims"][0]["delivered"]), (&json!("lapsed"), &json!(0)));
    let events = house.ask("GET", &format!("{target}/events"), None).await.expect(200).json();
    let kinds: Vec<&str> = events["events"].as_array().expect("events").iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(kinds, ["created", "claimed", "lapsed"]);
}

#[tokio::test]
async fn revoking_twice_is_the_same_and_a_reissue_is_a_fresh_link() {
    let house = House::new().await;
    let link = house.link(json!({"key": "a.bin", "uses": 3, "note": "n"})).await;
    let target = format!("/v1/links/{}", link["id"].as_str().expect("an id"));
    let first = house.ask("DELETE", &target, None).await.expect(200).json();
    house.clock.advance(Duration::from_secs(9));
    let second = house.ask("DELETE", &target, None).await.expect(200).json();
    assert_eq!((&first["state"], &first["revoked_at"]), (&json!("revoked"), &second["revoked_at"]));
    let answer = house.ask("POST", &format!("{target}/reissue"), None).await.expect(201);
    let fresh = answer.json();
    assert_eq!((&fresh["reissue_of"], &fresh["uses"], &fresh["note"]), (&link["id"], &json!(3), &json!("n")));
    assert_eq!(answer.header("location"), format!("/v1/links/{}", fresh["id"].as_str().expect("an id")));
    assert!(fresh["url"].is_string() && fresh["url"] != link["url"]);
    for (method, target) in [
        ("GET", "/v1/links/nonsense"),
        ("DELETE", "/v1/links/%00"),
        ("POST", "/v1/links/nonsense/reissue"),
        ("GET", "/v1/links/%ff/events"),
    ] {
        house.ask(method, target, None).await.refused(404, "not-found");
    }
}

#[tokio::test]
async fn a_key_reaches_as_far_as_its_scopes_and_makes_none_that_reaches_further() {
    let house = House::new().await;
    house.objects.put("in/a.bin", &b"content"[..]);
    let narrow = json!({"name": "narrow", "scopes": {"actions": ["links:create", "links:read", "keys:manage"], "prefixes": ["in/"]}});
    let made = house.ask("POST", "/v1/keys", Some(&narrow)).await.expect(201).json();
    let key = made["key"].as_str().expect("a key");
    let foreign = house.link(json!({"key": "a.bin"})).await;
    let own = house.ask_with(key, "POST", "/v1/links", Some(&json!({"key": "in/a.bin"}))).await.expect(201).json();
    assert_eq!(own["created_by"], made["id"]);
    house.ask_with(key, "POST", "/v1/links", Some(&json!({"key": "a.bin"}))).await.refused(403, "forbidden");
    let id = |link: &Value| link["id"].as_str().expect("an id").to_owned();
    house.ask_with(key, "GET", &format!("/v1/links/{}", id(&foreign)), None).await.refused(404, "not-found");
    house.ask_with(key, "DELETE", &format!("/v1/links/{}", id(&own)), None).await.refused(403, "forbidden");
    house.ask_with(key, "GET", "/v1/objects?prefix=in/", None).await.refused(403, "forbidden");
    house.ask_with(key, "POST", "/v1/keys", Some(&json!({"name": "more"}))).await.refused(403, "forbidden");
    let reader = json!({"name": "reader", "scopes": {"actions": ["links:read"], "prefixes": ["in/b/"]}});
    let reader = house.ask_with(key, "POST", "/v1/keys", Some(&reader)).await.expect(201).json();
    let batch = json!({"links": [{"key": "in/a.bin"}]});
    house.ask_with(reader["key"].as_str().expect("a key"), "POST", "/v1/links/batch", Some(&batch)).await.refused(403, "forbidden");
    let listed = house.ask("GET", "/v1/keys", None).await.expect(200).text();
    assert!(listed.contains("narrow") && !listed.contains(key) && !listed.contains(&house.key));
    house.ask("DELETE", &format!("/v1/keys/{}", id(&made)), None).await.expect(204);
    house.ask_with(key, "GET", "/v1/links", None).await.refused(401, "unauthorized");
    house.ask("DELETE", "/v1/keys/nonsense", None).await.refused(404, "not-found");
}

#[tokio::test]
async fn a_source_is_browsed_folder_by_folder() {
    let house = House::new().await;
    house.objects.put("in/b.bin", &b"content"[..]);
    let top = house.ask("GET", "/v1/objects", None).await.expect(200).json();
    assert_eq!((&top["source"], &top["folders"], &top["objects"][0]["key"]), (&json!("files"), &json!(["in/"]), &json!("a.bin")));
    assert_eq!((&top["objects"][0]["size"], &top["next_cursor"]), (&json!(7), &Value::Null));
    let page = house.ask("GET", "/v1/objects?limit=1", None).await.expect(200).json();
    let next = format!("/v1/objects?limit=1&cursor={}", page["next_cursor"].as_str().expect("a next page"));
    assert_eq!(house.ask("GET", &next, None).await.expect(200).json()["folders"], json!(["in/"]));
    for bad in ["source=none", "prefix=../", "limit=0"] {
        house.ask("GET", &format!("/v1/objects?{bad}"), None).await.refused(400, "invalid-request");
    }
}
