//! Problems (RFC 9457): the only file that names error statuses.
//!
//! A refusal or a fault becomes a [`Problem`], in English and for programs. Whether it is shown as JSON or as a page is
//! decided by the router; how the page says it, and in which language, by [`crate::page`].

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use oncelink_core::{Fault, FaultKind, No, Origin, Refusal, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::router::keep_private;
use crate::when;

/// The answer to a request that got none: `application/problem+json`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The stable name of this kind of problem.
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    /// What happened, in a few words.
    pub(crate) title: &'static str,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What happened here, and what to do about it.
    pub(crate) detail: String,
    /// The request's field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// Seconds after which to try again.
    #[serde(skip)]
    retry_after: Option<u32>,
    #[serde(skip)]
    challenge: Option<&'static str>,
    /// The refusal that it came from, for a page in the reader's language.
    #[serde(skip)]
    refusal: Option<Box<Refusal>>,
}

const ASK_SENDER: &str = "Ask the sender for a new link.";
/// Wrong passphrases are counted by the hour, so no lock is longer.
const LONGEST_LOCK: u64 = 3600;

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { kind, title, status: status.as_u16(), detail, field: None, retry_after: None, challenge: None, refusal: None }
    }

    /// A refusal, at `now`: unlike the plain conversion it knows for how long a lock still holds.
    pub(crate) fn of(refusal: Refusal, now: Timestamp) -> Self {
        let locked_for = if let Refusal::Locked { until } = &refusal { Some(until.since(now)) } else { None };
        let problem = Self::from(refusal);
        // Rounded up: whoever comes back then may try again.
        if let Some(span) = locked_for { problem.retry(span.as_secs() + 1) } else { problem }
    }

    fn retry(mut self, seconds: u64) -> Self {
        self.retry_after = Some(u32::try_from(seconds.max(1)).unwrap_or(u32::MAX));
        self
    }

    /// The request has a value that breaks a rule.
    pub(crate) fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        let field = field.into();
        let detail = format!("'{field}' {}", detail.into());
        Self { field: Some(field), ..Self::new(StatusCode::BAD_REQUEST, "invalid-request", "Invalid request", detail) }
    }

    /// The request can't be read.
    pub(crate) fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-request", "Invalid request", detail)
    }

    /// No or no valid API key.
    pub(crate) fn unauthorized() -> Self {
        let detail = "An API key is needed: Authorization: Bearer olk_... (make one with 'oncelink key create').";
        Self { challenge: Some("Bearer"), ..Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "No valid API key", detail) }
    }

    /// No such address.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", "There is nothing at this address.")
    }

    /// The address exists, but not for this method.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", "This address doesn't take this method.")
    }

    /// The body is larger than this address takes.
    pub(crate) fn body_too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-too-large",
            "Body too large",
            "The request's body is larger than this address takes.",
        )
    }

    /// The body has another media type than this address takes.
    pub(crate) fn unsupported_media_type(expected: &str) -> Self {
        let detail = format!("This address takes a body of type {expected}.");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type", detail)
    }

    /// A foreign page sent the form.
    pub(crate) fn cross_site() -> Self {
        let detail = "Another site's page sent this request. Open the link itself and use its button.";
        Self::new(StatusCode::FORBIDDEN, "cross-site", "Sent from another site", detail)
    }

    /// A form without the session's token: from another site, or from before the session.
    pub(crate) fn stale_form() -> Self {
        let detail = "This form doesn't belong to your session. Nothing was changed: open the page anew and send it again.";
        Self::new(StatusCode::FORBIDDEN, "stale-form", "Stale form", detail)
    }

    /// A form that was sent before, whose result is shown once.
    pub(crate) fn form_sent_before() -> Self {
        let detail = "This form was sent before, and what it made was shown then. Nothing was made a second time. If a link's address is \
                      lost, reissue it on the link's page; if a key is lost, revoke it and make another.";
        Self::new(StatusCode::CONFLICT, "form-sent-before", "Sent twice", detail)
    }

    /// Too many requests from one address.
    pub(crate) fn too_many_requests(seconds: u64) -> Self {
        let detail = "Too many requests came from this address. Wait a moment.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests", detail).retry(seconds)
    }

    /// The request's body didn't come in time.
    pub(crate) fn timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "timeout", "Request timed out", "The request's body didn't come in time.")
    }

    /// A precondition of the request doesn't hold (RFC 9110 section 13.1.1).
    pub(crate) fn precondition_failed() -> Self {
        let detail = "The file is not the version that If-Match names.";
        Self::new(StatusCode::PRECONDITION_FAILED, "precondition-failed", "Precondition failed", detail)
    }

    /// The range begins behind the file's end (RFC 9110 section 15.5.17).
    pub(crate) fn range_not_satisfiable(size: u64) -> Self {
        let detail = format!("The file has {size} bytes; the range begins behind its end.");
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "range-not-satisfiable", "Range not satisfiable", detail)
    }

    /// The file is larger than one response can carry here, and the client didn't ask for a part of it (RFC 6585 section 3).
    pub(crate) fn oversize(size: u64, most: u64, in_segments: bool) -> Self {
        let (title, remedy) = if in_segments {
            ("Too large for one answer", "Open the link in a browser, use 'oncelink get', or ask for it in ranges. Nothing is lost.")
        } else {
            ("Too large for this way of download", "Ask the sender to hand it over another way. Nothing is spent.")
        };
        let detail = format!("The file has {size} bytes; one answer carries {most} here. {remedy}");
        Self::new(StatusCode::PRECONDITION_REQUIRED, "range-required", title, detail)
    }

    /// A defect of ours.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Internal error",
            "Something went wrong here; the operator's log says what.",
        )
    }

    /// The HTTP status.
    pub(crate) fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The detail as a whole sentence, to stand beside the field that it speaks of or for itself.
    pub(crate) fn sentence(&self) -> String {
        let named = self.field.as_ref().and_then(|field| self.detail.strip_prefix(&format!("'{field}' ")));
        let mut rest = self.detail.chars();
        let first = rest.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        let sentence = named.map_or_else(|| first + rest.as_str(), |rest| format!("This {rest}"));
        if sentence.ends_with(['.', '}', '…']) { sentence } else { sentence + "." }
    }

    /// The refusal that it came from.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_deref()
    }

    /// Seconds after which to try again.
    pub(crate) fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }

    /// The headers and the problem itself (for whoever shows it), with `body`.
    pub(crate) fn respond_with(self, body: impl IntoResponse) -> Response {
        let mut response = body.into_response();
        *response.status_mut() = self.status_code();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// The answer of a program that can't build its router, for whoever runs it: a defect of its configuration, which its log names.
pub fn misconfigured() -> Response {
    private(Problem::internal())
}

/// The answer of a program whose parts can't be opened now.
pub fn failed(fault: Fault) -> Response {
    private(fault.into())
}

/// The answer in place of one that broke off while a transport gathered it. Nothing of that one was sent.
pub fn broken_off() -> Response {
    private(Fault::unavailable("an answer broke off while it was gathered").into())
}

/// The answer in place of one that is larger than its transport carries: a listing, as a file never is.
pub fn too_much() -> Response {
    private(Problem::invalid("limit", "asks for more than one answer carries here; ask for less at once"))
}

/// A problem outside the router, which would have seen to its headers.
fn private(problem: Problem) -> Response {
    let mut response = problem.into_response();
    keep_private(response.headers_mut());
    response
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        self.respond_with(([(header::CONTENT_TYPE, "application/problem+json")], body))
    }
}

