//! Making links, and what becomes of them: lists, a link's page, revoking, reissuing.

use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn several_files_become_links_at_once_and_one_that_is_gone_hinders_none() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let chosen = [("source", "files"), ("key", "a.bin"), ("key", "in/b.bin"), ("key", "gone.bin")];
    let form = house.submit(&visitor, "/console/files", "/console/links/new", &chosen).await.expect(200).says("3 new links");
    let hidden = [("csrf", form.hidden("csrf")), ("once", form.hidden("once"))];
    let mut fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.extend(chosen);
    fields.extend([("uses", "3"), ("expires", "P1D"), ("note", "for Ann"), ("passphrase", "open sesame")]);
    let made = house.post(&visitor, "/console/links", &fields).await.expect(200).says("Your 2 links are ready").says("gone.bin");
    assert_eq!(made.ids().len(), 2);
    let list = house.get(&visitor, "/console/links").await.expect(200).says("for Ann").says("3 of 3 uses left");
    assert_eq!(list.ids().len(), 2);
    house.get(&visitor, &format!("/console/links/{}", made.ids()[0])).await.expect(200).says("asked for");
}

#[tokio::test]
async fn who_makes_a_link_that_works_on_this_machine_only_is_told() {
    const WORDS: &str = "on this machine only";
    for (public_url, is_told) in [
        ("http://127.0.0.1:8080", true),
        ("http://localhost/below", true),
        ("http://[::1]:8080", true),
        ("http://192.0.2.1:8080", false),
        ("https://localhost.example.org", false),
    ] {
        let house = House::at(public_url, None).await;
        let visitor = house.visitor().await;
        let made =
            house.submit(&visitor, "/console/links/new", "/console/links", &[("source", "files"), ("key", "a.bin")]).await.expect(200);
        assert_eq!(made.body.contains(WORDS), is_told, "{public_url}");
    }
}

#[tokio::test]
async fn every_option_reaches_the_link() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let made = house.get(&visitor, "/console/keys").await.between("created <time datetime=\"", "T").expect("today");
    let (begins, expires) = (format!("{made}T23:30"), format!("{made}T23:45:30"));
    let fields = [
        ("keys", "a.bin\n"),
        ("uses", "2"),
        ("expires", "at"),
        ("expires_at", &expires),
        ("not_before", &begins),
        ("filename", "Report.bin"),
        ("gate", "direct"),
        ("delivery", "stream"),
        ("allow_from", "192.0.2.0/24 2001:db8::1"),
        ("content_type", "application/pdf"),
        ("webhook", "https://hooks.example.org/x"),
        ("metadata", "{\"ticket\":7}"),
    ];
    let (_, id) = house.link(&visitor, &fields).await;
    let page = house.get(&visitor, &format!("/console/links/{id}")).await.expect(200);
    for told in [
        "Report.bin",
        "directly",
        "through this server",
        "192.0.2.0/24, 2001:db8::1/128",
        "application/pdf",
        "https://hooks.example.org/x",
        "ticket",
    ] {
        assert!(page.body.contains(told), "{told}");
    }
    page.says(&format!("{begins}:00.000Z")).says(&format!("{expires}.000Z"));
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_the_rest_stays_filled_in() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    for (name, value, id) in [
        ("uses", "0", "uses"),
        ("uses", "many", "uses"),
        ("expires", "at", "expires_at"),
        ("expires", "P9999D", "expires"),
        ("allow_from", "300.1.1.1", "allow_from"),
        ("metadata", "[]", "metadata"),
        ("filename", "a/b", "filename"),
        ("content_type", "nonsense", "content_type"),
        ("webhook", "ftp://x", "webhook"),
        ("delivery", "redirect", "delivery"),
    ] {
        let fields = [("key", "a.bin"), ("note", "keep me"), (name, value)];
        let page = house.submit(&visitor, "/console/links/new", "/console/links", &fields).await.expect(400);
        page.says("value=\"keep me\"").says(&format!("id=\"{id}-bad\"")).says(&format!("aria-describedby=\"{id}-bad\""));
    }
    for (key, status) in [("", 400), ("../x", 400), ("none.bin", 404)] {
        house.submit(&visitor, "/console/links/new", "/console/links", &[("keys", key)]).await.expect(status).says("class=\"bad\"");
    }
    house.get(&visitor, "/console/links").await.says("There are no links yet");
}

