//! `POST /v1/links/batch`: many links at once, each for itself.

use std::collections::{HashMap, HashSet};

use axum::Json;
use axum::extract::{Request, State};
use futures_util::{StreamExt, stream};
use oncelink_core::apikey::Action;
use oncelink_core::create::{Checked, Draft};
use oncelink_core::object::{ObjectInfo, ObjectKey, SourceName};
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
    let drafts = drafts(&app, &auth, rows).await;
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

/// A draft for each row, or what is wrong with it. Rows that name the same object share one look at it.
async fn drafts(app: &App, auth: &Auth, rows: Vec<Value>) -> Vec<Result<Draft, Problem>> {
    let checked: Vec<Result<Checked, Problem>> = rows.into_iter().map(|row| check(app, auth, row)).collect();
    let wanted: HashSet<Object> = checked.iter().flatten().map(object).collect();
    let look = async |object: Object| (app.links.info(&object.0, &object.1).await.map_err(Problem::from), object);
    let found = stream::iter(wanted).map(look).buffer_unordered(LOOKUPS);
    let infos: HashMap<Object, Result<ObjectInfo, Problem>> = found.map(|(info, object)| (object, info)).collect().await;
    let finish = async |row: Result<Checked, Problem>| {
        let checked = row?;
        let info = infos.get(&object(&checked)).cloned().unwrap_or_else(|| Err(Problem::internal()))?;
        Ok(app.links.draft_of(checked, info, &auth.sender).await?)
    };
    stream::iter(checked).map(finish).buffered(LOOKUPS).collect().await
}

/// An object of a source.
type Object = (SourceName, ObjectKey);

fn object(checked: &Checked) -> Object {
    let (source, key) = checked.object();
    (source.clone(), key.clone())
}

fn check(app: &App, auth: &Auth, row: Value) -> Result<Checked, Problem> {
    if !row.is_object() {
        return Err(Problem::unreadable("This row is no JSON object."));
    }
    Ok(app.links.check(json::typed::<NewLink>("", row)?.into_wish()?, &auth.sender)?)
}
