//! What the rules take from the machine: the time, randomness, and slow hashing of passphrases.
//!
//! Must not hold rules, and is the only crate that reads the system's clock or its random number generator.

mod clock;
mod entropy;
mod passphrase;

pub use clock::SystemClock;
pub use entropy::OsEntropy;
pub use passphrase::Argon2Hasher;
