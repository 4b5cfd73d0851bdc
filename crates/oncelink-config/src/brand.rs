//! What pages say of who sends: name, logo, colour, imprint.

use std::path::PathBuf;

use oncelink_core::text::is_unprintable;

use crate::address::parse_base_url;

/// The longest name, in bytes.
const LONGEST_NAME: usize = 100;
/// The longest imprint URL, in bytes.
const LONGEST_URL: usize = 2_048;

/// What pages say of who sends. Nothing of it need be given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrandSpec {
    /// The sender's name.
    pub name: Option<String>,
    /// The file with the logo. Not opened here.
    pub logo: Option<PathBuf>,
    /// The colour of buttons and links.
    pub colour: Option<Colour>,
    /// Where the imprint is.
    pub imprint: Option<String>,
}

/// A colour: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

/// The colour that `text` spells: `#rrggbb` or `#rgb`.
pub(crate) fn colour(text: &str) -> Result<Colour, String> {
    let digits = text.strip_prefix('#').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let wide = match digits.map(str::len) {
        Some(6) => digits.unwrap_or_default().to_owned(),
        Some(3) => digits.unwrap_or_default().chars().flat_map(|digit| [digit, digit]).collect(),
        Some(_) | None => String::new(),
    };
    let value = u32::from_str_radix(&wide, 16).map_err(|_| "is no colour; write #rrggbb such as #1a5fb4".to_owned())?;
    let [_, red, green, blue] = value.to_be_bytes();
    Ok(Colour([red, green, blue]))
}

/// A name as it may stand on a page.
pub(crate) fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_NAME || text.chars().any(is_unprintable) {
        return Err(format!("must have 1 to {LONGEST_NAME} printable bytes"));
    }
    Ok(text.to_owned())
}

/// The file with a logo.
pub(crate) fn logo(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() || text.contains('\0') { Err("names no file".to_owned()) } else { Ok(text.into()) }
}

/// An address that a page may lead to: http or https, a host, then whatever is no space, quote or bracket.
pub(crate) fn imprint(text: &str) -> Result<String, String> {
    let rest = text.find("://").map_or(0, |at| at + 3);
    let path = text[rest..].find(['/', '?', '#']).map_or(text.len(), |at| rest + at);
    parse_base_url(&text[..path])?;
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte);
    if text.len() > LONGEST_URL || !text[path..].bytes().all(plain) {
        return Err(format!("has spaces, quotes, brackets or more than {LONGEST_URL} bytes; write them in their %-form"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_has_three_or_six_digits() {
        assert_eq!(colour("#1a5FB4"), Ok(Colour([0x1a, 0x5f, 0xb4])));
        assert_eq!(colour("#0af"), Ok(Colour([0x00, 0xaa, 0xff])));
        for bad in ["", "#", "red", "1a5fb4", "#1a5fb", "#1a5fb4ff", "#ggg", "#+12", "#\u{fc}\u{fc}\u{fc}", "#000;x"] {
            assert!(colour(bad).is_err_and(|problem| problem.contains("#rrggbb")), "{bad:?}");
        }
    }

    #[test]
    fn a_name_is_printable_and_short() {
        assert_eq!(name(" \u{dc}bung & Co. "), Ok("\u{dc}bung & Co.".to_owned()));
        let long = "x".repeat(101);
        for bad in ["", "  ", "a\nb", "a\u{202e}b", &long] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_imprint_is_a_web_page() {
        for good in ["https://example.org", "https://example.org/imprint.html?lang=de#top", "http://127.0.0.1:8080/x%20y"] {
            assert_eq!(imprint(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "example.org/imprint",
            "javascript:alert(1)",
            "javascript://x/%0aalert(1)",
            "https://",
            "https://a b/",
            "https://me:pw@host/",
            "https://host/a b",
            "https://host/\"x",
            "https://host/<x>",
            "https://host/\u{fc}",
            "mailto:me@example.org",
        ] {
            assert!(imprint(bad).is_err(), "{bad:?}");
        }
    }
}
