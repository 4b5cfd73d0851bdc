//! Settings from a TOML file.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::environment::Environment;
use crate::error::ConfigError;
use crate::keys::{CLIENT_KEYS, field, nearest, serve_keys, suggestion};
use crate::options::ServeOptions;
use crate::secret::Secret;

/// The file that is read when no other is named.
const DEFAULT_FILE: &str = "oncelink.toml";
/// The largest file that is read, in bytes: a configuration, not a mistyped path to something else.
const LARGEST: u64 = 1 << 20;

/// What a file says.
pub(crate) struct ConfigFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What it says to `serve`.
    pub(crate) serve: ServeOptions,
    /// The server that commands talk to.
    pub(crate) server: Option<String>,
    /// Their API key.
    pub(crate) key: Option<Secret>,
}

impl ConfigFile {
    /// Reads the file that a flag or the environment names, or `oncelink.toml` if there is one.
    pub(crate) fn find(flag: Option<&str>, environment: &Environment) -> Result<Option<Self>, ConfigError> {
        let named = match flag {
            Some(path) => Some(path),
            None => environment.get("config")?,
        };
        let path = Path::new(named.unwrap_or(DEFAULT_FILE));
        match read(path) {
            Ok(text) => Self::parse(path, &text).map(Some),
            Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ConfigError::file(path, format!("the configuration file can't be read: {error}"))),
        }
    }

    /// Takes a file's text apart.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| syntax(path, text, &error))?;
        let mut values = BTreeMap::new();
        for (given, value) in table {
            let key = known(path, &given)?;
            let texts = texts(&value)
                .ok_or_else(|| ConfigError::file(path, format!("{given} must be text, a number, true or false, or a list of them")))?;
            if values.insert(key, texts).is_some() {
                return Err(ConfigError::file(path, format!("{given} is given twice, once with - and once with _")));
            }
        }
        let [server, key] = CLIENT_KEYS.map(|key| values.remove(key).map(|texts| texts.join(",")));
        Ok(Self { path: path.to_owned(), serve: into_options(values), server, key: key.map(Secret::new) })
    }
}

/// The settings of these values. Every key is a field's name.
pub(crate) fn into_options(values: BTreeMap<String, Vec<String>>) -> ServeOptions {
    let table: Table = values
        .into_iter()
        .map(|(key, texts)| {
            let value = if key == "source" { Value::from(texts) } else { Value::from(texts.join(",")) };
            (key, value)
        })
        .collect();
    // Keys are checked and values are texts: nothing is left that could fail. A test goes through all keys.
    table.try_into().unwrap_or_default()
}

fn read(path: &Path) -> std::io::Result<String> {
    let size = std::fs::metadata(path)?.len();
    if size > LARGEST {
        return Err(std::io::Error::other(format!("it has {size} bytes, more than any configuration")));
    }
    std::fs::read_to_string(path)
}

fn known(path: &Path, given: &str) -> Result<String, ConfigError> {
    let key = field(given);
    if CLIENT_KEYS.contains(&key.as_str()) || serve_keys().iter().any(|known| field(known) == key) {
        return Ok(key);
    }
    Err(ConfigError::file(path, format!("there is no key '{}'{}", given.escape_debug(), suggestion(nearest(given)))))
}

/// The value as texts; nothing for tables and dates.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Integer(number) => Some(vec![number.to_string()]),
        Value::Float(number) => Some(vec![number.to_string()]),
        Value::Boolean(flag) => Some(vec![flag.to_string()]),
        Value::Array(values) => values.iter().map(single).collect(),
        Value::Table(_) | Value::Datetime(_) => None,
    }
}

fn single(value: &Value) -> Option<String> {
    let mut texts = texts(value).filter(|_| !value.is_array())?;
    texts.pop()
}

