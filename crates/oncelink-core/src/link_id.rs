//! The link id, the public name of a link.

use std::fmt;

use crate::short_name::{ShortName, is_base32, spell};

/// Characters that tell the second.
const TIME: usize = 6;
/// Characters of an id, and of one from before.
const LENGTH: usize = TIME + UNTIMED;
const UNTIMED: usize = ShortName::LENGTH;

/// The public name of a link: the second of its token in six characters, and 128 bits of the token's SHA-256 in 26. Safe in
/// logs, and the store's key. A link's id sorts after those of all links that were made in an earlier second.
///
/// Ids of links that were made before ids followed the time are the last 26 characters alone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId([u8; LENGTH]);

impl LinkId {
    /// The id of a link that was made in this second (30 bits of it are told).
    pub(crate) fn timed(second: u64, name: &ShortName) -> Self {
        let mut letters = [0; LENGTH];
        let (time, rest) = letters.split_at_mut(TIME);
        spell(second.into(), time);
        rest.copy_from_slice(name.as_str().as_bytes());
        Self(letters)
    }

    /// The id of a link that was made before. What is left of the place is filled with what sorts before every letter.
    pub(crate) fn untimed(name: &ShortName) -> Self {
        let mut letters = [0; LENGTH];
        letters[..UNTIMED].copy_from_slice(name.as_str().as_bytes());
        Self(letters)
    }

    /// The link id that `text` spells, or nothing when it has another shape.
    pub fn parse(text: &str) -> Option<Self> {
        let mut letters = [0; LENGTH];
        let fits = matches!(text.len(), LENGTH | UNTIMED);
        (fits && text.bytes().all(is_base32)).then(|| {
            letters[..text.len()].copy_from_slice(text.as_bytes());
            Self(letters)
        })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        let letters = if self.0[UNTIMED] == 0 { &self.0[..UNTIMED] } else { &self.0[..] };
        std::str::from_utf8(letters).unwrap_or_else(|_| unreachable!("the alphabet is ASCII"))
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for LinkId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ShortName {
        ShortName::of("a test", &[text.as_bytes()])
    }

    #[test]
    fn ids_sort_as_their_text_does() {
        let mut ids: Vec<LinkId> = [0, 1, 31, 32, 1 << 20, 916_132_831].map(|second| LinkId::timed(second, &name("x"))).into();
        assert!(ids.is_sorted(), "{ids:?}");
        ids.extend(["a", "b", "c"].map(|text| LinkId::untimed(&name(text))));
        ids.sort();
        assert!(ids.is_sorted_by(|one, next| one.as_str() < next.as_str()), "{ids:?}");
    }

    #[test]
    fn an_id_parses_back_and_nothing_else_does() {
        for id in [LinkId::timed(7, &name("x")), LinkId::untimed(&name("x"))] {
            let text = id.as_str();
            assert_eq!(LinkId::parse(text), Some(id.clone()));
            for other in [&text[1..], &format!("{text}0"), &text.to_uppercase(), &format!("u{}", &text[1..]), &format!("\0{}", &text[1..])]
            {
                assert_eq!(LinkId::parse(other), None, "{other}");
            }
        }
    }
}
