//! API keys: create, list, revoke. A key's secret is shown once, when it is made.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use oncelink_core::apikey::{Action, ApiKey, Scope};
use oncelink_core::object::SourceName;
use oncelink_core::{No, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::answers::{WithBody, WithKey};
use super::place::KeyPlace;
use crate::app::App;
use crate::auth::Auth;
use crate::json;
use crate::problem::Problem;
use crate::when::rfc3339;

/// The most sources, and the most prefixes, that one key may name.
const MOST: usize = 100;
/// The longest prefix, in bytes: as long as a key.
const LONGEST: usize = 1_024;

/// An API key to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// How far it reaches; as far as is possible when absent.
    #[schema(value_type = Option<Scopes>)]
    scopes: Option<Value>,
}

/// How far an API key reaches.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Scopes {
    /// links:create, links:read, links:revoke, objects:read, keys:manage; all of them when absent.
    #[schema(value_type = Option<Vec<ActionWord>>, min_items = 1, example = json!(["links:create", "links:read"]))]
    actions: Option<Vec<String>>,
    /// In which sources; in all when empty.
    #[schema(value_type = Vec<SourceWord>, max_items = 100)]
    sources: Vec<String>,
    /// Under which key prefixes; under all when empty.
    #[schema(max_items = 100)]
    prefixes: Vec<String>,
}

/// Something that an API key may do.
#[derive(ToSchema)]
#[expect(dead_code, reason = "names the words in the OpenAPI document; Action::parse reads them")]
enum ActionWord {
    #[schema(rename = "links:create")]
    LinksCreate,
    #[schema(rename = "links:read")]
    LinksRead,
    #[schema(rename = "links:revoke")]
    LinksRevoke,
    #[schema(rename = "objects:read")]
    ObjectsRead,
    #[schema(rename = "keys:manage")]
    KeysManage,
}

/// A source's name.
#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
#[expect(dead_code, reason = "describes the texts in the OpenAPI document; SourceName::parse reads them")]
struct SourceWord(String);

/// An API key.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyRecord {
    /// The key's public name.
    id: String,
    /// What people call it.
    name: String,
    scopes: Scopes,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last used, to within a minute.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// When it was revoked.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

// No `Debug`: the secret is in it.
/// An API key that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct FreshKey {
    /// The secret. Shown this once: it is kept as a hash.
    key: String,
    #[serde(flatten)]
    record: KeyRecord,
}

/// All API keys.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyList {
    /// The keys, oldest first.
    keys: Vec<KeyRecord>,
}

/// Makes an API key that reaches no further than the one that asks. Its secret is shown this once.
#[utoipa::path(
    post, path = "/v1/keys", tag = "keys", security(("bearer" = [])),
    request_body = NewKey,
    responses((status = 201, description = "made; `key` is shown this once", body = FreshKey), WithBody, WithKey)
)]
pub(crate) async fn create_key(State(app): State<App>, auth: Auth, request: Request) -> Result<Response, Problem> {
    let received = json::read(request, json::ONE).await?;
    let NewKey { name, scopes } = json::typed("", received.value)?;
    let scope = match scopes {
        None => Scope::full(),
        Some(value) => json::typed::<Scopes>("scopes", value)?.into_scope()?,
    };
    let (secret, key) = app.links.create_key(&name, scope, &auth.sender).await?;
    let fresh = FreshKey { key: secret.reveal().to_owned(), record: key.into() };
    Ok((StatusCode::CREATED, Json(fresh)).into_response())
}

/// Lists all API keys, revoked ones too.
#[utoipa::path(
    get, path = "/v1/keys", tag = "keys", security(("bearer" = [])),
    responses((status = 200, description = "the keys, oldest first", body = KeyList), WithKey)
)]
pub(crate) async fn list_keys(State(app): State<App>, auth: Auth) -> Result<Json<KeyList>, Problem> {
    let keys = app.links.list_keys(&auth.sender).await?;
    Ok(Json(KeyList { keys: keys.into_iter().map(KeyRecord::from).collect() }))
}

