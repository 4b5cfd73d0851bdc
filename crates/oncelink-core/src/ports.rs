//! The ports: everything the rules need from outside.
//!
//! One file per port; drivers implement them, the testkit has a model implementation of each.

mod keys;
mod objects;
mod store;

pub use keys::KeyStore;
pub use objects::{ObjectSource, Presigner};
pub use store::{
    ClaimOutcome, ClaimRequest, CompleteOutcome, IdempotencyKey, InsertOutcome, LinkFilter, LinkPage, LinkStore, NewLink, PageCursor,
    Progress, PurgeOutcome, RecordOutcome, ReleaseOutcome, ReserveOutcome, RevokeOutcome,
};

use std::any::Any;

use async_trait::async_trait;

use crate::fault::Fault;
use crate::link::PassphraseHash;
use crate::time::Timestamp;

/// What time it is.
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> Timestamp;
}

/// Where randomness comes from.
pub trait Entropy: Send + Sync {
    /// Fills `buffer` with bytes that nobody can foresee.
    fn fill(&self, buffer: &mut [u8]);
}

/// Slow hashing of passphrases (argon2id).
#[async_trait]
pub trait PassphraseHasher: Send + Sync {
    /// Waits until few enough passphrases are being looked at; holds the place until the permit is dropped. It is what
    /// bounds memory and CPU, and what keeps racers with the *right* passphrase from locking each other out.
    async fn enter(&self) -> Box<dyn Any + Send>;
    /// Hashes a passphrase with a fresh salt.
    async fn hash(&self, passphrase: &str) -> Result<PassphraseHash, Fault>;
    /// Whether `passphrase` is the one behind `hash`.
    async fn verify(&self, passphrase: &str, hash: &PassphraseHash) -> Result<bool, Fault>;
}
