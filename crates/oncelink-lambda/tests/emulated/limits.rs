//! The limits of each gateway, to the byte: what fits goes in one piece, one byte more takes the next rung.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::emulator::event::Shape;
use crate::house::{House, Plan, content};

/// How many bytes of a file one answer carries, as the claim of a larger one says.
async fn most(house: &House) -> usize {
    house.put("large.bin", content(7 << 20)).await;
    let claim = house.claim(&house.link("large.bin", json!({})).await).await;
    usize::try_from(claim["segment"].as_u64().expect("a segment size")).expect("a size")
}

#[tokio::test]
async fn what_fits_exactly_goes_through_and_one_byte_more_takes_the_next_rung() {
    // The longest name that a link may have: its header comes on top of the file.
    let filename = format!("{}.bin", "\u{1f4c4}".repeat(60));
    for shape in Shape::ALL {
        let Some(house) = Plan::buffered(shape).build().await else { return };
        let most = most(&house).await;
        let bytes = content(most + 1);
        house.put("fits.bin", bytes[..most].to_vec()).await;
        house.put("not.bin", bytes.clone()).await;
        for gate in ["page", "direct"] {
            let wish = json!({"gate": gate, "filename": filename, "content_type": "text/plain"});
            let link = house.link("fits.bin", wish.clone()).await;
            let path = if gate == "page" { house.address(&link).await } else { link };
            let answer = house.get(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{shape:?} {gate}: {}", answer.text());
            assert!(answer.body == bytes[..most], "{shape:?} {gate}");
            let created = house.create("not.bin", wish).await;
            let link = house.path(&created["url"]);
            let path = if gate == "page" { house.address(&link).await } else { link.clone() };
            let answer = house.get(&path).await;
            assert_eq!(answer.status, StatusCode::PRECONDITION_REQUIRED, "{shape:?} {gate}: {}", answer.text());
            assert_eq!(answer.json()["type"], "range-required");
            if gate == "direct" {
                assert_eq!(house.record(&created).await["claimed"], 0, "{shape:?}: nothing is spent");
            }
        }
    }
}

#[tokio::test]
async fn sem_9_the_next_rung_may_be_a_redirect_that_any_origin_may_read() {
    let Some(house) = Plan::buffered(Shape::Rest).with("ONCELINK_OVERSIZE", "redirect").build().await else { return };
    let most = most(&house).await;
    let bytes = content(most + 1);
    house.put("not.bin", bytes.clone()).await;
    let link = house.link("not.bin", json!({"gate": "direct"})).await;
    let answer = house.get(&link).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (StatusCode::FOUND, "*"), "{}", answer.text());
    let url = answer.header("location");
    assert!(url.contains("X-Amz-Expires=10&") || url.ends_with("X-Amz-Expires=10"), "it lives for seconds");
    assert_eq!(house.get(&link).await.status, StatusCode::GONE, "a second exchange is refused");
}

#[tokio::test]
async fn a_gateway_that_streams_carries_what_a_buffered_one_cannot() {
    for shape in [Shape::Rest, Shape::FunctionUrl] {
        let Some(house) = Plan::streaming(shape).build().await else { return };
        let bytes = content(20 << 20);
        house.put("a.bin", bytes.clone()).await;
        let claim = house.claim(&house.link("a.bin", json!({})).await).await;
        assert_eq!(claim["segment"], serde_json::Value::Null);
        let answer = house.get(&house.path(&claim["url"])).await;
        assert_eq!((answer.status, answer.whole), (StatusCode::OK, true), "{shape:?}");
        assert!(answer.body == bytes, "{shape:?}");
        assert_eq!(answer.header("x-amzn-remapped-content-length"), bytes.len().to_string(), "the gateway takes the length away");
    }
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused_and_a_large_one_is_not() {
    // The shape whose gateway waits as long as the function does.
    let Some(house) = Plan::buffered(Shape::FunctionUrl).build().await else { return };
    house.put("a.txt", "hello").await;
    let key = house.object("a.txt");
    let links: Vec<_> = (0..1_000).map(|number| json!({"key": key, "note": format!("{number} {}", "n".repeat(300))})).collect();
    let request = house.sender("POST", "/v1/links/batch").header(header::CONTENT_TYPE, "application/json");
    let answer = house.send(request.body(Body::from(json!({"links": links}).to_string())).expect("a request")).await;
    assert_eq!((answer.status, answer.json()["links"].as_array().map(Vec::len)), (StatusCode::OK, Some(1_000)), "{}", answer.text());
    let huge = Request::post("/d/x").header(header::CONTENT_TYPE, "text/plain").body(Body::from(vec![b'x'; 5 << 20])).expect("a request");
    assert_eq!(house.send(huge).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_gateway_answers_on_a_port_too() {
    let Some(house) = Plan::buffered(Shape::Rest).build().await else { return };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let mut client = tokio::net::TcpStream::connect(listener.local_addr().expect("an address")).await.expect("it is bound");
    house.gateway.serve(listener);
    client.write_all(b"GET /prod/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.expect("it takes a request");
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}
