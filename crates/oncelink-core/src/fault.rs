//! Faults: what failed on our side. A lawful "no" is a [`crate::Refusal`] instead.

use std::error::Error;
use std::fmt;

/// What kind of failure it was, for those who choose a status, a remedy or a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Unreachable, throttled, timed out, disk full: it may well work later. Whether a write took effect is unknown.
    Unavailable,
    /// The source's credentials don't allow what is needed.
    Denied,
    /// Stored data can't be read back: a damaged file or a record of a newer version.
    Corrupt,
    /// A defect of ours.
    Internal,
}

/// Where it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Where links are kept, or in this program.
    Store,
    /// Where objects are read.
    Source,
}

/// A failure of a store, a source or ourselves: what was tried, the remedy, and the cause underneath.
#[derive(Debug)]
pub struct Fault {
    /// What kind of failure it was.
    pub kind: FaultKind,
    /// Where it failed.
    pub origin: Origin,
    /// One sentence for the operator that names the thing and the remedy. Holds no secret.
    pub message: String,
    /// The driver's own error.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    /// A fault without a cause underneath.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, origin: Origin::Store, message: message.into(), source: None }
    }

    /// A fault of kind [`FaultKind::Unavailable`].
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Unavailable, message)
    }

    /// A fault of kind [`FaultKind::Internal`].
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Internal, message)
    }

    /// The same fault, of a source.
    #[must_use]
    pub fn of_source(self) -> Self {
        Self { origin: Origin::Source, ..self }
    }

    /// The same fault with the error that caused it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)?;
        match &self.source {
            Some(source) => write!(out, ": {source}"),
            None => Ok(()),
        }
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}
