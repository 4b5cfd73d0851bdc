//! Public names: 128 bits of a digest in 26 characters. What claim ids, key ids and most of a link id are made of.
//!
//! Kept in place, without an allocation: a redeem hands these about some thirty times.

use std::fmt;

use crate::hash;

/// Crockford's base 32 in lower case without check digits: no `i`, `l`, `o`, `u`.
const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A public name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ShortName([u8; Self::LENGTH]);

impl ShortName {
    /// How many characters it has.
    pub(crate) const LENGTH: usize = 26;

    /// The name of what the parts are, for this purpose.
    pub(crate) fn of(purpose: &str, parts: &[&[u8]]) -> Self {
        let mut bits = [0_u8; 16];
        bits.copy_from_slice(&hash::digest(purpose, parts)[..16]);
        let mut name = [0_u8; Self::LENGTH];
        spell(u128::from_be_bytes(bits), &mut name);
        Self(name)
    }

    /// The name that `text` spells, or nothing when it has another shape.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let name: [u8; Self::LENGTH] = text.as_bytes().try_into().ok()?;
        name.iter().copied().all(is_base32).then_some(Self(name))
    }

    /// The name as text.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_else(|_| unreachable!("the alphabet is ASCII"))
    }
}

impl fmt::Debug for ShortName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Writes a number's last digits in base 32. Of the same length, a greater number sorts later.
pub(crate) fn spell(mut number: u128, into: &mut [u8]) {
    for place in into.iter_mut().rev() {
        *place = BASE32[(number & 31) as usize];
        number >>= 5;
    }
}

/// Whether the alphabet has this character: as ranges, because every row that is read asks this some fifty times.
pub(crate) fn is_base32(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'h' | b'j' | b'k' | b'm' | b'n' | b'p'..=b't' | b'v'..=b'z')
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

    #[test]
    fn a_name_parses_back_and_nothing_else_does() {
        let name = ShortName::of("a test", &[b"x"]);
        assert_eq!(ShortName::parse(name.as_str()), Some(name.clone()));
        let text = name.as_str();
        for other in [&text[1..], &format!("{text}0"), &text.to_uppercase(), &format!("u{}", &text[1..]), &format!("é{}", &text[2..])] {
            assert_eq!(ShortName::parse(other), None, "{other}");
        }
    }
}
