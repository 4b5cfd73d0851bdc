//! A link as a QR code in a terminal.

use qrcode::{Color, EcLevel, QrCode};

/// White around the code, in modules: ISO/IEC 18004 asks for four.
const QUIET: usize = 4;
/// Black on white whatever the terminal's own colours are, so that cameras see it in dark terminals too.
const COLOURS: &str = "\u{1b}[38;5;16;48;5;231m";
/// The terminal's own colours again.
const RESET: &str = "\u{1b}[0m";

/// The code of `text` in half blocks, two modules a character; nothing when the text is too long.
pub(crate) fn drawn(text: &str) -> Option<String> {
    // The link is short and a screen doesn't get dirty: little error correction makes a small code.
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let width = code.width();
    let colours = code.to_colors();
    let dark = |x: usize, y: usize| {
        let inside = x.checked_sub(QUIET).zip(y.checked_sub(QUIET)).filter(|&(x, y)| x < width && y < width);
        inside.is_some_and(|(x, y)| colours[y * width + x] == Color::Dark)
    };
    let side = width + 2 * QUIET;
    let row = |y: usize| {
        let blocks: String = (0..side).map(|x| block(dark(x, y), dark(x, y + 1))).collect();
        format!("{COLOURS}{blocks}{RESET}")
    };
    Some((0..side).step_by(2).map(row).collect::<Vec<_>>().join("\n"))
}

fn block(upper: bool, lower: bool) -> char {
    match (upper, lower) {
        (true, true) => '\u{2588}',
        (true, false) => '\u{2580}',
        (false, true) => '\u{2584}',
        (false, false) => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://127.0.0.1:4711/d/ol_0123456789abcdefghijABCDEFGHIJ012345";

    #[test]
    fn the_drawing_is_the_code_with_white_around_it() {
        let code = QrCode::with_error_correction_level(URL, EcLevel::L).expect("short enough");
        let drawing = drawn(URL).expect("short enough");
        let rows: Vec<Vec<char>> =
            drawing.lines().map(|line| line.trim_start_matches(COLOURS).trim_end_matches(RESET).chars().collect()).collect();
        let dark = |x: usize, y: usize| match rows[y / 2][x] {
            '\u{2588}' => true,
            '\u{2580}' => y.is_multiple_of(2),
            '\u{2584}' => !y.is_multiple_of(2),
            _ => false,
        };
        let width = code.width();
        for y in 0..width + 2 * QUIET {
            for x in 0..width + 2 * QUIET {
                let inside = (QUIET..width + QUIET).contains(&x) && (QUIET..width + QUIET).contains(&y);
                let expected = inside && code[(x - QUIET, y - QUIET)] == Color::Dark;
                assert_eq!(dark(x, y), expected, "module {x},{y}");
            }
        }
    }

    #[test]
    fn every_line_sets_and_resets_its_colours() {
        assert!(drawn(URL).expect("short enough").lines().all(|line| line.starts_with(COLOURS) && line.ends_with(RESET)));
        assert_eq!(drawn(&"x".repeat(5_000)), None);
    }
}
