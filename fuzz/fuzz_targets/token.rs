//! Tokens, holders and claim addresses: whatever parses is what was given, letter for letter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oncelink_core::holder::{ClaimHandle, Holder};
use oncelink_core::token::{LinkId, Token};

fuzz_target!(|text: &str| {
    if let Some(token) = Token::parse(text) {
        assert_eq!(token.reveal(), text);
        assert!(!format!("{token:?}").contains(&text[3..20]));
    }
    if let Some(holder) = Holder::parse(text) {
        assert_eq!(holder.reveal(), text);
        assert!(!format!("{holder:?}").contains(text));
    }
    if let Some(handle) = ClaimHandle::parse(text) {
        assert_eq!(handle.reveal(), text);
        assert!(LinkId::parse(handle.link().as_str()).is_some());
    }
});
