//! A link that a sender asks for, as JSON.
//!
//! Reads shapes only; what values may be is decided by `oncelink_core`.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use oncelink_core::Timestamp;
use oncelink_core::create::{Expiry, LinkWish};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde_json::{Map, Value};
use utoipa::openapi::schema::{OneOfBuilder, Schema, Type};
use utoipa::openapi::{ObjectBuilder, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::words::{DeliveryWord, GateWord};
use crate::problem::Problem;
use crate::when;

// No `Debug`: there is a passphrase in it.
/// A link to create. Whatever is absent comes from the operator's settings.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLink {
    /// The source's name; the server's first source when absent.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$", example = "files")]
    source: Option<String>,
    /// The object's key: UTF-8, at most 1,024 bytes, no `.` or `..` segments, no control characters.
    #[schema(min_length = 1, max_length = 1024, example = "reports/2026.pdf")]
    key: String,
    /// How many claims may be made; 1 when absent.
    #[schema(minimum = 1, maximum = 1000)]
    uses: Option<u64>,
    /// How long the link lives. Not beside `expires_at`.
    expires_in: Option<Span>,
    /// When claiming ends (RFC 3339). Not beside `expires_in`.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// Before this nobody may claim (RFC 3339).
    #[schema(format = DateTime)]
    not_before: Option<String>,
    gate: Option<GateWord>,
    delivery: Option<DeliveryWord>,
    /// The name under which the file is saved; the key's last segment when absent.
    #[schema(min_length = 1, max_length = 255)]
    filename: Option<String>,
    /// The media type; the source's when absent. One that a browser would run is not sent as such.
    #[schema(example = "application/pdf")]
    content_type: Option<String>,
    /// A passphrase that the recipient must know too. Kept as an argon2id hash.
    #[schema(min_length = 1, max_length = 1024, format = Password)]
    passphrase: Option<String>,
    /// The networks (CIDR) or addresses from which claiming is allowed; from anywhere when absent or empty.
    #[schema(max_items = 64, example = json!(["192.0.2.0/24", "2001:db8::/32"]))]
    allow_from: Option<Vec<String>>,
    /// Words of the sender's own.
    #[schema(max_length = 2000)]
    note: Option<String>,
    /// Data of the sender's own, at most 4,096 bytes of JSON.
    metadata: Option<Map<String, Value>>,
    /// Where to report what becomes of the link: an http or https URL.
    #[schema(max_length = 2048, format = "uri")]
    webhook: Option<String>,
}

impl NewLink {
    /// The wish.
    ///
    /// # Errors
    /// The field whose text doesn't spell what it must.
    pub(crate) fn into_wish(self) -> Result<LinkWish, Problem> {
        Ok(LinkWish {
            source: self.source,
            key: self.key,
            uses: self.uses,
            expiry: expiry(self.expires_in, self.expires_at.as_deref())?,
            not_before: self.not_before.as_deref().map(|text| time("not_before", text)).transpose()?,
            gate: self.gate.map(Into::into),
            delivery: self.delivery.map(Into::into),
            filename: self.filename,
            content_type: self.content_type,
            passphrase: self.passphrase,
            allow_from: networks(&self.allow_from.unwrap_or_default())?,
            note: self.note,
            metadata: self.metadata.map(|object| Value::Object(object).to_string()),
            webhook: self.webhook,
        })
    }
}

fn expiry(span: Option<Span>, at: Option<&str>) -> Result<Option<Expiry>, Problem> {
    match (span, at) {
        (Some(_), Some(_)) => Err(Problem::invalid("expires_at", "can't stand beside 'expires_in'; give one of them")),
        (Some(Span(span)), None) => Ok(Some(Expiry::In(span))),
        (None, Some(text)) => Ok(Some(Expiry::At(time("expires_at", text)?))),
        (None, None) => Ok(None),
    }
}

