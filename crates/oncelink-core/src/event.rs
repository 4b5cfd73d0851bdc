//! Events: who did what to a link, and when.

use crate::actor::Actor;
use crate::holder::ClaimId;
use crate::time::Timestamp;
use crate::token::LinkId;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The link was created.
    Created,
    /// Its page was looked at. Best effort.
    Viewed,
    /// A use was claimed.
    Claimed,
    /// A response ended or broke.
    Delivered {
        /// How many bytes of the object it sent.
        bytes: u64,
    },
    /// A claim was delivered as a whole.
    Completed,
    /// A claim's lease ran out. Computed when events are read; nobody writes it.
    Lapsed,
    /// A claim was given back before the first byte.
    Released,
    /// Somebody was refused. Best effort.
    Refused {
        /// The refusal's word.
        reason: String,
    },
    /// The link was revoked.
    Revoked,
}

/// One line of a link's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The link.
    pub link: LinkId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// On which claim.
    pub claim: Option<ClaimId>,
    /// By whom.
    pub actor: Actor,
}

impl Event {
    /// How many best-effort events a link keeps; later ones are dropped, so that nobody can fill a disk by looking.
    pub const MAX_PER_LINK: u32 = 1_000;
}

impl EventKind {
    /// The word for it in answers and records.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Viewed => "viewed",
            Self::Claimed => "claimed",
            Self::Delivered { .. } => "delivered",
            Self::Completed => "completed",
            Self::Lapsed => "lapsed",
            Self::Released => "released",
            Self::Refused { .. } => "refused",
            Self::Revoked => "revoked",
        }
    }

    /// How many bytes it tells of.
    pub fn bytes(&self) -> Option<u64> {
        if let Self::Delivered { bytes } = self { Some(*bytes) } else { None }
    }

    /// The reason that it tells.
    pub fn reason(&self) -> Option<&str> {
        if let Self::Refused { reason } = self { Some(reason) } else { None }
    }

    /// Puts a kind together again from its word and what goes with it.
    pub fn from_parts(word: &str, bytes: Option<u64>, reason: Option<String>) -> Option<Self> {
        Some(match word {
            "created" => Self::Created,
            "viewed" => Self::Viewed,
            "claimed" => Self::Claimed,
            "delivered" => Self::Delivered { bytes: bytes.unwrap_or(0) },
            "completed" => Self::Completed,
            "lapsed" => Self::Lapsed,
            "released" => Self::Released,
            "refused" => Self::Refused { reason: reason.unwrap_or_default() },
            "revoked" => Self::Revoked,
            _ => return None,
        })
    }
}
