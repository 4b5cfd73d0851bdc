//! File names and media types: no header is broken out of, and nothing that a browser runs comes through.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oncelink_core::disposition;

fuzz_target!(|text: &str| {
    let value = disposition::attachment(text);
    assert!(value.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
    let rest = value.strip_prefix("attachment; filename=\"").expect("the fixed beginning");
    let (fallback, encoded) = rest.split_once("\"; filename*=UTF-8''").expect("the fixed middle");
    assert!(!fallback.is_empty() && !fallback.contains(['"', '\\', '/']));
    assert!(!encoded.contains(['"', ' ', ';', '/', '\'']));
    let name = disposition::safe_name(text);
    assert!(!name.is_empty() && name.len() <= 255 && name != "." && name != "..");
    let kind = disposition::safe_media_type(Some(text));
    assert!(!kind.contains("html") && !kind.contains("script") && !kind.contains(';'));
});
