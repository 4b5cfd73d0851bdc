//! The token, the secret in a link's URL, and the link id, its public name.
//!
//! Must not print a token: `Debug` is redacted and there is no `Display`.

use std::fmt;

use crate::hash;
use crate::ports::Entropy;
use crate::short_name::ShortName;

const PREFIX: &str = "ol_";
/// 30 characters of base 62 are 178 random bits.
const RANDOM: usize = 30;
const CHECK: usize = 6;

/// The secret in a link's URL: `ol_`, 30 random characters and a checksum of six.
///
/// The prefix lets secret scanners recognise it; the checksum answers a mistyped token without asking the store. It is
/// case-sensitive, and every altered character makes it another token, which is unknown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// The public name of a link: 128 bits of the token's SHA-256 in 26 characters. Safe in logs, and the store's key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(ShortName);

impl Token {
    /// How many characters a token has.
    pub const LENGTH: usize = PREFIX.len() + RANDOM + CHECK;

    /// A fresh token.
    pub fn create(entropy: &dyn Entropy) -> Self {
        let secret = hash::random_base62(entropy, RANDOM);
        let check = check(&secret);
        Self(format!("{PREFIX}{secret}{check}"))
    }

    /// The token that `text` spells, or nothing when its shape or its checksum is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(PREFIX)?;
        if body.len() != RANDOM + CHECK || !hash::is_base62(body) {
            return None;
        }
        let (secret, given) = body.split_at(RANDOM);
        (check(secret) == given).then(|| Self(text.to_owned()))
    }

    /// The link's public name.
    pub fn link_id(&self) -> LinkId {
        LinkId(ShortName::of("oncelink link id", &[self.0.as_bytes()]))
    }

    /// The secret itself, for the URL that is shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Token({})", self.link_id())
    }
}

impl LinkId {
    /// The link id that `text` spells, or nothing when it has another shape.
    pub fn parse(text: &str) -> Option<Self> {
        ShortName::parse(text).map(Self)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.as_str())
    }
}

impl fmt::Debug for LinkId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.as_str())
    }
}

fn check(secret: &str) -> String {
    hash::checksum(&hash::digest("oncelink token check", &[secret.as_bytes()]), CHECK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        Token::create(&Fixed(std::sync::Mutex::new(seed)))
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
        fn parsing_never_panics(text in "\\PC*") {
            let _ = Token::parse(&text);
            let _ = LinkId::parse(&text);
        }
    }

    #[test]
    fn debug_shows_the_link_id_and_not_the_secret() {
        let token = token(7);
        let shown = format!("{token:?}");
        assert!(!shown.contains(&token.reveal()[3..12]));
        assert!(shown.contains(token.link_id().as_str()));
    }
}
