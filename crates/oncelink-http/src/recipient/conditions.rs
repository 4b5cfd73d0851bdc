//! Conditional requests for a file whose version never changes (RFC 9110 section 13).

use axum::http::{HeaderMap, HeaderName, Method, header};

/// What the conditions of a request say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Send what was asked for.
    Holds,
    /// The client has it already (304).
    NotModified,
    /// The client wants another version (412), or to post only if it hasn't this one.
    Failed,
}

/// Evaluates `If-Match`, then `If-None-Match`, in the order of RFC 9110 section 13.2.2. Dates are no validators here.
pub(crate) fn evaluate(method: &Method, headers: &HeaderMap, etag: &str) -> Condition {
    if headers.contains_key(header::IF_MATCH) && !names(headers, &header::IF_MATCH, etag, false) {
        return Condition::Failed;
    }
    if names(headers, &header::IF_NONE_MATCH, etag, true) {
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        return if is_read { Condition::NotModified } else { Condition::Failed };
    }
    Condition::Holds
}

/// Whether `Range` counts: without `If-Range`, or when that names this very version. Only a strong validator does.
pub(crate) fn range_holds(headers: &HeaderMap, etag: &str) -> bool {
    headers.get(header::IF_RANGE).is_none_or(|value| value.as_bytes().trim_ascii() == etag.as_bytes())
}

/// Whether one of the header's entity tags is `etag`; `weakly`: a `W/` before it doesn't matter.
fn names(headers: &HeaderMap, name: &HeaderName, etag: &str, weakly: bool) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).any(|tag| {
        let strong = if weakly { tag.strip_prefix("W/").unwrap_or(tag) } else { tag };
        tag == "*" || strong == etag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().expect("a header's value"))])
    }

    #[test]
    fn conditions_are_what_rfc_9110_says() {
        let tag = "\"5-abc\"";
        for (name, value, expected) in [
            (header::IF_MATCH, "\"5-abc\"", Condition::Holds),
            (header::IF_MATCH, "\"x\", \"5-abc\"", Condition::Holds),
            (header::IF_MATCH, "*", Condition::Holds),
            (header::IF_MATCH, "W/\"5-abc\"", Condition::Failed),
            (header::IF_MATCH, "\"x\"", Condition::Failed),
            (header::IF_NONE_MATCH, "\"5-abc\"", Condition::NotModified),
            (header::IF_NONE_MATCH, "W/\"5-abc\"", Condition::NotModified),
            (header::IF_NONE_MATCH, "*", Condition::NotModified),
            (header::IF_NONE_MATCH, "\"x\"", Condition::Holds),
        ] {
            assert_eq!(evaluate(&Method::GET, &headers(name.clone(), value), tag), expected, "{name}: {value}");
        }
        assert_eq!(evaluate(&Method::GET, &HeaderMap::new(), tag), Condition::Holds);
        assert_eq!(evaluate(&Method::HEAD, &headers(header::IF_NONE_MATCH, tag), tag), Condition::NotModified);
        assert_eq!(evaluate(&Method::POST, &headers(header::IF_NONE_MATCH, tag), tag), Condition::Failed);
    }

    #[test]
    fn a_range_counts_for_this_version_only() {
        let tag = "\"5-abc\"";
        assert!(range_holds(&HeaderMap::new(), tag));
        assert!(range_holds(&headers(header::IF_RANGE, tag), tag));
        for other in ["\"x\"", "W/\"5-abc\"", "Tue, 24 Nov 2026 12:00:00 GMT"] {
            assert!(!range_holds(&headers(header::IF_RANGE, other), tag), "{other}");
        }
    }
}
