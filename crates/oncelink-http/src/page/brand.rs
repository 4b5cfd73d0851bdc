//! Who sends: the operator's name, logo, colour and imprint on every page.
//!
//! Must not take what would break a page: whatever is set here is checked first.

use std::fmt;

use data_encoding::BASE64;

use super::frame;

/// What pages say of who sends. The default names nobody but the program.
#[derive(Clone, Debug, Default)]
pub struct Brand {
    name: Option<String>,
    /// A `data:` URI.
    logo: Option<String>,
    colour: Option<Colour>,
    imprint: Option<String>,
}

/// A brand colour, as the style and its hash in the content security policy.
#[derive(Clone, Debug)]
struct Colour {
    style: String,
    hash: String,
}

/// Why something can't be part of a brand: what is wrong, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadBrand(String);

/// The program's own name, where the operator gave none.
const NOBODY: &str = "oncelink";
const LONGEST_NAME: usize = 60;
const LARGEST_LOGO: usize = 6 * 1024;
const LONGEST_IMPRINT: usize = 300;

impl Brand {
    /// With a name: what comes before "has sent you a file".
    ///
    /// # Errors
    /// Empty, longer than 60 characters, or with characters that can't be shown.
    pub fn with_name(mut self, name: &str) -> Result<Self, BadBrand> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            return Err(BadBrand(format!("the brand's name must have 1 to {LONGEST_NAME} characters")));
        }
        if name.chars().any(oncelink_core::text::is_unprintable) {
            return Err(BadBrand("the brand's name has a control character or an invisible one; write it anew".to_owned()));
        }
        self.name = Some(name.to_owned());
        Ok(self)
    }

    /// With a logo: the bytes of an SVG or PNG file of at most 6 KiB.
    ///
    /// # Errors
    /// Another kind of file, or a larger one.
    pub fn with_logo(mut self, file: &[u8]) -> Result<Self, BadBrand> {
        if file.len() > LARGEST_LOGO {
            let has = file.len();
            return Err(BadBrand(format!(
                "the logo has {has} bytes and may have {LARGEST_LOGO}, so that pages stay light; make it smaller or simpler"
            )));
        }
        let kind = image_type(file).ok_or_else(|| BadBrand("the logo must be an SVG or PNG file".to_owned()))?;
        self.logo = Some(format!("data:{kind};base64,{}", BASE64.encode(file)));
        Ok(self)
    }

    /// With a colour for the button: `#rrggbb`. The text on it becomes white or black, whichever reads better.
    ///
    /// # Errors
    /// Another form.
    pub fn with_colour(mut self, colour: &str) -> Result<Self, BadBrand> {
        let rgb = rgb(colour)
            .ok_or_else(|| BadBrand(format!("the brand's colour is '{colour}' and must be written as #rrggbb, such as #1f5fbf")))?;
        let style = style(rgb);
        let hash = frame::hash(&style);
        self.colour = Some(Colour { style, hash });
        Ok(self)
    }

    /// With a link to the operator's imprint: an absolute `http` or `https` URL.
    ///
    /// # Errors
    /// Another form, or longer than 300 bytes.
    pub fn with_imprint(mut self, url: &str) -> Result<Self, BadBrand> {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
        let has_host = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':', '@']));
        if !is_plain || !has_host || url.len() > LONGEST_IMPRINT {
            return Err(BadBrand(format!(
                "the imprint is '{url}' and must be an absolute URL that begins with https:// or http://, of at most {LONGEST_IMPRINT} bytes"
            )));
        }
        self.imprint = Some(url.to_owned());
        Ok(self)
    }

    /// The name that the operator gave.
    pub(super) fn given_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The name to head a page with.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(NOBODY)
    }

    /// The logo as a `data:` URI.
    pub(crate) fn logo(&self) -> Option<&str> {
        self.logo.as_deref()
    }

    /// The style that gives pages the colour.
    pub(crate) fn style(&self) -> Option<&str> {
        self.colour.as_ref().map(|colour| colour.style.as_str())
    }

    /// The hash of that style, for the content security policy.
    pub(crate) fn style_hash(&self) -> Option<&str> {
        self.colour.as_ref().map(|colour| colour.hash.as_str())
    }

    /// The URL of the imprint.
    pub(crate) fn imprint(&self) -> Option<&str> {
        self.imprint.as_deref()
    }
}

