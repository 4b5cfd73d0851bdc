//! The headers of an answer that carries a file, or would.

use axum::http::{HeaderMap, HeaderValue, header};
use data_encoding::{BASE64, HEXLOWER};
use oncelink_core::disposition;
use oncelink_core::link::Link;
use oncelink_core::object::ByteRange;

/// What the client may do with the bytes: nothing but save them.
const POLICY: &str = "sandbox; default-src 'none'";

/// The headers that describe the file: name, kind, validator, digest (RFC 6266, RFC 9110, RFC 9530).
pub(crate) fn describe(headers: &mut HeaderMap, link: &Link) {
    let terms = &link.terms;
    put(headers, header::ACCEPT_RANGES, "bytes");
    put(headers, header::ETAG, &etag(link));
    put(headers, header::CONTENT_DISPOSITION, &disposition::attachment(&terms.filename));
    put(headers, header::CONTENT_TYPE, &disposition::safe_media_type(terms.content_type.as_deref()));
    put(headers, header::CONTENT_SECURITY_POLICY, POLICY);
    if let Some(digest) = link.object.sha256 {
        put(headers, header::HeaderName::from_static("repr-digest"), &format!("sha-256=:{}:", BASE64.encode(&digest)));
    }
}

/// The length of the answer's content.
pub(crate) fn length(headers: &mut HeaderMap, length: u64) {
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
}

/// Which part of the file the answer carries.
pub(crate) fn part(headers: &mut HeaderMap, range: &ByteRange, size: u64) {
    put(headers, header::CONTENT_RANGE, &format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1)));
}

/// How many bytes the file has, for a range that begins behind its end.
pub(crate) fn unsatisfiable(headers: &mut HeaderMap, size: u64) {
    put(headers, header::CONTENT_RANGE, &format!("bytes */{size}"));
}

/// The strong validator of the pinned version.
pub(crate) fn etag(link: &Link) -> String {
    format!("\"{}\"", link.object.version.etag)
}

/// SHA-256 of the file in hexadecimal, where the source keeps it.
pub(crate) fn sha256(link: &Link) -> Option<String> {
    link.object.sha256.map(|digest| HEXLOWER.encode(&digest))
}

/// Values that can't be a header (an engine's odd ETag) are left out rather than sent broken.
fn put(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
