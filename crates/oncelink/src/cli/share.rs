//! The command line of `share`.

use std::net::SocketAddr;

use clap::Args;
use oncelink_core::policy::MAX_USES;

/// What to share and how.
#[derive(Args)]
pub(crate) struct ShareArgs {
    /// A file, a folder (sent as a zip archive), or s3://BUCKET/KEY[?endpoint=URL&region=R&path_style=true]
    #[arg(value_name = "PATH|s3://BUCKET/KEY")]
    pub(crate) target: String,
    /// How often it may be taken
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_USES)))]
    pub(crate) uses: u32,
    /// How long the link lives
    #[arg(long, value_name = "DURATION", default_value = "1d")]
    pub(crate) ttl: String,
    /// A passphrase that the recipient must know; - asks for it. Also ONCELINK_PASSPHRASE
    #[arg(long, value_name = "PASSPHRASE")]
    pub(crate) passphrase: Option<String>,
    /// page: a page with a button; direct: a GET downloads at once
    #[arg(long, value_name = "GATE", default_value = "page", value_parser = ["page", "direct"])]
    pub(crate) gate: String,
    /// Address and port to listen on; 0.0.0.0:0 makes it reachable from your network
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// What the link begins with, when a proxy or tunnel leads here
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Print the link as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
