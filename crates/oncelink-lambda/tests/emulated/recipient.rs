//! A recipient's way through every kind of gateway: page, POST, 303, delivery, HEAD, errors, cookies.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::emulator::event::Shape;
use crate::house::{House, Plan};

/// Every shape, buffered; and those that can, streaming.
async fn houses() -> Vec<(Shape, House)> {
    let mut houses = Vec::new();
    for plan in Shape::ALL.map(Plan::buffered).into_iter().chain([Shape::Rest, Shape::FunctionUrl].map(Plan::streaming)) {
        let shape = plan.shape;
        if let Some(house) = plan.build().await {
            house.put("report.pdf", "%PDF the report").await;
            houses.push((shape, house));
        }
    }
    houses
}

fn html(request: axum::http::request::Builder) -> axum::http::request::Builder {
    request.header(header::ACCEPT, "text/html,application/xhtml+xml")
}

fn form(path: &str, body: &str) -> Request<Body> {
    let request = html(Request::post(path)).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    request.body(Body::from(body.to_owned())).expect("a request")
}

fn empty(request: axum::http::request::Builder) -> Request<Body> {
    request.body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn a_browser_gets_from_the_page_to_the_file_through_every_gateway() {
    for (shape, house) in houses().await {
        let created = house.create("report.pdf", json!({"filename": "B\u{e4}richt \u{1f4c4}.pdf"})).await;
        let link = house.path(&created["url"]);
        let page = house.send(empty(html(Request::get(&link)))).await;
        assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"), "{shape:?}: {}", page.text());
        assert!(page.header("content-type").starts_with("text/html") && page.text().contains("report") || page.text().contains("richt"));
        let answer = house.send(form(&link, "holder=0123456789abcdefghijklmn")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{shape:?}: {}", answer.text());
        let address = answer.header("location").to_owned();
        assert!(address.starts_with(&format!("{}/c/", house.gateway.base())), "{shape:?}: {address}");
        let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        assert!(!cookie.is_empty(), "{shape:?}");
        // Back at the page, in the same browser, beside other cookies.
        let again = html(Request::get(&link)).header(header::COOKIE, "theme=dark").header(header::COOKIE, &cookie);
        let page = house.send(empty(again)).await;
        let seen = page.status == StatusCode::OK
            && String::from_utf8_lossy(&page.body).contains(address.trim_start_matches(&house.gateway.base()));
        // A load balancer that hands on one value per header loses one of the two cookie lines.
        assert!(seen || shape == Shape::Alb, "{shape:?}: the same browser is offered to go on: {}", page.text());
        let file = house.get(&address).await;
        assert_eq!((file.status, file.body.as_slice(), file.whole), (StatusCode::OK, b"%PDF the report".as_slice(), true), "{shape:?}");
        assert!(file.header("content-disposition").contains("filename*=UTF-8''B%C3%A4richt"), "{shape:?}");
        assert_eq!(house.get(&address).await.status, StatusCode::GONE, "{shape:?}");
        let record = house.record(&created).await;
        assert_eq!((&record["claimed"], &record["claims"][0]["state"]), (&json!(1), &json!("completed")), "{shape:?}");
    }
}

#[tokio::test]
async fn head_tells_and_changes_nothing_through_every_gateway() {
    for (shape, house) in houses().await {
        let created = house.create("report.pdf", json!({"gate": "direct"})).await;
        let link = house.path(&created["url"]);
        let answer = house.send(empty(Request::head(&link))).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0), "{shape:?}");
        assert_eq!(answer.header("accept-ranges"), "bytes");
        assert_eq!(house.record(&created).await["claimed"], 0, "{shape:?}");
        for path in ["/d/nothing", "/nowhere"] {
            let lost = house.send(empty(Request::head(format!("{}{path}", house.gateway.base())))).await;
            assert_eq!((lost.status, lost.body.len()), (StatusCode::NOT_FOUND, 0), "{shape:?} {path}: no body, not even an error's");
        }
        let file = house.get(&link).await;
        assert_eq!((file.status, file.body.as_slice()), (StatusCode::OK, b"%PDF the report".as_slice()), "{shape:?}");
        assert_eq!(house.get(&link).await.status, StatusCode::GONE, "{shape:?}");
    }
}

#[tokio::test]
async fn errors_are_sensible_json_with_the_headers_of_every_answer() {
    for (shape, house) in houses().await {
        let base = house.gateway.base();
        let unknown = house.get(&format!("{base}/d/nothing")).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND, "{shape:?}: {}", unknown.text());
        assert_eq!(unknown.json()["type"], "not-found", "{shape:?}");
        for (name, value) in [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-content-type-options", "nosniff")] {
            assert_eq!(unknown.header(name), value, "{shape:?}");
        }
        for path in ["/d/%C3%BC%20%22", "/d/100%25", "/nowhere?x=%E2%82%AC&y=a|b", "/d/../c/x", "//d//x"] {
            let answer = house.get(&format!("{base}{path}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{shape:?} {path}: {}", answer.text());
        }
        let no_key = house.get(&format!("{base}/v1/links")).await;
        assert_eq!(no_key.status, StatusCode::UNAUTHORIZED, "{shape:?}");
        let wrong_form = house.send(form(&format!("{base}/download"), "holder=x")).await;
        assert_eq!(wrong_form.status, StatusCode::BAD_REQUEST, "{shape:?}");
    }
}

#[tokio::test]
async fn a_named_stage_of_an_http_api_is_part_of_links_and_of_nothing_else() {
    let plan = Plan { stage: Some("dev"), ..Plan::buffered(Shape::Http) };
    let Some(house) = plan.build().await else { return };
    house.put("a.txt", "hello").await;
    let link = house.link("a.txt", json!({})).await;
    assert!(link.starts_with("/dev/d/"), "{link}");
    let answer = house.send(form(&link, "")).await;
    assert!(answer.header("location").starts_with("/dev/c/") && answer.header("set-cookie").contains("Path=/dev/"), "{}", answer.text());
    assert_eq!(house.get(answer.header("location")).await.body, b"hello");
}

#[tokio::test]
async fn addresses_are_the_gateways_word_not_the_clients() {
    for (shape, house) in houses().await {
        house.put("b.txt", "hello").await;
        let link = house.link("b.txt", json!({"allow_from": ["203.0.113.9/32"]})).await;
        assert_eq!(house.claim(&link).await["size"], 5, "{shape:?}");
        let link = house.link("b.txt", json!({"allow_from": ["198.51.100.7/32"]})).await;
        let forged = Request::post(&link).header("x-forwarded-for", "198.51.100.7").header(header::ACCEPT, "application/json");
        let answer = house.send(empty(forged)).await;
        assert_eq!((answer.status, &answer.json()["type"]), (StatusCode::FORBIDDEN, &Value::from("address-not-allowed")), "{shape:?}");
    }
}

#[tokio::test]
async fn sem_10_no_secret_is_logged_not_even_by_traces() {
    for (shape, house) in houses().await {
        let link = house.link("report.pdf", json!({})).await;
        house.send(empty(html(Request::get(&link)))).await;
        let address = house.address(&link).await;
        house.get(&address).await;
        let log = house.log();
        assert!(!log.is_empty(), "{shape:?}: something is logged");
        let secret = |path: &str| path.rsplit('/').next().expect("a last segment").to_owned();
        for secret in [secret(&link), secret(&address), house.key.reveal().to_owned()] {
            assert!(!log.contains(&secret), "{shape:?}: {} is in the log", &secret[..4]);
        }
    }
}
