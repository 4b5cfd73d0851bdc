//! The fields of a claiming request: a form, an empty body, a header, or the query of the classic route.

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use oncelink_core::holder::Holder;

use crate::body;
use crate::problem::Problem;

/// More than any honest form has: a passphrase of 1,024 bytes, percent-encoded, and two secrets.
const LONGEST: usize = 16 * 1024;
const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// What a claim is made with. No `Debug`: these are secrets.
#[derive(Default)]
pub(crate) struct Fields {
    /// The token, where the address doesn't carry it.
    pub(crate) token: Option<String>,
    /// The claimant's secret.
    pub(crate) holder: Option<Holder>,
    /// What the recipient was told another way.
    pub(crate) passphrase: Option<String>,
}

/// Reads the fields of a request. The field `holder` beats the `Idempotency-Key` header.
///
/// # Errors
/// A body of another kind (415), too large, repeated or ill-formed fields (400).
pub(crate) async fn read(request: Request) -> Result<Fields, Problem> {
    let (parts, sent) = request.into_parts();
    let body = body::read(&parts.headers, sent, LONGEST).await?;
    if !body.is_empty() {
        check_media_type(&parts.headers)?;
    }
    let mut fields = parse(&body)?;
    if fields.token.is_none() {
        fields.token = parse(parts.uri.query().unwrap_or_default().as_bytes())?.token;
    }
    if fields.holder.is_none()
        && let Some(key) = parts.headers.get("idempotency-key")
    {
        fields.holder = Some(holder("Idempotency-Key", key.to_str().unwrap_or_default())?);
    }
    Ok(fields)
}

/// The token in a query such as `token=ol_...`.
///
/// # Errors
/// A repeated field.
pub(crate) fn token_of(query: Option<&str>) -> Result<Option<String>, Problem> {
    Ok(parse(query.unwrap_or_default().as_bytes())?.token)
}

/// Fields that nobody knows are left alone: forms grow fields on their way through browsers and proxies.
fn parse(text: &[u8]) -> Result<Fields, Problem> {
    let mut fields = Fields::default();
    for (name, value) in form_urlencoded::parse(text) {
        match name.as_ref() {
            "token" => put(&mut fields.token, "token", value.into_owned())?,
            "passphrase" => put(&mut fields.passphrase, "passphrase", value.into_owned())?,
            "holder" => put(&mut fields.holder, "holder", holder("holder", &value)?)?,
            _ => {}
        }
    }
    Ok(fields)
}

fn put<T>(slot: &mut Option<T>, name: &str, value: T) -> Result<(), Problem> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Problem::invalid(name, "is there twice")),
    }
}

fn holder(field: &str, text: &str) -> Result<Holder, Problem> {
    let detail = "must be 22 to 128 random characters of A-Za-z0-9_-; it guards the file as much as the link does";
    Holder::parse(text).ok_or_else(|| Problem::invalid(field, detail))
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(MEDIA_TYPE) { Ok(()) } else { Err(Problem::unsupported_media_type(MEDIA_TYPE)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_once_each_and_strange_ones_left_alone() {
        let fields = parse(b"token=ol_x&passphrase=a+b%26%C3%BC&utm_source=mail&holder=abcdefghijklmnopqrstuv")
            .unwrap_or_else(|problem| panic!("{}", problem.detail));
        assert_eq!((fields.token.as_deref(), fields.passphrase.as_deref()), (Some("ol_x"), Some("a b&\u{fc}")));
        assert!(fields.holder.is_some());
        for bad in ["token=a&token=a", "holder=short", "holder=%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff"] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