fn time(field: &str, text: &str) -> Result<Timestamp, Problem> {
    when::parse_time(text).ok_or_else(|| Problem::invalid(field, "must be a time as RFC 3339 writes it, such as 2027-01-31T12:00:00Z"))
}

fn networks(texts: &[String]) -> Result<Vec<IpNet>, Problem> {
    let wrong = |place| Problem::invalid(format!("allow_from[{place}]"), "must be a network such as 192.0.2.0/24 or an address");
    texts.iter().enumerate().map(|(place, text)| network(text).ok_or_else(|| wrong(place))).collect()
}

/// A network, or a lone address as a network of one.
fn network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().map(|net| net.trunc()).ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// A span of time: whole seconds as a number or a text, or ISO 8601.
#[derive(Clone, Copy)]
struct Span(Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpanVisitor)
    }
}

struct SpanVisitor;

impl Visitor<'_> for SpanVisitor {
    type Value = Span;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("whole seconds or an ISO 8601 duration such as PT1H or P7D")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Span, E> {
        when::bounded(Duration::from_secs(seconds)).map(Span).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(seconds), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
        when::parse_span(text).map(Span).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl PartialSchema for Span {
    fn schema() -> RefOr<Schema> {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).examples(["PT1H", "P7D"]);
        let schema = OneOfBuilder::new().item(seconds).item(text);
        schema.description(Some("Whole seconds, or an ISO 8601 duration")).into()
    }
}

impl ToSchema for Span {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json;

    fn wish(fields: Value) -> Result<LinkWish, Problem> {
        let mut body = json!({"key": "a"});
        body.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        json::typed::<NewLink>("", body)?.into_wish()
    }

    #[test]
    fn spans_are_seconds_or_iso_8601() {
        for (given, seconds) in [(json!(60), 60), (json!("60"), 60), (json!("PT1H"), 3_600), (json!("P7D"), 604_800), (json!("15m"), 900)] {
            let expiry = wish(json!({"expires_in": given})).ok().and_then(|wish| wish.expiry);
            assert_eq!(expiry, Some(Expiry::In(Duration::from_secs(seconds))), "{given}");
        }
        for bad in
            [json!(-1), json!(1.5), json!(""), json!("soon"), json!("-PT1H"), json!("PT"), json!("P1M"), json!(u64::MAX), json!(true)]
        {
            let problem = wish(json!({"expires_in": bad})).expect_err("no span");
            assert_eq!(problem.field.as_deref(), Some("expires_in"), "{bad}");
            assert!(problem.detail.contains("ISO 8601"), "{}", problem.detail);
        }
    }

    #[test]
    fn times_need_an_offset_and_one_expiry_is_enough() {
        assert!(wish(json!({"expires_at": "2027-01-31T12:00:00+01:00", "not_before": "2027-01-01T00:00:00Z"})).is_ok());
        for bad in ["2027-01-31T12:00:00", "2027-02-30T00:00:00Z", "tomorrow", ""] {
            assert_eq!(wish(json!({"not_before": bad})).err().and_then(|problem| problem.field).as_deref(), Some("not_before"), "{bad}");
        }
        let both = wish(json!({"expires_in": 60, "expires_at": "2027-01-31T12:00:00Z"}));
        assert_eq!(both.err().and_then(|problem| problem.field).as_deref(), Some("expires_at"));
    }

    #[test]
    fn networks_may_be_lone_addresses_and_lose_their_host_bits() {
        let given = json!({"allow_from": ["10.1.2.3/8", "192.0.2.7", "2001:db8::/32", "::1"]});
        let nets: Vec<String> = wish(given).expect("a wish").allow_from.iter().map(IpNet::to_string).collect();
        assert_eq!(nets, ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32", "::1/128"]);
        for bad in ["300.1.1.1", "10.0.0.0/33", "example.org", ""] {
            assert_eq!(
                wish(json!({"allow_from": ["::1", bad]})).err().and_then(|problem| problem.field).as_deref(),
                Some("allow_from[1]"),
                "{bad}"
            );
        }
    }
}
