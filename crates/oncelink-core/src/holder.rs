//! The holder secret, and the handle and the id of the claim that is made with it.
//!
//! Must not print a secret: `Debug` is redacted and there is no `Display` on secret types.

use std::fmt;

use crate::hash;
use crate::ports::Entropy;
use crate::short_name::ShortName;
use crate::token::{LinkId, Token};

const HANDLE_PREFIX: &str = "oc_";
const SECRET: usize = 64;

/// Random value known only to the claimant, chosen before the claim is made: 22 to 128 characters of `A-Za-z0-9_-`.
#[derive(Clone, PartialEq, Eq)]
pub struct Holder(String);

/// What the address `/c/{claim}` carries: the link's id and a secret made of token and holder.
///
/// It is derived, never drawn: the same holder gets the same address however often it asks, and the store needs to
/// keep only its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimHandle {
    link: LinkId,
    secret: String,
}

/// The public name of a claim: a truncated hash of its handle's secret. Safe in logs, and the store's key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimId(ShortName);

impl Holder {
    /// The shortest holder that is taken: 22 characters of base 64 are 132 bits.
    pub const MIN: usize = 22;
    /// The longest holder that is taken.
    pub const MAX: usize = 128;

    /// A fresh holder of 43 characters.
    pub fn create(entropy: &dyn Entropy) -> Self {
        Self(hash::random_base62(entropy, 43))
    }

    /// The holder that `text` spells, or nothing when it is too short, too long or has other characters.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (Self::MIN..=Self::MAX).contains(&text.len());
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        (fits && plain).then(|| Self(text.to_owned()))
    }

    /// The secret itself, for the form that carries it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Holder(..)")
    }
}

impl ClaimHandle {
    /// The handle that `holder` has on the link of `token`.
    pub fn derive(token: &Token, holder: &Holder) -> Self {
        let parts = [token.reveal().as_bytes(), holder.reveal().as_bytes()];
        Self { link: token.link_id(), secret: hash::hex(&hash::digest("oncelink claim secret", &parts)) }
    }

    /// The handle that `text` spells, or nothing when it has another shape.
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(HANDLE_PREFIX)?;
        let (link, secret) = body.split_at_checked(body.len().checked_sub(SECRET)?)?;
        let plain = secret.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let link = LinkId::parse(link)?;
        plain.then(|| Self { link, secret: secret.to_owned() })
    }

    /// Which link the claim is on.
    pub fn link(&self) -> &LinkId {
        &self.link
    }

    /// The claim's public name.
    pub fn claim_id(&self) -> ClaimId {
        let parts = [self.link.as_str().as_bytes(), self.secret.as_bytes()];
        ClaimId(ShortName::of("oncelink claim id", &parts))
    }

    /// The secret text for the address.
    pub fn reveal(&self) -> String {
        format!("{HANDLE_PREFIX}{}{}", self.link, self.secret)
    }
}

impl fmt::Debug for ClaimHandle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ClaimHandle({})", self.claim_id())
    }
}

impl ClaimId {
    /// The claim id that `text` spells, or nothing when it has another shape.
    pub fn parse(text: &str) -> Option<Self> {
        ShortName::parse(text).map(Self)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for ClaimId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.as_str())
    }
}

impl fmt::Debug for ClaimId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.as_str())
    }
}