impl From<No> for Problem {
    fn from(no: No) -> Self {
        match no {
            No::Refused(refusal) => refusal.into(),
            No::Failed(fault) => fault.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self { refusal: Some(Box::new(refusal.clone())), ..plain(refusal) }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        // Logged here, once: the client learns what it can do, the operator what to mend.
        tracing::error!(kind = ?fault.kind, origin = ?fault.origin, %fault, "a request failed");
        let ours = |kind, title, detail: &str, seconds| Self::new(StatusCode::SERVICE_UNAVAILABLE, kind, title, detail).retry(seconds);
        match (fault.kind, fault.origin) {
            (FaultKind::Unavailable, Origin::Store) => {
                let detail = "The store of links doesn't answer. Nothing is lost: try again with the same link in a moment.";
                ours("store-unavailable", "Not available right now", detail, 5)
            }
            (FaultKind::Unavailable, Origin::Source) => {
                let detail = "The place where the file lies doesn't answer. Nothing is lost: try again with the same link in a moment.";
                ours("source-unavailable", "Not available right now", detail, 5)
            }
            (FaultKind::Denied, Origin::Store) => {
                let detail = "The server's credentials don't reach its store; its log names what is missing. Nothing is lost.";
                ours("store-denied", "The store refuses us", detail, 60)
            }
            (FaultKind::Denied, Origin::Source) => {
                let detail = "The server's credentials don't allow reading this file; its log names what is missing. Nothing is lost.";
                ours("source-denied", "The file's source refuses us", detail, 60)
            }
            (FaultKind::Corrupt, Origin::Store) => {
                let detail = "The server's records can't be read; its log says which. Nothing is given out until that is mended.";
                ours("store-damaged", "The store is damaged", detail, 60)
            }
            (FaultKind::Corrupt, Origin::Source) => {
                let detail = "The file can't be read as it was stored; the server's log says more. Nothing is lost.";
                ours("source-damaged", "The file is damaged", detail, 60)
            }
            (FaultKind::Internal, _) => Self::internal(),
        }
    }
}

/// What each refusal is to a program: 404 unknown, 410 over for good, 403 not for you or not now.
fn plain(refusal: Refusal) -> Problem {
    let kind = refusal.as_str();
    let gone = |title, text: String| Problem::new(StatusCode::GONE, kind, title, format!("{text} {ASK_SENDER}"));
    match refusal {
        Refusal::Unknown => {
            let detail = "There is no link at this address. Check that it was copied whole; letters' case counts.";
            Problem::new(StatusCode::NOT_FOUND, "not-found", "No such link", detail)
        }
        Refusal::Spent => gone("Link used up", "This link has been used as often as it may be.".to_owned()),
        Refusal::Revoked => gone("Link revoked", "The sender took this link back.".to_owned()),
        Refusal::Expired { at } => gone("Link expired", format!("This link ended on {}.", when::text(at))),
        Refusal::Completed { at } => gone("Already downloaded", format!("This download was completed on {}.", when::text(at))),
        Refusal::Lapsed { at } => gone("Download given up", format!("This download could be resumed until {}.", when::text(at))),
        Refusal::BudgetSpent => gone("Too much sent", "This download was sent more than twice its size in pieces.".to_owned()),
        Refusal::ObjectChanged => {
            let detail = format!("The file was changed after this link was made. The link is not used up. {ASK_SENDER}");
            Problem::new(StatusCode::CONFLICT, kind, "The file has changed", detail)
        }
        Refusal::ObjectNotFound => {
            let detail = format!("The file isn't there any more. The link is not used up. {ASK_SENDER}");
            Problem::new(StatusCode::NOT_FOUND, kind, "The file is gone", detail)
        }
        Refusal::NoSuchObject { source, key } => {
            let detail =
                format!("The source '{source}' has no object '{key}'. Check the key: it is the object's whole name, and case counts.");
            Problem::new(StatusCode::NOT_FOUND, kind, "No such object", detail)
        }
        Refusal::NotYet { until } => {
            Problem::new(StatusCode::FORBIDDEN, kind, "Not yet", format!("This link works from {} on.", when::text(until)))
        }
        Refusal::AddressNotAllowed => {
            let detail = "This link may only be used from certain networks, and yours isn't one of them.";
            Problem::new(StatusCode::FORBIDDEN, kind, "Address not allowed", detail)
        }
        Refusal::PassphraseNeeded => {
            let detail = "The sender protected this file with a passphrase. Send it in the form field 'passphrase'.";
            challenged(Problem::new(StatusCode::UNAUTHORIZED, kind, "Passphrase needed", detail))
        }
        Refusal::PassphraseWrong => {
            let detail = "That was not the passphrase. The link is not used up.";
            challenged(Problem::new(StatusCode::UNAUTHORIZED, kind, "Wrong passphrase", detail))
        }
        Refusal::Locked { until } => {
            let detail = format!("Too many passphrases were tried. Trying is allowed again on {}.", when::text(until));
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-passphrases", "Too many passphrases", detail).retry(LONGEST_LOCK)
        }
        Refusal::Invalid { field, detail } => Problem::invalid(field, detail),
        Refusal::Forbidden { detail } => Problem::new(StatusCode::FORBIDDEN, kind, "Not allowed", detail),
        Refusal::IdempotencyConflict => {
            let detail = "This Idempotency-Key came before with another body. Use a new key for a new link.";
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, kind, "Idempotency key used before", detail)
        }
    }
}

