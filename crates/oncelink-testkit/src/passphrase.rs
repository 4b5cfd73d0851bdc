//! A passphrase hasher for tests: it hashes in no time but keeps the bound on how many are looked at at once.
//! Must never guard a real passphrase.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use oncelink_core::Fault;
use oncelink_core::link::PassphraseHash;
use oncelink_core::ports::PassphraseHasher;
use tokio::sync::Semaphore;

/// A quick stand-in for argon2id: salted, one-way enough that the passphrase doesn't show, and counted.
#[derive(Debug)]
pub struct QuickHasher {
    places: Arc<Semaphore>,
    salts: AtomicU64,
    verified: AtomicU64,
}

impl QuickHasher {
    /// A hasher that lets `places` passphrases be looked at at once.
    pub fn new(places: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), salts: AtomicU64::new(0), verified: AtomicU64::new(0) }
    }

    /// How many passphrases were verified so far.
    pub fn verified(&self) -> u64 {
        self.verified.load(Ordering::SeqCst)
    }

    /// How many places are free now.
    pub fn free(&self) -> usize {
        self.places.available_permits()
    }
}

impl Default for QuickHasher {
    fn default() -> Self {
        Self::new(4)
    }
}

#[async_trait]
impl PassphraseHasher for QuickHasher {
    async fn enter(&self) -> Box<dyn Any + Send> {
        // The semaphore is never closed; an error would only mean that there is no bound to keep.
        Box::new(self.places.clone().acquire_owned().await.ok())
    }

    async fn hash(&self, passphrase: &str) -> Result<PassphraseHash, Fault> {
        let salt = self.salts.fetch_add(1, Ordering::SeqCst);
        Ok(PassphraseHash(spell(salt, passphrase)))
    }

    async fn verify(&self, passphrase: &str, hash: &PassphraseHash) -> Result<bool, Fault> {
        self.verified.fetch_add(1, Ordering::SeqCst);
        let salt = hash.0.split('$').nth(2).and_then(|salt| salt.parse().ok());
        let salt = salt.ok_or_else(|| Fault::internal("this passphrase hash was not made by the test hasher"))?;
        Ok(spell(salt, passphrase) == hash.0)
    }
}

/// FNV-1a over salt and passphrase, in the shape of a PHC string.
fn spell(salt: u64, passphrase: &str) -> String {
    let bytes = salt.to_le_bytes().into_iter().chain(passphrase.bytes());
    let digest = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("$quick${salt}${digest:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_passphrase_verifies() {
        let hasher = QuickHasher::default();
        let hash = hasher.hash("open sesame").await.expect("it never fails");
        assert!(hasher.verify("open sesame", &hash).await.expect("its own hash"));
        assert!(!hasher.verify("open Sesame", &hash).await.expect("its own hash"));
        assert!(!hash.0.contains("sesame"));
    }

    #[tokio::test]
    async fn a_place_is_held_until_its_permit_is_dropped() {
        let hasher = QuickHasher::new(1);
        let permit = hasher.enter().await;
        assert_eq!(hasher.free(), 0);
        drop(permit);
        assert_eq!(hasher.free(), 1);
    }
}
