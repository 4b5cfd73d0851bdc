//! The program: command line, wiring, and nothing that a rule could be.

mod brand;
mod cli;
mod client;
mod commands;
mod data_dir;
mod exit;
mod first_key;
mod get;
mod http;
mod interrupt;
mod listener;
mod logging;
mod output;
mod passphrase;
mod problem;
mod progress;
mod retention;
mod serve;
mod share;
mod upkeep;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::exit::Failure;

fn main() -> ExitCode {
    // Before anything can ask for TLS. It fails only when there is a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    match run(cli.command) {
        Ok(code) => code,
        Err(failure) => {
            output::complaint(&failure.to_string());
            failure.exit_code()
        }
    }
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    let mut runtime = match command {
        Command::Serve(_) | Command::Share(_) => tokio::runtime::Builder::new_multi_thread(),
        Command::Link(_)
        | Command::Get(_)
        | Command::Key(_)
        | Command::Doctor(_)
        | Command::Store(_)
        | Command::Completions(_)
        | Command::Man(_) => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = runtime.enable_all().build().map_err(|error| Failure::failed(format!("can't start: {error}")))?;
    let result = runtime.block_on(async {
        match command {
            Command::Serve(options) => Box::pin(serve::run(options)).await,
            Command::Share(options) => Box::pin(share::run(options)).await,
            Command::Link(options) => Box::pin(commands::link::run(options)).await,
            Command::Get(options) => Box::pin(commands::get::run(options)).await,
            Command::Key(options) => Box::pin(commands::key::run(options)).await,
            Command::Doctor(options) => Box::pin(commands::doctor::run(options)).await,
            Command::Store(options) => Box::pin(commands::store::run(options)).await,
            Command::Completions(options) => commands::completions::run(&options),
            Command::Man(options) => commands::man::run(&options),
        }
    });
    // Threads that still hash or read a file must not hold up the end.
    runtime.shutdown_background();
    result.map(|()| ExitCode::SUCCESS)
}
