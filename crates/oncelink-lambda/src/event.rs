//! An event as API Gateway, a Function URL or a load balancer sends it, and the HTTP request in it.
//!
//! Must not decide anything by it. Read by hand, because paths, queries and repeated headers must arrive as the client
//! sent them, and nothing that a client sends may be able to break the function.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::Value;

/// Which of the four forms an event has; its answer must have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// REST APIs, and HTTP APIs with payload version 1.0.
    V1,
    /// HTTP APIs and Function URLs.
    V2,
    /// Load balancers whose target group hands on each header's last value only.
    Alb,
    /// Load balancers whose target group hands on all values.
    AlbMulti,
}

/// An event. It holds secrets (paths), so it can't be shown.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    pub(crate) version: Option<String>,
    http_method: Option<String>,
    path: Option<String>,
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    cookies: Option<Vec<String>>,
    headers: Option<Map<Option<String>>>,
    multi_value_headers: Option<Map<Option<Vec<String>>>>,
    query_string_parameters: Option<Map<Option<String>>>,
    multi_value_query_string_parameters: Option<Map<Option<Vec<String>>>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
    /// What AWS itself says of the request.
    pub(crate) request_context: RequestContext,
}

/// What AWS itself says of a request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestContext {
    /// The stage's name.
    pub(crate) stage: Option<String>,
    /// The domain that the client asked.
    pub(crate) domain_name: Option<String>,
    /// The path as the client asked for it (version 1).
    pub(crate) path: Option<String>,
    /// Method, path and address (version 2).
    pub(crate) http: Option<Http>,
    /// The client (version 1).
    pub(crate) identity: Option<CallerIdentity>,
    /// What an authorizer found.
    pub(crate) authorizer: Option<Value>,
    elb: Option<Value>,
}

/// The request's line, in version 2.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Http {
    method: String,
    /// The client's address.
    pub(crate) source_ip: Option<String>,
}

/// The client, in version 1.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallerIdentity {
    /// The client's address.
    pub(crate) source_ip: Option<String>,
    /// The IAM principal, where IAM authorizes.
    pub(crate) user_arn: Option<String>,
}

type Map<V> = BTreeMap<String, V>;

impl Event {
    /// The form.
    pub(crate) fn shape(&self) -> Shape {
        match (&self.request_context.elb, &self.request_context.http) {
            (Some(_), _) if self.multi_value_headers.is_some() => Shape::AlbMulti,
            (Some(_), _) => Shape::Alb,
            (None, Some(_)) => Shape::V2,
            (None, None) => Shape::V1,
        }
    }

    /// The path, as the event has it.
    pub(crate) fn path(&self) -> &str {
        self.raw_path.as_deref().or(self.path.as_deref()).filter(|path| path.starts_with('/')).unwrap_or("/")
    }

    /// The last value of a header, whatever its letters' case.
    pub(crate) fn last_header(&self, name: &str) -> Option<&str> {
        let is_it = |have: &&String| have.eq_ignore_ascii_case(name);
        let several = self.multi_value_headers.iter().flatten().find(|(have, _)| is_it(have));
        let one = || self.headers.iter().flatten().find(|(have, _)| is_it(have)).and_then(|(_, value)| value.as_deref());
        several.and_then(|(_, values)| values.as_ref()?.last()).map(String::as_str).or_else(one)
    }

    /// The request, at `path`.
    ///
    /// # Errors
    /// No HTTP request at all.
    pub(crate) fn into_request(self, path: &str) -> Result<Request<Body>, Error> {
        let method = self.request_context.http.as_ref().map(|http| &http.method).or(self.http_method.as_ref());
        let method = method.and_then(|name| name.parse::<Method>().ok()).ok_or("the event is no HTTP request: it has no method")?;
        let query = self.query();
        let target = if query.is_empty() { escaped(path) } else { format!("{}?{}", escaped(path), escaped(&query)) };
        let uri: Uri = target.parse().unwrap_or_else(|_| Uri::from_static("/"));
        let headers = self.header_map();
        let body = match (self.body, self.is_base64_encoded.unwrap_or(false)) {
            (None, _) => Body::empty(),
            (Some(text), false) => Body::from(text),
            (Some(text), true) => Body::from(
                data_encoding::BASE64.decode(text.as_bytes()).map_err(|_| "the event's body is not the base64 it is said to be")?,
            ),
        };
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// The query as it stood in the address, or one that means the same.
    fn query(&self) -> String {
        if let Some(raw) = &self.raw_query_string {
            return raw.clone();
        }
        let pairs = pairs(self.multi_value_query_string_parameters.as_ref(), self.query_string_parameters.as_ref());
        if self.request_context.elb.is_some() {
            // A load balancer hands on what stood there, undecoded.
            let raw: Vec<String> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
            return raw.join("&");
        }
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    fn header_map(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs(self.multi_value_headers.as_ref(), self.headers.as_ref()) {
            // What is no header to HTTP is none to us.
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.as_bytes())) {
                headers.append(name, value);
            }
        }
        if let Some(cookies) = &self.cookies
            && let Ok(value) = HeaderValue::from_bytes(cookies.join("; ").as_bytes())
        {
            headers.insert(header::COOKIE, value);
        }
        headers
    }
}

