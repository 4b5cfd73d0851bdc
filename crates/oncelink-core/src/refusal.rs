//! Refusals: the lawful "no" of a rule. Not errors of ours, and never retried.

use crate::fault::Fault;
use crate::object::{BadKey, ObjectError, ObjectKey, SourceName};
use crate::time::Timestamp;

/// Why the answer is no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such link or claim: never created, mistyped, or purged.
    Unknown,
    /// All uses are claimed, delivered or not.
    Spent,
    /// Its creator took it back.
    Revoked,
    /// Its time is over.
    Expired {
        /// Since when.
        at: Timestamp,
    },
    /// Its time has not come.
    NotYet {
        /// When it will.
        until: Timestamp,
    },
    /// This claim has been delivered.
    Completed {
        /// When the last byte was acknowledged.
        at: Timestamp,
    },
    /// This claim's lease ran out.
    Lapsed {
        /// When it ran out.
        at: Timestamp,
    },
    /// This claim has been sent as many bytes as it may.
    BudgetSpent,
    /// The object is no longer the version that was linked. Nothing is spent.
    ObjectChanged,
    /// The object is gone. Nothing is spent.
    ObjectNotFound,
    /// The client's address isn't one of those allowed.
    AddressNotAllowed,
    /// A passphrase is needed.
    PassphraseNeeded,
    /// The passphrase is wrong. Nothing is spent.
    PassphraseWrong,
    /// Too many passphrases were tried.
    Locked {
        /// When trying is allowed again.
        until: Timestamp,
    },
    /// A value of the request breaks a rule.
    Invalid {
        /// The field's name as the caller knows it.
        field: &'static str,
        /// What is wrong and what would be right.
        detail: String,
    },
    /// The object that a sender named isn't there.
    NoSuchObject {
        /// In which source.
        source: SourceName,
        /// Its key.
        key: ObjectKey,
    },
    /// The API key's scopes don't reach so far.
    Forbidden {
        /// What is missing.
        detail: String,
    },
    /// The same idempotency key came with another body.
    IdempotencyConflict,
}

/// Why a use case gave no result: a rule said no, or something failed.
#[derive(Debug)]
pub enum No {
    /// A rule said no.
    Refused(Refusal),
    /// Something failed; nothing was spent that a repeat with the same holder wouldn't find again.
    Failed(Fault),
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for No {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

impl From<ObjectError> for No {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::NotFound => Self::Refused(Refusal::ObjectNotFound),
            ObjectError::Changed => Self::Refused(Refusal::ObjectChanged),
            ObjectError::Unfit(detail) => Self::Refused(Refusal::Invalid { field: "key", detail }),
            ObjectError::Fault(fault) => Self::Failed(fault.of_source()),
        }
    }
}

impl From<BadKey> for Refusal {
    fn from(bad: BadKey) -> Self {
        Self::Invalid { field: "key", detail: bad.to_string() }
    }
}

impl Refusal {
    /// A refusal of a request's value.
    pub fn invalid(field: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid { field, detail: detail.into() }
    }

    /// The word for it in events.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Spent => "spent",
            Self::Revoked => "revoked",
            Self::Expired { .. } => "expired",
            Self::NotYet { .. } => "not-yet",
            Self::Completed { .. } => "completed",
            Self::Lapsed { .. } => "lapsed",
            Self::BudgetSpent => "budget-spent",
            Self::ObjectChanged => "object-changed",
            Self::ObjectNotFound | Self::NoSuchObject { .. } => "object-not-found",
            Self::AddressNotAllowed => "address-not-allowed",
            Self::PassphraseNeeded => "passphrase-needed",
            Self::PassphraseWrong => "passphrase-wrong",
            Self::Locked { .. } => "locked",
            Self::Invalid { .. } => "invalid",
            Self::Forbidden { .. } => "forbidden",
            Self::IdempotencyConflict => "idempotency-conflict",
        }
    }
}
