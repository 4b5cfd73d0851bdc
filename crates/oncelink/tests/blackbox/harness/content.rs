//! Bytes and numbers that are the same in every run: file contents, holders, seeded dice.

use std::sync::atomic::{AtomicU64, Ordering};

/// `size` bytes that differ at every offset and for every `seed`, so that a shifted or foreign range never passes.
pub(crate) fn pattern(size: usize, seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed.wrapping_mul(0x9E37_79B9).wrapping_add(7));
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        bytes.extend_from_slice(&dice.next().to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// A holder secret that no other call of this process gives.
pub(crate) fn holder() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut random = [0_u8; 12];
    getrandom::fill(&mut random).expect("the system gives random bytes");
    format!("holder-{:06}-{}", NEXT.fetch_add(1, Ordering::Relaxed), data_encoding::HEXLOWER.encode(&random))
}

/// SplitMix64: a tiny seeded random number generator.
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice that fall alike for the same `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
