//! The command line of `get`.

use clap::Args;

/// What to download and where to.
#[derive(Args)]
pub(crate) struct GetArgs {
    /// The link
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// Where to write: a file, a folder, or - for standard output [default: the link's own name, here]
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<String>,
    /// The link's passphrase; - asks for it. Also ONCELINK_PASSPHRASE
    #[arg(long, value_name = "PASSPHRASE")]
    pub(crate) passphrase: Option<String>,
    /// Give up after so long without a byte
    #[arg(long, value_name = "DURATION", default_value = "2m")]
    pub(crate) patience: String,
    /// Print what was written as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