/// With the challenge that a 401 needs (RFC 9110 section 11.6.1). Not "Basic": a browser would put up its own dialogue and
/// remember the answer.
fn challenged(problem: Problem) -> Problem {
    Problem { challenge: Some("Passphrase"), ..problem }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_lock_says_for_how_long_it_holds_where_that_is_known() {
        let now = Timestamp::from_millis(1_000_000);
        let locked = Refusal::Locked { until: now.plus(Duration::from_millis(90_500)) };
        assert_eq!(Problem::of(locked.clone(), now).retry_after(), Some(91));
        assert_eq!(Problem::from(locked).retry_after(), Some(3600));
        assert_eq!(Problem::of(Refusal::Spent, now).retry_after(), None);
    }

    #[test]
    fn what_is_for_pages_stays_out_of_the_json() {
        let problem = Problem::from(Refusal::Expired { at: Timestamp::from_millis(0) });
        assert_eq!(problem.refusal(), Some(&Refusal::Expired { at: Timestamp::from_millis(0) }));
        let json = serde_json::to_value(&problem).expect("a problem is plain data");
        let names: Vec<&String> = json.as_object().expect("an object").keys().collect();
        assert_eq!(names, ["detail", "status", "title", "type"]);
        assert_eq!(json["detail"], "This link ended on 1970-01-01 00:00 UTC. Ask the sender for a new link.");
    }

    #[test]
    fn a_401_names_its_challenge() {
        for refusal in [Refusal::PassphraseNeeded, Refusal::PassphraseWrong] {
            let response = Problem::from(refusal).into_response();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Passphrase");
        }
    }
}
