//! Durations as people write them.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// The longest duration that is taken: ten years, so that no sum of times can overflow.
const LONGEST: Duration = Duration::from_secs(3_660 * 24 * 3_600);

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDuration {
    /// It can't be read.
    #[error("is no duration; write 90, 90s, 15m, 1h30m, 7d or PT15M (no months or years: they differ in length)")]
    Unreadable,
    /// It isn't longer than nothing.
    #[error("must be longer than zero")]
    NotPositive,
    /// It is longer than ten years.
    #[error("is longer than ten years")]
    TooLong,
}

/// The duration that `text` spells: whole seconds (`90`), with units (`90s`, `15m`, `1h30m`, `7d`), or ISO 8601
/// (`PT15M`). A day has 24 hours.
///
/// # Errors
/// [`BadDuration`] says what is wrong with it.
pub fn parse_duration(text: &str) -> Result<Duration, BadDuration> {
    let text = text.trim();
    let duration = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Only digits: what doesn't fit is too long, not unreadable.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        of_span(text)?
    };
    match duration {
        Duration::ZERO => Err(BadDuration::NotPositive),
        long if long > LONGEST => Err(BadDuration::TooLong),
        fits => Ok(fits),
    }
}

fn of_span(text: &str) -> Result<Duration, BadDuration> {
    let span: Span = text.parse().map_err(|_| BadDuration::Unreadable)?;
    // Months and years have no length of their own: this refuses them.
    let signed = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| BadDuration::Unreadable)?;
    Duration::try_from(signed).map_err(|_| BadDuration::NotPositive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_understood() {
        let cases = [
            ("90", 90),
            (" 90 ", 90),
            ("90s", 90),
            ("15m", 900),
            ("1h30m", 5_400),
            ("1h 30m", 5_400),
            ("7d", 604_800),
            ("2w", 1_209_600),
            ("PT15M", 900),
            ("pt15m", 900),
            ("P7D", 604_800),
            ("P1DT12H", 129_600),
            ("3660d", 3_660 * 86_400),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse_duration("1500ms"), Ok(Duration::from_millis(1_500)));
        assert_eq!(parse_duration("PT0.5S"), Ok(Duration::from_millis(500)));
    }

    #[test]
    fn what_is_no_duration_is_refused_with_the_reason() {
        let cases = [
            ("", BadDuration::Unreadable),
            ("soon", BadDuration::Unreadable),
            ("m", BadDuration::Unreadable),
            ("15 parsecs", BadDuration::Unreadable),
            ("1mo", BadDuration::Unreadable),
            ("P1M", BadDuration::Unreadable),
            ("1y", BadDuration::Unreadable),
            ("P1Y", BadDuration::Unreadable),
            ("+-5s", BadDuration::Unreadable),
            ("0x10", BadDuration::Unreadable),
            ("1e3", BadDuration::Unreadable),
            ("\u{661}\u{665}m", BadDuration::Unreadable),
            ("15m\u{0}", BadDuration::Unreadable),
            ("-90", BadDuration::Unreadable),
            ("-15m", BadDuration::NotPositive),
            ("15m ago", BadDuration::NotPositive),
            ("-PT15M", BadDuration::NotPositive),
            ("0", BadDuration::NotPositive),
            ("0s", BadDuration::NotPositive),
            ("PT0S", BadDuration::NotPositive),
            ("3661d", BadDuration::TooLong),
            ("18446744073709551615", BadDuration::TooLong),
            ("99999999999999999999999999", BadDuration::TooLong),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_duration(text), Err(expected), "{text:?}");
        }
        assert!(parse_duration(&"9".repeat(100_000)).is_err());
        assert!(parse_duration(&"1h".repeat(100_000)).is_err());
    }
}
