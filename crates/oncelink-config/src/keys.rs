//! The names that settings have. Read off the flags, so that there is one list only.

use clap::{Args, Command};

use crate::options::ServeOptions;

/// The keys of a file that only the commands which talk to a server read.
pub(crate) const CLIENT_KEYS: [&str; 2] = ["server", "key"];
/// Flags that are no settings.
const NO_SETTING: [&str; 1] = ["config"];

/// The settings of `serve`, as their flags are spelt, without dashes in front.
pub(crate) fn serve_keys() -> Vec<String> {
    let command = ServeOptions::augment_args(Command::new("serve"));
    let flags = command.get_arguments().filter_map(clap::Arg::get_long);
    flags.filter(|flag| !NO_SETTING.contains(flag)).map(str::to_owned).collect()
}

/// How a key is spelt in code and in files: with underscores.
pub(crate) fn field(key: &str) -> String {
    key.replace('-', "_")
}

/// The valid key that is most like `given`, if any is like it at all.
pub(crate) fn nearest(given: &str) -> Option<String> {
    let known = serve_keys().into_iter().chain(CLIENT_KEYS.map(str::to_owned)).map(|key| field(&key));
    nearest_of(&field(given), known)
}

/// The name among `known` that is most like `given`, if any is like it at all.
pub fn nearest_of(given: &str, known: impl IntoIterator<Item = String>) -> Option<String> {
    const ALIKE: f64 = 0.6;
    let given = given.to_lowercase();
    let scored = known.into_iter().map(|key| (strsim::jaro_winkler(&given, &key), key));
    let best = scored.max_by(|(left, _), (right, _)| left.total_cmp(right));
    best.filter(|(score, _)| *score >= ALIKE).map(|(_, key)| key)
}

/// The half-sentence that suggests it, or nothing.
pub(crate) fn suggestion(nearest: Option<String>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean '{name}'?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_the_manual_has_a_name() {
        let expected = [
            "source",
            "listen",
            "public-url",
            "data",
            "store",
            "retention",
            "lease",
            "gate",
            "delivery",
            "allow-redirect",
            "redirect-ttl",
            "ttl",
            "max-ttl",
            "trusted-proxies",
            "rate-limit",
            "max-connections",
            "drain",
            "console-secret",
            "brand-name",
            "brand-logo",
            "brand-colour",
            "brand-imprint",
            "log-format",
        ];
        assert_eq!(serve_keys(), expected);
    }

    #[test]
    fn a_misspelt_key_finds_its_neighbour_and_nonsense_finds_none() {
        let cases = [
            ("lisen", "listen"),
            ("publicurl", "public_url"),
            ("public-ulr", "public_url"),
            ("Max_TTL", "max_ttl"),
            ("sources", "source"),
            ("sever", "server"),
            ("trusted_proxy", "trusted_proxies"),
        ];
        for (given, expected) in cases {
            assert_eq!(nearest(given).as_deref(), Some(expected), "{given}");
        }
        assert_eq!(nearest("zzzzzz"), None);
        assert_eq!(nearest(""), None);
    }
}