/// A syntax error with its line, but without the line's text: it may hold a secret.
fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let line = error.span().map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
    let line = line.map_or_else(String::new, |line| format!("line {line}: "));
    let message = error.message().lines().next().unwrap_or("it can't be read");
    ConfigError::file(path, format!("{line}no valid TOML: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, String> {
        ConfigFile::parse(Path::new("oncelink.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn every_key_reaches_its_setting_in_both_spellings() {
        for key in serve_keys() {
            for spelling in [key.clone(), field(&key)] {
                let file = parse(&format!("{spelling} = \"x\"")).expect("a valid file");
                let values = BTreeMap::from([(field(&key), vec!["x".to_owned()])]);
                let table: Table = values
                    .into_iter()
                    .map(|(key, texts)| if key == "source" { (key, Value::from(texts)) } else { (key, Value::from("x")) })
                    .collect();
                let expected: ServeOptions = table.try_into().expect("every key is a field");
                assert_eq!(given(&file.serve), given(&expected), "{spelling}");
                assert_eq!(given(&file.serve), 1, "{spelling}");
            }
        }
        let file = parse("server = \"http://x\"\nkey = \"olk_1\"").expect("a valid file");
        assert_eq!((file.server.as_deref(), file.key.as_ref().map(Secret::reveal)), (Some("http://x"), Some("olk_1")));
    }

    /// How many settings are given.
    fn given(options: &ServeOptions) -> usize {
        let ServeOptions {
            sources,
            source,
            listen,
            public_url,
            data,
            store,
            retention,
            lease,
            gate,
            delivery,
            allow_redirect,
            redirect_ttl,
            ttl,
            max_ttl,
            trusted_proxies,
            rate_limit,
            max_connections,
            drain,
            console_secret,
            brand_name,
            brand_logo,
            brand_colour,
            brand_imprint,
            log_format,
            config,
        } = options;
        let single = [
            listen,
            public_url,
            data,
            store,
            retention,
            lease,
            gate,
            delivery,
            allow_redirect,
            redirect_ttl,
            ttl,
            max_ttl,
            trusted_proxies,
            rate_limit,
            max_connections,
            drain,
            console_secret,
            brand_name,
            brand_logo,
            brand_colour,
            brand_imprint,
            log_format,
            config,
        ];
        single.into_iter().flatten().count() + sources.len() + source.len()
    }

    #[test]
    fn values_may_be_texts_numbers_truths_and_lists() {
        let file = parse("rate_limit = 60\nallow-redirect = true\nlease = \"5m\"\nsource = [\"a,b\", \"c=d\"]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]").expect("a valid file");
        assert_eq!(file.serve.rate_limit.as_deref(), Some("60"));
        assert_eq!(file.serve.allow_redirect.as_deref(), Some("true"));
        assert_eq!(file.serve.source, ["a,b", "c=d"]);
        assert_eq!(file.serve.trusted_proxies.as_deref(), Some("10.0.0.0/8,::1"));
        assert_eq!(parse("source = \"one\"").expect("a valid file").serve.source, ["one"]);
    }

    #[test]
    fn what_no_file_may_say_is_refused_with_the_place() {
        let cases = [
            ("lisen = \"x\"", "there is no key 'lisen'; did you mean 'listen'?"),
            ("zzzzz = 1", "there is no key 'zzzzz'"),
            ("sources = [\"a\"]", "did you mean 'source'?"),
            ("config = \"x\"", "there is no key 'config'"),
            ("lease = 1979-05-27", "lease must be"),
            ("[lease]\nx = 1", "lease must be"),
            ("source = [[\"a\"]]", "source must be"),
            ("max-ttl = 1\nmax_ttl = 2", "given twice"),
            ("lease = \"1m\"\nlease = \"2m\"", "line 2: no valid TOML"),
            ("key = \"olk_hush", "line 1: no valid TOML"),
            ("\u{0}", "no valid TOML"),
            ("\"\\u001b[2J\" = 1", "there is no key '\\u{1b}[2J'"),
        ];
        for (text, expected) in cases {
            let problem = parse(text).err().unwrap_or_else(|| panic!("{text:?} was taken"));
            assert!(problem.starts_with("oncelink.toml: ") && problem.contains(expected), "{text:?}: {problem}");
            assert!(!problem.contains("olk_hush") && !problem.contains('\u{1b}'), "{problem}");
        }
    }

    #[test]
    fn a_file_that_was_named_must_be_there() {
        let environment = Environment::from([("ONCELINK_CONFIG", "/nonexistent/from-env.toml")]);
        let missing = |flag| ConfigFile::find(flag, &environment).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(missing(Some("/nonexistent/from-flag.toml")).starts_with("/nonexistent/from-flag.toml: "));
        assert!(missing(None).starts_with("/nonexistent/from-env.toml: "));
    }
}
