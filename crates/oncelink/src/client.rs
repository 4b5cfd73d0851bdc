//! The client of the sender's HTTP API: finds the server and the key, and asks.

use std::time::Duration;

use oncelink_config::{ClientConfig, ClientOptions, Environment, Secret, parse_base_url};
use reqwest::{Client, Method, Response, Url};
use serde_json::Value;

use crate::data_dir::DataDir;
use crate::exit::Failure;
use crate::http;
use crate::problem::Problem;

/// How long a server may think about an answer.
const SILENCE: Duration = Duration::from_secs(60);

/// A server and the key to it.
pub(crate) struct Api {
    base: Url,
    key: Secret,
    http: Client,
}

/// A question to a server.
pub(crate) struct Question<'a> {
    method: Method,
    path: &'a [&'a str],
    query: &'a [(&'a str, String)],
    body: Option<&'a Value>,
}

impl Api {
    /// Finds the server and the key that flags, environment, file or the data folder name.
    pub(crate) fn find(options: &ClientOptions) -> Result<Self, Failure> {
        let config = ClientConfig::load(options.clone(), &Environment::from_process())?;
        let (server, key) = locate(&config)?;
        let base = Url::parse(&server).map_err(|error| Failure::failed(format!("{server} is no URL: {error}")))?;
        Ok(Self { http: http::client(&base, SILENCE)?, base, key })
    }

    /// Asks, and reads the JSON answer; null when there is none.
    pub(crate) async fn ask(&self, question: Question<'_>) -> Result<Value, Failure> {
        let response = self.send(&question).await?;
        let status = response.status();
        if status.is_redirection() {
            let place = http::place(&self.base);
            return Err(Failure::failed(format!(
                "{place} sends us elsewhere ({status}); give the address that it really has (http or https?)"
            )));
        }
        if !status.is_success() {
            return Err(self.refusal(Problem::read(response).await));
        }
        let body = response.bytes().await.map_err(|error| self.unreachable(error))?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body)
            .map_err(|_| Failure::failed(format!("{} doesn't answer like an oncelink server", http::place(&self.base))))
    }

    async fn send(&self, question: &Question<'_>) -> Result<Response, Failure> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(question.path);
        }
        if !question.query.is_empty() {
            url.query_pairs_mut().extend_pairs(question.query);
        }
        let request = self.http.request(question.method.clone(), url).bearer_auth(self.key.reveal());
        let request = match question.body {
            Some(body) => request.json(body),
            None => request,
        };
        request.send().await.map_err(|error| self.unreachable(error))
    }

    fn unreachable(&self, error: reqwest::Error) -> Failure {
        Failure::failed(format!("{} doesn't answer: {}", http::place(&self.base), http::reason(error)))
    }

    fn refusal(&self, problem: Problem) -> Failure {
        let place = http::place(&self.base);
        match problem.status {
            401 => Failure::failed(format!("{place} doesn't know this API key; give another one with --key or ONCELINK_KEY")),
            _ if problem.is_refusal() => Failure::refused(problem.detail),
            _ => Failure::failed(problem.detail),
        }
    }
}

impl<'a> Question<'a> {
    /// Reads `path`.
    pub(crate) fn get(path: &'a [&'a str]) -> Self {
        Self { method: Method::GET, path, query: &[], body: None }
    }

    /// Posts to `path`.
    pub(crate) fn post(path: &'a [&'a str]) -> Self {
        Self { method: Method::POST, path, query: &[], body: None }
    }

    /// Deletes `path`.
    pub(crate) fn delete(path: &'a [&'a str]) -> Self {
        Self { method: Method::DELETE, path, query: &[], body: None }
    }

    /// With these query parameters.
    pub(crate) fn query(self, query: &'a [(&'a str, String)]) -> Self {
        Self { query, ..self }
    }

    /// With this JSON body.
    pub(crate) fn body(self, body: &'a Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

/// Server and key: as configured, the rest from the data folder.
fn locate(config: &ClientConfig) -> Result<(String, Secret), Failure> {
    let data = DataDir::new(&config.data);
    let of_data = data.read_server()?.map(|text| checked(&text, &config.data)).transpose()?;
    let server = config.server.clone().or_else(|| of_data.clone()).ok_or_else(|| Failure::from(config.no_server()))?;
    // The key of a folder that happens to lie here goes only to its own server, never to another that was named.
    let is_its_server = config.data_named || of_data.as_ref() == Some(&server);
    let key = match &config.key {
        Some(key) => Some(key.clone()),
        None if is_its_server => data.read_key()?,
        None => None,
    };
    Ok((server, key.ok_or_else(|| Failure::from(config.no_key()))?))
}

fn checked(text: &str, data: &std::path::Path) -> Result<String, Failure> {
    parse_base_url(text).map_err(|problem| Failure::failed(format!("the file 'server' in {} {problem}", data.display())))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config(server: Option<&str>, key: Option<&str>, data: &Path, data_named: bool) -> ClientConfig {
        ClientConfig { server: server.map(str::to_owned), key: key.map(Secret::new), data: data.to_owned(), data_named }
    }

    fn found(config: &ClientConfig) -> Result<(String, String), String> {
        locate(config).map(|(server, key)| (server, key.reveal().to_owned())).map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_isnt_configured_comes_from_the_data_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataDir::new(folder.path());
        data.write_key("olk_data").expect("writable");
        data.write_server("http://127.0.0.1:8080").expect("writable");
        let pair = |server: &str, key: &str| Ok((server.to_owned(), key.to_owned()));
        assert_eq!(found(&config(None, None, folder.path(), false)), pair("http://127.0.0.1:8080", "olk_data"));
        assert_eq!(found(&config(None, Some("olk_x"), folder.path(), false)), pair("http://127.0.0.1:8080", "olk_x"));
        assert_eq!(found(&config(Some("http://127.0.0.1:8080"), None, folder.path(), false)), pair("http://127.0.0.1:8080", "olk_data"));
        assert_eq!(found(&config(Some("http://other"), None, folder.path(), true)), pair("http://other", "olk_data"));
    }

    #[test]
    fn the_key_of_a_folder_that_nobody_named_goes_to_no_other_server() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataDir::new(folder.path());
        data.write_key("olk_data").expect("writable");
        data.write_server("http://127.0.0.1:8080").expect("writable");
        let problem = found(&config(Some("http://other"), None, folder.path(), false)).expect_err("no key for it");
        assert!(problem.contains("no API key") && problem.contains("--key"), "{problem}");
    }

    #[test]
    fn with_nothing_to_be_found_the_remedy_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(found(&config(None, None, folder.path(), false)).expect_err("no server").contains("--server"));
        assert!(found(&config(Some("http://x"), None, folder.path(), true)).expect_err("no key").contains("--key"));
        DataDir::new(folder.path()).write_server("nonsense").expect("writable");
        assert!(found(&config(None, None, folder.path(), false)).expect_err("no URL").contains("'server'"));
    }
}
