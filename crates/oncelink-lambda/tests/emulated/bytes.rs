//! Whatever a file holds arrives as it is, in one piece or in parts.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::json;

use crate::emulator::event::Shape;
use crate::house::{Plan, content};

#[tokio::test]
async fn a_file_arrives_byte_by_byte_whatever_it_calls_itself() {
    let contents: [(&str, &str, Vec<u8>); 6] = [
        ("latin.txt", "text/plain; charset=iso-8859-1", b"gr\xfc\xdfe\r\n".to_vec()),
        ("broken.json", "application/json", b"{\"a\": \"\xc3\x28\xff\"}".to_vec()),
        ("bom.csv", "text/csv; charset=utf-8", b"\xef\xbb\xbfa;b\n".to_vec()),
        ("nul.txt", "text/plain", vec![0; 700_000]),
        ("empty.bin", "application/octet-stream", Vec::new()),
        ("image.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()),
    ];
    for plan in Shape::ALL.map(Plan::buffered).into_iter().chain([Plan::streaming(Shape::FunctionUrl)]) {
        let shape = plan.shape;
        let Some(house) = plan.build().await else { return };
        for (name, kind, bytes) in &contents {
            house.put(name, bytes.clone()).await;
            for gate in ["page", "direct"] {
                let link = house.link(name, json!({"content_type": kind, "gate": gate})).await;
                let path = if gate == "page" { house.address(&link).await } else { link };
                let answer = house.get(&path).await;
                assert_eq!((answer.status, answer.whole), (StatusCode::OK, true), "{shape:?} {name}: {}", answer.text());
                assert!(answer.body == *bytes, "{shape:?} {name} {gate}: {} bytes of {}", answer.body.len(), bytes.len());
            }
        }
    }
}

#[tokio::test]
async fn ranges_conditions_and_resuming_work_through_a_gateway() {
    for plan in [Plan::buffered(Shape::Rest), Plan::streaming(Shape::Rest)] {
        let Some(house) = plan.build().await else { return };
        let bytes = content(100_000);
        house.put("a.bin", bytes.clone()).await;
        let claim = house.claim(&house.link("a.bin", json!({})).await).await;
        let (address, etag) = (house.path(&claim["url"]), claim["etag"].as_str().expect("an etag"));
        let part = house.range(&address, "bytes=0-49999").await;
        assert_eq!((part.status, part.header("content-range")), (StatusCode::PARTIAL_CONTENT, "bytes 0-49999/100000"));
        assert!(part.body == bytes[..50_000]);
        let behind = house.range(&address, "bytes=100000-").await;
        assert_eq!((behind.status, behind.header("content-range")), (StatusCode::RANGE_NOT_SATISFIABLE, "bytes */100000"));
        let other = Request::get(&address).header(header::IF_MATCH, "\"other\"").body(Body::empty()).expect("a request");
        assert_eq!(house.send(other).await.status, StatusCode::PRECONDITION_FAILED);
        let rest = Request::get(&address).header(header::RANGE, "bytes=50000-").header(header::IF_RANGE, etag);
        let rest = house.send(rest.body(Body::empty()).expect("a request")).await;
        assert_eq!(rest.status, StatusCode::PARTIAL_CONTENT);
        assert!(rest.body == bytes[50_000..]);
        assert_eq!(house.get(&address).await.status, StatusCode::GONE, "every byte was delivered");
    }
}
