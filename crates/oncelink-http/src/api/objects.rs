//! `GET /v1/objects`: browsing a source, folder by folder.

use axum::Json;
use axum::extract::{RawQuery, State};
use oncelink_core::object::ListedObject;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::WithKey;
use super::query;
use crate::app::App;
use crate::auth::Auth;
use crate::problem::Problem;
use crate::when::rfc3339;

/// What is browsed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Browse {
    /// The source's name; the server's first source when absent.
    #[param(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    source: Option<String>,
    /// What the keys begin with; a folder's prefix ends with `/`.
    #[param(max_length = 1024)]
    prefix: Option<String>,
    /// How many objects and folders at the most; 100 when absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1)]
    cursor: Option<String>,
}

/// One page of what lies below a prefix, one level deep.
#[derive(Serialize, ToSchema)]
pub(crate) struct ObjectList {
    /// The source's name.
    source: String,
    /// The prefix.
    prefix: String,
    /// The objects.
    objects: Vec<ObjectRecord>,
    /// The folders: prefixes that end with `/`.
    folders: Vec<String>,
    /// What to ask with for the next page; null at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// An object of a source.
#[derive(Serialize, ToSchema)]
struct ObjectRecord {
    /// The object's key.
    key: String,
    /// Its size in bytes.
    size: u64,
    /// When it was last changed, where the source knows.
    #[schema(format = DateTime)]
    modified: Option<String>,
}

/// Lists what lies in a source below a prefix, one level deep.
#[utoipa::path(
    get, path = "/v1/objects", tag = "objects", security(("bearer" = [])),
    params(Browse),
    responses(
        (status = 200, description = "one page", body = ObjectList),
        (status = 400, description = "a parameter is unknown, repeated or wrong: `field` names it", body = Problem,
            content_type = "application/problem+json"),
        WithKey,
    )
)]
pub(crate) async fn list_objects(State(app): State<App>, auth: Auth, RawQuery(query): RawQuery) -> Result<Json<ObjectList>, Problem> {
    let wanted: Browse = query::read(query.as_deref())?;
    let limit = query::limit(wanted.limit.as_deref())?;
    let prefix = wanted.prefix.unwrap_or_default();
    let (source, page) = app.links.browse(wanted.source.as_deref(), &prefix, wanted.cursor.as_deref(), limit, &auth.sender).await?;
    let mut list = ObjectList { source: source.to_string(), prefix, objects: Vec::new(), folders: Vec::new(), next_cursor: page.next };
    for entry in page.entries {
        match entry {
            ListedObject::Object { key, size, modified } => {
                list.objects.push(ObjectRecord { key, size, modified: modified.map(rfc3339) });
            }
            ListedObject::Folder(prefix) => list.folders.push(prefix),
        }
    }
    Ok(Json(list))
}
