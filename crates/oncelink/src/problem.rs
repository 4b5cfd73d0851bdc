//! Error answers (RFC 9457), read from whoever answered.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::output::tame;

/// The longest error answer that is read, in bytes.
const LONGEST: usize = 64 * 1024;
/// The longest detail that is shown, in characters.
const SHOWN: usize = 500;

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The last part of its type, such as `spent`; empty when the answer wasn't a problem document.
    pub(crate) kind: String,
    /// What happened and what to do, in a sentence.
    pub(crate) detail: String,
    /// When to come again.
    pub(crate) retry_after: Option<Duration>,
}

impl Problem {
    /// Reads an error answer to its end.
    pub(crate) async fn read(mut response: Response) -> Self {
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST {
                break;
            }
        }
        let reason = status.canonical_reason().unwrap_or("an unknown status");
        let (kind, detail) = parse(&body).unwrap_or_else(|| (String::new(), format!("the server answered {} {reason}", status.as_u16())));
        Self { status: status.as_u16(), kind, detail, retry_after }
    }

    /// Whether it is a server of ours that says no: unknown, spent, expired, revoked, not yet, not for you, changed. An
    /// answer that is no problem document comes from something in between.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self.status, 403 | 404 | 409 | 410) && !self.kind.is_empty()
    }

    /// Whether no claim stands behind it any more: it is over, or the link is unknown. Anything else (an object that is
    /// missing or changed, an address that isn't allowed) may be mended, and the server keeps the claim meanwhile.
    pub(crate) fn ends_claims(&self) -> bool {
        self.status == 410 || (self.status == 404 && self.kind == "not-found")
    }

    /// Whether it may well work later, without anything being changed.
    pub(crate) fn is_passing(&self) -> bool {
        self.status == 408 || self.status >= 500 || (self.status == 429 && self.kind != "too-many-passphrases")
    }
}

/// `Retry-After` in seconds. Dates are left to the usual backing off.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

fn parse(body: &[u8]) -> Option<(String, String)> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let kind = value.get("type")?.as_str()?.rsplit('/').next().unwrap_or_default();
    let detail = value.get("detail").or_else(|| value.get("title")).and_then(Value::as_str).unwrap_or(kind);
    let shown: String = tame(detail).chars().take(SHOWN).collect();
    Some((tame(kind), shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_document_becomes_a_sentence() {
        let parsed = |text: &str| parse(text.as_bytes());
        let full =
            r#"{"type":"https://example.org/problems/spent","title":"Link used up","status":410,"detail":"This link has been used."}"#;
        assert_eq!(parsed(full), Some(("spent".to_owned(), "This link has been used.".to_owned())));
        assert_eq!(parsed(r#"{"type":"spent","title":"Used up"}"#), Some(("spent".to_owned(), "Used up".to_owned())));
        let hostile = parsed(r#"{"type":"x","detail":"a\u001b[2Jb\nc"}"#).expect("a problem").1;
        assert_eq!(hostile, "a\u{fffd}[2Jb\u{fffd}c");
        for other in ["", "<html>", "[]", "{}", r#"{"type":7}"#, "null"] {
            assert_eq!(parsed(other), None, "{other}");
        }
    }

    #[test]
    fn what_passes_is_told_from_what_doesnt() {
        let problem = |status, kind: &str| Problem { status, kind: kind.to_owned(), detail: String::new(), retry_after: None };
        for (status, kind) in [(503, "unavailable"), (500, ""), (502, ""), (408, "timeout"), (429, "too-many-requests")] {
            assert!(problem(status, kind).is_passing(), "{status}");
        }
        for (status, kind) in [(410, "spent"), (404, "not-found"), (401, "passphrase-wrong"), (429, "too-many-passphrases"), (400, "")] {
            assert!(!problem(status, kind).is_passing(), "{status}");
        }
    }

    #[test]
    fn a_refusal_is_told_from_a_failure_and_the_end_of_a_claim_from_a_hindrance() {
        let problem = |status, kind: &str| Problem { status, kind: kind.to_owned(), detail: String::new(), retry_after: None };
        for (status, kind, refuses, ends) in [
            (410, "spent", true, true),
            (404, "not-found", true, true),
            (404, "object-not-found", true, false),
            (409, "object-changed", true, false),
            (403, "forbidden", true, false),
            (404, "", false, false),
            (401, "unauthorized", false, false),
            (429, "too-many-requests", false, false),
            (400, "invalid-request", false, false),
            (503, "store-unavailable", false, false),
        ] {
            let found = problem(status, kind);
            assert_eq!((found.is_refusal(), found.ends_claims()), (refuses, ends), "{status} {kind}");
        }
    }
}
