//! Object keys, sources and stores as texts from outside: a key that is taken can't lead out of anything.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oncelink_core::object::{ObjectKey, SourceName};

fuzz_target!(|text: &str| {
    if let Ok(key) = ObjectKey::parse(text) {
        assert_eq!(key.as_str(), text);
        assert!(!text.split('/').any(|segment| segment == "." || segment == ".."));
        assert!(!text.is_empty() && text.len() <= ObjectKey::MAX && !text.chars().any(char::is_control));
        assert!(!key.file_name().is_empty());
    }
    let _ = SourceName::parse(text);
    let _ = oncelink_config::parse_duration(text);
    let _ = oncelink_config::parse_base_url(text);
});
