//! How a download is labelled: `Content-Disposition` (RFC 6266, RFC 8187) and a media type that no browser runs.

use std::fmt::Write;

use crate::text;

/// The media type when nothing better is safe (RFC 2046 section 4.5.1).
pub const OCTET_STREAM: &str = "application/octet-stream";

/// `attachment` with the file's name, as plain ASCII for old clients and as UTF-8 for all others.
///
/// Whatever could end the quoted string, name a folder or fool the eye is replaced by `_`.
pub fn attachment(filename: &str) -> String {
    let name = safe_name(filename);
    let fallback: String = name.chars().map(|c| if c.is_ascii() && c != '%' { c } else { '_' }).collect();
    let mut value = format!("attachment; filename=\"{fallback}\"; filename*=UTF-8''");
    for byte in name.bytes() {
        // RFC 8187 allows some more, and old parsers stumble over them.
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            value.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(value, "%{byte:02X}");
        }
    }
    value
}

/// A file name that names no folder, no device of ours and nothing hidden, of at most 255 bytes. Never empty.
pub fn safe_name(filename: &str) -> String {
    let tame = text::tame(filename, 255);
    let plain: String = tame.chars().map(|c| if matches!(c, '/' | '\\' | '"') { '_' } else { c }).collect();
    let trimmed = plain.trim_matches(' ');
    if trimmed.chars().all(|c| c == '.' || c == ' ') { "download".to_owned() } else { trimmed.to_owned() }
}

/// `given` when a browser would not run it, else [`OCTET_STREAM`]. Parameters other than a plain charset are dropped.
pub fn safe_media_type(given: Option<&str>) -> String {
    given.and_then(media_type).filter(|kind| is_inert(kind)).unwrap_or_else(|| OCTET_STREAM.to_owned())
}

/// The lower-case `type/subtype` of a media type, or nothing when it breaks the grammar (RFC 9110 section 8.3.1).
pub fn media_type(text: &str) -> Option<String> {
    let essence = text.split(';').next()?.trim();
    let (kind, subtype) = essence.split_once('/')?;
    let token = |part: &str| !part.is_empty() && part.len() <= 100 && part.bytes().all(is_token);
    (token(kind) && token(subtype)).then(|| essence.to_ascii_lowercase())
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_inert(essence: &str) -> bool {
    const TEXT: [&str; 5] = ["text/plain", "text/csv", "text/markdown", "text/tab-separated-values", "text/calendar"];
    const ACTIVE: [&str; 9] = ["script", "html", "xml", "xsl", "flash", "java", "wasm", "mathml", "hta"];
    let (kind, subtype) = essence.split_once('/').unwrap_or(("", ""));
    match kind {
        "text" => TEXT.contains(&essence),
        // No browser runs an "audio/html", but none need be told one either.
        "audio" | "video" | "font" | "image" | "application" | "model" => {
            // Office documents are zipped XML, which nothing runs: of their long names only the end tells them apart.
            let told = subtype.strip_prefix("vnd.openxmlformats-").unwrap_or(subtype);
            !(told.starts_with("svg") || ACTIVE.iter().any(|word| told.contains(word)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_header_can_never_be_broken_out_of(name in "\\PC{0,300}|[\\x00-\\xff]{0,40}") {
            let value = attachment(&name);
            prop_assert!(value.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
            let rest = value.strip_prefix("attachment; filename=\"").expect("the fixed beginning");
            let (fallback, encoded) = rest.split_once("\"; filename*=UTF-8''").expect("the fixed middle");
            prop_assert!(!fallback.contains(['"', '\\', '/', '%']) && !fallback.is_empty());
            prop_assert!(!encoded.contains(['"', ' ', ';', '/', '\'', '*', '(', ')', ',']));
        }

        #[test]
        fn a_media_type_is_inert_or_plain_bytes(text in "[a-z]{1,5}/[a-z+.-]{1,12}(;.*)?|\\PC{0,30}") {
            let kind = safe_media_type(Some(&text));
            prop_assert!(!kind.contains("html") && !kind.contains("script") && !kind.contains(';'));
        }
    }

    #[test]
    fn names_people_use_come_through() {
        assert_eq!(attachment("report.pdf"), "attachment; filename=\"report.pdf\"; filename*=UTF-8''report.pdf");
        assert_eq!(
            attachment("Übersicht 100%.txt"),
            "attachment; filename=\"_bersicht 100_.txt\"; filename*=UTF-8''%C3%9Cbersicht%20100%25.txt"
        );
        assert_eq!(safe_name("a/b\\c\"d\r\n.txt"), "a_b_c_d.txt");
        assert_eq!(safe_name(" .. "), "download");
        assert_eq!(safe_name("invoice\u{202e}fdp.exe"), "invoicefdp.exe");
    }

    #[test]
    fn what_a_browser_would_run_is_sent_as_plain_bytes() {
        for active in [
            "text/html",
            "TEXT/HTML; charset=utf-8",
            "image/svg+xml",
            "application/xhtml+xml",
            "text/javascript",
            "application/javascript",
            "text/xml",
            "application/wasm",
            "multipart/related",
            "message/rfc822",
            "nonsense",
            "text/css",
            "audio/xhtmlx",
            "video/x-javascript",
            "image/vnd.android.javascript",
            "application/vnd.openxmlformats-html",
        ] {
            assert_eq!(safe_media_type(Some(active)), OCTET_STREAM, "{active}");
        }
        for inert in [
            "application/pdf",
            "image/png",
            "video/mp4",
            "application/zip",
            "application/json",
            "text/plain",
            "application/vnd.android.package-archive",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ] {
            assert_eq!(safe_media_type(Some(inert)), inert);
        }
        assert_eq!(safe_media_type(None), OCTET_STREAM);
    }
}
