//! Exit codes, and why a command ends with them: 0 done, 1 failed, 2 wrong usage, 3 refused.

use std::fmt;
use std::process::ExitCode;

use oncelink_config::ConfigError;
use oncelink_core::{Fault, No};

/// The code for "failed".
const FAILED: u8 = 1;
/// The code for "wrong usage".
const USAGE: u8 = 2;
/// The code for "refused": a lawful no, which trying again won't change.
const REFUSED: u8 = 3;

/// Why a command didn't do what it was told, in one sentence without secrets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Something failed.
    Failed(String),
    /// The command line makes no sense.
    Usage(String),
    /// The answer is no: spent, expired, revoked, ...
    Refused(String),
}

impl Failure {
    /// Something failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// The command line makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// The answer is no.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::Refused(message.into())
    }

    /// The process's exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    /// The exit code as a number.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Failed(_) => FAILED,
            Self::Usage(_) => USAGE,
            Self::Refused(_) => REFUSED,
        }
    }

    /// The same failure with more to say.
    #[must_use]
    pub(crate) fn and(self, more: &str) -> Self {
        match self {
            Self::Failed(message) => Self::Failed(format!("{message} {more}")),
            Self::Usage(message) => Self::Usage(format!("{message} {more}")),
            Self::Refused(message) => Self::Refused(format!("{message} {more}")),
        }
    }
}

/// Ends as clap wants it: help and version are no errors and go to standard output.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let printed = error.print();
    match (error.exit_code(), printed) {
        (0, Ok(())) => ExitCode::SUCCESS,
        (0, Err(_)) => ExitCode::from(FAILED),
        _ => ExitCode::from(USAGE),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(message) | Self::Usage(message) | Self::Refused(message) => out.write_str(message),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        if error.is_usage() { Self::Usage(error.to_string()) } else { Self::Failed(error.to_string()) }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault.to_string())
    }
}

impl From<No> for Failure {
    fn from(no: No) -> Self {
        match no {
            No::Refused(oncelink_core::Refusal::Invalid { field, detail }) => Self::Failed(format!("{field} {detail}")),
            No::Refused(oncelink_core::Refusal::NoSuchObject { key, .. }) => Self::Failed(format!("there is no object '{key}'")),
            No::Refused(refusal) => Self::Refused(format!("refused: {}", refusal.as_str())),
            No::Failed(fault) => fault.into(),
        }
    }
}
