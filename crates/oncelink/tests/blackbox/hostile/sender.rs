//! What a sender's program may get wrong: terms, bodies, queries.

use serde_json::{Value, json};

use super::{assert_unharmed, served};
use crate::harness::Req;

#[tokio::test]
async fn terms_that_make_no_sense_are_400_and_name_the_field() {
    let (mut server, link) = served().await;
    let rows = odd_terms();
    assert!(rows.len() >= 60);
    for (field, value) in rows {
        let mut terms = json!({"source": "files", "key": "a.bin"});
        terms[field] = value.clone();
        let answer = server.api("POST", "/v1/links", Some(&terms)).await;
        let row: String = format!("{field} = {value}").chars().take(100).collect();
        answer.refused(400, "invalid-request", &row);
        let named = answer.json()["field"] == field || answer.json()["detail"].as_str().is_some_and(|detail| detail.contains(field));
        assert!(named, "{row}: the field is named: {answer}");
    }
    let both = json!({"source": "files", "key": "a.bin", "expires_in": 60, "expires_at": "2027-01-01T00:00:00Z"});
    server.api("POST", "/v1/links", Some(&both)).await.refused(400, "invalid-request", "two expiries");
    let late = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(2)).to_string();
    let never = json!({"source": "files", "key": "a.bin", "expires_in": 3600, "not_before": late});
    server.api("POST", "/v1/links", Some(&never)).await.refused(400, "invalid-request", "ends before it begins");
    assert_eq!(server.api("GET", "/v1/links", None).await.json()["links"].as_array().map(Vec::len), Some(1), "none was made");
    assert_unharmed(&mut server, &link).await;
}

#[tokio::test]
async fn bodies_that_are_no_terms_are_refused() {
    let (mut server, link) = served().await;
    let nested = "[".repeat(100_000);
    let deep = format!("{{\"source\":\"files\",\"key\":\"a.bin\",\"metadata\":{}1{}}}", "{\"a\":".repeat(1_500), "}".repeat(1_500));
    let large = format!("{{\"source\":\"files\",\"key\":\"a.bin\",\"note\":\"{}\"}}", "x".repeat(1 << 20));
    let rows: Vec<(&str, &[u8], &[u16])> = vec![
        ("nothing", b"", &[400]),
        ("no JSON", b"source=files", &[400]),
        ("half JSON", b"{\"source\":\"files\"", &[400]),
        ("null", b"null", &[400]),
        ("an array", b"[]", &[400]),
        ("a number", b"7", &[400]),
        ("an empty object", b"{}", &[400]),
        ("two documents", b"{\"source\":\"files\",\"key\":\"a.bin\"}{}", &[400]),
        ("one field twice", b"{\"source\":\"files\",\"key\":\"a.bin\",\"key\":\"b.bin\"}", &[400]),
        ("bad UTF-8", b"{\"source\":\"files\",\"key\":\"a\xff.bin\"}", &[400]),
        ("a lone surrogate", b"{\"source\":\"files\",\"key\":\"\\ud800\"}", &[400]),
        ("NUL bytes", b"\0\0\0\0", &[400]),
        ("deep arrays", nested.as_bytes(), &[400]),
        ("deep metadata", deep.as_bytes(), &[400]),
        ("more than a mebibyte", large.as_bytes(), &[413]),
    ];
    for (row, body, allowed) in rows {
        for route in ["/v1/links", "/v1/links/batch", "/v1/keys"] {
            if route != "/v1/links" && body.len() > 100_001 {
                continue;
            }
            let request = Req::post(route).bearer(&server.key).header("Content-Type", "application/json").body(body);
            let answer = request.send(server.addr).await;
            assert!(allowed.contains(&answer.status), "{row} to {route}: {answer}");
        }
    }
    for media in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "application/json-seq", "nonsense"] {
        let request =
            Req::post("/v1/links").bearer(&server.key).header("Content-Type", media).body("{\"source\":\"files\",\"key\":\"a.bin\"}");
        assert_eq!(request.send(server.addr).await.status, 415, "{media}");
    }
    let batch_rows: Vec<(Value, u16)> =
        vec![(json!({"links": {}}), 400), (json!({"links": "x"}), 400), (json!({"rows": []}), 400), (json!({"links": [], "more": 1}), 400)];
    for (body, status) in batch_rows {
        assert_eq!(server.api("POST", "/v1/links/batch", Some(&body)).await.status, status, "{body}");
    }
    for body in [
        json!({"name": ""}),
        json!({"name": 7}),
        json!({"name": "x".repeat(101)}),
        json!({"name": "x", "scopes": {"actions": ["fly"]}}),
        json!({"name": "x", "power": 1}),
    ] {
        assert_eq!(server.api("POST", "/v1/keys", Some(&body)).await.status, 400, "{body}");
    }
    assert_unharmed(&mut server, &link).await;
}

