//! Points in time and spans as text: RFC 3339 out, RFC 3339 and ISO 8601 in.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use oncelink_core::Timestamp;

/// RFC 3339 in UTC with milliseconds: `2026-11-24T12:00:00.000Z`.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    stamp(at).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A time for people's eyes: `2026-11-24 12:00 UTC`.
pub(crate) fn text(at: Timestamp) -> String {
    stamp(at).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Reads RFC 3339; the offset is needed.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(|at| Timestamp::from_millis(at.as_millisecond()))
}

/// Reads a span: whole seconds, ISO 8601 (`PT15M`, `P7D`) or `15m`. A day is 24 hours; months and years have no length.
pub(crate) fn parse_span(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<u64>() {
        return bounded(Duration::from_secs(seconds));
    }
    let span: Span = text.parse().ok()?;
    let exact = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    bounded(Duration::try_from(exact).ok()?)
}

/// Nothing longer than a thousand years, so that no sum overflows.
pub(crate) fn bounded(span: Duration) -> Option<Duration> {
    (span <= Duration::from_secs(1000 * 366 * 24 * 3600)).then_some(span)
}

fn stamp(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(jiff::Timestamp::MAX)
}
