//! What is known of a delivery: it never knows of more than was added, and whole means whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oncelink_core::coverage::Coverage;

fuzz_target!(|input: (Vec<(u16, u8)>, u16)| {
    let (ranges, size) = input;
    let mut coverage = Coverage::new();
    let mut bytes = vec![false; usize::from(u16::MAX) + 256];
    for (start, length) in ranges {
        let (start, end) = (u64::from(start), u64::from(start) + u64::from(length));
        coverage.add(start..end);
        let place = |at: u64| usize::try_from(at).expect("small");
        bytes[place(start)..place(end)].fill(true);
    }
    if coverage.is_whole(u64::from(size)) {
        assert!(bytes[..usize::from(size)].iter().all(|&byte| byte));
    }
});
