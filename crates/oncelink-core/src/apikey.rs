//! API keys: the secret, its public name, and what it may do.
//!
//! Must not print a secret: `Debug` is redacted and there is no `Display`.

use std::fmt;

use crate::hash;
use crate::object::SourceName;
use crate::ports::Entropy;
use crate::short_name::ShortName;
use crate::time::Timestamp;

const PREFIX: &str = "olk_";
const RANDOM: usize = 40;

/// The secret that a sender shows: `olk_` and 40 random characters.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeySecret(String);

/// SHA-256 of an API key's secret: what the store keeps and looks up.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ApiKeyHash(pub [u8; 32]);

/// The public name of an API key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(ShortName);

/// What an API key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Create and reissue links.
    LinksCreate,
    /// List links and read their events.
    LinksRead,
    /// Revoke and reissue links.
    LinksRevoke,
    /// Browse sources.
    ObjectsRead,
    /// Create, list and revoke API keys.
    KeysManage,
}

/// How far an API key reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// What it may do.
    pub actions: Vec<Action>,
    /// In which sources; empty for all.
    pub sources: Vec<SourceName>,
    /// Under which key prefixes; empty for all.
    pub prefixes: Vec<String>,
}

/// An API key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its public name.
    pub id: KeyId,
    /// The hash of its secret.
    pub hash: ApiKeyHash,
    /// What people call it.
    pub name: String,
    /// How far it reaches.
    pub scope: Scope,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last used, to within a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKeySecret {
    /// A fresh secret.
    pub fn create(entropy: &dyn Entropy) -> Self {
        Self(format!("{PREFIX}{}", hash::random_base62(entropy, RANDOM)))
    }

    /// Takes whatever a client showed; nothing when it can't be a key of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(PREFIX)?;
        (body.len() == RANDOM && hash::is_base62(body)).then(|| Self(text.to_owned()))
    }

    /// What the store keeps.
    pub fn hash(&self) -> ApiKeyHash {
        ApiKeyHash(hash::digest("oncelink api key", &[self.0.as_bytes()]))
    }

    /// The key's public name.
    pub fn id(&self) -> KeyId {
        KeyId(ShortName::of("oncelink api key id", &[self.0.as_bytes()]))
    }

    /// The secret itself, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl KeyId {
    /// The name of a sender whom somebody else vouches for (an IAM principal, a token's subject).
    pub fn of_identity(name: &str) -> Self {
        Self(ShortName::of("oncelink identity", &[name.as_bytes()]))
    }

    /// The name of a key of which only the hash is known.
    pub fn of_hash(known: &ApiKeyHash) -> Self {
        Self(ShortName::of("oncelink configured key", &[&known.0]))
    }

    /// The key id that `text` spells, or nothing when it has another shape.
    pub fn parse(text: &str) -> Option<Self> {
        ShortName::parse(text).map(Self)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 5] = [Self::LinksCreate, Self::LinksRead, Self::LinksRevoke, Self::ObjectsRead, Self::KeysManage];

    /// The word for it in requests and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LinksCreate => "links:create",
            Self::LinksRead => "links:read",
            Self::LinksRevoke => "links:revoke",
            Self::ObjectsRead => "objects:read",
            Self::KeysManage => "keys:manage",
        }
    }

    /// The action that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }
}

impl Scope {
    /// Everything, everywhere.
    pub fn full() -> Self {
        Self { actions: Action::ALL.to_vec(), sources: Vec::new(), prefixes: Vec::new() }
    }

    /// Whether it includes `action`.
    pub fn allows(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }

    /// Whether it reaches the object `key` of `source`.
    pub fn reaches(&self, source: &SourceName, key: &str) -> bool {
        self.reaches_source(source) && (self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| key.starts_with(prefix.as_str())))
    }

    /// Whether it reaches anything in `source`.
    pub fn reaches_source(&self, source: &SourceName) -> bool {
        self.sources.is_empty() || self.sources.contains(source)
    }

    /// Whether everything that `other` may do is allowed here too: a key can only make keys that reach no further.
    pub fn includes(&self, other: &Self) -> bool {
        let actions = other.actions.iter().all(|&action| self.allows(action));
        let sources =
            self.sources.is_empty() || (!other.sources.is_empty() && other.sources.iter().all(|name| self.sources.contains(name)));
        let within = |prefix: &String| self.prefixes.iter().any(|mine| prefix.starts_with(mine.as_str()));
        let prefixes = self.prefixes.is_empty() || (!other.prefixes.is_empty() && other.prefixes.iter().all(within));
        actions && sources && prefixes
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ApiKeySecret(..)")
    }
}

impl fmt::Debug for ApiKeyHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ApiKeyHash(..)")
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.as_str())
    }
}
