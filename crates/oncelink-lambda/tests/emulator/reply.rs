//! The function's answer as the gateway reads it: what breaks a rule becomes a 502, as it would at AWS.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use serde::Deserialize;

use super::event::Shape;

/// Lambda's bound on an answer in one piece.
pub(crate) const PAYLOAD: usize = 6 * 1024 * 1024;
/// A load balancer's.
const PAYLOAD_ALB: usize = 1_000_000;
/// Lambda's bound on a stream.
pub(crate) const STREAMED: u64 = 200 * 1024 * 1024;
/// API Gateway's bound on all headers together.
const HEADERS: usize = 10_240;
/// A stream's head must be over by then.
const HEAD: usize = 16 * 1024;

/// What makes an answer a 502.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bad(pub(crate) String);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Whole {
    status_code: u16,
    status_description: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    cookies: Option<Vec<String>>,
    #[serde(default)]
    is_base64_encoded: bool,
    body: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Prelude {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
}

/// An answer in one piece.
pub(crate) fn whole(shape: Shape, json: &[u8]) -> Result<Response<Bytes>, Bad> {
    let most = if matches!(shape, Shape::Alb | Shape::AlbMulti) { PAYLOAD_ALB } else { PAYLOAD };
    if json.len() > most {
        return Err(Bad(format!("the answer has {} bytes, and may have {most}", json.len())));
    }
    let whole: Whole = serde_json::from_slice(json).map_err(|error| Bad(error.to_string()))?;
    let wants_several = matches!(shape, Shape::AlbMulti);
    if matches!(shape, Shape::Alb | Shape::AlbMulti)
        && (whole.status_description.is_none() || whole.multi_value_headers.is_some() != wants_several)
    {
        return Err(Bad("no status description, or headers of the other kind".to_owned()));
    }
    if matches!(shape, Shape::Http | Shape::FunctionUrl) && whole.multi_value_headers.is_some() {
        return Err(Bad("version 2 has no multiValueHeaders".to_owned()));
    }
    let text = whole.body.unwrap_or_default();
    let body = if whole.is_base64_encoded {
        data_encoding::BASE64.decode(text.as_bytes()).map_err(|error| Bad(format!("no base64: {error}")))?
    } else {
        text.into_bytes()
    };
    let several = whole
        .multi_value_headers
        .into_iter()
        .flatten()
        .flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)));
    let single = whole.headers.into_iter().flatten();
    let cookies = whole.cookies.into_iter().flatten().map(|value| ("set-cookie".to_owned(), value));
    response(shape, whole.status_code, several.chain(single).chain(cookies), body.into(), false)
}

/// A stream's head, once all of it is there; what follows it in `bytes` is the body's.
pub(crate) fn head(shape: Shape, bytes: &[u8]) -> Result<Option<(Response<Bytes>, usize)>, Bad> {
    let Some(end) = bytes.windows(8).position(|window| window == [0; 8]) else {
        return if bytes.len() > HEAD { Err(Bad("the stream's head is too long".to_owned())) } else { Ok(None) };
    };
    let prelude: Prelude = serde_json::from_slice(&bytes[..end]).map_err(|error| Bad(error.to_string()))?;
    let cookies = prelude.cookies.into_iter().map(|value| ("set-cookie".to_owned(), value));
    let response = response(shape, prelude.status_code, prelude.headers.into_iter().chain(cookies), Bytes::new(), true)?;
    Ok(Some((response, end + 8)))
}

fn response(
    shape: Shape,
    status: u16,
    headers: impl Iterator<Item = (String, String)>,
    body: Bytes,
    streams: bool,
) -> Result<Response<Bytes>, Bad> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).map_err(|error| Bad(error.to_string()))?;
    let mut size = 0;
    for (name, value) in headers {
        size += name.len() + value.len();
        let Some(name) = passed_on(shape, &name, streams) else { continue };
        let name: HeaderName = name.parse().map_err(|_| Bad(format!("{name:?} is no header")))?;
        let value: HeaderValue = value.parse().map_err(|_| Bad(format!("{name} has a value that can't be sent")))?;
        response.headers_mut().append(name, value);
    }
    if size > HEADERS {
        return Err(Bad(format!("the headers have {size} bytes, and may have {HEADERS}")));
    }
    // Without one some gateways write a type of their own.
    if !response.headers().contains_key(header::CONTENT_TYPE) && !response.body().is_empty() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(response)
}

/// A header's name after the gateway: some are the gateway's own, some are renamed.
fn passed_on(shape: Shape, name: &str, streams: bool) -> Option<String> {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "content-length" if streams => Some(format!("x-amzn-remapped-{name}")),
        "content-length" | "transfer-encoding" | "connection" => None,
        "www-authenticate" | "date" | "server" | "content-md5" if matches!(shape, Shape::Rest | Shape::Http | Shape::FunctionUrl) => {
            Some(format!("x-amzn-remapped-{name}"))
        }
        _ => Some(name),
    }
}
