//! JSON from outside: bounded, read strictly, and turned into a type with errors that name the field.
//!
//! Must not repeat a value in an error: it may be a passphrase.

use std::fmt;

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use oncelink_core::text;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::body;
use crate::problem::Problem;

/// The longest body of a request about one thing, in bytes.
pub(crate) const ONE: usize = 1 << 20;
/// The longest body of a request about many things, in bytes.
pub(crate) const MANY: usize = 4 << 20;

const MEDIA_TYPE: &str = "application/json";
/// The longest name of a field that an error repeats, in bytes.
const SHOWN: usize = 100;

/// A body as it came, and what it says.
pub(crate) struct Received {
    /// The document.
    pub(crate) value: Value,
    /// Its bytes.
    pub(crate) bytes: Bytes,
}

/// Reads a request's body of at most `limit` bytes.
///
/// # Errors
/// Another media type (415), too large (413), too slow (408), no JSON or a name twice in one object (400, with the place).
pub(crate) async fn read(request: Request, limit: usize) -> Result<Received, Problem> {
    let (parts, sent) = request.into_parts();
    check_media_type(&parts.headers)?;
    let bytes = body::read(&parts.headers, sent, limit).await?;
    Ok(Received { value: parse(&bytes)?, bytes })
}

/// The type that an object spells. `within` is where the object lies: empty for the whole body.
///
/// # Errors
/// The field that is unknown, missing or of another type.
pub(crate) fn typed<T: DeserializeOwned>(within: &str, value: Value) -> Result<T, Problem> {
    // Serde would take an array for a struct as well, field by field in order.
    if !value.is_object() {
        return Err(match within {
            "" => Problem::unreadable("The body must be a JSON object."),
            _ => Problem::invalid(within, "must be an object"),
        });
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let place = place(within, &error.path().to_string());
        wrong(&place, &error.into_inner().to_string())
    })
}

fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    // serde_json bounds the depth; its own errors say what and where, but don't repeat what stands there.
    let document: Result<Strict, _> = serde_json::from_slice(bytes);
    document.map(|strict| strict.0).map_err(|error| Problem::unreadable(format!("The body is not valid JSON: {error}.")))
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(MEDIA_TYPE) { Ok(()) } else { Err(Problem::unsupported_media_type(MEDIA_TYPE)) }
}

/// Turns serde's message into one that names the field and what would be right, without what was given.
fn wrong(place: &str, message: &str) -> Problem {
    let expected = message.rsplit_once("expected ").map(|(_, expected)| plain(expected));
    if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        Problem::invalid(self::place(place, name), "is missing")
    } else if message.starts_with("unknown field `") {
        Problem::invalid(place, format!("is unknown; known are {}", expected.unwrap_or("none").trim_start_matches("one of ")))
    } else {
        Problem::invalid(
            place,
            expected.map_or_else(|| "has another form than it must have".to_owned(), |expected| format!("must be {expected}")),
        )
    }
}

/// What serde calls by Rust's names, as JSON calls it.
fn plain(expected: &str) -> &str {
    match expected {
        "u64" | "u32" | "usize" => "a whole number that is not negative",
        "a sequence" => "an array",
        "a map" => "an object",
        "string or map" => "a string",
        other => other,
    }
}

fn place(within: &str, name: &str) -> String {
    let name = text::tame(name, SHOWN);
    match (within, name.as_str()) {
        ("" | ".", _) => name,
        (_, ".") => within.to_owned(),
        _ => format!("{within}.{name}"),
    }
}

/// A document in which no object has a name twice: with two values for one name, whose word counts?
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = sequence.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("the name '{}' is there twice", text::tame(&name, SHOWN))));
            }
            let Strict(value) = entries.next_value()?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors are looked at")]
    struct Sample {
        key: String,
        uses: Option<u64>,
        nets: Option<Vec<String>>,
        data: Option<Map<String, Value>>,
        gate: Option<Word>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        Page,
        Direct,
    }

    fn told(text: &str) -> (String, String) {
        let problem = parse(text.as_bytes()).and_then(|value| typed::<Sample>("", value)).expect_err(text);
        (problem.field.clone().unwrap_or_default(), problem.detail)
    }

    #[test]
    fn an_error_names_the_field_and_what_would_be_right() {
        for (text, field, says) in [
            (r#"{}"#, "key", "is missing"),
            (r#"{"key":7}"#, "key", "must be a string"),
            (r#"{"key":null}"#, "key", "must be a string"),
            (r#"{"key":"a","uses":-1}"#, "uses", "must be a whole number"),
            (r#"{"key":"a","uses":1.5}"#, "uses", "must be a whole number"),
            (r#"{"key":"a","uses":"1"}"#, "uses", "must be a whole number"),
            (r#"{"key":"a","nets":"x"}"#, "nets", "must be an array"),
            (r#"{"key":"a","nets":["x",7]}"#, "nets[1]", "must be a string"),
            (r#"{"key":"a","data":[1]}"#, "data", "must be an object"),
            (r#"{"key":"a","gate":"PAGE"}"#, "gate", "must be `page` or `direct`"),
            (r#"{"key":"a","gate":1}"#, "gate", "must be a string"),
            (r#"{"key":"a","colour":"red"}"#, "colour", "is unknown; known are `key`, `uses`"),
        ] {
            let (named, detail) = told(text);
            assert_eq!(named, field, "{text}: {detail}");
            assert!(detail.contains(says), "{text}: {detail}");
        }
    }

    #[test]
    fn an_error_never_repeats_a_value() {
        for text in [
            r#"{"key":"a","uses":"s3cret, expected s3cret"}"#,
            r#"{"key":"a","gate":"s3cret"}"#,
            r#"{"key":"a","more":"s3cret"}"#,
            r#"{"key":{"s3cret":1}}"#,
        ] {
            assert!(!told(text).1.contains("s3cret"), "{text}: {}", told(text).1);
        }
        let long = format!(r#"{{"key":"a","{}":1}}"#, "x".repeat(10_000));
        assert!(told(&long).1.len() < 500);
    }

    #[test]
    fn what_is_no_json_object_is_refused_with_its_place() {
        let deep = "[".repeat(100_000);
        for text in ["", "null", "[]", "7", r#"["a"]"#, "{", r#"{"key":"a"}{}"#, r#"{"key":"\ud800"}"#, deep.as_str()] {
            assert_eq!(told(text).0, "", "{}", &text[..text.len().min(20)]);
        }
        assert!(told("{\n\"key\" 7}").1.contains("line 2 column"), "{}", told("{\n\"key\" 7}").1);
        for twice in [r#"{"key":"a","key":"b"}"#, r#"{"key":"a","data":{"x":{"y":1,"y":2}}}"#] {
            assert!(told(twice).1.contains("twice at line 1"), "{}", told(twice).1);
        }
        assert!(parse(b"{\"key\":\"a\xff\"}").is_err());
    }

    #[test]
    fn a_place_within_is_named_as_a_whole() {
        let problem = typed::<Sample>("scopes", parse(b"{}").expect("JSON")).expect_err("no key");
        assert_eq!(problem.field.as_deref(), Some("scopes.key"));
        let problem = typed::<Sample>("scopes", parse(b"[]").expect("JSON")).expect_err("no object");
        assert_eq!(problem.field.as_deref(), Some("scopes"));
    }
}
