//! The problems that recipients' requests have in common, for the OpenAPI document.
//!
//! Must agree with what the handlers answer; `problem.rs` decides which status a problem has.

use utoipa::IntoResponses;

use crate::api::{Always, Responses, problems};

/// What a look at a link may be refused with.
pub(crate) struct Looking;
/// What a claim may be refused with.
pub(crate) struct Claiming;
/// What a request for a claim's bytes may be refused with.
pub(crate) struct Delivering;
/// What the holder's word that it has everything may be refused with.
pub(crate) struct Acknowledging;

impl IntoResponses for Looking {
    fn responses() -> Responses {
        let own = problems(&[
            ("400", "the query is wrong"),
            ("401", "a gate=direct link that needs a passphrase"),
            ("403", "address not allowed, or not yet"),
            ("404", "no such link, or the object is gone"),
            ("409", "gate=direct: the object has changed; nothing is spent"),
            ("410", "spent, expired or revoked; for the browser that claimed a gate=direct link: completed or lapsed"),
            ("412", "gate=direct, the browser that claimed it: If-Match names another version"),
            ("416", "gate=direct, the browser that claimed it: the range begins behind the end"),
            ("428", "gate=direct: the file is larger than one answer carries here; nothing is spent"),
        ]);
        own.into_iter().chain(Always::responses()).collect()
    }
}

impl IntoResponses for Claiming {
    fn responses() -> Responses {
        let own = problems(&[
            ("400", "a field is wrong"),
            ("401", "passphrase missing or wrong; nothing is spent"),
            ("403", "address not allowed, not yet, or sent from another site"),
            ("404", "no such link, or the object is gone"),
            ("408", "the body didn't come in time"),
            ("409", "the object has changed; nothing is spent"),
            ("410", "spent, expired, revoked; for the holder: completed or lapsed"),
            ("413", "the form is too large"),
            ("415", "not a form"),
            ("428", "the file is larger than one answer carries here, and the client made no holder; nothing is spent"),
        ]);
        own.into_iter().chain(Always::responses()).collect()
    }
}

impl IntoResponses for Acknowledging {
    fn responses() -> Responses {
        let own = problems(&[("403", "address not allowed"), ("404", "no such claim"), ("410", "completed already, lapsed, or revoked")]);
        own.into_iter().chain(Always::responses()).collect()
    }
}

impl IntoResponses for Delivering {
    fn responses() -> Responses {
        let own = problems(&[
            ("403", "address not allowed"),
            ("404", "no such claim, or the object is gone"),
            ("409", "the object has changed"),
            ("410", "completed, lapsed, revoked or budget spent"),
            ("412", "If-Match names another version, or POST with If-None-Match of this one"),
            ("416", "the range begins behind the end"),
            ("428", "the file is larger than one answer carries here: ask for ranges"),
        ]);
        own.into_iter().chain(Always::responses()).collect()
    }
}