impl fmt::Display for BadBrand {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for BadBrand {}

/// The media type of an image that a page may show. An SVG in an `img` element runs no script and fetches nothing.
fn image_type(file: &[u8]) -> Option<&'static str> {
    if file.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some("image/png");
    }
    let text = std::str::from_utf8(file).ok()?.trim_start_matches('\u{feff}').trim_start();
    let is_svg = text.starts_with("<svg") || (text.starts_with("<?xml") || text.starts_with("<!--")) && text.contains("<svg");
    is_svg.then_some("image/svg+xml")
}

fn rgb(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let value = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = value.to_be_bytes();
    Some([red, green, blue])
}

/// The colour as the pages' variables: the button, the text on it, and its edge where it is too faint for the card.
fn style(colour: [u8; 3]) -> String {
    const WHITE: [u8; 3] = [255; 3];
    const BLACK: [u8; 3] = [0; 3];
    // The cards' colours in page.css; a control needs 3:1 against what is around it (WCAG 2.2, 1.4.11).
    const LIGHT_CARD: [u8; 3] = WHITE;
    const DARK_CARD: [u8; 3] = [0x19, 0x1d, 0x26];
    let [red, green, blue] = colour;
    let on = if contrast(colour, WHITE) >= contrast(colour, BLACK) { "#fff" } else { "#000" };
    let edge = |card| if contrast(colour, card) >= 3.0 { "transparent" } else { "currentColor" };
    let (light, dark) = (edge(LIGHT_CARD), edge(DARK_CARD));
    let fill = format!("#{red:02x}{green:02x}{blue:02x}");
    format!(
        ":root{{--fill:{fill};--on:{on};--edge:{light}}}@media(prefers-color-scheme:dark){{:root{{--fill:{fill};--on:{on};--edge:{dark}}}}}"
    )
}

/// The contrast ratio of two colours (WCAG 2.2, "contrast ratio"): 1 to 21.
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_on_any_colour_can_be_read() {
        assert!((contrast([255; 3], [0; 3]) - 21.0).abs() < 1e-9);
        for value in (0..=0x00ff_ffff_u32).step_by(4099) {
            let [_, red, green, blue] = value.to_be_bytes();
            let colour = [red, green, blue];
            let on = if style(colour).contains("--on:#fff") { [255; 3] } else { [0; 3] };
            assert!(contrast(colour, on) >= 4.5, "{colour:?}");
        }
    }

    #[test]
    fn a_faint_colour_gets_an_edge() {
        assert_eq!(
            style([0xff, 0xf0, 0x80]),
            ":root{--fill:#fff080;--on:#000;--edge:currentColor}@media(prefers-color-scheme:dark){:root{--fill:#fff080;--on:#000;--edge:transparent}}"
        );
    }

    #[test]
    fn only_what_fits_a_page_is_taken_and_errors_say_what_would() {
        let brand = || Brand::default();
        for bad in ["", "  ", "a\u{202e}b", "a\nb"] {
            assert!(brand().with_name(bad).is_err(), "{bad:?}");
        }
        assert!(brand().with_name(&"ü".repeat(60)).is_ok() && brand().with_name(&"ü".repeat(61)).is_err());
        for bad in ["red", "#fff", "#12345g", "#1234567", "#+12345", "1f5fbf", "#é1f5f"] {
            let error = brand().with_colour(bad).expect_err("not a colour").to_string();
            assert!(error.contains("#rrggbb") && error.contains(bad), "{error}");
        }
        for bad in [
            "javascript:alert(1)",
            "//example.org",
            "https://",
            "https:///x",
            "ftp://example.org",
            "https://example.org/\"><b>",
            "https://exämple.org",
        ] {
            assert!(brand().with_imprint(bad).is_err(), "{bad}");
        }
        assert!(brand().with_imprint("https://example.org/imprint?lang=en#top").is_ok());
        for bad in [&b"GIF89a"[..], b"<html><svg>", b"", b"\xff\xd8\xff"] {
            assert!(brand().with_logo(bad).is_err());
        }
        assert!(brand().with_logo(&[b' '; LARGEST_LOGO + 1]).expect_err("too large").to_string().contains("6144"));
        for good in [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"<?xml version='1.0'?>\n<svg/>", b"\x89PNG\r\n\x1a\nrest"] {
            let logo = brand().with_logo(good).expect("an image").logo().map(str::to_owned).expect("a logo");
            assert!(logo.starts_with("data:image/"), "{logo}");
        }
    }
}
