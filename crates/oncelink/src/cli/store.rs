//! The command line of `store`.

use clap::{Args, Subcommand};
use oncelink_config::ServeOptions;

/// What to do with the store.
#[derive(Args)]
pub(crate) struct StoreArgs {
    #[command(subcommand)]
    pub(crate) command: StoreCommand,
}

/// One of the things to do with the store.
#[derive(Subcommand)]
pub(crate) enum StoreCommand {
    /// Make the store's tables, or bring them up to date; 'serve' does the same when it may
    Init(InitArgs),
}

/// Which store: what `serve` would be told.
#[derive(Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(crate) serve: ServeOptions,
    /// Print the outcome as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
