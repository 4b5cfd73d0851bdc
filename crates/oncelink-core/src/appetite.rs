//! How much of an object a reader is given at once: little to a slow one, for whom it stays in memory until the last byte is
//! out, much to a quick one, for whom every piece costs calls.
//!
//! Knows nothing of clocks: whoever reads says how long it has been reading.

use std::time::Duration;

/// What a reader gets at the least, in bytes.
const LEAST: u64 = 16 * 1024;
/// Which part of what it has had it may get. At first everybody is quick, until the kernel's buffers are full; whoever turns
/// out slow then mustn't be left with a large piece.
const SHARE: u64 = 256;
/// How many pieces a second a reader is to get at the least, when the least isn't more.
const PIECES_PER_SECOND: u64 = 8;
/// Over how long its pace is taken.
const WINDOW: Duration = Duration::from_secs(1);

/// What is known of one reader of one object.
#[derive(Clone, Copy, Debug, Default)]
pub struct Appetite {
    /// Bytes it has had.
    had: u64,
    /// Bytes per second in the last window; nothing in the first one.
    pace: Option<u64>,
    /// Bytes in the present window.
    lately: u64,
    /// When the present window began.
    since: Duration,
}

impl Appetite {
    /// How many bytes it should get next.
    pub fn piece(&self) -> u64 {
        let bearable = self.pace.map_or(u64::MAX, |pace| pace / PIECES_PER_SECOND);
        (self.had / SHARE).min(bearable).max(LEAST)
    }

    /// It was given so many bytes; it has been reading for so long.
    pub fn took(&mut self, bytes: u64, reading: Duration) {
        self.had += bytes;
        self.lately += bytes;
        let span = reading.saturating_sub(self.since);
        if span >= WINDOW {
            let pace = u128::from(self.lately) * 1_000 / span.as_millis();
            self.pace = Some(u64::try_from(pace).unwrap_or(u64::MAX));
            (self.lately, self.since) = (0, reading);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    /// Reads `bytes` at a steady pace, in what pieces it is given; the last of them.
    fn read(appetite: &mut Appetite, bytes: u64, from: Duration, per_second: u64) -> (u64, Duration) {
        let (mut left, mut at) = (bytes, from);
        while left > 0 {
            let piece = appetite.piece().min(left);
            at += Duration::from_nanos(piece * 1_000_000_000 / per_second);
            appetite.took(piece, at);
            left -= piece;
        }
        (appetite.piece(), at)
    }

    #[test]
    fn a_quick_reader_soon_gets_large_pieces() {
        let mut appetite = Appetite::default();
        assert_eq!(appetite.piece(), LEAST);
        let (piece, _) = read(&mut appetite, 64 * MIB, Duration::ZERO, 1024 * MIB);
        assert_eq!(piece, MIB / 4);
        assert!(read(&mut appetite, 1024 * MIB, Duration::ZERO, 1024 * MIB).0 > MIB);
    }

    #[test]
    fn a_slow_reader_never_does_however_much_it_had_and_whatever_buffers_took_at_first() {
        let mut appetite = Appetite::default();
        let (piece, at) = read(&mut appetite, 6 * MIB, Duration::ZERO, 1024 * MIB);
        assert!(piece < 2 * LEAST, "{piece} is what it is left with");
        let (piece, _) = read(&mut appetite, 100 * MIB, at, 64 * 1024);
        assert_eq!(piece, LEAST);
    }

    #[test]
    fn pieces_follow_the_pace() {
        let mut appetite = Appetite::default();
        let (_, at) = read(&mut appetite, 1024 * MIB, Duration::ZERO, 1024 * MIB);
        let (piece, at) = read(&mut appetite, 8 * MIB, at, MIB);
        assert!((MIB / 16..=MIB / 8).contains(&piece), "{piece} an eighth of a second");
        assert_eq!(read(&mut appetite, MIB, at, 64 * 1024).0, LEAST);
    }
}
