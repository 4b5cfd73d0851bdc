//! Just enough of Rust's grammar to look at source text: comments and literals blanked, functions found.
//!
//! Must not be taken for a parser: it knows nothing of macros or of what a name means.

use std::ops::Range;

/// A function's place in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Byte offsets from `fn` to the closing brace.
    pub span: Range<usize>,
    /// Its first line, from 1.
    pub line: usize,
    /// How many lines it has, signature included.
    pub lines: usize,
}

/// The text with comments and the insides of literals blanked; every offset stays what it was.
pub fn code(text: &str) -> String {
    blank(text, false)
}

/// The text with comments blanked and literals kept; every offset stays what it was.
pub fn without_comments(text: &str) -> String {
    blank(text, true)
}

/// The functions with a body in text that [`code`] has blanked.
pub fn functions(code: &str) -> Vec<Function> {
    words(code, "fn").filter_map(|start| function_at(code, start)).collect()
}

/// The offsets at which `word` stands by itself.
pub fn words<'text>(text: &'text str, word: &'text str) -> impl Iterator<Item = usize> + 'text {
    let bytes = text.as_bytes();
    text.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let before = at.checked_sub(1).is_some_and(|at| is_word(bytes[at]));
        let after = bytes.get(at + word.len()).is_some_and(|&byte| is_word(byte));
        !before && !after
    })
}

/// The line of an offset, from 1.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset].iter().filter(|&&byte| byte == b'\n').count() + 1
}

/// The text before the file's test module: what goes into the product.
pub fn production(text: &str) -> &str {
    let code = code(text);
    let tests = code.match_indices("#[cfg(test)]").map(|(at, _)| at).find(|&at| {
        let rest = code[at..].trim_start_matches("#[cfg(test)]").trim_start();
        rest.starts_with("mod ")
    });
    tests.map_or(text, |at| &text[..at])
}

fn function_at(code: &str, start: usize) -> Option<Function> {
    let rest = &code[start + 2..];
    let name: String = rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let open = start + 2 + body_start(rest)?;
    let end = matching_brace(code, open)?;
    let line = line_of(code, start);
    let lines = line_of(code, end) - line + 1;
    (!name.is_empty()).then_some(Function { name, span: start..end + 1, line, lines })
}

/// Where a signature's body begins; nothing for one that ends in a semicolon.
fn body_start(signature: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, byte) in signature.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(at),
            b';' if depth == 0 => return None,
            _ if depth < 0 => return None,
            _ => {}
        }
    }
    None
}

fn matching_brace(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn blank(text: &str, keep_literals: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let (end, keep) = match token(bytes, at) {
            Token::Comment(end) => (end, false),
            Token::Literal(end) => (end, keep_literals),
            Token::Other => (at + 1, true),
        };
        if !keep {
            out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        }
        at = end;
    }
    String::from_utf8(out).unwrap_or_default()
}

enum Token {
    Comment(usize),
    Literal(usize),
    Other,
}

fn token(bytes: &[u8], at: usize) -> Token {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") {
        return Token::Comment(at + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len()));
    }
    if rest.starts_with(b"/*") {
        return Token::Comment(at + block_comment(rest));
    }
    let in_word = at.checked_sub(1).is_some_and(|before| is_word(bytes[before]));
    if !in_word && let Some(length) = raw_string(rest) {
        return Token::Literal(at + length);
    }
    match rest[0] {
        b'"' => Token::Literal(at + quoted(rest, b'"')),
        b'\'' if is_char(rest) => Token::Literal(at + quoted(rest, b'\'')),
        _ => Token::Other,
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_u32, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The length of a raw string literal at the beginning of `rest`.
fn raw_string(rest: &[u8]) -> Option<usize> {
    let prefix = rest.iter().take_while(|byte| matches!(byte, b'b' | b'c' | b'r')).count();
    if prefix == 0 || prefix > 2 || rest[prefix - 1] != b'r' {
        return None;
    }
    let hashes = rest[prefix..].iter().take_while(|&&byte| byte == b'#').count();
    let open = prefix + hashes;
    if rest.get(open) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'#'; hashes + 1];
    close[0] = b'"';
    let body = &rest[open + 1..];
    let inside = body.windows(close.len()).position(|window| window == close);
    Some(inside.map_or(rest.len(), |inside| open + 1 + inside + close.len()))
}

fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Whether a quote begins a character, not a lifetime.
fn is_char(rest: &[u8]) -> bool {
    match rest.get(1) {
        None => false,
        Some(b'\\') => true,
        Some(&first) => {
            let width = match first {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            rest.get(1 + width) == Some(&b'\'')
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_and_offsets_stay() {
        let text = "let a = \"{ // no\"; // fn b() {\nlet c = '\\''; /* { /* } */ } */ let d: &'static str = r#\"\"}\"#;";
        let blanked = code(text);
        assert_eq!(blanked.len(), text.len());
        assert!(!blanked.contains(['{', '}', '"']), "{blanked}");
        assert!(blanked.contains("let c =") && blanked.contains("&'static str"));
        assert!(without_comments(text).contains("\"{ // no\""));
    }

    #[test]
    fn functions_are_measured_from_signature_to_brace() {
        let text = "impl A {\n    fn one(\n        a: [u8; 2],\n    ) -> B {\n        match a { _ => {} }\n    }\n    fn no(&self);\n}\nfn two() {}\n";
        let found = functions(&code(text));
        let shown: Vec<_> = found.iter().map(|found| (found.name.as_str(), found.line, found.lines)).collect();
        assert_eq!(shown, [("one", 2, 5), ("two", 9, 1)]);
    }

    #[test]
    fn the_test_module_is_no_part_of_production() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\n";
        assert_eq!(production(text), "fn a() {}\n");
        assert_eq!(production("fn a() {}\n"), "fn a() {}\n");
    }
}
