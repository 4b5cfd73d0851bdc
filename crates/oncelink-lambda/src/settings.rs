//! What the function is told, by its environment: the server's settings under the same names, and a few of its own.
//!
//! Must not open anything.

use std::fmt;

use lambda_runtime::Error;
use oncelink_config::{Config, Environment, ServeOptions};
use oncelink_core::apikey::ApiKeyHash;
use oncelink_http::Oversize;

/// How answers go out. It is decided where the function's URL or API is declared, so the template says it here too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// In one piece (HTTP API, REST API, ALB, Function URL `BUFFERED`).
    Buffered,
    /// As a stream (Function URL `RESPONSE_STREAM`, REST API `responseTransferMode: STREAM`).
    Stream,
}

/// Whose word for who sends is taken, beside an API key's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authorizer {
    /// IAM, checked by API Gateway or the Function URL.
    Iam,
    /// A JWT authorizer of API Gateway.
    Jwt,
}

/// Where to read a secret from at a cold start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretSource {
    /// A parameter of SSM Parameter Store, by name.
    Parameter(String),
    /// A secret of Secrets Manager, by name or ARN.
    Secret(String),
}

/// The function's settings.
pub(crate) struct Settings {
    /// What the server has too.
    pub(crate) common: Config,
    /// How answers go out.
    pub(crate) mode: Mode,
    /// What happens to files that one answer can't carry.
    pub(crate) oversize: Oversize,
    /// Whose word for the sender is taken.
    pub(crate) authorizer: Option<Authorizer>,
    /// Hashes of API keys that are not in the table.
    pub(crate) key_hashes: Vec<ApiKeyHash>,
    /// Where more such hashes are.
    pub(crate) key_source: Option<SecretSource>,
}

impl Settings {
    /// Reads and checks the environment.
    ///
    /// # Errors
    /// The variable that is wrong, and what would be right.
    pub(crate) fn from_environment() -> Result<Self, Error> {
        let common = Config::load(ServeOptions::default(), &Environment::from_process())?;
        let oversize = choice(
            "ONCELINK_OVERSIZE",
            &[("segments", Oversize::Segments), ("redirect", Oversize::Redirect), ("refuse", Oversize::Refuse)],
        )?;
        let parameter = variable("ONCELINK_API_KEYS_PARAMETER")?.map(SecretSource::Parameter);
        let secret = variable("ONCELINK_API_KEYS_SECRET")?.map(SecretSource::Secret);
        Ok(Self {
            oversize: oversize.unwrap_or(if common.allow_redirect { Oversize::Redirect } else { Oversize::Segments }),
            common,
            mode: choice("ONCELINK_LAMBDA_MODE", &[("buffered", Mode::Buffered), ("stream", Mode::Stream)])?.unwrap_or(Mode::Buffered),
            authorizer: choice("ONCELINK_AUTHORIZER", &[("none", None), ("iam", Some(Authorizer::Iam)), ("jwt", Some(Authorizer::Jwt))])?
                .flatten(),
            key_hashes: hashes(&variable("ONCELINK_API_KEY_HASHES")?.unwrap_or_default())?,
            key_source: parameter.or(secret),
        })
    }
}

/// Which of the two, and its name: for messages.
impl fmt::Display for SecretSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => write!(out, "parameter {name}"),
            Self::Secret(name) => write!(out, "secret {name}"),
        }
    }
}

/// Key hashes as text: 64 hexadecimal digits each, separated by commas or white space. `oncelink key hash` prints them.
///
/// # Errors
/// What is no hash. It is not repeated: somebody may have put the key itself there.
pub(crate) fn hashes(text: &str) -> Result<Vec<ApiKeyHash>, Error> {
    let words = text.split([',', ' ', '\n', '\t', '\r']).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(word.as_bytes()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            bytes
                .map(ApiKeyHash)
                .ok_or_else(|| Error::from("API key hashes must be 64 hexadecimal digits each, as 'oncelink key hash' prints them"))
        })
        .collect()
}

fn variable(name: &'static str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8").into()),
    }
}

fn choice<T: Copy>(name: &'static str, choices: &[(&str, T)]) -> Result<Option<T>, Error> {
    let Some(text) = variable(name)? else { return Ok(None) };
    let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
    found.map(Some).ok_or_else(|| format!("{name}={text:?} is none of: {}", words.join(", ")).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_hashes_are_read_and_a_key_put_there_by_mistake_is_not_repeated() {
        let one = "0123456789abcdef".repeat(4);
        assert_eq!(hashes(&format!("{one},\n{one}")).expect("two hashes").len(), 2);
        assert!(hashes("").expect("none").is_empty());
        let error = hashes("olk_secretsecretsecretsecretsecretsecretsecret").expect_err("no hash").to_string();
        assert!(!error.contains("secretsecret"), "{error}");
    }
}
