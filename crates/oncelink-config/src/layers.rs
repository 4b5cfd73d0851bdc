//! The places where settings come from, one above the other: flags, environment, file.

use crate::environment::Environment;
use crate::error::{ConfigError, Origin};
use crate::file::ConfigFile;
use crate::options::ServeOptions;

/// All places, the strongest first.
pub(crate) struct Layers(Vec<(Origin, ServeOptions)>);

impl Layers {
    /// Reads environment and file below the flags.
    pub(crate) fn load(flags: ServeOptions, environment: &Environment) -> Result<Self, ConfigError> {
        let file = ConfigFile::find(flags.config.as_deref(), environment)?;
        let mut layers = vec![(Origin::Flag, flags), (Origin::Environment, environment.serve_options()?)];
        layers.extend(file.map(|file| (Origin::File(file.path), file.serve)));
        Ok(Self::stacked(layers))
    }

    /// These places, the strongest first.
    pub(crate) fn stacked(layers: Vec<(Origin, ServeOptions)>) -> Self {
        Self(layers)
    }

    /// The strongest value of `key`, understood by `parse`; nothing when it is given nowhere. Only the value that wins
    /// is looked at.
    pub(crate) fn find<T>(
        &self,
        key: &str,
        field: impl Fn(&ServeOptions) -> &Option<String>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let given = self.0.iter().find_map(|(origin, options)| field(options).as_deref().map(|text| (origin, text)));
        match given {
            None => Ok(None),
            Some((origin, text)) => parse(text).map(Some).map_err(|problem| ConfigError::value(origin, key, text, problem)),
        }
    }

    /// The sources of the strongest place that names any, each with its place.
    pub(crate) fn sources(&self) -> Vec<(&Origin, &str)> {
        let lists = self.0.iter().map(|(origin, options)| {
            let both = options.sources.iter().chain(&options.source);
            both.map(|text| (origin, text.as_str())).collect::<Vec<_>>()
        });
        lists.into_iter().find(|list| !list.is_empty()).unwrap_or_default()
    }
}
