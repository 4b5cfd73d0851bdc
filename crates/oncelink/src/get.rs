//! `oncelink get`: claims a link, downloads its file, resumes after breaks, verifies, writes it in one piece.
//!
//! The holder secret is on disk before the claim is made, so that the same line, run again after a crash, finds its own
//! claim and goes on. Must not print a link, a claim's address or the holder.

pub(crate) mod address;
mod claim;
mod digest;
mod download;
mod ended;
mod file;
mod look;
mod name;
mod pace;
mod part;
mod pipe;
mod segments;
mod sink;
mod state;
mod target;

use oncelink_core::ports::Entropy;
use oncelink_system::OsEntropy;

use crate::exit::Failure;
use crate::get::address::LinkAddress;

pub(crate) use pace::Pace;
pub(crate) use target::Target;

/// What to download, where to, and with how much patience.
pub(crate) struct Order {
    /// The link.
    pub(crate) link: LinkAddress,
    /// Where the file goes.
    pub(crate) target: Target,
    /// The link's passphrase, as far as it was given.
    pub(crate) passphrase: Option<String>,
    /// How long to try.
    pub(crate) pace: Pace,
    /// Whether a machine reads what is printed.
    pub(crate) json: bool,
}

/// Downloads a link's file.
///
/// # Errors
/// [`Failure::Refused`] when the link can't be claimed (any more), [`Failure::Failed`] otherwise.
pub(crate) async fn run(order: Order) -> Result<(), Failure> {
    run_with(order, &OsEntropy).await
}

async fn run_with(order: Order, entropy: &dyn Entropy) -> Result<(), Failure> {
    match &order.target {
        Target::Stdout => pipe::run(&order, entropy).await,
        Target::File(_) | Target::Folder(_) => file::run(&order, entropy).await,
    }
}

#[cfg(test)]
mod tests;