/// Revokes an API key at once. The links that it made live on.
#[utoipa::path(
    delete, path = "/v1/keys/{id}", tag = "keys", security(("bearer" = [])),
    params(("id" = String, Path, description = "the key's id")),
    responses(
        (status = 204, description = "revoked, now or before"),
        (status = 404, description = "no such key", body = Problem, content_type = "application/problem+json"),
        WithKey,
    )
)]
pub(crate) async fn revoke_key(State(app): State<App>, auth: Auth, KeyPlace(id): KeyPlace) -> Result<StatusCode, Problem> {
    match app.links.revoke_key(&id, &auth.sender).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        // The rules know one "unknown"; its problem speaks of links.
        Err(No::Refused(Refusal::Unknown)) => Err(Problem::not_found()),
        Err(no) => Err(no.into()),
    }
}

impl Scopes {
    /// The scope that it spells.
    ///
    /// # Errors
    /// The word that is none, or what there is too much of.
    pub(crate) fn into_scope(self) -> Result<Scope, Problem> {
        let actions = match self.actions {
            None => Action::ALL.to_vec(),
            Some(words) => each("scopes.actions", &words, Action::parse, &all_actions())?,
        };
        let source = "a source's name (1 to 64 characters of A-Za-z0-9._-)";
        let prefix = |text: &str| (text.len() <= LONGEST && !text.chars().any(char::is_control)).then(|| text.to_owned());
        Ok(Scope {
            actions,
            sources: each("scopes.sources", &self.sources, SourceName::parse, source)?,
            prefixes: each(
                "scopes.prefixes",
                &self.prefixes,
                prefix,
                "a key's beginning of at most 1,024 bytes without control characters",
            )?,
        })
    }
}

impl From<Scope> for Scopes {
    fn from(scope: Scope) -> Self {
        Self {
            actions: Some(scope.actions.iter().map(|action| action.as_str().to_owned()).collect()),
            sources: scope.sources.iter().map(ToString::to_string).collect(),
            prefixes: scope.prefixes,
        }
    }
}

impl From<ApiKey> for KeyRecord {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            scopes: key.scope.into(),
            created_at: rfc3339(key.created_at),
            last_used_at: key.last_used_at.map(rfc3339),
            revoked_at: key.revoked_at.map(rfc3339),
        }
    }
}

fn all_actions() -> String {
    format!("one of {}", Action::ALL.map(Action::as_str).join(", "))
}

/// Each of the texts as what it spells.
fn each<T>(field: &str, texts: &[String], read: impl Fn(&str) -> Option<T>, expected: &str) -> Result<Vec<T>, Problem> {
    if texts.len() > MOST {
        return Err(Problem::invalid(field, format!("has more than {MOST} entries")));
    }
    let wrong = |place| Problem::invalid(format!("{field}[{place}]"), format!("must be {expected}"));
    texts.iter().enumerate().map(|(place, text)| read(text).ok_or_else(|| wrong(place))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scopes_come_back_as_they_were_given_and_wrong_words_are_named() {
        let read = |value: Value| json::typed::<Scopes>("scopes", value).and_then(Scopes::into_scope).map_err(|problem| problem.field);
        let given = json!({"actions": ["links:create", "keys:manage"], "sources": ["out"], "prefixes": ["a/"]});
        let scope = read(given.clone()).expect("valid scopes");
        assert_eq!(serde_json::to_value(Scopes::from(scope)).expect("JSON"), given);
        assert_eq!(read(json!({})).expect("everything"), Scope::full());
        for (bad, field) in [
            (json!({"actions": ["links:create", "fly"]}), "scopes.actions[1]"),
            (json!({"actions": "links:create"}), "scopes.actions"),
            (json!({"sources": [""]}), "scopes.sources[0]"),
            (json!({"prefixes": ["a\u{0}"]}), "scopes.prefixes[0]"),
            (json!({"prefixes": vec!["a"; 101]}), "scopes.prefixes"),
            (json!({"power": 1}), "scopes.power"),
            (json!([]), "scopes"),
        ] {
            assert_eq!(read(bad.clone()), Err(Some(field.to_owned())), "{bad}");
        }
    }
}
