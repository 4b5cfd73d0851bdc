//! Browsing a source.

use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn a_source_is_browsed_folder_by_folder() {
    let house = House::new().await;
    let visitor = house.visitor().await;
    let top = house.get(&visitor, "/console/files").await.expect(200).says(">a.bin<").says(">in<").says_not("b.bin");
    top.says("/console/files?source=files&#38;prefix=in%2F");
    let inner = house.get(&visitor, "/console/files?source=files&prefix=in%2Fdeep%2F").await.expect(200).says(">c.bin<");
    inner.says("aria-current=\"page\"><bdi>deep</bdi>").says("name=\"key\" value=\"in/deep/c.bin\"");
    for bad in ["source=none", "source=%2F", "prefix=..%2F"] {
        house.get(&visitor, &format!("/console/files?{bad}")).await.expect(400);
    }
}

#[tokio::test]
async fn thousands_of_names_are_paged_and_searched() {
    let house = House::new().await;
    for number in 0..2_500 {
        house.objects.put(&format!("many/{number:04}-report.txt"), &b""[..]);
    }
    house.objects.put("many/9999-Needle.txt", &b""[..]);
    let visitor = house.visitor().await;
    let mut target = "/console/files?source=files&prefix=many%2F".to_owned();
    let (mut pages, mut names) = (0, 0);
    loop {
        let page = house.get(&visitor, &target).await.expect(200);
        pages += 1;
        names += page.body.matches("name=\"key\"").count();
        match page.between("<nav class=\"pages\" aria-label=\"Pages\"><a class=\"button\" href=\"", "\"") {
            Some(next) => target = next.replace("&#38;", "&"),
            None => break,
        }
    }
    assert_eq!((pages, names), (26, 2_501));
    let found = house.get(&visitor, "/console/files?prefix=many%2F&find=needle").await.expect(200).says("9999-Needle.txt");
    assert_eq!(found.body.matches("name=\"key\"").count(), 1);
    found.says("2501 names looked at");
    house.get(&visitor, "/console/files?prefix=many%2F&find=nothing").await.expect(200).says("Nothing here is called like that");
}

#[tokio::test]
async fn a_key_for_some_folders_begins_at_them() {
    let house = House::new().await;
    let narrow = house.with_scopes(json!({"actions": ["objects:read", "links:create"], "prefixes": ["in/deep/"]})).await;
    house.get(&narrow, "/console/files").await.expect(200).says("prefix=in%2Fdeep%2F").says_not("a.bin");
    house.get(&narrow, "/console/files?prefix=in%2Fdeep%2F").await.expect(200).says(">c.bin<");
    house.get(&narrow, "/console/files?prefix=in%2F").await.expect(403).says("reach this source or prefix");
}