#[tokio::test]
async fn odd_queries_are_refused() {
    let (mut server, link) = served().await;
    let rows: &[(&str, &[u16])] = &[
        ("/get-link", &[400]),
        ("/get-link?file=", &[400]),
        ("/get-link?file=../a.bin", &[400]),
        ("/get-link?file=%2e%2e/a.bin", &[400]),
        ("/get-link?file=a.bin%00", &[400]),
        ("/get-link?file=a.bin%0d%0aX:%20y", &[400]),
        ("/get-link?file=%ff%fe", &[400]),
        ("/get-link?file=a.bin&file=b.bin", &[400]),
        ("/get-link?file=a.bin&uses=0", &[400]),
        ("/get-link?file=a.bin&uses=many", &[400]),
        ("/get-link?file=a.bin&uses=99999999999999999999", &[400]),
        ("/get-link?file=a.bin&ttl=-1", &[400]),
        ("/get-link?file=a.bin&ttl=soon", &[400]),
        ("/get-link?file=a.bin&ttl=0", &[400]),
        ("/get-link?file=a.bin&gate=open", &[400]),
        ("/get-link?file=a.bin&delivery=mail", &[400]),
        ("/get-link?file=a.bin&source=none", &[400]),
        ("/v1/links?limit=0", &[400]),
        ("/v1/links?limit=-1", &[400]),
        ("/v1/links?limit=abc", &[400]),
        ("/v1/links?limit=99999999999999999999", &[400]),
        ("/v1/links?cursor=nonsense", &[400]),
        ("/v1/links?cursor=%00", &[400]),
        ("/v1/links?state=happy", &[400]),
        ("/v1/links?limit=1&limit=2", &[400]),
        ("/v1/links/nonsense", &[404]),
        ("/v1/links/%00", &[400, 404]),
        ("/v1/links/..%2f..%2fetc", &[400, 404]),
        ("/v1/links/nonsense/events", &[404]),
        ("/v1/objects?source=none", &[400]),
        ("/v1/objects?limit=0", &[400]),
        ("/v1/objects?prefix=../", &[400]),
        ("/v1/objects?cursor=..%2f..%2f", &[400, 200]),
        ("/v1/nothing", &[404]),
        ("/nothing", &[404]),
        ("/", &[200, 404]),
        ("//", &[404]),
        ("/..", &[400, 404]),
        ("/../../etc/passwd", &[400, 404]),
        ("/%2e%2e/%2e%2e/etc/passwd", &[400, 404]),
        ("/d", &[404]),
        ("/d/", &[404]),
        ("/download", &[400, 404]),
        ("/download?token=", &[400, 404]),
        ("/download?token=%00", &[400, 404]),
        ("/download?token=%ff", &[400, 404]),
        ("/download?other=1", &[400, 404]),
        ("/c/", &[404]),
        ("/c", &[404]),
        ("/c/oc_", &[404]),
        ("/healthz/more", &[404]),
    ];
    for (target, allowed) in rows {
        let answer = server.api("GET", target, None).await;
        assert!(allowed.contains(&answer.status), "{target}: {answer}");
        assert!(answer.status < 400 || !answer.slug().is_empty(), "{target}: a problem document: {answer}");
    }
    for (method, target) in [("DELETE", "/v1/links/nonsense"), ("POST", "/v1/links/nonsense/reissue"), ("DELETE", "/v1/keys/nonsense")] {
        assert_eq!(server.api(method, target, None).await.status, 404, "{method} {target}");
    }
    for (method, target) in
        [("PUT", "/v1/links"), ("DELETE", "/v1/links"), ("POST", "/healthz"), ("PATCH", "/download"), ("POST", "/get-link?file=a.bin")]
    {
        assert_eq!(server.api(method, target, None).await.status, 405, "{method} {target}");
    }
    assert_unharmed(&mut server, &link).await;
}

