//! Bad days: a store or a bucket that doesn't answer, an environment that dies, settings that can't be right.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::emulator::event::Shape;
use crate::emulator::function::Function;
use crate::house::{Engines, Plan, content};

/// A way to the bucket that breaks for good once so many bytes have come back.
async fn brittle(target: &str, after: usize) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    let target = target.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let left = Arc::new(Mutex::new(after));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(carry(client, target.clone(), Arc::clone(&left)));
        }
    });
    format!("http://{addr}")
}

/// Carries bytes both ways as long as there are some `left` for the way back.
async fn carry(client: TcpStream, target: String, left: Arc<Mutex<usize>>) {
    let Ok(engine) = TcpStream::connect(target).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_engine, mut to_engine) = engine.into_split();
    let back = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = from_engine.read(&mut buffer).await.unwrap_or(0);
            let count = {
                let mut left = left.lock().expect("no holder panics");
                let count = count.min(*left);
                *left -= count;
                count
            };
            if count == 0 || to_client.write_all(&buffer[..count]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        _ = tokio::io::copy(&mut from_client, &mut to_engine) => {}
        () = back => {}
    }
}

#[tokio::test]
async fn sem_11_a_store_that_does_not_answer_is_a_503_and_the_function_lives_on() {
    let plan = Plan::buffered(Shape::Http).with("ONCELINK_STORE", "dynamodb://nothing-here?region=us-east-1&endpoint=http://127.0.0.1:1");
    let Some(house) = plan.build().await else { return };
    for path in ["/d/ol_x", "/v1/links", "/readyz"] {
        let answer = house.get(path).await;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (StatusCode::SERVICE_UNAVAILABLE, "no-store"),
            "{path}: {}",
            answer.text()
        );
        assert!(!answer.header("retry-after").is_empty(), "{path}");
    }
    let head = house.send(Request::head("/d/ol_x").body(Body::empty()).expect("a request")).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::SERVICE_UNAVAILABLE, 0), "no body, not even an error's");
    assert_eq!(house.gateway.function().started(), 1, "no instance died of it");
}

#[tokio::test]
async fn sem_3_a_bucket_that_breaks_off_costs_nothing_where_answers_are_gathered() {
    let Some(engines) = Engines::from_env() else { return };
    let Some(good) = Plan::buffered(Shape::Http).build().await else { return };
    good.put("a.bin", content(3 << 20)).await;
    let created = good.create("a.bin", json!({})).await;
    let bad = good.by_way_of(&brittle(&engines.s3, 1 << 20).await);
    let link = good.path(&created["url"]);
    let address = good.address(&link).await;
    let answer = bad.get(&address).await;
    assert_eq!((answer.status, answer.whole), (StatusCode::SERVICE_UNAVAILABLE, true), "an honest answer: {}", answer.text());
    assert!(!answer.header("retry-after").is_empty());
    let record = good.record(&created).await;
    assert_eq!(record["claims"][0]["delivered"], 0, "what was gathered and thrown away was not delivered: {record}");
    let file = good.get(&address).await;
    assert!(file.status == StatusCode::OK && file.body == content(3 << 20), "{}", file.text());
}

#[tokio::test]
async fn sem_4_a_stream_that_breaks_is_cut_never_filled_up_and_can_be_finished() {
    let Some(engines) = Engines::from_env() else { return };
    let Some(good) = Plan::streaming(Shape::FunctionUrl).build().await else { return };
    let bytes = content(3 << 20);
    good.put("a.bin", bytes.clone()).await;
    let link = good.link("a.bin", json!({})).await;
    let bad = good.by_way_of(&brittle(&engines.s3, 1 << 20).await);
    let address = good.address(&link).await;
    let answer = bad.get(&address).await;
    assert!(!answer.whole && answer.body.len() < bytes.len(), "cut: {} bytes", answer.body.len());
    assert!(bytes.starts_with(&answer.body), "not a byte that isn't the file's");
    let rest = good.range(&address, &format!("bytes={}-", answer.body.len())).await;
    assert_eq!(rest.status, StatusCode::PARTIAL_CONTENT, "{}", rest.text());
    assert!([answer.body, rest.body].concat() == bytes);
    assert_eq!(good.get(&address).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn settings_that_cannot_be_right_are_named_and_the_function_ends() {
    for (name, value, said) in [
        ("ONCELINK_STORE", "sqlite:a.db", "ONCELINK_STORE must be dynamodb://TABLE"),
        ("ONCELINK_SOURCE", "/tmp", "reads buckets only"),
        ("ONCELINK_LAMBDA_MODE", "streaming", "ONCELINK_LAMBDA_MODE"),
        ("ONCELINK_OVERSIZE", "no", "segments, redirect, refuse"),
        ("ONCELINK_API_KEY_HASHES", "olk_0123", "64 hexadecimal digits"),
        ("ONCELINK_BRAND_LOGO", "/nowhere/logo.svg", "can't read the logo"),
        ("ONCELINK_LEASE", "soon", "ONCELINK_LEASE"),
    ] {
        let scratch = tempfile::tempdir().expect("a folder");
        let log = scratch.path().join("log");
        let mut variables = vec![
            ("ONCELINK_STORE".to_owned(), "dynamodb://links?region=us-east-1&endpoint=http://127.0.0.1:1".to_owned()),
            ("ONCELINK_SOURCE".to_owned(), "s3://bucket?region=us-east-1".to_owned()),
        ];
        variables.push((name.to_owned(), value.to_owned()));
        let function = Function::new(PathBuf::from(env!("CARGO_BIN_EXE_bootstrap")), variables, Some(log.clone()));
        let started = tokio::time::timeout(Duration::from_secs(30), function.start()).await.expect("it ends in time");
        assert!(started.is_err(), "{name}={value}");
        let log = std::fs::read_to_string(log).expect("a log").replace('\\', "");
        assert!(log.contains("can't start") && log.contains(said), "{name}={value}: {log}");
        assert!(!log.contains("olk_0123"));
    }
}

#[tokio::test]
async fn an_event_that_is_no_request_is_an_error_that_repeats_nothing_and_harms_nobody() {
    let Some(house) = Plan::buffered(Shape::Http).build().await else { return };
    let reply = house.gateway.function().invoke(r#"{"Records": [{"body": "a secret"}]}"#.into()).await.expect("an answer");
    let crate::emulator::instance::Reply::Failed(error) = reply else { panic!("it is no request") };
    assert!(!String::from_utf8_lossy(&error).contains("a secret"));
    let answer = house.send(Request::get("/healthz").body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(house.gateway.function().started(), 1);
}
