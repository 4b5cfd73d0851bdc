//! The command line of `link`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use oncelink_config::ClientOptions;
use oncelink_core::policy::MAX_USES;

/// What to do with links.
#[derive(Args)]
pub(crate) struct LinkArgs {
    #[command(subcommand)]
    pub(crate) command: LinkCommand,
}

/// One of the things to do with links.
#[derive(Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one of them in the life of the process")]
pub(crate) enum LinkCommand {
    /// Create a link for each key and print its URL, which is shown this once
    #[command(
        override_usage = "oncelink link create [OPTIONS] <KEY>...\n       oncelink link create [OPTIONS] --prefix <PREFIX>\n       oncelink link create [OPTIONS] --csv <FILE>"
    )]
    Create(CreateArgs),
    /// List links, newest first
    List(ListArgs),
    /// Show a link, its claims and its life
    Show(OneArgs),
    /// Revoke a link at once
    Revoke(OneArgs),
    /// Revoke a link and make a fresh one with the same terms
    Reissue(OneArgs),
    /// Show who did what to a link, and when
    Events(OneArgs),
}

/// Which links to create.
#[derive(Args)]
pub(crate) struct CreateArgs {
    /// Keys of objects, prefix included
    #[arg(value_name = "KEY", required_unless_present_any = ["prefix", "csv"], conflicts_with_all = ["prefix", "csv"])]
    pub(crate) keys: Vec<String>,
    /// One link for each object beneath this prefix
    #[arg(long, value_name = "PREFIX", conflicts_with = "csv")]
    pub(crate) prefix: Option<String>,
    /// One link for each row of a table, - for standard input. Its first line names the columns: key, and where a row differs from the flags source, uses, expires_in, expires_at, not_before, gate, delivery, filename, content_type, passphrase, allow_from, note, metadata, webhook
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<String>,
    /// Write key, id, URL and error of each into this new CSV file
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub(crate) out: Option<PathBuf>,
    /// The objects' source [default: the server's first]
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// How often each may be taken [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_USES)))]
    pub(crate) uses: Option<u32>,
    /// How long the link lives, such as 12h or 7d
    #[arg(long, value_name = "DURATION", conflicts_with = "expires_at")]
    pub(crate) ttl: Option<String>,
    /// When the link ends (RFC 3339, such as 2030-01-31T12:00:00Z)
    #[arg(long, value_name = "TIME")]
    pub(crate) expires_at: Option<String>,
    /// Before this nobody may claim (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) not_before: Option<String>,
    /// page: a page with a button; direct: a GET downloads at once
    #[arg(long, value_name = "GATE", value_parser = ["page", "direct"])]
    pub(crate) gate: Option<String>,
    /// How the bytes travel; redirect is a single exchange for a URL that can be reused for some seconds
    #[arg(long, value_name = "DELIVERY", value_parser = ["auto", "stream", "redirect"])]
    pub(crate) delivery: Option<String>,
    /// The name under which the file is saved [default: the key's last part]
    #[arg(long, value_name = "NAME")]
    pub(crate) filename: Option<String>,
    /// The media type [default: the object's]
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
    /// A passphrase that the recipient must know; - asks for it. Also ONCELINK_PASSPHRASE
    #[arg(long, value_name = "PASSPHRASE")]
    pub(crate) passphrase: Option<String>,
    /// Networks that may claim (CIDR, commas between)
    #[arg(long, value_name = "CIDR,...", value_delimiter = ',')]
    pub(crate) allow_from: Vec<String>,
    /// Your own words
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// Your own data, a JSON object
    #[arg(long, value_name = "JSON")]
    pub(crate) metadata: Option<String>,
    /// Where to report what becomes of the link: kept with the link; delivering is planned
    #[arg(long, value_name = "URL")]
    pub(crate) webhook: Option<String>,
    #[command(flatten)]
    pub(crate) client: ClientOptions,
    /// Print the server's answer
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which links to list.
#[derive(Args)]
pub(crate) struct ListArgs {
    /// How many at the most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
    /// All of them, however many
    #[arg(long, conflicts_with = "cursor")]
    pub(crate) all: bool,
    /// Go on where the page before ended
    #[arg(long, value_name = "CURSOR")]
    pub(crate) cursor: Option<String>,
    /// Only of this source
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// Only keys that begin so
    #[arg(long, value_name = "KEY")]
    pub(crate) prefix: Option<String>,
    /// Only in this state
    #[arg(long, value_name = "STATE", value_parser = ["active", "spent", "expired", "revoked"])]
    pub(crate) state: Option<String>,
    /// Only with this in the note
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    #[command(flatten)]
    pub(crate) client: ClientOptions,
    /// Print the server's answer
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which link.
#[derive(Args)]
pub(crate) struct OneArgs {
    /// The link's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) client: ClientOptions,
    /// Print the server's answer
    #[arg(long)]
    pub(crate) json: bool,
}
