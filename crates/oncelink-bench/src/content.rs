//! The objects' content: a pattern that any piece can be checked against, wherever it begins.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A prime, so that a piece that slipped by a power of two is found out.
const PERIOD: usize = 65_521;

/// The pattern, written twice in a row so that every piece of one period is a plain slice.
pub struct Content(Vec<u8>);

impl Default for Content {
    fn default() -> Self {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        let once: Vec<u8> = (0..PERIOD).map(|_| next()).collect();
        Self([once.clone(), once].concat())
    }
}

impl Content {
    /// Whether `piece` is what an object has from `offset` on.
    pub fn is_at(&self, offset: u64, mut piece: &[u8]) -> bool {
        let mut at = (offset % PERIOD as u64) as usize;
        while !piece.is_empty() {
            let most = piece.len().min(PERIOD);
            if piece[..most] != self.0[at..at + most] {
                return false;
            }
            piece = &piece[most..];
            at = (at + most) % PERIOD;
        }
        true
    }

    /// Writes an object of `size` bytes.
    ///
    /// # Errors
    /// As the system says.
    pub fn write(&self, path: &Path, size: u64) -> io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        let mut left = size;
        while left > 0 {
            let most = left.min(PERIOD as u64);
            file.write_all(&self.0[..most as usize])?;
            left -= most;
        }
        file.flush()
    }

    /// The first `size` bytes, at most a period.
    pub fn head(&self, size: usize) -> &[u8] {
        &self.0[..size.min(PERIOD)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_known_and_a_slipped_one_is_not() {
        let content = Content::default();
        let long: Vec<u8> = content.0.iter().copied().cycle().take(300_000).collect();
        for (from, to) in [(0, 300_000), (7, 70_000), (65_520, 65_523), (131_072, 200_000)] {
            assert!(content.is_at(from as u64, &long[from..to]));
            assert!(!content.is_at(from as u64 + 64, &long[from..to]));
        }
    }
}