/// Terms that no link can have, one at a time: a field and its value.
fn odd_terms() -> Vec<(&'static str, Value)> {
    let long = |length: usize| json!("x".repeat(length));
    let past = json!("2001-01-01T00:00:00Z");
    vec![
        ("key", json!(7)),
        ("key", json!(null)),
        ("source", json!(["files"])),
        ("source", json!("")),
        ("uses", json!(0)),
        ("uses", json!(1_001)),
        ("uses", json!(-1)),
        ("uses", json!(1.5)),
        ("uses", json!("1")),
        ("uses", json!(4_294_967_297_u64)),
        ("uses", json!(1e300)),
        ("expires_in", json!(-1)),
        ("expires_in", json!(0)),
        ("expires_in", json!("")),
        ("expires_in", json!("soon")),
        ("expires_in", json!("-PT1H")),
        ("expires_in", json!("PT")),
        ("expires_in", json!(99_999_999_999_999_u64)),
        ("expires_in", json!("P99999999999999999999D")),
        ("expires_at", past.clone()),
        ("expires_at", json!("tomorrow")),
        ("expires_at", json!("2026-02-30T00:00:00Z")),
        ("expires_at", json!(12)),
        ("not_before", json!("never")),
        ("not_before", json!("9999-12-31T23:59:59Z")),
        ("gate", json!("PAGE")),
        ("gate", json!("")),
        ("gate", json!(1)),
        ("delivery", json!("mail")),
        ("filename", json!("")),
        ("filename", json!("a/b")),
        ("filename", json!("a\\b")),
        ("filename", json!("a\r\nSet-Cookie: x=y")),
        ("filename", json!("a\u{0}b")),
        ("filename", json!("..")),
        ("filename", long(256)),
        ("content_type", json!("nonsense")),
        ("content_type", json!("text/plain\r\nX-Evil: 1")),
        ("content_type", json!("")),
        ("passphrase", json!("")),
        ("passphrase", long(1_025)),
        ("passphrase", json!(["x"])),
        ("allow_from", json!("10.0.0.0/8")),
        ("allow_from", json!(["300.1.1.1"])),
        ("allow_from", json!(["10.0.0.0/33"])),
        ("allow_from", json!(["example.org"])),
        ("allow_from", json!([7])),
        ("allow_from", json!(vec!["10.0.0.1"; 65])),
        ("note", long(2_001)),
        ("note", json!({})),
        ("metadata", json!([1])),
        ("metadata", json!("x")),
        ("metadata", json!({"x": "y".repeat(4_096)})),
        ("webhook", json!("javascript:alert(1)")),
        ("webhook", json!("ftp://example.org/")),
        ("webhook", json!("/relative")),
        ("webhook", json!("https://user:pass@")),
        ("colour", json!("red")),
        ("Key", json!("a.bin")),
        ("claimed", json!(0)),
        ("__proto__", json!({})),
    ]
}
