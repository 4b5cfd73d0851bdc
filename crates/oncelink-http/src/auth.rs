//! Who sends: the API key of a request, looked up by its hash; or whom the transport vouches for.
//!
//! Must not keep or show a key's secret. How far a key reaches is decided by `oncelink_core`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use oncelink_core::apikey::{Action, ApiKeySecret, KeyId, Scope};
use oncelink_core::create::{self, Sender};
use oncelink_core::ports::IdempotencyKey;
use oncelink_core::{Actor, Refusal};

use crate::app::App;
use crate::client::Client;
use crate::problem::Problem;

/// A sender for whom the transport vouches, such as an IAM principal that API Gateway has checked. Whoever runs the router
/// puts it into a request's extensions, where its operator said so; an API key in the same request comes first.
#[derive(Clone, Debug)]
pub struct Identity(String);

impl Identity {
    /// The sender of this name: an ARN, a subject.
    pub fn new(name: String) -> Self {
        Self(name)
    }
}

/// A request with a valid API key. First among a handler's arguments: strangers learn nothing else.
pub(crate) struct Auth {
    /// Who sends, and how far the key reaches.
    pub(crate) sender: Sender,
    salt: Vec<u8>,
}

impl Auth {
    /// Refuses a key that lacks `action`, for requests of which no part can succeed without it.
    pub(crate) fn demand(&self, action: Action) -> Result<(), Problem> {
        if self.sender.scope.allows(action) {
            return Ok(());
        }
        Err(Refusal::Forbidden { detail: format!("the key lacks the action {}", action.as_str()) }.into())
    }

    /// What makes this creation recognisable.
    ///
    /// The key's secret is hashed along with the body: a body holds passphrases, and whoever reads the store must not be
    /// able to try them out against a plain hash.
    pub(crate) fn idempotency(&self, name: &str, body: &[u8]) -> IdempotencyKey {
        let salted = [&self.salt, b"\0".as_slice(), body].concat();
        create::idempotency_key(&self.sender.actor, name, &salted)
    }
}

impl FromRequestParts<App> for Auth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(Client(client)) = Client::from_request_parts(parts, app).await;
        let vouched = parts.extensions.get::<Identity>().filter(|_| presented(&parts.headers).is_none());
        if let Some(Identity(name)) = vouched {
            let actor = Actor { key: Some(KeyId::of_identity(name)), ..client };
            return Ok(Self { sender: Sender { actor, scope: Scope::full() }, salt: name.as_bytes().to_vec() });
        }
        let secret = presented(&parts.headers).ok_or_else(Problem::unauthorized)?;
        let key = app.links.authenticate(&secret).await?.ok_or_else(Problem::unauthorized)?;
        let actor = Actor { key: Some(key.id), ..client };
        Ok(Self { sender: Sender { actor, scope: key.scope }, salt: secret.reveal().as_bytes().to_vec() })
    }
}

/// The key in `Authorization: Bearer ...` (RFC 6750 section 2.1); none when there are several such headers.
fn presented(headers: &HeaderMap) -> Option<ApiKeySecret> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let line = lines.next()?.to_str().ok()?;
    if lines.next().is_some() {
        return None;
    }
    let (scheme, credentials) = line.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("Bearer") { ApiKeySecret::parse(credentials.trim()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_well_formed_bearer_key_is_looked_at() {
        let key = format!("olk_{}", "a".repeat(40));
        let found = |lines: &[String]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::AUTHORIZATION, line.parse().expect("a header's value"));
            }
            presented(&headers).is_some()
        };
        assert!(found(&[format!("Bearer {key}")]) && found(&[format!("bearer  {key}")]));
        assert!(!found(&[]) && !found(&[format!("Bearer {key}"), format!("Bearer {key}")]));
        for bad in ["Bearer".to_owned(), "Bearer ".to_owned(), key.clone(), format!("Basic {key}"), format!("Bearer {key}x")] {
            assert!(!found(std::slice::from_ref(&bad)), "{bad}");
        }
    }
}
