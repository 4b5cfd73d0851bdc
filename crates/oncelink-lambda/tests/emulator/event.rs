//! An HTTP request as the event that each kind of gateway makes of it: a recorded event with the request's parts put in.

use axum::http::request::Parts;
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// The kind of gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// API Gateway REST API, stage `prod`, `binaryMediaTypes: */*`.
    Rest,
    /// API Gateway HTTP API, payload version 2.0.
    Http,
    /// A function's own URL.
    FunctionUrl,
    /// A load balancer.
    Alb,
    /// A load balancer whose target group has `lambda.multi_value_headers.enabled`.
    AlbMulti,
}

impl Shape {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::Rest, Self::Http, Self::FunctionUrl, Self::Alb, Self::AlbMulti];

    /// The domain in the recorded event; none for load balancers, which say nothing of it.
    pub(crate) fn domain(self) -> Option<String> {
        self.recorded()["requestContext"]["domainName"].as_str().map(str::to_owned)
    }

    fn recorded(self) -> Value {
        let text = match self {
            Self::Rest => include_str!("../fixtures/rest.json"),
            Self::Http => include_str!("../fixtures/http.json"),
            Self::FunctionUrl => include_str!("../fixtures/function-url.json"),
            Self::Alb | Self::AlbMulti => include_str!("../fixtures/alb.json"),
        };
        serde_json::from_str(text).expect("a recorded event")
    }
}

/// The event of a request whose path is `path` below the stage.
pub(crate) fn event(shape: Shape, stage: Option<&str>, path: &str, parts: &Parts, body: &Bytes) -> Value {
    let mut event = shape.recorded();
    let method = parts.method.as_str();
    match shape {
        Shape::Rest => rest(&mut event, stage.unwrap_or("prod"), path, parts),
        Shape::Http | Shape::FunctionUrl => version_2(&mut event, shape, stage, path, parts),
        Shape::Alb | Shape::AlbMulti => alb(&mut event, shape, path, parts),
    }
    if !matches!(shape, Shape::Http | Shape::FunctionUrl) {
        event["httpMethod"] = json!(method);
    }
    put_body(&mut event, shape, parts, body);
    event
}

fn rest(event: &mut Value, stage: &str, path: &str, parts: &Parts) {
    event["path"] = json!(path);
    event["pathParameters"]["proxy"] = json!(path.trim_start_matches('/'));
    event["requestContext"]["stage"] = json!(stage);
    event["requestContext"]["path"] = json!(format!("/{stage}{path}"));
    event["requestContext"]["httpMethod"] = json!(parts.method.as_str());
    let (single, several) = headers(parts);
    event["headers"] = single;
    event["multiValueHeaders"] = several;
    let pairs: Vec<(String, String)> = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    if !pairs.is_empty() {
        event["queryStringParameters"] = last(&pairs);
        event["multiValueQueryStringParameters"] = all(&pairs);
    }
}

fn version_2(event: &mut Value, shape: Shape, stage: Option<&str>, path: &str, parts: &Parts) {
    // An HTTP API decodes the path, and puts a named stage before it.
    let path = if shape == Shape::Http { decoded(path) } else { path.to_owned() };
    let path = stage.map_or_else(|| path.clone(), |stage| format!("/{stage}{path}"));
    event["rawPath"] = json!(path);
    event["rawQueryString"] = json!(parts.uri.query().unwrap_or_default());
    event["requestContext"]["stage"] = json!(stage.unwrap_or("$default"));
    event["requestContext"]["http"]["path"] = json!(path);
    event["requestContext"]["http"]["method"] = json!(parts.method.as_str());
    let mut joined = Map::new();
    for name in parts.headers.keys() {
        let values: Vec<String> =
            parts.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
        if name == "cookie" {
            event["cookies"] = json!(values.iter().flat_map(|line| line.split("; ")).collect::<Vec<_>>());
        } else {
            joined.insert(name.to_string(), json!(values.join(",")));
        }
    }
    joined.insert("x-forwarded-for".to_owned(), json!("203.0.113.9"));
    event["headers"] = Value::Object(joined);
}

fn alb(event: &mut Value, shape: Shape, path: &str, parts: &Parts) {
    event["path"] = json!(path);
    let (single, several) = headers(parts);
    // As it stood in the address, not decoded.
    let query = parts.uri.query().unwrap_or_default();
    let pairs: Vec<(String, String)> =
        query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(owned).collect();
    if shape == Shape::AlbMulti {
        event["multiValueHeaders"] = several;
        event["multiValueQueryStringParameters"] = all(&pairs);
    } else {
        event["headers"] = single;
        event["queryStringParameters"] = last(&pairs);
    }
}

/// Each header's last value, and all of them. The gateway adds where the request comes from.
fn headers(parts: &Parts) -> (Value, Value) {
    let lines = parts.headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let mut pairs: Vec<(String, String)> = lines.map(|(name, value)| (capitals(name), value)).collect();
    let before = pairs.iter().find(|(name, _)| name == "X-Forwarded-For").map(|(_, value)| format!("{value}, ")).unwrap_or_default();
    pairs.retain(|(name, _)| name != "X-Forwarded-For");
    pairs.push(("X-Forwarded-For".to_owned(), format!("{before}203.0.113.9")));
    (last(&pairs), all(&pairs))
}

/// `user-agent` as `User-Agent`, which these gateways hand on as it came.
fn capitals(name: &str) -> String {
    let words = name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
    words.collect::<Vec<_>>().join("-")
}

fn last(pairs: &[(String, String)]) -> Value {
    Value::Object(pairs.iter().map(|(name, value)| (name.clone(), json!(value))).collect())
}

fn all(pairs: &[(String, String)]) -> Value {
    let mut map = Map::new();
    for (name, value) in pairs {
        if let Value::Array(values) = map.entry(name.clone()).or_insert_with(|| json!([])) {
            values.push(json!(value));
        }
    }
    Value::Object(map)
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn decoded(path: &str) -> String {
    let plus = path.replace('+', "%2B");
    form_urlencoded::parse(format!("p={plus}").as_bytes()).next().map(|(_, path)| path.into_owned()).unwrap_or_default()
}

/// Text as text, all else in base64; a REST API with `*/*` among its binary types has everything in base64.
fn put_body(event: &mut Value, shape: Shape, parts: &Parts, body: &Bytes) {
    if body.is_empty() {
        return;
    }
    let kind = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_text = shape != Shape::Rest && (kind.starts_with("text/") || kind.starts_with("application/json"));
    match std::str::from_utf8(body) {
        Ok(text) if is_text => event["body"] = json!(text),
        _ => {
            event["body"] = json!(data_encoding::BASE64.encode(body));
            event["isBase64Encoded"] = json!(true);
        }
    }
}