#[tokio::test]
async fn the_list_is_filtered_and_paged() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    for _ in 0..3 {
        house.link(&visitor, &[("key", "in/b.bin"), ("note", "for Bob & Co")]).await;
    }
    let (_, own) = house.link(&visitor, &[("key", "a.bin")]).await;
    house.submit(&visitor, &format!("/console/links/{own}"), &format!("/console/links/{own}/revoke"), &[]).await.expect(303);
    for (query, count) in
        [("", 4), ("state=revoked", 1), ("state=active", 3), ("prefix=in%2F", 3), ("note=Bob+%26", 3), ("source=files&note=", 4)]
    {
        let page = house.get(&visitor, &format!("/console/links?{query}")).await.expect(200);
        assert_eq!(page.ids().len(), count, "{query}");
    }
    house.get(&visitor, "/console/links?note=nobody").await.expect(200).says("No link is like that");
    house.get(&visitor, "/console/links?state=happy").await.expect(400).says("This must be active");
    for _ in 0..60 {
        house.link(&visitor, &[("key", "a.bin")]).await;
        house.pass(1);
    }
    let first = house.get(&visitor, "/console/links?prefix=a").await.expect(200);
    let older = first.between("<a class=\"button\" href=\"/console/links?prefix=a&#38;cursor=", "\"").expect("an older page");
    let second = house.get(&visitor, &format!("/console/links?prefix=a&cursor={older}")).await.expect(200).says_not("data-live=");
    assert_eq!((first.ids().len(), second.ids().len()), (50, 11));
    house.get(&visitor, "/console/links?cursor=nonsense").await.expect(400);
}

#[tokio::test]
async fn a_links_page_tells_its_life() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let (url, id) = house.link(&visitor, &[("key", "a.bin")]).await;
    let path = url.strip_prefix("http://files.example.org").expect("its path").to_owned();
    let preview = axum::http::Request::get(path).header("User-Agent", "Slackbot 1.0").header("Accept", "text/html");
    house.send(preview.body(axum::body::Body::empty())).await.expect(200);
    house.claim(&url).await;
    let target = format!("/console/links/{id}");
    let page = house.get(&visitor, &target).await.expect(200);
    let page = page.says("Page viewed by what looked like a scanner").says("Slack").says("Claimed: one use taken").says("curl");
    page.says("key “first”").says("may be resumed until").says("<span class=\"state spent\">spent</span>");
    house.pass(3_600);
    let visitor = house.visitor().await;
    house.get(&visitor, &target).await.expect(200).says("Lapsed: not finished in time");
}

#[tokio::test]
async fn revoking_and_reissuing_are_one_press_each() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let (old, id) = house.link(&visitor, &[("key", "a.bin"), ("note", "n")]).await;
    let target = format!("/console/links/{id}");
    let answer = house.submit(&visitor, &target, &format!("{target}/revoke"), &[]).await.expect(303);
    assert_eq!(answer.header("location"), target);
    house.get(&visitor, &target).await.expect(200).says("state revoked").says_not("Revoke for good");
    let made = house.submit(&visitor, &target, &format!("{target}/reissue"), &[]).await.expect(200).says("This is the fresh one");
    let fresh = made.between("readonly value=\"", "\"").expect("an address");
    assert_ne!(fresh, old);
    house.get(&visitor, &format!("/console/links/{}", made.ids()[0])).await.expect(200).says(&id).says("state active");
    for target in ["/console/links/nonsense/revoke", "/console/links/00000000000000000000000000000000/reissue"] {
        house.submit(&visitor, "/console/links/new", target, &[]).await.expect(404).says("No such link");
    }
}

#[tokio::test]
async fn a_narrow_key_sees_its_own_and_is_told_what_it_lacks() {
    let house = House::new().await;
    let admin = house.visitor().await;
    let (_, foreign) = house.link(&admin, &[("key", "a.bin")]).await;
    let narrow = house.with_scopes(json!({"actions": ["links:create", "links:read"], "prefixes": ["in/"]})).await;
    let (_, own) = house.link(&narrow, &[("key", "in/b.bin")]).await;
    assert_eq!(house.get(&narrow, "/console/links").await.expect(200).ids(), std::slice::from_ref(&own));
    house.get(&narrow, &format!("/console/links/{foreign}")).await.expect(404);
    house.get(&narrow, &format!("/console/links/{own}")).await.expect(200).says_not("Revoke for good").says_not("Revoke and make");
    house.submit(&narrow, "/console/links/new", "/console/links", &[("key", "a.bin")]).await.expect(403).says("reach this object");
    let page = house.submit(&narrow, "/console/links/new", &format!("/console/links/{own}/revoke"), &[]).await.expect(403);
    page.says("links:revoke").says("Whoever manages the API keys").says("/console/sign-out");
    for target in ["/console/files", "/console/keys"] {
        house.get(&narrow, target).await.expect(403).says("The key lacks the action");
    }
    house.get(&narrow, "/console/links").await.says_not(">Files</a>").says_not(">API keys</a>");
    let reader = house.with_scopes(json!({"actions": ["objects:read"]})).await;
    assert_eq!(house.get(&reader, "/console").await.expect(303).header("location"), "/console/files");
    house.get(&reader, "/console/links/new").await.expect(403).says("links:create");
    house.get(&reader, "/console/files").await.expect(200).says_not("Create links");
}

#[tokio::test]
async fn a_store_that_is_gone_is_said_within_the_console() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    house.faulty.always(oncelink_testkit::StoreCall::List, oncelink_testkit::StoreTrouble::FailBefore);
    let answer = house.get(&visitor, "/console/links").await.expect(503).says("Wait a moment and reload").says("/console/sign-out");
    assert_eq!(answer.header("retry-after"), "5");
}
