//! Reading: lists, filters, events, objects, operations.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{ids_of, list, served};
use crate::harness::http::percent;
use crate::harness::{Link, Req, Server, Setup, Wire, holder, until};

#[tokio::test]
async fn pages_have_no_gaps_and_no_repeats() {
    let server = served().await;
    let rows = json!({"links": vec![json!({"source": "files", "key": "a.bin"}); 25]});
    let made = server.api("POST", "/v1/links/batch", Some(&rows)).await.expect(200, "a batch").json();
    let made: BTreeSet<String> =
        made["links"].as_array().expect("rows").iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
    for limit in [1, 7, 25, 100] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        for page in 0.. {
            let answer = server.api("GET", &format!("/v1/links?limit={limit}{cursor}"), None).await.expect(200, "a page").json();
            let ids = ids_of(&answer);
            assert!(ids.len() <= limit && page <= 25, "{limit} at most: {}", ids.len());
            seen.extend(ids);
            match answer["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={}", percent(next)),
                None => break,
            }
        }
        assert_eq!(seen.len(), 25, "limit {limit}: nothing twice");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), made, "limit {limit}: nothing left out");
    }
}

#[tokio::test]
async fn links_made_while_paging_disturb_nothing() {
    let server = served().await;
    let mut before = BTreeSet::new();
    for _ in 0..9 {
        before.insert(server.link_to("a.bin").await.id);
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = server.api("GET", &format!("/v1/links?limit=2{cursor}"), None).await.expect(200, "a page").json();
        seen.extend(ids_of(&answer));
        server.link_to("a.bin").await;
        match answer["next_cursor"].as_str().filter(|_| seen.len() < 60) {
            Some(next) => cursor = format!("&cursor={}", percent(next)),
            None => break,
        }
    }
    let distinct: BTreeSet<String> = seen.iter().cloned().collect();
    assert_eq!(distinct.len(), seen.len(), "nothing twice");
    assert!(before.is_subset(&distinct), "nothing left out");
}

#[tokio::test]
async fn lists_are_filtered_by_source_prefix_state_and_note() {
    let other = tempfile::tempdir().expect("a folder");
    std::fs::write(other.path().join("a.bin"), b"content").expect("writable");
    let one = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(one.path().join("in")).expect("a folder");
    for name in ["a.bin", "in/b.bin", "in/c%_.bin"] {
        std::fs::write(one.path().join(name), b"content").expect("writable");
    }
    let setup = Setup::new().source(&format!("files={}", one.path().display())).source(&format!("other={}", other.path().display()));
    let server = setup.start().await;
    let a = server.link(json!({"source": "files", "key": "a.bin", "note": "red apple"})).await;
    let b = server.link(json!({"source": "files", "key": "in/b.bin", "note": "green"})).await;
    let c = server.link(json!({"source": "files", "key": "in/c%_.bin"})).await;
    let d = server.link(json!({"source": "other", "key": "a.bin"})).await;
    a.claim(server.addr).await.get().send(server.addr).await.expect(200, "a is spent");
    server.api("DELETE", &format!("/v1/links/{}", b.id), None).await.expect(200, "b is revoked");
    let cases: [(&str, &[&Link]); 9] = [
        ("?source=files", &[&a, &b, &c]),
        ("?source=other", &[&d]),
        ("?prefix=in/", &[&b, &c]),
        ("?prefix=in/c%25_", &[&c]),
        ("?prefix=in/%25", &[]),
        ("?state=spent", &[&a]),
        ("?state=revoked", &[&b]),
        ("?state=expired", &[]),
        ("?note=red%20apple", &[&a]),
    ];
    for (query, expected) in cases {
        let have: BTreeSet<String> = list(&server, query).await.into_iter().collect();
        let expected: BTreeSet<String> = expected.iter().map(|link| link.id.clone()).collect();
        assert_eq!(have, expected, "{query}");
    }
}

#[tokio::test]
async fn events_tell_a_life_in_order() {
    let server = served().await;
    let link = server.link_to("a.bin").await;
    Req::get(&link.path).header("User-Agent", "curious").accept("text/html").send(server.addr).await.expect(200, "a look");
    has_event(&server, &link, "viewed").await;
    let claim = link.claim(server.addr).await;
    link.try_claim(server.addr, &holder()).await.refused(410, "spent", "too late");
    has_event(&server, &link, "refused").await;
    claim.get().send(server.addr).await.expect(200, "the bytes");
    claim.get().send(server.addr).await.refused(410, "completed", "over");
    let events = server.events(&link).await;
    let place = |kind: &str| events.iter().position(|event| event["type"] == kind).unwrap_or_else(|| panic!("no {kind} in {events:?}"));
    assert!(place("created") == 0 && place("claimed") < place("delivered") && place("delivered") <= place("completed"), "{events:?}");
    assert!(place("viewed") < place("claimed") && place("refused") > place("claimed"), "{events:?}");
    assert_eq!(events[place("delivered")]["bytes"], 7, "{events:?}");
    assert_eq!(events[place("refused")]["reason"], "spent", "{events:?}");
    let times: Vec<&str> = events.iter().filter_map(|event| event["at"].as_str()).collect();
    assert!(times.len() == events.len() && times.is_sorted(), "{times:?}");
}

