//! Settings from the environment: `ONCELINK_` and the key in capitals.
//!
//! Variables that are no settings are left alone: orchestrators make their own, such as `ONCELINK_PORT` for a service
//! of this name.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::error::{ConfigError, Origin, variable};
use crate::file::into_options;
use crate::keys::{field, serve_keys};
use crate::options::ServeOptions;

/// The environment variables that may be settings.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// The process's own.
    pub fn from_process() -> Self {
        let ours =
            |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value)).filter(|(name, _)| name.starts_with("ONCELINK_"));
        Self(std::env::vars_os().filter_map(ours).collect())
    }

    /// The value of the setting `key`. An empty variable counts as unset, as is the habit of shells and manifests.
    pub(crate) fn get(&self, key: &str) -> Result<Option<&str>, ConfigError> {
        match self.0.get(&variable(key)).filter(|value| !value.is_empty()) {
            None => Ok(None),
            Some(value) => match value.to_str() {
                Some(text) => Ok(Some(text)),
                None => Err(ConfigError::value(&Origin::Environment, key, &value.to_string_lossy(), "is no valid UTF-8")),
            },
        }
    }

    /// All settings of `serve`.
    pub(crate) fn serve_options(&self) -> Result<ServeOptions, ConfigError> {
        let mut values = BTreeMap::new();
        for key in serve_keys() {
            if let Some(value) = self.get(&key)? {
                values.insert(field(&key), vec![value.to_owned()]);
            }
        }
        let mut options = into_options(values);
        options.source = options
            .source
            .iter()
            .flat_map(|list| list.split(','))
            .map(str::trim)
            .filter(|one| !one.is_empty())
            .map(str::to_owned)
            .collect();
        Ok(options)
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
    }
}
