//! The link: what it points to, its terms, and what has become of it.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::apikey::KeyId;
use crate::object::{ObjectKey, ObjectVersion, SourceName};
use crate::time::Timestamp;
use crate::token::LinkId;

/// How a link is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// A page with a button: no GET spends.
    Page,
    /// The classic one-step link: a GET claims and answers the bytes. Its creator asked for it.
    Direct,
}

/// How the bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The strictest that the place can carry; never a redirect unless the operator allows it.
    Auto,
    /// Through us, byte by byte.
    Stream,
    /// A 302 to a presigned URL: single exchange, reusable for a few seconds.
    Redirect,
}

/// What a link points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedObject {
    /// The source's name.
    pub source: SourceName,
    /// The object's key.
    pub key: ObjectKey,
    /// The pinned version.
    pub version: ObjectVersion,
    /// The pinned version's size in bytes.
    pub size: u64,
    /// SHA-256 over the pinned version, where the source keeps it.
    pub sha256: Option<[u8; 32]>,
}

/// What a link's creator asked for. Fixed for the link's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How many claims may be made, 1 to 1,000.
    pub uses: u32,
    /// When claiming ends. A running download isn't cut by it.
    pub expires_at: Timestamp,
    /// How long the link was to live when it was created; a reissued link lives as long again.
    pub lifetime: Duration,
    /// Before this nobody may claim.
    pub not_before: Option<Timestamp>,
    /// How it is opened.
    pub gate: Gate,
    /// How the bytes travel.
    pub delivery: Delivery,
    /// The name under which the file is saved.
    pub filename: String,
    /// The media type that the creator gave.
    pub content_type: Option<String>,
    /// Whose addresses may claim; empty for everybody's.
    pub allow_from: Vec<IpNet>,
    /// The sender's own words.
    pub note: Option<String>,
    /// The sender's own data, a JSON object as text.
    pub metadata: Option<String>,
    /// Where to report what becomes of the link.
    pub webhook: Option<String>,
}

/// An argon2id hash in PHC string format. Not the passphrase, but not for eyes either.
#[derive(Clone, PartialEq, Eq)]
pub struct PassphraseHash(pub String);

/// How many passphrases were tried in the hour that began at `since`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// When the counted hour began.
    pub since: Timestamp,
    /// How many tries it has seen that were not followed by a claim.
    pub count: u32,
}

/// A link as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The link's public name and the store's key.
    pub id: LinkId,
    /// What it points to.
    pub object: LinkedObject,
    /// What its creator asked for.
    pub terms: Terms,
    /// The hash that a passphrase must match.
    pub passphrase: Option<PassphraseHash>,
    /// When it was created.
    pub created_at: Timestamp,
    /// By whose API key.
    pub created_by: Option<KeyId>,
    /// The link that this one replaces.
    pub reissue_of: Option<LinkId>,
    /// How many uses have been claimed.
    pub claimed: u32,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Wrong passphrases of the last hour.
    pub attempts: Option<Attempts>,
}

/// What has become of a link. Computed, never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It can be claimed (though perhaps not yet).
    Active,
    /// All uses are claimed, delivered or not.
    Spent,
    /// Its time is over with uses left.
    Expired,
    /// Its creator took it back.
    Revoked,
}

impl Link {
    /// What has become of the link at `now`.
    pub fn state(&self, now: Timestamp) -> LinkState {
        if self.revoked_at.is_some() {
            LinkState::Revoked
        } else if self.claimed >= self.terms.uses {
            LinkState::Spent
        } else if now >= self.terms.expires_at {
            LinkState::Expired
        } else {
            LinkState::Active
        }
    }

    /// How many uses are left to claim, whether or not the link is still active.
    pub fn uses_left(&self) -> u32 {
        self.terms.uses.saturating_sub(self.claimed)
    }
}

impl Terms {
    /// Whether a client at `address` may claim. An unknown address passes only when everybody may.
    pub fn admits(&self, address: Option<IpAddr>) -> bool {
        let unmapped = address.map(|address| address.to_canonical());
        self.allow_from.is_empty() || unmapped.is_some_and(|address| self.allow_from.iter().any(|net| net.contains(&address)))
    }
}

impl Gate {
    /// The word for it in requests, records and flags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Direct => "direct",
        }
    }

    /// The gate that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Page, Self::Direct].into_iter().find(|gate| gate.as_str() == text)
    }
}

impl Delivery {
    /// The word for it in requests, records and flags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Stream => "stream",
            Self::Redirect => "redirect",
        }
    }

    /// The delivery that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Auto, Self::Stream, Self::Redirect].into_iter().find(|delivery| delivery.as_str() == text)
    }
}

impl LinkState {
    /// The word for it in answers and filters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Spent => "spent",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    /// The state that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Spent, Self::Expired, Self::Revoked].into_iter().find(|state| state.as_str() == text)
    }
}

impl std::fmt::Debug for PassphraseHash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PassphraseHash(..)")
    }
}
