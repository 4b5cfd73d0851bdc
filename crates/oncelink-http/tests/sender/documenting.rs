//! The OpenAPI document: whole, and true of what the router answers.

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;

use crate::house::House;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

async fn document(house: &House) -> Value {
    house.send(Request::get("/openapi.json").body(Body::empty())).await.expect(200).json()
}

/// Every operation: method, path, and what is said of it.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let of = |path| move |method: &&'static str| Some((*method, path, document["paths"][path].get(method)?));
    paths.keys().flat_map(|path| METHODS.iter().filter_map(of(path.as_str()))).collect()
}

#[tokio::test]
async fn the_document_is_ours_and_every_reference_leads_somewhere() {
    let house = House::new().await;
    let document = document(&house).await;
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    assert_eq!(document["info"]["title"], "oncelink");
    let mut rest = vec![&document];
    while let Some(value) = rest.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
                    let pointer = target.strip_prefix('#').expect("a reference within");
                    assert!(document.pointer(pointer).is_some(), "{target} leads nowhere");
                }
                rest.extend(fields.values());
            }
            Value::Array(values) => rest.extend(values),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own_and_words_for_users_only() {
    let house = House::new().await;
    let document = document(&house).await;
    let mut names: Vec<&str> = operations(&document).iter().filter_map(|(_, _, operation)| operation["operationId"].as_str()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!((names.len(), count), (operations(&document).len(), operations(&document).len()));
    assert!(!document.to_string().contains("`Debug`"), "a comment for developers");
}

#[tokio::test]
async fn whatever_needs_a_key_says_so_and_what_may_go_wrong() {
    let house = House::new().await;
    let document = document(&house).await;
    let operations = operations(&document);
    assert!(operations.len() >= 17, "{}", operations.len());
    let mut with_key = 0;
    for (method, path, operation) in operations {
        let needs_key = path.starts_with("/v1/") || path == "/get-link";
        assert_eq!(operation["security"][0]["bearer"].is_array(), needs_key, "{method} {path}");
        if !needs_key {
            continue;
        }
        with_key += 1;
        let answers = operation["responses"].as_object().expect("responses");
        for status in ["401", "403", "429", "503"] {
            assert!(answers[status]["content"]["application/problem+json"].is_object(), "{method} {path}: {status}");
        }
        let takes_body = operation.get("requestBody").is_some();
        assert_eq!(answers.contains_key("413") && answers.contains_key("415"), takes_body, "{method} {path}");
        // A stranger is refused there, so the route is real.
        let target = path.replace("{id}", "x");
        house
            .send(Request::builder().method(method.to_uppercase().as_str()).uri(target).body(Body::empty()))
            .await
            .refused(401, "unauthorized");
    }
    assert_eq!(with_key, 12);
}
