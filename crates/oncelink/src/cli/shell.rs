//! The command lines of `completions` and `man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// For which shell.
#[derive(Args)]
pub(crate) struct CompletionsArgs {
    /// The shell; its manual says where its completions go
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// Which page.
#[derive(Args)]
pub(crate) struct ManArgs {
    /// The command, such as 'link create' [default: the program itself]
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    pub(crate) command: Vec<String>,
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
