//! Answers as events want them: one JSON document, a file's bytes in base64; or the head of a stream.
//!
//! Must not change what the router said, and must not let out more than the transport carries.

use std::collections::BTreeMap;
use std::io;

use axum::body::{self, Body};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use lambda_runtime::MetadataPrelude;
use serde::Serialize;

use crate::event::Shape;

/// One answer in one piece.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<Vec<String>>,
    is_base64_encoded: bool,
    body: String,
}

/// The router's answer in one piece of at most `payload` bytes.
pub(crate) async fn gathered(response: Response, shape: Shape, payload: u64) -> Answer {
    let answer = gather(response, shape).await;
    if answer.size() <= payload {
        return answer;
    }
    tracing::warn!(size = answer.size(), payload, "an answer is larger than this transport carries");
    gather(oncelink_http::too_much(), shape).await
}

async fn gather(response: Response, shape: Shape) -> Answer {
    let (parts, body) = response.into_parts();
    match body::to_bytes(body, usize::MAX).await {
        Ok(bytes) => Answer::new(parts.status, &parts.headers, shape, Content::of(&parts.headers, bytes.into())),
        Err(error) => {
            // Nothing of it has left: the client gets an honest answer in its place.
            tracing::error!(%error, "an answer broke off while it was gathered");
            let (parts, body) = oncelink_http::broken_off().into_parts();
            let bytes = body::to_bytes(body, usize::MAX).await.unwrap_or_default();
            Answer::new(parts.status, &parts.headers, shape, Content::of(&parts.headers, bytes.into()))
        }
    }
}

/// The head of a streamed answer, and its body.
pub(crate) fn streamed(response: Response) -> (MetadataPrelude, Body) {
    let (parts, body) = response.into_parts();
    // A stream's head has each header once.
    let mut headers = HeaderMap::new();
    for (name, value) in folded(&parts.headers) {
        if let (Ok(name), Ok(value)) = (name.parse::<header::HeaderName>(), value.parse()) {
            headers.insert(name, value);
        }
    }
    (MetadataPrelude { status_code: parts.status, headers, cookies: cookies(&parts.headers) }, body)
}

/// A body as it can stand in JSON.
struct Content {
    text: String,
    is_base64_encoded: bool,
}

impl Content {
    /// A file's bytes always in base64: as text, some would take six times their room. All else as text, if it is one.
    fn of(headers: &HeaderMap, bytes: Vec<u8>) -> Self {
        let encoded = |bytes: &[u8]| Self { text: data_encoding::BASE64.encode(bytes), is_base64_encoded: true };
        if headers.contains_key(header::CONTENT_DISPOSITION) {
            return encoded(&bytes);
        }
        match String::from_utf8(bytes) {
            Ok(text) => Self { text, is_base64_encoded: false },
            Err(error) => encoded(error.as_bytes()),
        }
    }
}

impl Answer {
    fn new(status: axum::http::StatusCode, headers: &HeaderMap, shape: Shape, content: Content) -> Self {
        let mut answer = Self {
            status_code: status.as_u16(),
            status_description: None,
            headers: None,
            multi_value_headers: None,
            cookies: None,
            is_base64_encoded: content.is_base64_encoded,
            body: content.text,
        };
        match shape {
            Shape::V2 => {
                answer.headers = Some(folded(headers));
                answer.cookies = Some(cookies(headers)).filter(|cookies| !cookies.is_empty());
            }
            Shape::V1 => answer.multi_value_headers = Some(unfolded(headers)),
            Shape::AlbMulti | Shape::Alb => {
                answer.status_description = Some(format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("Unknown")));
                if shape == Shape::AlbMulti {
                    answer.multi_value_headers = Some(unfolded(headers));
                } else {
                    let last = headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
                    answer.headers = Some(last.collect());
                }
            }
        }
        answer
    }

    /// How many bytes it has as JSON.
    fn size(&self) -> u64 {
        let mut count = Count(0);
        serde_json::to_writer(&mut count, self).map_or(u64::MAX, |()| count.0)
    }
}

/// Counts what is written to it.
struct Count(u64);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Each header once, its values joined; cookies aside.
fn folded(headers: &HeaderMap) -> BTreeMap<String, String> {
    let names = headers.keys().filter(|name| *name != header::SET_COOKIE);
    let joined = |name| headers.get_all(name).iter().map(text).collect::<Vec<_>>().join(", ");
    names.map(|name| (name.as_str().to_owned(), joined(name))).collect()
}

fn unfolded(headers: &HeaderMap) -> BTreeMap<String, Vec<String>> {
    headers.keys().map(|name| (name.as_str().to_owned(), headers.get_all(name).iter().map(text).collect())).collect()
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    headers.get_all(header::SET_COOKIE).iter().map(text).collect()
}

/// The router writes ASCII headers; anything else would be lost on the way anyhow.
fn text(value: &header::HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use axum::response::IntoResponse;
    use serde_json::{Value, json};

    async fn shown(response: Response, shape: Shape, payload: u64) -> Value {
        serde_json::to_value(gathered(response, shape, payload).await).expect("JSON")
    }

    fn two_cookies() -> Response {
        let mut response = "hello".into_response();
        for value in ["a=1", "b=2"] {
            response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(value));
        }
        response
    }

    #[tokio::test]
    async fn each_shape_gets_its_headers_and_cookies() {
        let v2 = shown(two_cookies(), Shape::V2, 1 << 20).await;
        assert_eq!((&v2["cookies"], &v2["headers"]["set-cookie"]), (&json!(["a=1", "b=2"]), &Value::Null));
        let v1 = shown(two_cookies(), Shape::V1, 1 << 20).await;
        assert_eq!((&v1["multiValueHeaders"]["set-cookie"], &v1["headers"]), (&json!(["a=1", "b=2"]), &Value::Null));
        let alb = shown(two_cookies(), Shape::AlbMulti, 1 << 20).await;
        assert_eq!((&alb["statusDescription"], &alb["multiValueHeaders"]["set-cookie"]), (&json!("200 OK"), &json!(["a=1", "b=2"])));
        assert_eq!(shown(two_cookies(), Shape::Alb, 1 << 20).await["headers"]["content-type"], "text/plain; charset=utf-8");
    }

    #[tokio::test]
    async fn a_file_is_never_taken_for_text() {
        for bytes in [b"plain".as_slice(), b"\xe4\xf6\xfc latin", b"broken \xc3", b"\0\0\0"] {
            let headers = [(header::CONTENT_TYPE, "text/plain; charset=iso-8859-1"), (header::CONTENT_DISPOSITION, "attachment")];
            let answer = shown((headers, bytes.to_vec()).into_response(), Shape::V2, 1 << 20).await;
            assert_eq!((&answer["isBase64Encoded"], &answer["body"]), (&json!(true), &json!(data_encoding::BASE64.encode(bytes))));
        }
    }

    #[tokio::test]
    async fn what_is_too_large_becomes_an_answer_that_fits() {
        let answer = shown("x".repeat(5_000).into_response(), Shape::V2, 5_000).await;
        assert_eq!(answer["statusCode"], 400);
        assert!(serde_json::to_vec(&answer).expect("JSON").len() < 5_000);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_becomes_an_answer_to_try_again() {
        let broken = futures_util::stream::iter([Ok("some"), Err(std::io::Error::other("gone"))]);
        let answer = shown(Response::new(Body::from_stream(broken)), Shape::V2, 1 << 20).await;
        assert_eq!((&answer["statusCode"], answer["headers"]["retry-after"].is_string()), (&json!(503), true));
        assert_eq!(answer["headers"]["cache-control"], "no-store");
    }
}
