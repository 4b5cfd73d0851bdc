//! What operators ask for, without a key: is it alive, is it ready, what has it counted, what does the API look like.
//!
//! Must not tell anything about a link or a sender.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use oncelink_core::Fault;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::Always;
use crate::app::App;
use crate::metrics;
use crate::problem::Problem;

/// How long the store and the sources may take to say that they are there.
const PATIENCE: Duration = Duration::from_secs(5);

/// The operators' routes.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(show_metrics))
}

/// The route that shows the document made from all others.
pub(crate) fn plain_routes(document: OpenApi) -> Router<App> {
    let text = Bytes::from(serde_json::to_vec(&document).unwrap_or_default());
    Router::new().route("/openapi.json", get(move || show_document(text)))
}

/// The process runs and answers. Asks neither the store nor the sources.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, description = "alive", body = String, content_type = "text/plain")))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// The store can read and write, and every source answers.
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses((status = 200, description = "ready", body = String, content_type = "text/plain"), Always)
)]
async fn readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    let late = |_| Fault::unavailable(format!("the store or a source said nothing for {} seconds", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, app.links.ready()).await.map_err(late)??;
    Ok("ready\n")
}

/// What has been counted since the start, for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses((status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text"))
)]
async fn show_metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], app.metrics.render()).into_response()
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value, content_type = "application/json"))
)]
pub(crate) async fn show_document(document: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document).into_response()
}
