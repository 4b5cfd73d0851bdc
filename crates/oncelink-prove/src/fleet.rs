//! What a campaign is run against: some servers on one store, of which each may be killed, and a store that may suffer.
//!
//! The real ones are in [`crate::processes`]; the tests bring rivals that make mistakes.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use crate::dice::Dice;

/// Something that will be done.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Servers on one store.
pub trait Fleet: Send + Sync {
    /// Where each listens; the same after a restart.
    fn addresses(&self) -> &[SocketAddr];

    /// An API key that may do everything.
    fn key(&self) -> &str;

    /// Kills a server as a power cut would.
    fn kill(&self, server: usize);

    /// Starts a killed server again, and waits until it answers.
    ///
    /// # Errors
    /// When it doesn't start, in its own words.
    fn revive(&self, server: usize) -> Pending<'_, Result<(), String>>;

    /// What can befall the store; nothing where it is a file of the server's own.
    fn troubles(&self) -> &'static [&'static str];

    /// Lets one of [`Fleet::troubles`] come and go.
    ///
    /// # Errors
    /// When the store doesn't recover.
    fn upset<'a>(&'a self, trouble: &'static str, dice: &'a mut Dice) -> Pending<'a, Result<(), String>>;
}
