//! Which form of an answer a client wants (RFC 9110 section 12.5.1).

use axum::http::{HeaderMap, header};

/// A form in which answers come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A page for people.
    Html,
    /// Plain text: for clients that don't say.
    Text,
    /// JSON: for programs that ask for it.
    Json,
}

/// The form that the `Accept` header names with the highest weight, the first one among equals. A client that doesn't
/// name any, curl with its `*/*` for one, gets plain text: only who asks for HTML is a browser.
pub(crate) fn wanted(headers: &HeaderMap) -> Form {
    let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let mut best = (Form::Text, 0_u16);
    for (form, weight) in lines.flat_map(|line| line.split(',')).filter_map(choice) {
        if weight > best.1 {
            best = (form, weight);
        }
    }
    best.0
}

/// One entry of `Accept`: its form and its weight in thousandths.
fn choice(entry: &str) -> Option<(Form, u16)> {
    let mut parts = entry.split(';').map(str::trim);
    let form = match parts.next()?.to_ascii_lowercase().as_str() {
        "text/html" | "application/xhtml+xml" => Form::Html,
        "application/json" | "application/problem+json" => Form::Json,
        "text/plain" => Form::Text,
        _ => return None,
    };
    Some((form, weight(parts)))
}

/// The weight among an entry's parameters, in thousandths: 1,000 where there is none, 0 where it can't be read.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000 after the clamp")]
pub(crate) fn weight<'a>(mut parameters: impl Iterator<Item = &'a str>) -> u16 {
    let weight = parameters.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let weight = weight.map_or(1.0, |text| text.parse::<f32>().unwrap_or(0.0).clamp(0.0, 1.0));
    (weight * 1000.0) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_weight_wins_and_nothing_means_text() {
        let form = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().expect("a header's value"));
            wanted(&headers)
        };
        assert_eq!(wanted(&HeaderMap::new()), Form::Text);
        for (accept, expected) in [
            ("*/*", Form::Text),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Form::Html),
            ("application/json", Form::Json),
            ("application/json, text/html;q=0.9", Form::Json),
            ("application/json;q=0.1, text/html", Form::Html),
            ("text/html;q=0", Form::Text),
            ("text/plain, text/html", Form::Text),
            ("image/*", Form::Text),
        ] {
            assert_eq!(form(accept), expected, "{accept}");
        }
    }
}
