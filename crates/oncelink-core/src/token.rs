//! The token, the secret in a link's URL.
//!
//! Must not print a token: `Debug` is redacted and there is no `Display`.

use std::fmt;

use crate::hash;
use crate::ports::Entropy;
use crate::short_name::ShortName;
use crate::time::Timestamp;

pub use crate::link_id::LinkId;

const PREFIX: &str = "ol_";
/// Five characters of base 62 count the seconds of 29 years.
const TIME: usize = 5;
/// 25 characters of base 62 are 148 random bits.
const RANDOM: usize = 25;
const CHECK: usize = 6;
/// What the checksums of the two kinds of tokens are separated by.
const TIMED: &str = "oncelink timed token check";
const UNTIMED: &str = "oncelink token check";
/// 2026-01-01T00:00:00Z, from which a token's seconds are counted.
const EPOCH: i64 = 1_767_225_600;

/// The secret in a link's URL: `ol_`, the second it was made in (five characters), 25 random characters and a checksum of six.
///
/// The prefix lets secret scanners recognise it; the checksum answers a mistyped token without asking the store. It is
/// case-sensitive, and every altered character makes it another token, which is unknown. The second lets the link's id,
/// and with it an index of links, follow the order in which links are made (ADR 16).
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    text: String,
    /// Not so in tokens that were made before ids followed the time: all of their 30 characters are random.
    is_timed: bool,
}

impl Token {
    /// How many characters a token has.
    pub const LENGTH: usize = PREFIX.len() + TIME + RANDOM + CHECK;

    /// A fresh token, made now.
    pub fn create(entropy: &dyn Entropy, now: Timestamp) -> Self {
        let second = (now.as_millis().div_euclid(1_000) - EPOCH).rem_euclid(62_i64.pow(TIME as u32)).unsigned_abs();
        let body = hash::base62(second, TIME) + &hash::random_base62(entropy, RANDOM);
        let check = check(TIMED, &body);
        Self { text: format!("{PREFIX}{body}{check}"), is_timed: true }
    }

    /// The token that `text` spells, or nothing when its shape or its checksum is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(PREFIX)?;
        if body.len() != TIME + RANDOM + CHECK || !hash::is_base62(body) {
            return None;
        }
        let (body, given) = body.split_at(TIME + RANDOM);
        let is_timed = check(TIMED, body) == given;
        (is_timed || check(UNTIMED, body) == given).then(|| Self { text: text.to_owned(), is_timed })
    }

    /// The link's public name.
    pub fn link_id(&self) -> LinkId {
        let name = ShortName::of("oncelink link id", &[self.text.as_bytes()]);
        if self.is_timed { LinkId::timed(hash::base62_number(&self.text[PREFIX.len()..][..TIME]), &name) } else { LinkId::untimed(&name) }
    }

    /// The secret itself, for the URL that is shown once.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Token({})", self.link_id())
    }
}

fn check(kind: &str, body: &str) -> String {
    hash::checksum(&hash::digest(kind, &[body.as_bytes()]), CHECK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-30T12:00:00Z, in milliseconds.
    const NOW: i64 = 1_796_040_000_000;

    struct Fixed(std::sync::Mutex<u64>);
    impl Entropy for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            let mut state = self.0.lock().expect("no panic holds this lock");
            for byte in buffer {
                *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *byte = (*state >> 33) as u8;
            }
        }
    }

    fn token(seed: u64) -> Token {
        token_of(seed, NOW)
    }

    fn token_of(seed: u64, now: i64) -> Token {
        Token::create(&Fixed(std::sync::Mutex::new(seed)), Timestamp::from_millis(now))
    }

    proptest! {
        #[test]
        fn a_token_parses_back_to_itself(seed: u64) {
            let token = token(seed);
            prop_assert_eq!(token.reveal().len(), Token::LENGTH);
            prop_assert_eq!(Token::parse(token.reveal()), Some(token));
        }

        #[test]
        fn an_altered_character_never_names_the_same_link(seed: u64, place in 0..Token::LENGTH, with in any::<char>()) {
            let token = token(seed);
            let mut letters: Vec<char> = token.reveal().chars().collect();
            prop_assume!(letters[place] != with);
            letters[place] = with;
            let altered: String = letters.into_iter().collect();
            if let Some(other) = Token::parse(&altered) {
                prop_assert_ne!(other.link_id(), token.link_id());
            }
        }

        #[test]
        fn ids_sort_by_the_second_of_their_making(seed: u64, other: u64, one in 0..900_000_000_i64, seconds in 1..10_000_000_i64) {
            let at = (EPOCH + one) * 1_000;
            let (earlier, later) = (token_of(seed, at), token_of(other, at + seconds * 1_000));
            prop_assert!(earlier.link_id() < later.link_id());
            prop_assert!(earlier.link_id().as_str() < later.link_id().as_str());
            prop_assert!(earlier.reveal() < later.reveal());
        }

        #[test]
        fn a_clock_that_is_far_off_makes_tokens_all_the_same(seed: u64, now: i64) {
            let token = token_of(seed, now);
            prop_assert_eq!(Token::parse(token.reveal()), Some(token));
        }

        #[test]
        fn parsing_never_panics(text in "\\PC*") {
            let _ = Token::parse(&text);
            let _ = LinkId::parse(&text);
        }
    }

    #[test]
    fn an_id_tells_the_second_and_nothing_else_of_its_token() {
        let ids: Vec<_> = [token(7), token(8), token_of(7, NOW + 1_000)].iter().map(Token::link_id).collect();
        let (time, hash): (Vec<_>, Vec<_>) = ids.iter().map(|id| id.as_str().split_at(6)).unzip();
        assert_eq!(time, ["0vfb20", "0vfb20", "0vfb21"]);
        assert!(hash[0] != hash[1] && hash[0] != hash[2], "{hash:?}");
    }

    #[test]
    fn a_token_from_before_keeps_its_id() {
        let token = Token::parse("ol_w0FqDE23Hgxyngsu788pyCU2H0eHbpiq6h5P").expect("a token");
        assert_eq!(token.link_id().as_str(), "3776gpt6j90f5yennttkyj7x3n");
        assert_eq!(LinkId::parse("3776gpt6j90f5yennttkyj7x3n"), Some(token.link_id()));
    }

    #[test]
    fn debug_shows_the_link_id_and_not_the_secret() {
        let token = token(7);
        let shown = format!("{token:?}");
        assert!(!shown.contains(&token.reveal()[PREFIX.len() + TIME..][..9]));
        assert!(shown.contains(token.link_id().as_str()));
    }
}
