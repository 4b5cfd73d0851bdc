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
/// How many times a second it is worth waking a quick reader: rather than for every packet, when so much is there.
const WAKES_PER_SECOND: u64 = 500;
/// What that is rounded down to, so that it seldom changes.
const STEP: u64 = 64 * 1024;
/// What nobody waits for more than.
const MOST: u64 = 6 * STEP;
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
    /// When it was last given something.
    at: Duration,
}

impl Appetite {
    /// How many bytes it should get next.
    pub fn piece(&self) -> u64 {
        let bearable = self.pace.map_or(u64::MAX, |pace| pace / PIECES_PER_SECOND);
        (self.had / SHARE).min(bearable).max(LEAST)
    }

    /// From how many bytes on it is worth waking when it waits for more: 1 for a slow one.
    pub fn worth_waking(&self) -> u64 {
        let pace = self.pace.unwrap_or_else(|| per_second(self.lately, self.at - self.since));
        let gathered = (pace / WAKES_PER_SECOND).min(self.had / SHARE).min(MOST);
        (gathered / STEP * STEP).max(1)
    }

    /// It was given so many bytes; it has been reading for so long.
    pub fn took(&mut self, bytes: u64, reading: Duration) {
        self.had += bytes;
        self.lately += bytes;
        self.at = self.at.max(reading);
        let span = reading.saturating_sub(self.since);
        if span >= WINDOW {
            self.pace = Some(per_second(self.lately, span));
            (self.lately, self.since) = (0, reading);
        }
    }
}

fn per_second(bytes: u64, span: Duration) -> u64 {
    let pace = u128::from(bytes) * 1_000_000 / span.as_micros().max(1);
    u64::try_from(pace).unwrap_or(u64::MAX)
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
    fn a_quick_reader_is_woken_for_what_it_reads_in_two_milliseconds() {
        let mut appetite = Appetite::default();
        assert_eq!(appetite.worth_waking(), 1);
        let (_, at) = read(&mut appetite, 8 * MIB, Duration::ZERO, 1024 * MIB);
        assert_eq!(appetite.worth_waking(), 1, "what buffers took at first says little");
        let (_, at) = read(&mut appetite, 120 * MIB, at, 1024 * MIB);
        assert_eq!(appetite.worth_waking(), MOST, "within the first second");
        let (_, at) = read(&mut appetite, 300 * MIB, at, 100 * MIB);
        assert_eq!(appetite.worth_waking(), 3 * STEP, "2 ms of 100 MiB/s");
        read(&mut appetite, 40 * MIB, at, 10 * MIB);
        assert_eq!(appetite.worth_waking(), 1, "a slow one for every byte");
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
