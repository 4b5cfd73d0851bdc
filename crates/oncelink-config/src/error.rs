//! What can be wrong with a configuration, in one sentence that names the place, the value and the remedy.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::redact::redact;

/// The longest part of a value that a message shows, in characters.
const SHOWN: usize = 120;

/// A setting that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct ConfigError {
    place: String,
    problem: String,
    usage: bool,
}

/// Where a setting was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// On the command line.
    Flag,
    /// In the environment.
    Environment,
    /// In a file.
    File(PathBuf),
}

impl ConfigError {
    /// Whether the command line is to blame, rather than the environment or a file.
    pub fn is_usage(&self) -> bool {
        self.usage
    }

    /// The value `value` of `key` (as the flag spells it) has a problem.
    pub(crate) fn value(origin: &Origin, key: &str, value: &str, problem: impl fmt::Display) -> Self {
        let value = shown(key, value);
        let place = match origin {
            Origin::Flag if key == "source" => format!("source {value}"),
            Origin::Flag => format!("--{key} {value}"),
            Origin::Environment => format!("{}={value}", variable(key)),
            Origin::File(path) => format!("{}: {} = {value}", path.display(), key.replace('-', "_")),
        };
        Self { place, problem: problem.to_string(), usage: *origin == Origin::Flag }
    }

    /// The file as a whole, or one of its keys, has a problem.
    pub(crate) fn file(path: &Path, problem: impl fmt::Display) -> Self {
        Self { place: path.display().to_string(), problem: problem.to_string(), usage: false }
    }

    /// Something is missing that no single place is to blame for.
    pub(crate) fn missing(what: &str, remedy: impl fmt::Display) -> Self {
        Self { place: what.to_owned(), problem: remedy.to_string(), usage: false }
    }
}

/// The environment variable of a flag.
pub(crate) fn variable(key: &str) -> String {
    format!("ONCELINK_{}", key.replace('-', "_").to_uppercase())
}

/// A value as a message may show it: escaped, cut, without secrets.
fn shown(key: &str, value: &str) -> String {
    if matches!(key, "key" | "console-secret") {
        return "...".to_owned();
    }
    let redacted = redact(value);
    let cut: String = redacted.chars().take(SHOWN).collect();
    let more = if cut.len() < redacted.len() { "..." } else { "" };
    format!("{cut:?}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_place_the_value_and_the_problem() {
        let file = Origin::File("conf/oncelink.toml".into());
        let cases = [
            (Origin::Flag, "--redirect-ttl \"soon\": no"),
            (Origin::Environment, "ONCELINK_REDIRECT_TTL=\"soon\": no"),
            (file, "conf/oncelink.toml: redirect_ttl = \"soon\": no"),
        ];
        for (origin, expected) in cases {
            let error = ConfigError::value(&origin, "redirect-ttl", "soon", "no");
            assert_eq!(error.to_string(), expected);
            assert_eq!(error.is_usage(), origin == Origin::Flag);
        }
    }

    #[test]
    fn a_message_shows_no_secret_and_no_raw_control_character() {
        let store = ConfigError::value(&Origin::Flag, "store", "postgres://me:hunter2@db/x\u{1b}[2J", "no").to_string();
        assert!(!store.contains("hunter2") && !store.contains('\u{1b}'), "{store}");
        let key = ConfigError::value(&Origin::Environment, "key", "olk_secret", "no").to_string();
        assert!(!key.contains("olk_secret"), "{key}");
        let console = ConfigError::value(&Origin::Environment, "console-secret", "short", "no").to_string();
        assert!(!console.contains("short"), "{console}");
        let long = ConfigError::value(&Origin::Flag, "listen", &"x".repeat(5_000), "no").to_string();
        assert!(long.len() < 200, "{long}");
    }
}
