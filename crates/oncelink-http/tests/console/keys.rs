//! API keys: made once, listed without their secrets, revoked.

use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn a_key_is_shown_once_and_reaches_as_far_as_was_ticked() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let fields = [("name", "CI"), ("actions", "links:create"), ("actions", "links:read"), ("prefixes", "in/\r\nout/ \r\n")];
    let made = house.submit(&visitor, "/console/keys", "/console/keys", &fields).await.expect(200).says("shown this once");
    let key = made.between("readonly value=\"", "\"").expect("a key");
    assert!(key.starts_with("olk_"));
    let list = house.get(&visitor, "/console/keys").await.expect(200).says_not(&key);
    list.says("create links, see links and their lives; <bdi>below in/, out/ </bdi>");
    let ci = house.signed_in(&key).await;
    house.get(&ci, "/console/keys").await.expect(403);
    house.link(&ci, &[("key", "in/b.bin")]).await;
}

#[tokio::test]
async fn what_is_wrong_with_a_new_key_is_said_in_its_form() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let long = "x".repeat(101);
    for (fields, says) in [
        (vec![("name", "n")], "This allows nothing"),
        (vec![("name", long.as_str()), ("actions", "links:read")], "1 to 100"),
        (vec![("name", "n"), ("actions", "fly")], "This must be one of"),
    ] {
        house.submit(&visitor, "/console/keys", "/console/keys", &fields).await.expect(400).says(says).says("New key");
    }
    let narrow = house.with_scopes(json!({"actions": ["keys:manage"], "prefixes": ["in/"]})).await;
    let fields = [("name", "n"), ("actions", "keys:manage")];
    house.submit(&narrow, "/console/keys", "/console/keys", &fields).await.expect(403).says("reaches further than itself");
}

#[tokio::test]
async fn revoking_ones_own_key_signs_out() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let page = house.get(&visitor, "/console/keys").await.expect(200).says("You are signed in with this key");
    let id = page.between("/console/keys/", "/revoke").expect("its form");
    let csrf = page.hidden("csrf");
    house.post(&visitor, "/console/keys/nonsense/revoke", &[("csrf", &csrf)]).await.expect(404);
    house.post(&visitor, &format!("/console/keys/{id}/revoke"), &[("csrf", &csrf)]).await.expect(303);
    house.get(&visitor, "/console/keys").await.expect(303);
}
