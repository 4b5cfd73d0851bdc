//! Creating links: defaults, terms, idempotency, batches, the classic call.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{list, seconds_until, served};
use crate::harness::{Link, Req, Res, Server, Setup};

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_new_link_has_the_defaults_of_the_contract() {
    let server = served().await;
    let answer = create(&server, json!({"source": "files", "key": "a.bin"})).await.expect(201, "create");
    let made = answer.json();
    assert_eq!(answer.must("location"), format!("/v1/links/{}", made["id"].as_str().expect("an id")));
    let expected = json!({"source": "files", "key": "a.bin", "size": 7, "uses": 1, "claimed": 0, "uses_left": 1, "gate": "page",
        "delivery": "auto", "filename": "a.bin", "passphrase": false});
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(&made[field], value, "{field} in {made}");
    }
    assert!((7 * DAY - 60..=7 * DAY).contains(&seconds_until(&made["expires_at"])), "{made}");
    let link = Link::from_json(&made);
    assert_eq!((link.token.len(), &link.token[..3]), (39, "ol_"));
    let shown = server.show(&link).await;
    assert!(shown["url"].is_null() && !shown.to_string().contains(&link.token), "the URL is shown once: {shown}");
    for field in
        expected.as_object().expect("an object").keys().chain(&["etag".to_owned(), "created_at".to_owned(), "expires_at".to_owned()])
    {
        assert_eq!(shown[field], made[field], "{field} in {shown}");
    }
}

#[tokio::test]
async fn every_term_makes_the_round_trip() {
    let server = served().await;
    let terms = json!({"source": "files", "key": "a.bin", "uses": 3, "expires_in": "P2DT3H", "gate": "direct", "delivery": "stream",
        "filename": "given \u{1f600}.bin", "content_type": "application/pdf", "passphrase": "open sesame", "allow_from": ["10.0.0.0/8", "2001:db8::/32"],
        "note": "for Zo\u{eb}", "metadata": {"case": 7, "tags": ["x"]}, "webhook": "https://hooks.example.org/x"});
    let made = create(&server, terms.clone()).await.expect(201, "create").json();
    let shown = server.show(&Link::from_json(&made)).await;
    for record in [&made, &shown] {
        for field in ["source", "key", "uses", "gate", "delivery", "filename", "content_type", "allow_from", "note", "metadata", "webhook"]
        {
            assert_eq!(record[field], terms[field], "{field} in {record}");
        }
        assert_eq!(record["passphrase"], true, "{record}");
        let left = seconds_until(&record["expires_at"]);
        assert!((2 * DAY + 3 * 3_600 - 60..=2 * DAY + 3 * 3_600).contains(&left), "{left}");
        assert!(!record.to_string().contains("open sesame"));
    }
}

#[tokio::test]
async fn times_are_taken_as_seconds_iso_8601_and_rfc_3339() {
    let server = served().await;
    for (given, seconds) in [(json!(3_600), 3_600), (json!("PT1H"), 3_600), (json!("PT90M"), 5_400), (json!("P1W"), 7 * DAY)] {
        let made =
            create(&server, json!({"source": "files", "key": "a.bin", "expires_in": given})).await.expect(201, &given.to_string()).json();
        let left = seconds_until(&made["expires_at"]);
        assert!((seconds - 60..=seconds).contains(&left), "{given}: {left}");
    }
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(5);
    let with_offset = at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    for given in [at.to_string(), with_offset] {
        let made = create(&server, json!({"source": "files", "key": "a.bin", "expires_at": given})).await.expect(201, &given).json();
        let left = seconds_until(&made["expires_at"]);
        assert!((5 * 3_600 - 60..=5 * 3_600).contains(&left), "{given}: {left}");
    }
}

#[tokio::test]
async fn nothing_lives_longer_than_the_maximum() {
    let server = Setup::new().flag("max-ttl", "2d").flag("ttl", "1d").start().await;
    server.put("a.bin", b"content");
    let made = create(&server, json!({"source": "files", "key": "a.bin"})).await.expect(201, "the default").json();
    assert!((DAY - 60..=DAY).contains(&seconds_until(&made["expires_at"])));
    create(&server, json!({"source": "files", "key": "a.bin", "expires_in": "P2D"})).await.expect(201, "the maximum");
    let answer = create(&server, json!({"source": "files", "key": "a.bin", "expires_in": "P3D"})).await;
    answer.refused(400, "invalid-request", "longer than the maximum");
    assert_eq!(answer.json()["field"], "expires_in", "{answer}");
    let late = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(72)).to_string();
    let answer = create(&server, json!({"source": "files", "key": "a.bin", "expires_at": late})).await;
    answer.refused(400, "invalid-request", "later than the maximum");
    assert_eq!(answer.json()["field"], "expires_at", "{answer}");
    assert_eq!(server.api("GET", "/get-link?file=a.bin&ttl=P3D", None).await.status, 400);
}

