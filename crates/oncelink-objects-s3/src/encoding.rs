//! The encoding of names in listings (`encoding-type=url`).
//!
//! Must not guess: what doesn't decode is no name.

/// Undoes the encoding; nothing for a broken sequence and for what is no UTF-8. S3 writes a space as `+`, others as
/// `%20`; a plus is `%2B` with all of them.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (digits, tail) = rest.split_at_checked(2)?;
                let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = tail;
            }
            _ => bytes.push(first),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_decode_as_s3_and_others_encode_them() {
        for (text, plain) in [("", ""), ("a/b", "a/b"), ("a+b", "a b"), ("a%20b", "a b"), ("a%2bb%2B", "a+b+"), ("%E6%97%A5", "\u{65e5}")] {
            assert_eq!(decode(text).as_deref(), Some(plain), "{text}");
        }
        for broken in ["%", "a%2", "%zz", "%+1", "%ff", "%e6%97"] {
            assert_eq!(decode(broken), None, "{broken}");
        }
    }
}
