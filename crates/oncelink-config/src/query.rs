//! What may stand behind the `?` of an address of AWS or of a service like it: `endpoint=URL&region=R&path_style=true`.

use crate::address::parse_base_url;
use crate::keys::{field, nearest_of, suggestion};

/// Where a service lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The service's address, for another one than AWS.
    pub(crate) endpoint: Option<String>,
    /// Its region; absent: from the environment.
    pub(crate) region: Option<String>,
    /// Whether the bucket stands in the path instead of the host's name.
    pub(crate) path_style: bool,
}

impl Place {
    /// The place that `query` spells, with no other parameters than `allowed`.
    ///
    /// # Errors
    /// What is wrong with it and what would be right.
    pub(crate) fn parse(query: &str, allowed: &[&str]) -> Result<Self, String> {
        let mut place = Self::default();
        let mut seen: Vec<String> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| format!("has '{}' without a value", pair.escape_debug()))?;
            let value = percent_decode(value).ok_or_else(|| format!("has '{}' with a broken %-sequence", name.escape_debug()))?;
            let key = field(name);
            if !allowed.contains(&key.as_str()) {
                return Err(unknown(name, allowed));
            }
            if seen.contains(&key) {
                return Err(format!("has '{key}' twice"));
            }
            match key.as_str() {
                "endpoint" => place.endpoint = Some(endpoint(&value)?),
                "region" => place.region = Some(region(value)?),
                _ => place.path_style = path_style(&value)?,
            }
            seen.push(key);
        }
        Ok(place)
    }
}

fn unknown(name: &str, allowed: &[&str]) -> String {
    let nearest = suggestion(nearest_of(&field(name), allowed.iter().map(|&name| name.to_owned())));
    format!("has the unknown parameter '{}'; there are {}{nearest}", name.escape_debug(), allowed.join(", "))
}

fn endpoint(value: &str) -> Result<String, String> {
    parse_base_url(value).map_err(|problem| format!("has an endpoint that {problem}"))
}

fn region(value: String) -> Result<String, String> {
    let fits = (1..=64).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if fits { Ok(value) } else { Err("has no valid region; write one such as eu-central-1".to_owned()) }
}

fn path_style(value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| "has a path_style that is neither true nor false".to_owned())
}

/// Undoes %-encoding; nothing when it is broken or no UTF-8. A `+` is a plus.
fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let digits = rest.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_allowed_is_understood_and_a_slip_is_put_right() {
        let place = Place::parse("region=eu-west-1&endpoint=http%3A%2F%2F127.0.0.1%3A8000", &["endpoint", "region"]);
        let endpoint = Some("http://127.0.0.1:8000".to_owned());
        assert_eq!(place, Ok(Place { endpoint, region: Some("eu-west-1".to_owned()), path_style: false }));
        let problem = Place::parse("path_style=true", &["endpoint", "region"]).expect_err("not for this one");
        assert!(problem.contains("there are endpoint, region") && !problem.contains("did you mean 'path_style'"), "{problem}");
        let slip = Place::parse("regoin=x", &["endpoint", "region"]).expect_err("a slip");
        assert!(slip.contains("did you mean 'region'?"), "{slip}");
    }
}