#[tokio::test]
async fn nobody_fills_the_disk_by_looking() {
    let server = served().await;
    let link = server.link_to("a.bin").await;
    let mut wire = Wire::connect(server.addr).await.expect("the server accepts");
    for _ in 0..1_300 {
        let look = wire.send(&Req::get(&link.path), "x").await;
        // The server may close a connection that has been used so often.
        if look.as_ref().map_or(true, |answer| answer.header("connection") == Some("close")) {
            wire = Wire::connect(server.addr).await.expect("the server accepts");
        }
    }
    link.claim(server.addr).await.get().send(server.addr).await.expect(200, "the bytes");
    let types = server.event_types(&link).await;
    assert!(types.len() <= 1_100, "{} events of 1,300 looks", types.len());
    for wanted in ["claimed", "delivered", "completed"] {
        assert!(types.iter().any(|have| have == wanted), "{wanted} isn't crowded out");
    }
}

#[tokio::test]
async fn a_source_is_browsed_folder_by_folder() {
    let server = Server::start().await;
    for key in ["a.bin", "b.bin", "in/c.bin", "in/deep/d.bin", "z.bin"] {
        server.put(key, key.as_bytes());
    }
    let top = server.api("GET", "/v1/objects?source=files", None).await.expect(200, "the top").json();
    assert_eq!(names(&top["objects"]), ["a.bin", "b.bin", "z.bin"], "{top}");
    assert_eq!(top["folders"], json!(["in/"]), "{top}");
    assert_eq!(top["objects"][0]["size"], 5, "{top}");
    let inside = server.api("GET", "/v1/objects?source=files&prefix=in/", None).await.expect(200, "a folder").json();
    assert_eq!((names(&inside["objects"]), &inside["folders"]), (vec!["in/c.bin".to_owned()], &json!(["in/deep/"])), "{inside}");
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for _ in 0..10 {
        let page = server.api("GET", &format!("/v1/objects?source=files&limit=1{cursor}"), None).await.expect(200, "a page").json();
        seen.extend(names(&page["objects"]));
        seen.extend(page["folders"].as_array().expect("folders").iter().map(|name| name.as_str().expect("a name").to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={}", percent(next)),
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, ["a.bin", "b.bin", "in/", "z.bin"], "page by page");
    for bad in ["../", "/etc/", "in/../"] {
        let answer = server.api("GET", &format!("/v1/objects?source=files&prefix={bad}"), None).await;
        assert!(answer.status == 400 || answer.json()["objects"] == json!([]), "{bad}: {answer}");
    }
    server.api("GET", "/v1/objects?source=none", None).await.expect(400, "no such source");
}

#[tokio::test]
async fn operations_answer_without_a_key() {
    let server = served().await;
    let link = server.link_to("a.bin").await;
    link.claim(server.addr).await.get().send(server.addr).await.expect(200, "something to count");
    for path in ["/healthz", "/readyz"] {
        Req::get(path).send(server.addr).await.expect(200, path);
        Req::head(path).send(server.addr).await.expect(200, path);
    }
    let metrics = Req::get("/metrics").send(server.addr).await.expect(200, "metrics");
    let text = metrics.text();
    let samples: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert!(!samples.is_empty() && samples.iter().all(|line| line.starts_with("oncelink_")), "{text}");
    assert!(samples.iter().all(|line| line.rsplit(' ').next().is_some_and(|value| value.parse::<f64>().is_ok())), "{text}");
    let openapi = Req::get("/openapi.json").send(server.addr).await.expect(200, "openapi").json();
    assert!(openapi["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{}", openapi["openapi"]);
    let routes = [
        "/v1/links",
        "/v1/links/batch",
        "/v1/links/{id}",
        "/v1/links/{id}/events",
        "/v1/links/{id}/reissue",
        "/v1/objects",
        "/v1/keys",
        "/v1/keys/{id}",
    ];
    for route in routes.iter().chain(&["/get-link", "/d/{token}", "/download", "/c/{claim}", "/healthz", "/readyz", "/metrics"]) {
        assert!(openapi["paths"][route].is_object(), "{route} is described");
    }
}

/// Waits for an event that is noted beside an answer, not before it.
async fn has_event(server: &Server, link: &Link, kind: &str) {
    until(&format!("the event {kind}"), Duration::from_secs(10), async || {
        server.event_types(link).await.iter().any(|have| have == kind).then_some(())
    })
    .await;
}

fn names(objects: &Value) -> Vec<String> {
    let rows = objects.as_array().expect("objects");
    rows.iter().map(|row| row["key"].as_str().expect("a key").to_owned()).collect()
}
