//! Texts with values in them: names, times, sizes and spans, as a reader of the language writes them.
//!
//! Must not escape anything: templates do. A value never becomes markup here.

use std::time::Duration;

use oncelink_core::Timestamp;

use super::texts::Texts;
use crate::when;

/// A part of a sentence, for templates that mark up what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Words of ours.
    Text(&'a str),
    /// Somebody's name, which may be written in the other direction.
    Name(&'a str),
    /// How long.
    Span(String),
    /// A point in time.
    Time {
        /// For programs.
        rfc3339: String,
        /// For eyes, in UTC, until the script turns it into the reader's own time.
        text: String,
    },
}

/// `at` for a sentence or by itself.
pub(super) fn time<'a>(at: Timestamp) -> Piece<'a> {
    Piece::Time { rfc3339: when::rfc3339(at), text: when::text(at) }
}

/// `text` with `{name}` replaced by `value`.
pub(super) fn pieces<'a>(text: &'static str, name: &str, value: Piece<'a>) -> Vec<Piece<'a>> {
    match text.split_once(&format!("{{{name}}}")) {
        Some((before, after)) => vec![Piece::Text(before), value, Piece::Text(after)],
        None => vec![Piece::Text(text)],
    }
}

/// `text` with each `{name}` replaced by its value.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |filled, (name, value)| filled.replace(&format!("{{{name}}}"), value))
}

/// A size in decimal units with up to three digits: `812 B`, `1.5 MB`, `340 GB`.
pub(super) fn size(bytes: u64, t: &Texts) -> String {
    if bytes < 1000 {
        return format!("{bytes}\u{a0}{}", t.units[0]);
    }
    let (mut unit, mut one) = (1, 1000_u64);
    // The next unit as soon as this one would be rounded up to a thousand.
    while unit + 1 < t.units.len() && bytes >= one * 1000 - one / 2 {
        (unit, one) = (unit + 1, one * 1000);
    }
    let rounded = |parts: u128| (u128::from(bytes) * parts + u128::from(one) / 2) / u128::from(one);
    let (whole, tenths) = (rounded(1), rounded(10));
    let name = t.units[unit];
    if tenths < 1000 && tenths % 10 != 0 {
        format!("{}{}{}\u{a0}{name}", tenths / 10, t.decimal, tenths % 10)
    } else {
        format!("{whole}\u{a0}{name}")
    }
}

/// A span that something lasts at least: rounded down.
pub(super) fn at_least(span: Duration, t: &Texts) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..120 => count(t.seconds, seconds),
        120..7200 => count(t.minutes, seconds / 60),
        _ => count(t.hours, seconds / 3600),
    }
}

/// A span that something lasts at most: rounded up.
pub(super) fn at_most(span: Duration, t: &Texts) -> String {
    let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    match seconds {
        0..=90 => count(t.seconds, seconds),
        91..=5400 => count(t.minutes, seconds.div_ceil(60)),
        _ => count(t.hours, seconds.div_ceil(3600)),
    }
}

/// A span in seconds, never less than one.
pub(super) fn seconds(span: Duration, t: &Texts) -> String {
    count(t.seconds, span.as_secs().max(1))
}

fn count(text: &str, number: u64) -> String {
    fill(text, &[("n", &number.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Lang;

    #[test]
    fn sizes_are_short_and_written_as_the_language_does() {
        let (en, de, fr) = (Lang::English.texts(), Lang::German.texts(), Lang::French.texts());
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1 kB"),
            (1500, "1.5 kB"),
            (1949, "1.9 kB"),
            (99_949, "99.9 kB"),
            (99_960, "100 kB"),
            (123_456, "123 kB"),
            (999_499, "999 kB"),
            (999_500, "1 MB"),
            (5_368_709_120, "5.4 GB"),
            (u64::MAX, "18446744 TB"),
        ] {
            assert_eq!(size(bytes, en).replace('\u{a0}', " "), expected, "{bytes}");
        }
        assert_eq!(size(1_500_000, de), "1,5\u{a0}MB");
        assert_eq!(size(1_500_000, fr), "1,5\u{a0}Mo");
    }

    #[test]
    fn spans_never_promise_more_than_there_is() {
        let t = Lang::English.texts();
        let (least, most) = (|seconds| at_least(Duration::from_secs(seconds), t), |millis| at_most(Duration::from_millis(millis), t));
        assert_eq!([least(45), least(900), least(959), least(7200)], ["45 s", "15 min", "15 min", "2 h"].map(spaced));
        assert_eq!([most(90_000), most(90_001), most(3_599_000), most(9_000_000)], ["90 s", "2 min", "60 min", "3 h"].map(spaced));
        assert_eq!(seconds(Duration::from_millis(10), t), spaced("1 s"));
    }

    #[test]
    fn a_value_stands_where_its_name_stood() {
        assert_eq!(pieces("a {x} b", "x", Piece::Name("{x}")), [Piece::Text("a "), Piece::Name("{x}"), Piece::Text(" b")]);
        assert_eq!(pieces("nothing", "x", Piece::Name("n")), [Piece::Text("nothing")]);
        assert_eq!(fill("{a} of {b}", &[("a", "1"), ("b", "2")]), "1 of 2");
    }

    fn spaced(text: &str) -> String {
        text.replace(' ', "\u{a0}")
    }
}
