//! Randomness from the operating system.

use std::io::{self, Write};

use oncelink_core::ports::Entropy;

/// The operating system's generator (`getrandom(2)` and its kin).
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        if let Err(error) = getrandom::fill(buffer) {
            // A secret made of anything else could be guessed, and a panic might be caught: nothing may go on here.
            let _ = writeln!(io::stderr(), "the operating system gives no random numbers ({error}); giving up");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_drawn_and_no_two_draws_are_alike() {
        let draws: Vec<[u8; 32]> = (0..64).map(|_| draw()).collect();
        for (place, draw) in draws.iter().enumerate() {
            assert!(!draws[..place].contains(draw), "32 bytes came twice");
        }
        for byte in 0..32 {
            assert!(draws.iter().any(|draw| draw[byte] != 0), "byte {byte} was left as it was in 64 draws");
        }
    }

    fn draw() -> [u8; 32] {
        let mut bytes = [0; 32];
        OsEntropy.fill(&mut bytes);
        bytes
    }
}