/// All names and values: the full map where there is one, as the other has each name's last value only.
fn pairs<'a>(
    several: Option<&'a Map<Option<Vec<String>>>>,
    single: Option<&'a Map<Option<String>>>,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let is_full = several.is_some_and(|map| !map.is_empty());
    let all =
        several.into_iter().flatten().flat_map(|(name, values)| values.iter().flatten().map(move |value| (name.as_str(), value.as_str())));
    let last = single.into_iter().flatten().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)));
    all.chain(last.filter(move |_| !is_full))
}

/// The text with everything escaped that can't stand in an address. Some transports decode paths before they hand them on.
fn escaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_escape = |at: usize| bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    let mut out = String::with_capacity(text.len());
    for (at, &byte) in bytes.iter().enumerate() {
        let keep = match byte {
            b'%' => is_escape(at),
            byte => byte.is_ascii_graphic() && !b"\"#<>?[\\]^`{|}".contains(&byte),
        };
        if keep {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(event: Value) -> Request<Body> {
        let event: Event = serde_json::from_value(event).expect("an event");
        let path = event.path().to_owned();
        event.into_request(&path).expect("a request")
    }

    #[test]
    fn all_values_of_a_header_arrive() {
        let event = json!({
            "httpMethod": "GET", "path": "/", "headers": {"Cookie": "b=2"}, "multiValueHeaders": {"Cookie": ["a=1", "b=2"]},
            "requestContext": {"stage": "prod"},
        });
        let request = request(event);
        let cookies: Vec<&HeaderValue> = request.headers().get_all(header::COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
    }

    #[test]
    fn a_query_means_what_the_client_wrote() {
        let context = json!({"elb": {"targetGroupArn": "x"}});
        let alb =
            json!({"httpMethod": "GET", "path": "/get-link", "queryStringParameters": {"file": "a%26b+c"}, "requestContext": context});
        assert_eq!(request(alb).uri(), "/get-link?file=a%26b+c");
        let rest = json!({
            "httpMethod": "GET", "path": "/get-link", "requestContext": {"stage": "prod"},
            "queryStringParameters": {"file": "a&b c"}, "multiValueQueryStringParameters": {"file": ["a&b c"]},
        });
        assert_eq!(request(rest).uri(), "/get-link?file=a%26b+c");
        let http = json!({"rawPath": "/get-link", "rawQueryString": "file=a%26b%20c", "requestContext": {"http": {"method": "GET"}}});
        assert_eq!(request(http).uri(), "/get-link?file=a%26b%20c");
    }

    #[test]
    fn what_no_address_can_hold_is_escaped_and_breaks_nothing() {
        for (path, expected) in
            [("/d/\u{fc} x", "/d/%C3%BC%20x"), ("/d/100%", "/d/100%25"), ("/d/%41?", "/d/%41%3F"), ("", "/"), ("nonsense", "/")]
        {
            let event = json!({"rawPath": path, "requestContext": {"http": {"method": "GET"}}, "headers": {"host": "[\u{1}", "x y": "z"}});
            assert_eq!(request(event).uri(), expected, "{path:?}");
        }
    }

    #[test]
    fn an_event_that_is_no_request_is_refused() {
        for event in [json!({"requestContext": {}}), json!({"httpMethod": "GE T", "requestContext": {}})] {
            assert!(serde_json::from_value::<Event>(event).expect("an event").into_request("/").is_err());
        }
        assert!(serde_json::from_value::<Event>(json!({"Records": []})).is_err());
    }
}
