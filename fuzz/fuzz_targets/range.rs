//! Range headers: a part lies within the object, and a header that asks for nothing sensible gets the whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oncelink_core::range::{self, RangeAnswer};

fuzz_target!(|input: (&str, u64)| {
    let (header, size) = input;
    match range::answer(Some(header), size) {
        RangeAnswer::Part { range, open_ended } => {
            assert!(range.start < range.end && range.end <= size);
            assert!(!open_ended || range.end == size);
        }
        RangeAnswer::Whole | RangeAnswer::Unsatisfiable => {}
    }
});
