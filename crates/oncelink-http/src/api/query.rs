//! Queries, read strictly: a misspelt or repeated parameter is an error, not a surprise.

use std::ops::RangeInclusive;

use oncelink_core::text;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::json;
use crate::problem::Problem;

/// How many rows a page has unless the query says.
const PAGE: usize = 100;
/// How many rows a page may have.
const PAGES: RangeInclusive<usize> = 1..=1_000;
/// The longest name of a parameter that an error repeats, in bytes.
const SHOWN: usize = 100;

/// The parameters of a query as a type whose fields are texts.
///
/// # Errors
/// The parameter that is unknown, repeated, missing, or not UTF-8.
pub(crate) fn read<T: DeserializeOwned>(query: Option<&str>) -> Result<T, Problem> {
    let mut found = Map::new();
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name).ok_or_else(|| Problem::unreadable("A query parameter's name isn't UTF-8."))?;
        let shown = text::tame(&name, SHOWN);
        let value = decoded(value).ok_or_else(|| Problem::invalid(shown.as_str(), "isn't UTF-8"))?;
        if found.insert(name, Value::String(value)).is_some() {
            return Err(Problem::invalid(shown, "is there twice"));
        }
    }
    json::typed("", Value::Object(found))
}

/// How many rows are wanted.
///
/// # Errors
/// No number of 1 to 1,000.
pub(crate) fn limit(given: Option<&str>) -> Result<usize, Problem> {
    let Some(text) = given else { return Ok(PAGE) };
    let number = text.parse().ok().filter(|number| PAGES.contains(number));
    number.ok_or_else(|| Problem::invalid("limit", format!("must be {} to {}", PAGES.start(), PAGES.end())))
}

/// A part of a query as `application/x-www-form-urlencoded` writes it; nothing when it isn't UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, escaped(after)) {
            (b'%', Some(value)) => {
                bytes.push(value);
                rest = &after[2..];
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

fn escaped(after: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*after.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq, Eq)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        file: String,
        uses: Option<String>,
    }

    #[test]
    fn parameters_are_decoded_as_forms_are() {
        for (query, file) in [
            ("file=a%20b+c%26", "a b c&"),
            ("file=%C3%BC", "\u{fc}"),
            ("&file=100%&", "100%"),
            ("file=%zz%4", "%zz%4"),
            ("file=a=b", "a=b"),
            ("file", ""),
        ] {
            assert_eq!(read::<Sample>(Some(query)).ok(), Some(Sample { file: file.to_owned(), uses: None }), "{query}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, named) in [
            (None, Some("file")),
            (Some("file=a&file=b"), Some("file")),
            (Some("file=%ff%fe"), Some("file")),
            (Some("file=a&user=1"), Some("user")),
            (Some("file=a&File=1"), Some("File")),
            (Some("%ff=1"), None),
        ] {
            assert_eq!(read::<Sample>(query).expect_err("a wrong query").field.as_deref(), named, "{query:?}");
        }
    }

    #[test]
    fn a_page_has_1_to_1000_rows() {
        assert_eq!((limit(None).ok(), limit(Some("1")).ok(), limit(Some("1000")).ok()), (Some(100), Some(1), Some(1_000)));
        for bad in ["0", "-1", "1001", "abc", "", "99999999999999999999", "1.0"] {
            assert_eq!(limit(Some(bad)).expect_err(bad).field.as_deref(), Some("limit"));
        }
    }
}
