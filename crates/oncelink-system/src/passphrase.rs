//! Slow hashing of passphrases with argon2id.
//!
//! Must not decide how many attempts a link allows: that is the rules' and the store's business.

use std::any::Any;
use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use oncelink_core::link::PassphraseHash;
use oncelink_core::{Fault, FaultKind};
use tokio::sync::Semaphore;

/// Memory per hash, in KiB: 19 MiB, as OWASP's Password Storage Cheat Sheet advises for two passes.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Lanes. More would only help an attacker with more cores than we give to a request.
const LANES: u32 = 1;

/// Argon2id with a bound on how many passphrases are looked at at once: one per core, two at the least.
#[derive(Clone, Debug)]
pub struct Argon2Hasher {
    places: Arc<Semaphore>,
}

impl Argon2Hasher {
    /// A hasher with as many places as the machine has cores, two at the least.
    pub fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self { places: Arc::new(Semaphore::new(cores.max(2))) }
    }
}

impl Default for Argon2Hasher {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl oncelink_core::ports::PassphraseHasher for Argon2Hasher {
    async fn enter(&self) -> Box<dyn Any + Send> {
        // The semaphore is never closed; an error would only mean that there is no bound to keep.
        Box::new(Arc::clone(&self.places).acquire_owned().await.ok())
    }

    async fn hash(&self, passphrase: &str) -> Result<PassphraseHash, Fault> {
        let passphrase = passphrase.to_owned();
        on_a_thread(move || hash(&passphrase)).await
    }

    async fn verify(&self, passphrase: &str, hash: &PassphraseHash) -> Result<bool, Fault> {
        let (passphrase, hash) = (passphrase.to_owned(), hash.clone());
        on_a_thread(move || verify(&passphrase, &hash)).await
    }
}

/// Hashing takes tens of milliseconds of one core: not on a thread that serves downloads.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Fault::internal("a passphrase could not be hashed").because(error)),
    }
}

fn hash(passphrase: &str) -> Result<PassphraseHash, Fault> {
    let hashed = argon2()?.hash_password(passphrase.as_bytes());
    let hashed = hashed.map_err(|error| Fault::internal(format!("a passphrase could not be hashed: {error}")))?;
    Ok(PassphraseHash(hashed.to_string()))
}

fn verify(passphrase: &str, hash: &PassphraseHash) -> Result<bool, Fault> {
    let damaged = |error: &dyn std::fmt::Display| Fault::new(FaultKind::Corrupt, format!("a stored passphrase hash is damaged: {error}"));
    let stored = PasswordHash::new(&hash.0).map_err(|error| damaged(&error))?;
    // The library calls a record without an outcome, or of another algorithm, a wrong passphrase.
    if stored.hash.is_none() || stored.algorithm.as_str() != Algorithm::Argon2id.as_str() {
        return Err(damaged(&"it is no argon2id hash"));
    }
    match argon2()?.verify_password(passphrase.as_bytes(), &stored) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(damaged(&error)),
    }
}

fn argon2() -> Result<Argon2<'static>, Fault> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let params = params.map_err(|error| Fault::internal(format!("argon2 refuses our parameters: {error}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use oncelink_core::ports::PassphraseHasher as Port;

    use super::*;

    #[tokio::test]
    async fn only_the_right_passphrase_verifies() {
        let hasher = Argon2Hasher::new();
        let hash = Port::hash(&hasher, "open sesame").await.expect("argon2 hashes");
        assert!(hasher.verify("open sesame", &hash).await.expect("its own hash"));
        for wrong in ["", "open Sesame", "open sesame ", "Open sesame"] {
            assert!(!hasher.verify(wrong, &hash).await.expect("its own hash"), "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn a_hash_is_salted_and_names_its_cost() {
        let hasher = Argon2Hasher::new();
        let first = Port::hash(&hasher, "open sesame").await.expect("argon2 hashes").0;
        let second = Port::hash(&hasher, "open sesame").await.expect("argon2 hashes").0;
        assert_ne!(first, second);
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
        assert!(!first.contains("sesame"));
    }

    #[tokio::test]
    async fn a_damaged_hash_is_a_fault_and_not_a_wrong_passphrase() {
        let hasher = Argon2Hasher::new();
        for damaged in ["", "nonsense", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ", "$scrypt$ln=16,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"] {
            let fault = hasher.verify("open sesame", &PassphraseHash(damaged.to_owned())).await;
            assert_eq!(fault.map_err(|fault| fault.kind), Err(FaultKind::Corrupt), "{damaged}");
        }
    }

    #[tokio::test]
    async fn a_place_is_held_until_its_permit_is_dropped() {
        let hasher = Argon2Hasher { places: Arc::new(Semaphore::new(1)) };
        let permit = hasher.enter().await;
        assert_eq!(hasher.places.available_permits(), 0);
        drop(permit);
        assert_eq!(hasher.places.available_permits(), 1);
    }

    #[test]
    fn there_are_at_least_two_places() {
        assert!(Argon2Hasher::new().places.available_permits() >= 2);
    }
}
