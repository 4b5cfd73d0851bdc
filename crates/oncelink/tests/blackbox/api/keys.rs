//! API keys: what they may, what they may not, and nothing without one.

use serde_json::json;

use super::{ids_of, list, served};
use crate::harness::{Link, Req, Server};

#[tokio::test]
async fn keys_do_what_their_scopes_say_and_no_more() {
    let server = Server::start().await;
    server.put("in/a.bin", b"content");
    server.put("out/a.bin", b"content");
    let scopes = json!({"actions": ["links:create", "links:read"], "sources": ["files"], "prefixes": ["in/"]});
    let made = server.api("POST", "/v1/keys", Some(&json!({"name": "narrow", "scopes": scopes}))).await.expect(201, "a key").json();
    let (id, key) = (made["id"].as_str().expect("an id"), made["key"].as_str().expect("a key"));
    let with_key = |method: &str, target: &str| Req::new(method, target).bearer(key);
    let create = |file: &str| with_key("POST", "/v1/links").json(&json!({"source": "files", "key": file}));
    let own = Link::from_json(&create("in/a.bin").send(server.addr).await.expect(201, "inside the prefix").json());
    create("out/a.bin").send(server.addr).await.refused(403, "forbidden", "outside the prefix");
    let foreign = server.link_to("out/a.bin").await;
    assert_eq!(with_key("GET", &format!("/v1/links/{}", own.id)).send(server.addr).await.status, 200);
    assert_eq!(
        with_key("GET", &format!("/v1/links/{}", foreign.id)).send(server.addr).await.status,
        404,
        "what it may not see isn't there"
    );
    assert_eq!(with_key("GET", &format!("/v1/links/{}/events", foreign.id)).send(server.addr).await.status, 404);
    let listed = with_key("GET", "/v1/links").send(server.addr).await.expect(200, "the list").json();
    assert_eq!(ids_of(&listed), std::slice::from_ref(&own.id));
    with_key("DELETE", &format!("/v1/links/{}", own.id)).send(server.addr).await.refused(403, "forbidden", "revoking wasn't granted");
    with_key("GET", "/v1/objects?source=files").send(server.addr).await.refused(403, "forbidden", "browsing wasn't granted");
    with_key("GET", "/v1/keys").send(server.addr).await.refused(403, "forbidden", "keys weren't granted");
    with_key("POST", "/v1/keys").json(&json!({"name": "more"})).send(server.addr).await.refused(
        403,
        "forbidden",
        "no key makes a stronger one",
    );
    let keys = server.api("GET", "/v1/keys", None).await.expect(200, "keys").json();
    let listed = keys["keys"].as_array().expect("keys").iter().find(|row| row["id"] == id).expect("the key is listed").clone();
    assert!(listed["last_used_at"].is_string() && listed["name"] == "narrow" && listed.get("key").is_none(), "{listed}");
    server.api("DELETE", &format!("/v1/keys/{id}"), None).await.expect(204, "revoke the key");
    create("in/a.bin").send(server.addr).await.refused(401, "unauthorized", "a revoked key");
    assert_eq!(own.claim(server.addr).await.get().send(server.addr).await.body, b"content", "its links live on");
}

#[tokio::test]
async fn without_a_good_key_everything_is_401() {
    let server = served().await;
    let link = server.link_to("a.bin").await;
    let routes = [
        ("GET", "/get-link?file=a.bin".to_owned()),
        ("POST", "/v1/links".to_owned()),
        ("POST", "/v1/links/batch".to_owned()),
        ("GET", "/v1/links".to_owned()),
        ("GET", format!("/v1/links/{}", link.id)),
        ("GET", format!("/v1/links/{}/events", link.id)),
        ("DELETE", format!("/v1/links/{}", link.id)),
        ("POST", format!("/v1/links/{}/reissue", link.id)),
        ("GET", "/v1/objects".to_owned()),
        ("POST", "/v1/keys".to_owned()),
        ("GET", "/v1/keys".to_owned()),
        ("DELETE", "/v1/keys/x".to_owned()),
    ];
    let bad = format!("Bearer {}x", server.key);
    for (method, target) in &routes {
        for authorization in [
            None,
            Some("Bearer"),
            Some("Bearer "),
            Some("Bearer nonsense"),
            Some("Basic dXNlcjpwYXNz"),
            Some(bad.as_str()),
            Some(server.key.as_str()),
        ] {
            let request = Req::new(method, target).header("Content-Type", "application/json").body("{}");
            let request = authorization.map_or(request.clone(), |value| request.header("Authorization", value));
            let answer = request.send(server.addr).await;
            answer.refused(401, "unauthorized", &format!("{method} {target} with {authorization:?}"));
            assert!(answer.header("www-authenticate").is_some_and(|how| how.starts_with("Bearer")), "{answer}");
        }
    }
    server.assert_unspent(&link, "strangers").await;
    assert_eq!(list(&server, "").await.len(), 1);
}
