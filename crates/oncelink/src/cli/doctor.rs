//! The command line of `doctor`.

use clap::Args;
use oncelink_config::ServeOptions;

/// What to look at: what `serve` would be told.
#[derive(Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) serve: ServeOptions,
    /// Print the findings as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
