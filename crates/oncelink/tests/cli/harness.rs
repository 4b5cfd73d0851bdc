//! Running the program, in a pseudo-terminal or without, against a server that follows a script.

pub(crate) mod pty;
pub(crate) mod script;

use std::path::Path;
use std::process::{Command, Stdio};

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}

/// The program in `folder`, with nothing configured and no proxy.
pub(crate) fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oncelink"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_uppercase();
        if text.starts_with("ONCELINK_") || text.starts_with("AWS_") || text.ends_with("_PROXY") || text == "RUST_LOG" {
            command.env_remove(&name);
        }
    }
    // Help texts are as wide as the terminal, which this has none of.
    command.env_remove("COLUMNS").current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs `oncelink ARGS` in `folder` to its end.
pub(crate) fn run(folder: &Path, args: &[&str]) -> Ran {
    finish(program(folder).args(args))
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Ran {
    let ran = command.output().expect("the program can be started");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: ran.status.code(), out: text(&ran.stdout), err: text(&ran.stderr) }
}
