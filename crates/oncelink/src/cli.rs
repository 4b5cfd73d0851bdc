//! The command line's shape. Must not check what the server or the configuration checks.

pub(crate) mod doctor;
pub(crate) mod get;
pub(crate) mod key;
pub(crate) mod link;
pub(crate) mod share;
pub(crate) mod shell;
pub(crate) mod store;

use clap::{Parser, Subcommand};
use oncelink_config::ServeOptions;

/// Single-use download links for files in private S3 buckets and folders
#[derive(Parser)]
#[command(
    name = "oncelink",
    bin_name = "oncelink",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = false
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve one file or folder, print its link and a QR code, and end when it has been taken
    Share(share::ShareArgs),
    /// Run the server
    Serve(ServeOptions),
    /// Create links and see what has become of them
    Link(link::LinkArgs),
    /// Download a link's file: resumes after a break, verifies, writes it in one piece
    Get(get::GetArgs),
    /// Manage API keys
    Key(key::KeyArgs),
    /// Check configuration, store, sources, permissions and clock, and say how to mend what is found
    Doctor(doctor::DoctorArgs),
    /// Make or update the store's tables
    Store(store::StoreArgs),
    /// Print completions for a shell
    Completions(shell::CompletionsArgs),
    /// Print the manual page
    Man(shell::ManArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_makes_no_sense_is_wrong_usage() {
        for line in [
            "oncelink",
            "oncelink fly",
            "oncelink link",
            "oncelink link create",
            "oncelink link create a --uses many",
            "oncelink link create a --uses 0",
            "oncelink link create a --ttl 1d --expires-at 2030-01-01T00:00:00Z",
            "oncelink link show",
            "oncelink get",
            "oncelink get a b",
            "oncelink serve --colour red",
            "oncelink share",
            "oncelink share a --listen nowhere",
            "oncelink key create",
            "oncelink link create a --prefix b",
            "oncelink link create --csv a --prefix b",
            "oncelink link create a --out b --json",
            "oncelink link list --all --cursor x",
            "oncelink doctor --colour red",
            "oncelink store",
            "oncelink completions",
            "oncelink completions cmd",
        ] {
            let error = Cli::try_parse_from(line.split(' ')).err().unwrap_or_else(|| panic!("{line} was taken"));
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn the_manuals_lines_are_taken() {
        for line in [
            "oncelink share ./a.pdf --uses 2 --ttl 1h --gate direct --listen 0.0.0.0:0 --json",
            "oncelink serve s3://my-bucket/outgoing --public-url https://files.example.org",
            "oncelink serve a=./b --source c=./d --allow-redirect --gate page",
            "oncelink link create outgoing/report.pdf b --json --server http://x --key olk_1",
            "oncelink link create a --allow-from 10.0.0.0/8,192.0.2.1 --passphrase - --metadata {}",
            "oncelink link create --prefix outgoing/ --out links.csv",
            "oncelink link create --csv - --uses 2",
            "oncelink link list --state active --limit 10 --json",
            "oncelink link list --all",
            "oncelink doctor s3://my-bucket --store postgres://db/x --json",
            "oncelink store init --store sqlite:x.db",
            "oncelink completions fish",
            "oncelink man link create",
            "oncelink man --dir man1",
            "oncelink link revoke ID",
            "oncelink get https://host/d/x -o -",
            "oncelink key create reports --scope links:create --scope source:outgoing --scope prefix:outgoing/reports/",
            "oncelink key list --json",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
    }
}