#[tokio::test]
async fn an_idempotency_key_makes_one_link() {
    let server = served().await;
    let request = |key: &str, terms: &Value| Req::post("/v1/links").bearer(&server.key).header("Idempotency-Key", key).json(terms);
    let terms = json!({"source": "files", "key": "a.bin", "note": "once"});
    let first = request("order-4711", &terms).send(server.addr).await.expect(201, "the first time").json();
    let second = request("order-4711", &terms).send(server.addr).await.expect(200, "the second time").json();
    assert_eq!(first["id"], second["id"]);
    assert!(first["url"].is_string() && second.get("url").is_none(), "the URL is shown once: {second}");
    let other = json!({"source": "files", "key": "a.bin", "note": "twice"});
    request("order-4711", &other).send(server.addr).await.refused(422, "idempotency-conflict", "another body");
    let third = request("order-4712", &terms).send(server.addr).await.expect(201, "another key").json();
    assert_ne!(first["id"], third["id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idempotency_key_makes_one_link_for_twenty_at_once() {
    let server = served().await;
    let mut running = JoinSet::new();
    for _ in 0..20 {
        let terms = json!({"source": "files", "key": "a.bin"});
        let request = Req::post("/v1/links").bearer(&server.key).header("Idempotency-Key", "the-same").json(&terms);
        let addr = server.addr;
        running.spawn(async move { request.send(addr).await });
    }
    let answers = running.join_all().await;
    let ids: BTreeSet<String> = answers.iter().map(|answer| answer.json()["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let with_url = answers.iter().filter(|answer| answer.status == 201 && answer.json()["url"].is_string()).count();
    assert_eq!(with_url, 1, "exactly one is told the URL");
    assert_eq!(server.api("GET", "/v1/links", None).await.json()["links"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn each_row_of_a_batch_succeeds_or_fails_by_itself() {
    let server = served().await;
    let rows = json!({"links": [
        {"source": "files", "key": "a.bin", "note": "first"},
        {"source": "files", "key": "missing.bin"},
        {"source": "files", "key": "../a.bin"},
        {"source": "files", "key": "a.bin", "uses": 0},
        {"source": "files", "key": "a.bin", "colour": "red"},
        {"source": "files", "key": "a.bin", "note": "last"},
    ]});
    let answer = server.api("POST", "/v1/links/batch", Some(&rows)).await.expect(200, "a mixed batch").json();
    let rows = answer["links"].as_array().expect("rows");
    let told: Vec<&str> = rows.iter().map(|row| row["error"]["type"].as_str().unwrap_or("made")).collect();
    assert_eq!(told, ["made", "object-not-found", "invalid-request", "invalid-request", "invalid-request", "made"], "{answer}");
    assert!(rows[4]["error"]["detail"].as_str().is_some_and(|detail| detail.contains("colour")), "{answer}");
    for (row, note) in [(&rows[0], "first"), (&rows[5], "last")] {
        let link = Link::from_json(row);
        assert_eq!(server.show(&link).await["note"], note, "rows keep their order");
        assert_eq!(link.claim(server.addr).await.get().send(server.addr).await.body, b"content");
    }
    assert_eq!(server.api("GET", "/v1/links", None).await.json()["links"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_batch_takes_a_thousand_rows_and_no_more() {
    let server = served().await;
    let row = json!({"source": "files", "key": "a.bin"});
    let many =
        server.api("POST", "/v1/links/batch", Some(&json!({"links": vec![row.clone(); 1_000]}))).await.expect(200, "1,000 rows").json();
    let ids: BTreeSet<&str> = many["links"].as_array().expect("rows").iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!(ids.len(), 1_000);
    let too_many = server.api("POST", "/v1/links/batch", Some(&json!({"links": vec![row; 1_001]}))).await;
    too_many.refused(400, "invalid-request", "1,001 rows");
    assert_eq!(list(&server, "").await.len(), 1_000, "none of the refused batch was made");
}

#[tokio::test]
async fn the_classic_call_creates_by_get_and_only_by_get() {
    let server = Server::start().await;
    server.put("in/a b.bin", b"content");
    let target = "/get-link?file=in/a%20b.bin&uses=2&ttl=3600&gate=direct";
    let plain = Req::get(target).bearer(&server.key).send(server.addr).await;
    assert!(matches!(plain.status, 200 | 201) && plain.must("content-type").starts_with("text/plain"), "{plain}");
    assert_eq!(plain.must("cache-control"), "no-store");
    let url = plain.text().trim().to_owned();
    let link = Link::from_url(&url, "");
    assert_eq!(Req::get(&link.path).send(server.addr).await.expect(200, "a direct link").body, b"content");
    let json_answer = Req::get(target).bearer(&server.key).accept("application/json").send(server.addr).await.json();
    assert_eq!((&json_answer["uses"], &json_answer["gate"]), (&json!(2), &json!("direct")), "{json_answer}");
    assert!((3_540..=3_600).contains(&seconds_until(&json_answer["expires_at"])));
    let before = list(&server, "").await.len();
    let head = Req::head(target).bearer(&server.key).send(server.addr).await;
    assert_eq!(head.status, 405, "HEAD creates nothing: {head}");
    assert_eq!(list(&server, "").await.len(), before);
}

async fn create(server: &Server, terms: Value) -> Res {
    server.api("POST", "/v1/links", Some(&terms)).await
}
