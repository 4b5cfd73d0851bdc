//! Tidy checks of the project's own house. Each takes text and gives findings; `tests/tidy.rs` runs them on the repository.
//!
//! Must not depend on any crate of the product: it has to run when they don't compile.

pub mod files;
pub mod instructions;
pub mod layers;
pub mod markdown;
pub mod promises;
pub mod rules;
pub mod rust;
pub mod shape;

use std::fmt;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: a path, perhaps with a line.
    pub place: String,
    /// What is wrong and what would be right.
    pub what: String,
}

impl Finding {
    /// A finding at `place`.
    pub fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.what)
    }
}
