//! Passphrases: from a flag, the environment, or asked for without an echo.

use std::io::{self, BufRead, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::exit::Failure;

/// The variable that keeps a passphrase out of the list of processes.
const VARIABLE: &str = "ONCELINK_PASSPHRASE";

/// The passphrase that was given, if any: by flag (`-`: asked for, or a line of standard input), or by the environment.
pub(crate) fn given(flag: Option<&str>) -> Result<Option<String>, Failure> {
    match flag {
        Some("-") => ask().map(Some),
        Some(text) => Ok(Some(text.to_owned())),
        None => Ok(std::env::var(VARIABLE).ok().filter(|text| !text.is_empty())),
    }
}

/// Whether somebody is there to be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a passphrase; on a terminal without an echo, else it is the next line of standard input.
pub(crate) fn ask() -> Result<String, Failure> {
    let silence = Silence::begin()?;
    if silence.is_some() {
        let _ = write!(io::stderr(), "Passphrase: ");
    }
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    drop(silence);
    read.map_err(|error| Failure::failed(format!("can't read the passphrase: {error}")))?;
    // Signals are off while the echo is, so that nothing leaves the terminal mute: Ctrl-C comes as a character.
    if line.contains(['\u{3}', '\u{1c}']) {
        return Err(Failure::failed("interrupted"));
    }
    let passphrase = line.trim_end_matches(['\r', '\n']);
    if passphrase.is_empty() { Err(Failure::usage("the passphrase is empty")) } else { Ok(passphrase.to_owned()) }
}

/// A terminal that doesn't show what is typed, until this is dropped.
struct Silence(Termios);

impl Silence {
    /// Nothing when standard input is no terminal.
    fn begin() -> Result<Option<Self>, Failure> {
        if !io::stdin().is_terminal() {
            return Ok(None);
        }
        let failed = |error| Failure::failed(format!("can't hide what is typed ({error}); use --passphrase or {VARIABLE}"));
        let before = tcgetattr(io::stdin()).map_err(failed)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent).map_err(failed)?;
        Ok(Some(Self(before)))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
