//! Forms and queries of the console: names and texts, several of one name where there are checkboxes.
//!
//! Must not look into values. An empty field is an absent one: that is how browsers send what nobody filled in.

use axum::extract::Request;
use axum::http::{HeaderMap, header};

use super::visitor::Visitor;
use crate::app::App;
use crate::body;
use crate::problem::Problem;

const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";
/// The longest form: 200 keys of 1,024 bytes, percent-encoded, and everything else.
const LONGEST: usize = 1 << 20;

// No `Debug`: there are passphrases in it.
/// What a form or a query says.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The fields of a query.
    pub(super) fn of_query(query: Option<&str>) -> Self {
        Self::parse(query.unwrap_or_default().as_bytes())
    }

    /// The fields of a form that a page of this session sent.
    ///
    /// # Errors
    /// Another media type, too large or too slow, or without the session's token.
    pub(super) async fn read(app: &App, visitor: &Visitor, request: Request) -> Result<Self, Problem> {
        let fields = Self::read_open(request).await?;
        if app.sessions.is_form_token(&visitor.session, fields.one("csrf").unwrap_or_default()) {
            Ok(fields)
        } else {
            Err(Problem::stale_form())
        }
    }

    /// The fields of a form that is sent before there is a session.
    ///
    /// # Errors
    /// Another media type, too large or too slow.
    pub(super) async fn read_open(request: Request) -> Result<Self, Problem> {
        let (parts, sent) = request.into_parts();
        check_media_type(&parts.headers)?;
        Ok(Self::parse(&body::read(&parts.headers, sent, LONGEST).await?))
    }

    /// The field of this name, unless it is absent or empty.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The field as text for a field to be filled in again.
    pub(super) fn text(&self, name: &str) -> String {
        self.one(name).unwrap_or_default().to_owned()
    }

    /// All fields of this name that aren't empty.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(have, value)| have == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// The lines of all fields of this name, without the empty ones and the spaces around them.
    pub(super) fn lines(&self, name: &str) -> Vec<String> {
        self.all(name).flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    fn parse(text: &[u8]) -> Self {
        // Browsers send a text area's lines with CR LF.
        let plain = |value: &str| value.replace("\r\n", "\n").trim_matches('\n').to_owned();
        Self(form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), plain(&value))).collect())
    }
}

/// An address of the console with these parameters; the absent ones are left out.
pub(super) fn address(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
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
    fn empty_fields_are_absent_and_lines_are_taken_apart() {
        let fields = Fields::of_query(Some("key=a%20b&key=&key=c&note=&nets=10.0.0.0%2F8%0D%0A%0D%0A+%3A%3A1+"));
        assert_eq!(fields.all("key").collect::<Vec<_>>(), ["a b", "c"]);
        assert_eq!((fields.one("note"), fields.one("none"), fields.text("none")), (None, None, String::new()));
        assert_eq!(fields.lines("nets"), ["10.0.0.0/8", "::1"]);
    }

    #[test]
    fn an_address_carries_what_is_there() {
        assert_eq!(address("/console", &[("a", None)]), "/console");
        assert_eq!(address("/console", &[("a", Some("x&y")), ("b", None), ("c", Some("ü"))]), "/console?a=x%26y&c=%C3%BC");
        let back = Fields::of_query(Some("a=x%26y&c=%C3%BC"));
        assert_eq!((back.one("a"), back.one("c")), (Some("x&y"), Some("ü")));
    }
}
