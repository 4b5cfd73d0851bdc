//! Checks of short texts that people see: names, notes, user agents.

/// Whether `c` could change how the text around it is shown: control characters, bidirectional controls, separators
/// of lines and paragraphs, and invisible format characters.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// `text` without unprintable characters and cut to at most `max` bytes, at a character's boundary.
pub fn tame(text: &str, max: usize) -> String {
    let mut tamed = String::with_capacity(text.len().min(max));
    for c in text.chars().filter(|&c| !is_unprintable(c)) {
        if tamed.len() + c.len_utf8() > max {
            break;
        }
        tamed.push(c);
    }
    tamed
}
