//! A link as a QR code in a page: an SVG of one path, black on white in dark pages too, so that cameras see it.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// White around the code, in modules: ISO/IEC 18004 asks for four.
const QUIET: usize = 4;

/// A code to be drawn.
pub(super) struct Qr {
    /// Its width and height in modules, white included.
    pub(super) side: usize,
    /// The dark modules as an SVG path, one run of a row after the other.
    pub(super) path: String,
}

/// The code of `text`; nothing when it is too long for one.
pub(super) fn drawn(text: &str) -> Option<Qr> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let (width, colours) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in colours.chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let run = row[x..].iter().take_while(|&&colour| colour == Color::Dark).count();
            if run > 0 {
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += run.max(1);
        }
    }
    Some(Qr { side: width + 2 * QUIET, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_covers_the_dark_modules_and_nothing_else() {
        let text = "https://files.example.org/d/ol_0123456789abcdefghijABCDEFGHIJ012345";
        let code = QrCode::with_error_correction_level(text, EcLevel::L).expect("short enough");
        let qr = drawn(text).expect("short enough");
        let mut drawn = vec![vec![false; qr.side]; qr.side];
        for run in qr.path.split('M').filter(|run| !run.is_empty()) {
            let (x, rest) = run.split_once(' ').expect("two numbers");
            let (y, rest) = rest.split_once('h').expect("a run");
            let length: usize = rest.split_once('v').expect("a height").0.parse().expect("a number");
            let (x, y): (usize, usize) = (x.parse().expect("a number"), y.parse().expect("a number"));
            drawn[y][x..x + length].fill(true);
        }
        for y in 0..code.width() {
            for x in 0..code.width() {
                assert_eq!(drawn[y + QUIET][x + QUIET], code[(x, y)] == Color::Dark, "{x} {y}");
            }
        }
        assert!(drawn[..QUIET].iter().flatten().all(|dark| !dark));
        assert!(super::drawn(&"x".repeat(5_000)).is_none());
    }
}
