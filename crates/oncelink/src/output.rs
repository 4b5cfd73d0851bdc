//! Writing for people and machines: results to standard output, everything else to standard error.
//!
//! Must not let a text from outside steer the terminal.

use std::io::{self, IsTerminal, Write};

use oncelink_core::Timestamp;
use oncelink_core::text::is_unprintable;
use serde_json::Value;

use crate::exit::Failure;

/// Prints one line of a result to standard output.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| Failure::failed(format!("can't write to standard output: {error}")))
}

/// Prints a result that is no line to standard output.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| Failure::failed(format!("can't write to standard output: {error}")))
}

/// Prints a machine's result to standard output.
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    line(&format!("{value:#}"))
}

/// Tells a person something on standard error. It is no harm when nobody listens.
pub(crate) fn hint(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Says why the program ends.
pub(crate) fn complaint(text: &str) {
    hint(&format!("oncelink: {text}"));
}

/// Whether a person looks at standard error.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// A text from outside as it may be shown: in one line, without what could steer a terminal.
pub(crate) fn tame(text: &str) -> String {
    text.chars().map(|c| if is_unprintable(c) { '\u{fffd}' } else { c }).collect()
}

/// A number of bytes as people say it.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1_000 {
        return format!("{bytes} bytes");
    }
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        (tenths, unit) = (tenths / 1_000, unit + 1);
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// A point in time as people say it, in UTC: this program knows no time zones.
pub(crate) fn moment(at: Timestamp) -> String {
    strftime(at, "%Y-%m-%d %H:%M UTC")
}

/// The time of day of a point that is near, in UTC.
pub(crate) fn clock(at: Timestamp) -> String {
    strftime(at, "%H:%M:%S UTC")
}

fn strftime(at: Timestamp, format: &str) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).map_or_else(|_| "for ever".to_owned(), |at| at.strftime(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_as_people_say_them() {
        let cases = [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (1_990_000, "1.9 MB"),
            (52_428_800, "52.4 MB"),
            (u64::MAX, "18446.7 PB"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn points_in_time_are_said_in_utc() {
        let at = Timestamp::from_millis(1_700_000_000_123);
        assert_eq!((moment(at).as_str(), clock(at).as_str()), ("2023-11-14 22:13 UTC", "22:13:20 UTC"));
    }

    #[test]
    fn a_text_from_outside_cant_steer_the_terminal() {
        assert_eq!(tame("a\u{1b}[2Jb\nc\u{202e}d"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d");
    }
}
