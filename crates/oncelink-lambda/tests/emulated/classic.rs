//! The classic calls: `get-link` gives a link, `download` gives the file.

use axum::body::Body;
use axum::http::StatusCode;
use serde_json::json;

use crate::emulator::event::Shape;
use crate::house::Plan;

#[tokio::test]
async fn get_link_and_download_work_as_the_classic_recipe_has_them() {
    for shape in Shape::ALL {
        let Some(house) = Plan::buffered(shape).with("ONCELINK_GATE", "direct").build().await else { return };
        // A name in which everything needs escaping.
        let name = "r\u{e9}sum\u{e9} & 100% +1?.pdf";
        house.put(name, "%PDF").await;
        let file: String = form_urlencoded::byte_serialize(house.object(name).as_bytes()).collect();
        let answer =
            house.send(house.sender("GET", &format!("/get-link?file={file}&ttl=3600")).body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::OK, "{shape:?}: {}", answer.text());
        assert!(answer.header("content-type").starts_with("text/plain"), "{shape:?}");
        let url = String::from_utf8(answer.body).expect("text");
        let link = house.path(&json!(url.trim()));
        let token = link.rsplit('/').next().expect("a token");
        let classic = format!("{}/download?token={token}", house.gateway.base());
        let file = house.get(&classic).await;
        assert_eq!((file.status, file.body.as_slice()), (StatusCode::OK, b"%PDF".as_slice()), "{shape:?}: {}", file.text());
        assert_eq!(house.get(&classic).await.status, StatusCode::GONE, "{shape:?}");
    }
}

#[tokio::test]
async fn sem_9_a_redirect_is_one_exchange_with_a_very_short_life() {
    for shape in Shape::ALL {
        let Some(house) = Plan::buffered(shape).build().await else { return };
        house.put("a.txt", "hello").await;
        let link = house.link("a.txt", json!({"delivery": "redirect", "gate": "direct"})).await;
        let answer = house.get(&link).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (StatusCode::FOUND, "*"), "{shape:?}: {}", answer.text());
        assert!(answer.header("location").contains("X-Amz-Expires=10"), "{shape:?}");
        assert_eq!(house.get(&link).await.status, StatusCode::GONE, "{shape:?}");
    }
}
