//! The configuration of the commands that talk to a server.

use std::path::PathBuf;

use crate::address::parse_base_url;
use crate::environment::Environment;
use crate::error::{ConfigError, Origin};
use crate::file::ConfigFile;
use crate::options::ClientOptions;
use crate::secret::Secret;
use crate::serve::DEFAULT_DATA;

/// Where the server is and how to get in, as far as flags, environment and file say; the rest is in the data folder.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// What the server's addresses begin with.
    pub server: Option<String>,
    /// The API key.
    pub key: Option<Secret>,
    /// The data folder of a server on this machine.
    pub data: PathBuf,
    /// Whether somebody named that folder for this very server: a folder that is set once and for all is not that of whatever
    /// server a flag names.
    pub data_named: bool,
}

impl ClientConfig {
    /// Merges flags, environment and file.
    ///
    /// # Errors
    /// The first [`ConfigError`] met.
    pub fn load(flags: ClientOptions, environment: &Environment) -> Result<Self, ConfigError> {
        let file = ConfigFile::find(flags.config.as_deref(), environment)?;
        Self::merge(flags, environment, file)
    }

    fn merge(flags: ClientOptions, environment: &Environment, file: Option<ConfigFile>) -> Result<Self, ConfigError> {
        let (path, server, key, data) = file.map_or_else(Default::default, |file| (file.path, file.server, file.key, file.serve.data));
        let below = |key: &str, flag: Option<String>, in_file: Option<String>| -> Result<Option<(Origin, String)>, ConfigError> {
            let variable = environment.get(key)?.map(str::to_owned);
            let flag = flag.map(|text| (Origin::Flag, text));
            let in_file = in_file.map(|text| (Origin::File(path.clone()), text));
            Ok(flag.or(variable.map(|text| (Origin::Environment, text))).or(in_file))
        };
        let server = below("server", flags.server, server)?;
        let flagged = server.as_ref().is_some_and(|(origin, _)| *origin == Origin::Flag);
        let server =
            server.map(|(origin, text)| parse_base_url(&text).map_err(|problem| ConfigError::value(&origin, "server", &text, problem)));
        let key = below("key", flags.key, key.map(|key| key.reveal().to_owned()))?.map(|(origin, text)| checked_key(&origin, &text));
        let data = below("data", flags.data, data)?;
        Ok(Self {
            server: server.transpose()?,
            key: key.transpose()?,
            data_named: data.as_ref().is_some_and(|(origin, _)| !flagged || *origin == Origin::Flag),
            data: data.map_or_else(|| DEFAULT_DATA.into(), |(_, text)| PathBuf::from(text)),
        })
    }

    /// What to say when there is no server to be found.
    pub fn no_server(&self) -> ConfigError {
        let data = self.data.display();
        ConfigError::missing(
            "no server",
            format!("none is running on {data}; give --server URL or ONCELINK_SERVER, or --data DIR of a running server"),
        )
    }

    /// What to say when there is no key to be found.
    pub fn no_key(&self) -> ConfigError {
        let data = self.data.display();
        ConfigError::missing(
            "no API key",
            format!("there is none in {data}; give --key KEY or ONCELINK_KEY, or --data DIR of a server on this machine"),
        )
    }
}

/// A key is sent in a header: what can't stand in one is refused here, unseen.
fn checked_key(origin: &Origin, text: &str) -> Result<Secret, ConfigError> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ConfigError::value(origin, "key", text, "is no API key; it has letters, digits and _ only"));
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const FILE: &str = "server = \"http://file\"\nkey = \"olk_file\"\ndata = \"/file\"\nlease = \"never looked at\"";

    fn merged(flags: ClientOptions, environment: Environment, file: &str) -> Result<ClientConfig, String> {
        let file = ConfigFile::parse(Path::new("oncelink.toml"), file).expect("a valid file");
        ClientConfig::merge(flags, &environment, Some(file)).map_err(|error| error.to_string())
    }

    fn facts(config: &ClientConfig) -> (Option<&str>, Option<&str>, &str) {
        (config.server.as_deref(), config.key.as_ref().map(Secret::reveal), config.data.to_str().expect("UTF-8"))
    }

    #[test]
    fn flags_beat_the_environment_which_beats_the_file() {
        let environment = || Environment::from([("ONCELINK_SERVER", "http://env/"), ("ONCELINK_KEY", "olk_env")]);
        let flags = ClientOptions { server: Some("http://flag".to_owned()), ..Default::default() };
        assert_eq!(facts(&merged(flags, environment(), FILE).expect("valid")), (Some("http://flag"), Some("olk_env"), "/file"));
        let none = ClientOptions::default;
        assert_eq!(facts(&merged(none(), environment(), FILE).expect("valid")), (Some("http://env"), Some("olk_env"), "/file"));
        assert_eq!(facts(&merged(none(), Environment::default(), FILE).expect("valid")), (Some("http://file"), Some("olk_file"), "/file"));
        assert_eq!(facts(&merged(none(), Environment::default(), "").expect("valid")), (None, None, "./oncelink-data"));
    }

    #[test]
    fn a_folder_that_is_set_once_and_for_all_is_not_named_for_a_server_that_a_flag_names() {
        let flag = |text: &str| Some(text.to_owned());
        let flags = |server, data| ClientOptions { server, data, ..Default::default() };
        let environment = || Environment::from([("ONCELINK_DATA", "/env")]);
        for (flags, file, expected) in [
            (flags(flag("http://flag"), None), FILE, false),
            (flags(flag("http://flag"), flag("/flag")), FILE, true),
            (flags(None, None), FILE, true),
            (flags(None, flag("/flag")), "", true),
        ] {
            assert_eq!(merged(flags, environment(), file).expect("valid").data_named, expected);
        }
        assert!(!merged(flags(None, None), Environment::default(), "").expect("valid").data_named);
    }

    #[test]
    fn a_bad_server_is_named_and_a_bad_key_is_not_shown() {
        let server = merged(ClientOptions { server: Some("example.org".to_owned()), ..Default::default() }, Environment::default(), "");
        assert!(server.expect_err("no URL").starts_with("--server \"example.org\""));
        for bad in ["olk_hush\r\nX: y", "olk_hush \u{fc}", "olk hush"] {
            let key = merged(ClientOptions { key: Some(bad.to_owned()), ..Default::default() }, Environment::default(), "");
            let problem = key.expect_err("no key");
            assert!(!problem.contains("hush") && problem.contains("--key"), "{problem}");
        }
        let config = merged(ClientOptions::default(), Environment::default(), FILE).expect("valid");
        assert!(!format!("{config:?}").contains("olk_file"));
    }
}
