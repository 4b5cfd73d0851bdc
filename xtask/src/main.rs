//! `cargo xtask promises`: writes into `docs/semantics.md` which tests exist for each promise.
//!
//! Must not check anything: that is what `cargo test -p xtask` does.

use std::error::Error;
use std::fs;
use std::process::ExitCode;

use xtask::{files, promises};

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if wanted != ["promises"] {
        return fail("usage: cargo xtask promises");
    }
    match renew() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn renew() -> Result<(), Box<dyn Error>> {
    let top = files::top();
    let path = top.join("docs/semantics.md");
    let (tests, _) = promises::tests(&files::with_extension(&top, "rs")?);
    fs::write(&path, promises::renewed(&fs::read_to_string(&path)?, &tests))?;
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a tool for the terminal")]
fn fail(message: &str) -> ExitCode {
    eprintln!("xtask: {message}");
    ExitCode::FAILURE
}
