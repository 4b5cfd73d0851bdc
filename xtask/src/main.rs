//! `cargo xtask promises`: writes into `docs/semantics.md` which tests exist for each promise.
//! `cargo xtask bench`: builds the program and the measurements as they are released, and runs them.
//! `cargo xtask instructions`: counts what a redeem takes, and compares it with what was committed; `--update` commits it.
//! `cargo xtask prove`: builds the program and the histories, and runs them.
//!
//! Must not check anything: that is what `cargo test -p xtask` does.

use std::error::Error;
use std::fs;
use std::process::{Command, ExitCode};

use xtask::{files, instructions, promises};

const USAGE: &str = "usage: cargo xtask promises | cargo xtask bench [--quick|--full] [--only NAME,...] [--binary FILE] [--scratch DIR] \
                     | cargo xtask instructions [--update] | cargo xtask prove [--quick|--full|--help ...]";

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let done = match wanted.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["promises"] => renew(),
        ["bench", flags @ ..] => bench(flags),
        ["instructions"] => instructions::run(false, say),
        ["instructions", "--update"] => instructions::run(true, say),
        ["prove", flags @ ..] => prove(flags),
        _ => return fail(USAGE),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

/// Builds the program, unless one is named, and runs the measurements on it.
fn bench(flags: &[&str]) -> Result<(), Box<dyn Error>> {
    if !flags.contains(&"--binary") {
        cargo(&["build", "--release", "-p", "oncelink"])?;
    }
    cargo(&[&["run", "--release", "-p", "oncelink-bench", "--"], flags].concat())
}

/// Builds the program, unless one is named, and runs histories against it. As for tests debug assertions are part of it,
/// but a million links want a quick program.
fn prove(flags: &[&str]) -> Result<(), Box<dyn Error>> {
    let profile = if flags.contains(&"--full") { "proof" } else { "dev" };
    match profile {
        _ if flags.contains(&"--binary") => {}
        // By the libraries that the tests were built with, which are there already.
        "dev" => cargo(&["build", "--quiet", "--workspace", "--bins", "--examples"])?,
        _ => cargo(&["build", "--profile", profile, "-p", "oncelink", "-p", "oncelink-prove"])?,
    }
    cargo(&[&["run", "--quiet", "--profile", profile, "-p", "oncelink-prove", "--"], flags].concat())
}

fn cargo(words: &[&str]) -> Result<(), Box<dyn Error>> {
    let status = Command::new(env!("CARGO")).args(words).current_dir(files::top()).status()?;
    if status.success() { Ok(()) } else { Err(format!("cargo {} failed", words[0]).into()) }
}

fn renew() -> Result<(), Box<dyn Error>> {
    let top = files::top();
    let path = top.join("docs/semantics.md");
    let (tests, _) = promises::tests(&files::with_extension(&top, "rs")?);
    fs::write(&path, promises::renewed(&fs::read_to_string(&path)?, &tests))?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a tool for the terminal")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "a tool for the terminal")]
fn fail(message: &str) -> ExitCode {
    eprintln!("xtask: {message}");
    ExitCode::FAILURE
}
