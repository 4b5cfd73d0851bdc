//! `POST /v1/links/batch`: many links at once, each for itself.

use axum::Json;
use axum::extract::{Request, State};
use futures_util::{StreamExt, stream};
use oncelink_core::apikey::Action;
use oncelink_core::create::Draft;
use oncelink_core::policy::MAX_BATCH;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::answers::{WithBody, WithKey};
use super::record::LinkRecord;
use super::wish::NewLink;
use crate::app::App;
use crate::auth::Auth;
use crate::json;
use crate::problem::Problem;

/// How many objects are looked up side by side.
const LOOKUPS: usize = 32;

/// Links to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLinks {
    /// Up to 1,000 links. A row that is wrong doesn't hinder the others.
    #[schema(value_type = Vec<NewLink>, max_items = 1000)]
    links: Vec<Value>,
}

/// What became of each link, in order.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewLinksAnswer {
    links: Vec<Row>,
}

/// A link that was made, or why it wasn't.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum Row {
    Made(Box<LinkRecord>),
    Failed { error: Problem },
}

/// Creates up to 1,000 links in one write. Each row succeeds or fails by itself.
#[utoipa::path(
    post, path = "/v1/links/batch", tag = "links", security(("bearer" = [])),
    request_body = NewLinks,
    responses((status = 200, description = "what became of each row, in order", body = NewLinksAnswer), WithBody, WithKey)
)]
pub(crate) async fn create_links(State(app): State<App>, auth: Auth, request: Request) -> Result<Json<NewLinksAnswer>, Problem> {
    let received = json::read(request, json::MANY).await?;
    let NewLinks { links: rows } = json::typed("", received.value)?;
    if rows.len() > MAX_BATCH {
        return Err(Problem::invalid("links", format!("has {} rows; {MAX_BATCH} is the most", rows.len())));
    }
    auth.demand(Action::LinksCreate)?;
    let drafts: Vec<Result<Draft, Problem>> = stream::iter(rows).map(|row| draft(&app, &auth, row)).buffered(LOOKUPS).collect().await;
    let good: Vec<Draft> = drafts.iter().filter_map(|draft| draft.as_ref().ok().cloned()).collect();
    if !good.is_empty() {
        app.links.store_drafts(&good, &auth.sender.actor).await?;
    }
    let row = |draft: Result<Draft, Problem>| match draft {
        Ok(draft) => Row::Made(Box::new(LinkRecord::fresh(&app, &draft))),
        Err(error) => Row::Failed { error },
    };
    Ok(Json(NewLinksAnswer { links: drafts.into_iter().map(row).collect() }))
}

async fn draft(app: &App, auth: &Auth, row: Value) -> Result<Draft, Problem> {
    if !row.is_object() {
        return Err(Problem::unreadable("This row is no JSON object."));
    }
    let wish = json::typed::<NewLink>("", row)?.into_wish()?;
    Ok(app.links.draft(wish, &auth.sender).await?)
}
