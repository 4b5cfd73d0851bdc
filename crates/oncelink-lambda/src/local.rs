//! Parameters and secrets through AWS's own extension, which answers on this machine: no further SDK, and it caches.
//!
//! The template adds the layer `AWS-Parameters-and-Secrets-Lambda-Extension` where they are used.

use std::time::Duration;

use lambda_runtime::Error;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::settings::SecretSource;

const PORT: u16 = 2773;
const PATIENCE: Duration = Duration::from_secs(5);
/// More than any list of hashes.
const LONGEST: u64 = 256 * 1024;

/// The text of a parameter or a secret.
///
/// # Errors
/// What could not be read, and what to check. The text itself is in no error.
pub(crate) async fn read(source: &SecretSource) -> Result<String, Error> {
    let what = source;
    let (target, pointer) = match source {
        SecretSource::Parameter(name) => {
            (format!("/systemsmanager/parameters/get?withDecryption=true&name={}", percent(name)), "/Parameter/Value")
        }
        SecretSource::Secret(name) => (format!("/secretsmanager/get?secretId={}", percent(name)), "/SecretString"),
    };
    let body = tokio::time::timeout(PATIENCE, get(&target)).await.map_err(|_| format!("the {what} was not answered in time"))?;
    let body = body.map_err(|error| {
        format!(
            "can't read the {what} through the Parameters and Secrets extension ({error}); is its layer added, and may the role read it?"
        )
    })?;
    let value: Value = serde_json::from_slice(&body).map_err(|_| format!("the answer for the {what} is not JSON"))?;
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| format!("the answer for the {what} holds no text").into())
}

/// One HTTP/1.0 request to the extension: it is on this machine, and the answer is small.
async fn get(target: &str) -> Result<Vec<u8>, Error> {
    let port = std::env::var("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(PORT);
    let token = std::env::var("AWS_SESSION_TOKEN").unwrap_or_default();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!("GET {target} HTTP/1.0\r\nHost: localhost\r\nX-Aws-Parameters-Secrets-Token: {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or("no answer")?;
    let status = String::from_utf8_lossy(&answer[..end]).split(' ').nth(1).unwrap_or_default().to_owned();
    if status != "200" {
        return Err(format!("status {status}").into());
    }
    Ok(answer.split_off(end + 4))
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}
