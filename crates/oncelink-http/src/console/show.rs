//! Values as the console shows them: times, sizes, spans, states.
//!
//! Must not escape anything: templates do.

use std::time::Duration;

use oncelink_core::Timestamp;
use oncelink_core::link::{Delivery, Gate, Link, LinkState};

use crate::page;
use crate::when;

/// A point in time: for programs, and for eyes in UTC until the script turns it into the reader's own time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) rfc3339: String,
    pub(super) text: String,
}

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self { rfc3339: when::rfc3339(at), text: when::text(at) }
    }
}

/// A link in a list.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) name: String,
    /// Where it lies: source and key.
    pub(super) place: String,
    pub(super) size: String,
    pub(super) state: &'static str,
    pub(super) uses: String,
    pub(super) created: Time,
    /// When it ends, or ended.
    pub(super) until: Time,
    pub(super) until_word: &'static str,
    pub(super) note: Option<String>,
}

impl Row {
    pub(super) fn of(link: &Link, now: Timestamp) -> Self {
        let (state, terms) = (link.state(now), &link.terms);
        let (until, until_word) = match (state, link.revoked_at) {
            (LinkState::Revoked, Some(at)) => (at, "revoked"),
            (LinkState::Expired, _) => (terms.expires_at, "expired"),
            _ => (terms.expires_at, "until"),
        };
        Self {
            id: link.id.to_string(),
            name: terms.filename.clone(),
            place: format!("{}: {}", link.object.source, link.object.key),
            size: size(link.object.size),
            state: state.as_str(),
            uses: uses(link),
            created: link.created_at.into(),
            until: until.into(),
            until_word,
            note: terms.note.clone().filter(|note| !note.trim().is_empty()),
        }
    }
}

/// A size as people write it.
pub(super) fn size(bytes: u64) -> String {
    page::size(bytes)
}

/// How many uses are left of how many.
pub(super) fn uses(link: &Link) -> String {
    match (link.terms.uses, link.uses_left()) {
        (1, 1) => "1 use".to_owned(),
        (1, _) => "no use left".to_owned(),
        (all, left) => format!("{left} of {all} uses left"),
    }
}

/// A span in its largest whole unit.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let of = |unit: u64, name: &str| count(seconds / unit, name);
    match seconds {
        0..60 => of(1, "second"),
        60..3600 => of(60, "minute"),
        3600..86_400 => of(3600, "hour"),
        _ => of(86_400, "day"),
    }
}

/// So many of something.
pub(super) fn count(number: u64, name: &str) -> String {
    format!("{number} {name}{}", if number == 1 { "" } else { "s" })
}

/// What a gate means to a sender.
pub(super) fn gate(gate: Gate) -> &'static str {
    match gate {
        Gate::Page => "a page with a button",
        Gate::Direct => "directly: opening it downloads",
    }
}

/// What a delivery means to a sender.
pub(super) fn delivery(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Auto => "automatic",
        Delivery::Stream => "through this server",
        Delivery::Redirect => "by one presigned URL: a single exchange, not single-use",
    }
}

/// A short form of a claim's or a key's id, for people to tell things apart. (Those of links begin with a time.)
pub(super) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_whole_and_counted() {
        let text = |seconds| span(Duration::from_secs(seconds));
        assert_eq!([text(1), text(90), text(3600), text(7200), text(604_800)], ["1 second", "1 minute", "1 hour", "2 hours", "7 days"]);
    }
}
