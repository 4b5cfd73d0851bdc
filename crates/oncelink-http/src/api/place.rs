//! The ids in addresses. What has another shape names nothing: 404, like an id that isn't there.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use oncelink_core::Refusal;
use oncelink_core::apikey::KeyId;
use oncelink_core::token::LinkId;

use crate::app::App;
use crate::problem::Problem;

/// The link that `{id}` names.
pub(crate) struct LinkPlace(pub(crate) LinkId);

/// The API key that `{id}` names.
pub(crate) struct KeyPlace(pub(crate) KeyId);

impl FromRequestParts<App> for LinkPlace {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let id = segment(parts, app).await.and_then(|text| LinkId::parse(&text));
        id.map(Self).ok_or_else(|| Refusal::Unknown.into())
    }
}

impl FromRequestParts<App> for KeyPlace {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let id = segment(parts, app).await.and_then(|text| KeyId::parse(&text));
        id.map(Self).ok_or_else(Problem::not_found)
    }
}

/// The one segment that varies; nothing when it isn't UTF-8.
async fn segment(parts: &mut Parts, app: &App) -> Option<String> {
    Path::<String>::from_request_parts(parts, app).await.ok().map(|Path(text)| text)
}
