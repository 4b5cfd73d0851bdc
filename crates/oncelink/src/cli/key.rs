//! The command line of `key`.

use clap::{Args, Subcommand};
use oncelink_config::ClientOptions;

/// What to do with API keys.
#[derive(Args)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

/// One of the things to do with API keys.
#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key and print it, this once
    Create(CreateArgs),
    /// List keys
    List(ListArgs),
    /// Revoke a key
    Revoke(RevokeArgs),
    /// Print a key's hash, for a server that is told its keys by their hashes; asks no server
    Hash(HashArgs),
}

/// Which key to make.
#[derive(Args)]
pub(crate) struct CreateArgs {
    /// What to call it
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// What it may do: links:create, links:read, links:revoke, objects:read, keys:manage, source:NAME, prefix:KEY/; may be repeated [default: everything]
    #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
    pub(crate) scope: Vec<String>,
    #[command(flatten)]
    pub(crate) client: ClientOptions,
    /// Print the server's answer
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which keys to list.
#[derive(Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) client: ClientOptions,
    /// Print the server's answer
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which key to revoke.
#[derive(Args)]
pub(crate) struct RevokeArgs {
    /// The key's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) client: ClientOptions,
    /// Print the server's answer
    #[arg(long)]
    pub(crate) json: bool,
}

/// Whose hash.
#[derive(Args)]
pub(crate) struct HashArgs {
    /// The key; - reads it from standard input, where no list of processes shows it
    #[arg(value_name = "KEY", default_value = "-", hide_default_value = true)]
    pub(crate) key: String,
}
