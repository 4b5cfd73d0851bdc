//! One-way, domain-separated hashing and the two alphabets of public and secret names.
//!
//! The only place that calls SHA-256, so that every derived name is separated by its purpose.

use sha2::{Digest, Sha256};

use crate::ports::Entropy;

/// Crockford's base 32 in lower case without check digits: no `i`, `l`, `o`, `u`.
const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Digits and letters: what a double click selects as one word.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// SHA-256 over the purpose and the length-prefixed parts.
pub(crate) fn digest(purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(purpose.as_bytes());
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The first 128 bits of a digest as 26 characters of base 32: a public name.
pub(crate) fn short_name(digest: &[u8; 32]) -> String {
    let mut bits = [0_u8; 16];
    bits.copy_from_slice(&digest[..16]);
    let mut rest = u128::from_be_bytes(bits);
    let mut name = [0_u8; 26];
    for place in name.iter_mut().rev() {
        *place = BASE32[(rest & 31) as usize];
        rest >>= 5;
    }
    name.iter().map(|&byte| char::from(byte)).collect()
}

/// Whether `text` has the shape that [`short_name`] gives.
pub(crate) fn is_short_name(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(is_base32)
}

/// Whether the alphabet of short names has this character: as ranges, because every row that is read asks this some fifty times.
fn is_base32(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'h' | b'j' | b'k' | b'm' | b'n' | b'p'..=b't' | b'v'..=b'z')
}

/// `length` characters of base 62 out of a digest (at most 10: 64 bits of it are used).
pub(crate) fn checksum(digest: &[u8; 32], length: usize) -> String {
    let mut bits = [0_u8; 8];
    bits.copy_from_slice(&digest[..8]);
    let mut rest = u64::from_be_bytes(bits);
    let mut text = String::with_capacity(length);
    for _ in 0..length {
        text.push(char::from(BASE62[(rest % 62) as usize]));
        rest /= 62;
    }
    text
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// `length` characters of base 62, each equally likely (bytes that would bias the result are drawn again).
pub(crate) fn random_base62(entropy: &dyn Entropy, length: usize) -> String {
    let mut text = String::with_capacity(length);
    let mut pool = [0_u8; 64];
    while text.len() < length {
        entropy.fill(&mut pool);
        let fair = pool.iter().filter(|&&byte| byte < 248);
        text.extend(fair.take(length - text.len()).map(|byte| char::from(BASE62[usize::from(byte % 62)])));
    }
    text
}

/// Whether every character is a digit or an ASCII letter.
pub(crate) fn is_base62(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_are_the_alphabet() {
        for byte in 0..=u8::MAX {
            assert_eq!(is_base32(byte), BASE32.contains(&byte), "{byte}");
        }
    }
}
