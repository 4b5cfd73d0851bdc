//! `oncelink completions`: what a shell must know to complete our command lines.

use clap::CommandFactory;

use crate::cli::Cli;
use crate::cli::shell::CompletionsArgs;
use crate::exit::Failure;
use crate::output;

/// Prints the completions for a shell.
pub(crate) fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "oncelink", &mut script);
    output::bytes(&script)
}
