//! One-way, domain-separated hashing, and the alphabet of secrets.
//!
//! The only place that calls SHA-256, so that every derived name is separated by its purpose.

use sha2::{Digest, Sha256};

use crate::ports::Entropy;

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

/// The last `length` digits of a number in base 62. Of the same length, a greater number sorts later.
pub(crate) fn base62(mut number: u64, length: usize) -> String {
    let mut digits = vec!['0'; length];
    for digit in digits.iter_mut().rev() {
        *digit = char::from(BASE62[(number % 62) as usize]);
        number /= 62;
    }
    digits.into_iter().collect()
}

/// The number that a few digits of base 62 spell.
pub(crate) fn base62_number(digits: &str) -> u64 {
    digits.bytes().fold(0, |number, digit| number * 62 + BASE62.iter().position(|&known| known == digit).unwrap_or(0) as u64)
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
