//! Public names: 128 bits of a digest in 26 characters, a link's after six that tell its second. What link ids, claim ids and
//! key ids are made of.
//!
//! Kept in place, without an allocation: a redeem hands these about some thirty times.

use std::fmt;

use crate::hash;

/// Crockford's base 32 in lower case without check digits: no `i`, `l`, `o`, `u`.
const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Characters of a digest.
const DIGEST: usize = 26;
/// Characters of a digest after those of a second.
const TIMED: usize = 6 + DIGEST;

/// A public name of so many characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name<const LENGTH: usize>([u8; LENGTH]);

/// A public name.
pub(crate) type ShortName = Name<DIGEST>;

/// A public name that sorts by the second in which it was given.
pub(crate) type TimedName = Name<TIMED>;

impl ShortName {
    /// The name of what the parts are, for this purpose.
    pub(crate) fn of(purpose: &str, parts: &[&[u8]]) -> Self {
        let mut name = [0_u8; DIGEST];
        spell(bits_of(purpose, parts), &mut name);
        Self(name)
    }
}

impl TimedName {
    /// The name of what the parts are, for this purpose, given in this second (30 bits of it).
    pub(crate) fn timed(second: u64, purpose: &str, parts: &[&[u8]]) -> Self {
        let mut name = [0_u8; TIMED];
        let (time, digest) = name.split_at_mut(TIMED - DIGEST);
        spell(u128::from(second), time);
        spell(bits_of(purpose, parts), digest);
        Self(name)
    }
}

impl<const LENGTH: usize> Name<LENGTH> {
    /// How many characters it has.
    pub(crate) const LENGTH: usize = LENGTH;

    /// The name that `text` spells, or nothing when it has another shape.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let name: [u8; LENGTH] = text.as_bytes().try_into().ok()?;
        name.iter().copied().all(is_base32).then_some(Self(name))
    }

    /// The name as text.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_else(|_| unreachable!("the alphabet is ASCII"))
    }
}

impl<const LENGTH: usize> fmt::Debug for Name<LENGTH> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// The first 128 bits of a digest.
fn bits_of(purpose: &str, parts: &[&[u8]]) -> u128 {
    let mut bits = [0_u8; 16];
    bits.copy_from_slice(&hash::digest(purpose, parts)[..16]);
    u128::from_be_bytes(bits)
}

/// Writes the lowest bits, five to a character.
fn spell(mut bits: u128, into: &mut [u8]) {
    for place in into.iter_mut().rev() {
        *place = BASE32[(bits & 31) as usize];
        bits >>= 5;
    }
}

/// Whether the alphabet has this character: as ranges, because every row that is read asks this some fifty times.
fn is_base32(byte: u8) -> bool {
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
    fn names_given_later_sort_later() {
        let names: Vec<_> = [0, 1, 31, 32, 1 << 20, 916_132_831].map(|second| TimedName::timed(second, "a test", &[b"x"])).into();
        assert!(names.is_sorted_by(|one, next| one < next && one.as_str() < next.as_str()), "{names:?}");
        assert!(names.iter().all(|name| name.as_str()[6..] == *ShortName::of("a test", &[b"x"]).as_str()), "{names:?}");
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
