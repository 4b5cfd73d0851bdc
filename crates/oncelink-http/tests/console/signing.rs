//! Signing in and out, and how long that lasts.

use axum::body::Body;
use serde_json::json;

use crate::house::{House, Visitor};

#[tokio::test]
async fn whoever_has_no_session_is_asked_for_a_key_and_comes_back_to_where_they_were() {
    let house = House::new().await;
    let stranger = Visitor::default();
    for target in ["/console", "/console/links?state=active", "/console/files", "/console/keys", "/console/links/new"] {
        let answer = house.get(&stranger, target).await.expect(303);
        assert!(answer.header("location").starts_with("/console/sign-in?next=%2Fconsole"), "{target}: {}", answer.header("location"));
    }
    let page = house.get(&stranger, "/console/sign-in?next=%2Fconsole%2Flinks%3Fstate%3Dactive").await.expect(200);
    let next = page.hidden("next");
    assert_eq!(next, "/console/links?state=active");
    let answer = house.post(&stranger, "/console/sign-in", &[("key", &house.key), ("next", &next)]).await.expect(303);
    assert_eq!(answer.header("location"), next);
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("; Path=/console; Max-Age=1800; HttpOnly; SameSite=Strict") && !cookie.contains("Secure"), "{cookie}");
    assert!(!cookie.contains(&house.key));
    house.get(&Visitor { cookie: answer.cookie() }, &next).await.expect(200);
}

#[tokio::test]
async fn over_tls_the_cookie_stays_on_it_and_below_the_base_path() {
    let house = House::at("https://files.example.org/once", None).await;
    let answer = house.post(&Visitor::default(), "/once/console/sign-in", &[("key", &house.key)]).await.expect(303);
    assert_eq!(answer.header("location"), "/once/console");
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("__Secure-oncelink_console=") && cookie.contains("; Path=/once/console;") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    let visitor = Visitor { cookie: answer.cookie() };
    let links = house.get(&visitor, "/once/console/links").await.expect(200);
    assert!(links.between("action=\"", "\"").is_some_and(|action| action == "/once/console/sign-out"));
    house.get(&visitor, "/console/links").await.expect(200);
}

#[tokio::test]
async fn a_wrong_key_is_refused_in_words_and_nobody_is_sent_elsewhere() {
    let house = House::new().await;
    let stranger = Visitor::default();
    for wrong in ["", "nonsense", "olk_0123456789012345678901234567890123456789", "<script>"] {
        let answer = house.post(&stranger, "/console/sign-in", &[("key", wrong)]).await.expect(401).says("That is no valid API key");
        assert_eq!((answer.header("set-cookie"), answer.header("content-type")), ("", "text/html; charset=utf-8"));
    }
    for away in ["//evil.example", "https://evil.example/console", "/d/x", "/console/../d/x\r\n"] {
        let answer = house.post(&stranger, "/console/sign-in", &[("key", &house.key), ("next", away)]).await.expect(303);
        assert!(answer.header("location").starts_with("/console"), "{away}");
    }
    house.send(stranger.request("POST", "/console/sign-in").body(Body::empty())).await.expect(415);
}

#[tokio::test]
async fn a_session_ends_after_half_an_hour_of_silence_and_after_eight_hours_at_last() {
    let house = House::new().await;
    let mut visitor = house.visitor().await;
    house.pass(29 * 60);
    let answer = house.get(&visitor, "/console/links").await.expect(200);
    assert!(!answer.cookie().is_empty(), "renewed");
    house.pass(29 * 60);
    house.get(&visitor, "/console/links").await.expect(303);
    visitor.cookie = answer.cookie();
    let mut hours = 0;
    while hours < 20 {
        let answer = house.get(&visitor, "/console/links").await;
        if answer.status == 303 {
            break;
        }
        visitor.cookie = answer.expect(200).cookie();
        house.pass(20 * 60);
        hours += 1;
    }
    assert_eq!(hours, 21 - 1, "7 hours and 2 minutes are left of 8, in steps of 20 minutes: {hours}");
}

#[tokio::test]
async fn signing_out_is_final_also_for_a_copy_of_the_cookie() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let other = house.visitor().await;
    let answer = house.submit(&visitor, "/console/links", "/console/sign-out", &[]).await.expect(303);
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "{}", answer.header("set-cookie"));
    house.get(&visitor, "/console/links").await.expect(303);
    house.get(&other, "/console/links").await.expect(200);
}

#[tokio::test]
async fn a_session_dies_with_its_key() {
    let house = House::new().await;
    let visitor = house.with_scopes(json!({"actions": ["links:read"]})).await;
    house.get(&visitor, "/console/links").await.expect(200);
    let admin = house.visitor().await;
    let keys = house.get(&admin, "/console/keys").await.expect(200).says("narrow");
    let id = keys.between("/console/keys/", "/revoke").expect("the newest key's form");
    house.submit(&admin, "/console/keys", &format!("/console/keys/{id}/revoke"), &[]).await.expect(303);
    let answer = house.get(&visitor, "/console/links").await.expect(303);
    assert!(answer.header("location").starts_with("/console/sign-in") && answer.header("set-cookie").contains("Max-Age=0"));
}

#[tokio::test]
async fn replicas_that_share_a_secret_share_sessions_and_others_do_not() {
    const SECRET: &str = "thirty-two characters and a few more";
    let (one, other) = (House::new().await.sharing(SECRET), House::new().await.sharing(SECRET));
    assert_eq!(one.key, other.key, "one store, as it were");
    let visitor = one.visitor().await;
    let answer = other.submit(&visitor, "/console/links/new", "/console/links", &[("key", "a.bin")]).await.expect(200);
    assert_eq!(answer.ids().len(), 1);
    House::new().await.get(&visitor, "/console/links").await.expect(303);
    House::new().await.sharing("another secret of the right length").get(&visitor, "/console/links").await.expect(303);
    assert!(one.app.with_console_secret("short").is_err());
}
