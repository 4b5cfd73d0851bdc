//! Who may send: keys by their hashes, and nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use oncelink_core::apikey::ApiKeySecret;
use oncelink_system::OsEntropy;
use serde_json::json;

use crate::emulator::event::Shape;
use crate::house::Plan;

/// The Parameters and Secrets extension with one parameter and one secret: where it listens, and how often it was asked.
async fn extension(value: String) -> (u16, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let answer = |field: &'static str, right: serde_json::Value| {
        let count = Arc::clone(&count);
        move |Query(query): Query<Vec<(String, String)>>, headers: HeaderMap| async move {
            count.fetch_add(1, Ordering::SeqCst);
            let named = query.contains(&(field.to_owned(), "/oncelink/keys".to_owned()));
            if named && headers.contains_key("x-aws-parameters-secrets-token") {
                (StatusCode::OK, right.to_string())
            } else {
                (StatusCode::BAD_REQUEST, String::new())
            }
        }
    };
    let routes = Router::new()
        .route("/systemsmanager/parameters/get", get(answer("name", json!({"Parameter": {"Value": value}}))))
        .route("/secretsmanager/get", get(answer("secretId", json!({"SecretString": value}))));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (port, asked)
}

#[tokio::test]
async fn keys_come_from_a_parameter_when_the_first_sender_does_and_are_remembered() {
    keys_come_from("ONCELINK_API_KEYS_PARAMETER").await;
}

#[tokio::test]
async fn keys_come_from_a_secret_when_the_first_sender_does_and_are_remembered() {
    keys_come_from("ONCELINK_API_KEYS_SECRET").await;
}

async fn keys_come_from(variable: &'static str) {
    let key = ApiKeySecret::create(&OsEntropy);
    let (port, asked) = extension(data_encoding::HEXLOWER.encode(&key.hash().0)).await;
    let plan =
        Plan::buffered(Shape::Http).with(variable, "/oncelink/keys").with("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", &port.to_string());
    let Some(house) = plan.build().await else { return };
    house.put("a.txt", "hello").await;
    let link = house.link("a.txt", json!({})).await;
    house.get(&link).await;
    assert_eq!(asked.load(Ordering::SeqCst), 0, "the environment's keys and recipients need no parameter");
    let request = || {
        let request = axum::http::Request::get("/v1/links").header("authorization", format!("Bearer {}", key.reveal()));
        request.body(Body::empty()).expect("a request")
    };
    for _ in 0..2 {
        let answer = house.send(request()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let stranger = ApiKeySecret::create(&OsEntropy);
    let request = axum::http::Request::get("/v1/links").header("authorization", format!("Bearer {}", stranger.reveal()));
    assert_eq!(house.send(request.body(Body::empty()).expect("a request")).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn sem_11_a_parameter_that_cannot_be_read_lets_nobody_in() {
    let plan = Plan::buffered(Shape::Http)
        .with("ONCELINK_API_KEYS_PARAMETER", "/oncelink/keys")
        .with("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", "1");
    let Some(house) = plan.build().await else { return };
    let stranger = ApiKeySecret::create(&OsEntropy);
    let request = axum::http::Request::get("/v1/links").header("authorization", format!("Bearer {}", stranger.reveal()));
    let answer = house.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!((answer.status, answer.header("retry-after").is_empty()), (StatusCode::SERVICE_UNAVAILABLE, false), "{}", answer.text());
    assert!(house.log().contains("/oncelink/keys"), "the log names the parameter");
}

#[tokio::test]
async fn a_key_that_the_api_makes_works_in_another_instance_until_it_is_revoked() {
    let Some(house) = Plan::buffered(Shape::Rest).build().await else { return };
    let request = house.sender("POST", "/v1/keys").header("content-type", "application/json");
    let made = house.send(request.body(Body::from(json!({"name": "reports"}).to_string())).expect("a request")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let (secret, id) = (made.json()["key"].as_str().expect("a key").to_owned(), made.json()["id"].as_str().expect("an id").to_owned());
    house.gateway.function().kill_idle();
    let by = |secret: String| {
        axum::http::Request::get("/prod/v1/links")
            .header("authorization", format!("Bearer {secret}"))
            .body(Body::empty())
            .expect("a request")
    };
    assert_eq!(house.send(by(secret.clone())).await.status, StatusCode::OK);
    let revoked = house.send(house.sender("DELETE", &format!("/v1/keys/{id}")).body(Body::empty()).expect("a request")).await;
    assert!(revoked.status.is_success(), "{}", revoked.text());
    house.gateway.function().kill_idle();
    assert_eq!(house.send(by(secret)).await.status, StatusCode::UNAUTHORIZED);
}
