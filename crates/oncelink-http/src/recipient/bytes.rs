//! `/c/{claim}`: the bytes, for the claim's holder, in whole or in parts.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{Extensions, HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use oncelink_core::claim::Claim;
use oncelink_core::holder::ClaimHandle;
use oncelink_core::link::Link;
use oncelink_core::range::{self, RangeAnswer};
use oncelink_core::{Actor, Refusal};

use super::answers::{Acknowledging, Delivering};
use super::conditions::{self, Condition};
use super::{download, oversize};
use crate::app::{App, Oversize};
use crate::client::Client;
use crate::delivery::account::Seat;
use crate::delivery::{self, Departure};
use crate::problem::Problem;
use crate::wire::Wire;

/// The header by which a client says that it will tell when it has everything (`POST /c/{claim}/done`).
const ACKNOWLEDGES: &str = "oncelink-acknowledges";

/// The claimed file's bytes, for whoever has its address.
///
/// Resumable with `Range` and `If-Range` within the lease. HEAD changes nothing. Once every byte has been delivered: 410.
#[utoipa::path(
    get, path = "/c/{claim}", tag = "recipient",
    params(("claim" = String, Path, description = "the claim's secret address"), ("Range" = Option<String>, Header, description = "bytes=N- or bytes=N-M")),
    responses(
        (status = 200, description = "the whole file", content_type = "application/octet-stream"),
        (status = 206, description = "the asked part of it", content_type = "application/octet-stream"),
        (status = 302, description = "delivery=redirect: a presigned URL, handed out once and reusable until it expires"),
        (status = 304, description = "the client has this version"),
        Delivering,
    )
)]
pub(crate) async fn deliver(
    State(app): State<App>,
    Client(actor): Client,
    claim: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
    extensions: Extensions,
) -> Result<Response, Problem> {
    let handle = claim.ok().and_then(|Path(text)| ClaimHandle::parse(&text)).ok_or(Refusal::Unknown)?;
    answer(&app, &handle, Ask { actor, method, headers, wire: extensions.get::<Arc<Wire>>().cloned() }).await
}

/// The same by POST, for clients that keep the method across the redirect (`curl -X POST -L`).
#[utoipa::path(
    post, path = "/c/{claim}", tag = "recipient",
    params(("claim" = String, Path, description = "the claim's secret address")),
    responses(
        (status = 200, description = "the whole file", content_type = "application/octet-stream"),
        (status = 206, description = "the asked part of it", content_type = "application/octet-stream"),
        (status = 302, description = "delivery=redirect: a presigned URL, handed out once and reusable until it expires"),
        Delivering,
    )
)]
pub(crate) async fn deliver_posted(
    state: State<App>,
    client: Client,
    claim: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
    extensions: Extensions,
) -> Result<Response, Problem> {
    deliver(state, client, claim, method, headers, extensions).await
}

/// Ends the claim, because its holder has every byte: for clients that fetch segments with `Oncelink-Acknowledges`.
///
/// Such a claim stays open when the last segment has been sent, so that a lost one can be fetched again.
#[utoipa::path(
    post, path = "/c/{claim}/done", tag = "recipient",
    params(("claim" = String, Path, description = "the claim's secret address")),
    responses(
        (status = 204, description = "the claim is completed"),
        Acknowledging,
    )
)]
pub(crate) async fn acknowledge(
    State(app): State<App>,
    Client(actor): Client,
    claim: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let handle = claim.ok().and_then(|Path(text)| ClaimHandle::parse(&text)).ok_or(Refusal::Unknown)?;
    app.accounts.wait_settled(&handle.claim_id()).await;
    app.links.acknowledge(&handle, &actor).await?;
    app.accounts.close(&handle.claim_id());
    app.metrics.completed();
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A request for bytes, however it came.
pub(crate) struct Ask {
    /// Who asks.
    pub(crate) actor: Actor,
    /// HEAD changes nothing.
    pub(crate) method: Method,
    /// Range and conditions.
    pub(crate) headers: HeaderMap,
    /// The connection, where there is one of ours.
    pub(crate) wire: Option<Arc<Wire>>,
}

/// Answers the holder's request for the bytes of its claim.
pub(crate) async fn answer(app: &App, handle: &ClaimHandle, ask: Ask) -> Result<Response, Problem> {
    let seat = Seat::reserve(&app.accounts, handle.link(), &handle.claim_id());
    seat.wait_settled().await;
    let (link, claim) = app.links.find_delivery(handle, &ask.actor).await?;
    seat.refuse_delivered()?;
    let is_head = ask.method == Method::HEAD;
    if app.links.redirects(&link) {
        return if is_head { Ok(head(&link)) } else { redirect(app, &link, &claim, &ask.actor).await };
    }
    let etag = download::etag(&link);
    match conditions::evaluate(&ask.method, &ask.headers, &etag) {
        Condition::Failed => return Err(Problem::precondition_failed()),
        Condition::NotModified => return Ok(not_modified(&link)),
        Condition::Holds if is_head => return Ok(head(&link)),
        Condition::Holds => {}
    }
    let header = ask.headers.get(header::RANGE).filter(|_| conditions::range_holds(&ask.headers, &etag));
    match range::answer(header.and_then(|value| value.to_str().ok()), link.object.size) {
        RangeAnswer::Unsatisfiable => Ok(unsatisfiable(&link)),
        asked @ RangeAnswer::Part { .. } => send(app, &link, (claim, seat), asked, ask).await,
        RangeAnswer::Whole => match oversize::policy(app, &link) {
            None => send(app, &link, (claim, seat), RangeAnswer::Whole, ask).await,
            Some(Oversize::Redirect) => redirect(app, &link, &claim, &ask.actor).await,
            Some(policy) => Err(oversize::problem(app, &link, policy)),
        },
    }
}

/// Opens the object at the range, then lets the bytes go.
async fn send(app: &App, link: &Link, (claim, seat): (Claim, Seat), asked: RangeAnswer, ask: Ask) -> Result<Response, Problem> {
    let (status, range) = match &asked {
        RangeAnswer::Part { range, .. } => (StatusCode::PARTIAL_CONTENT, oversize::segment(app, range)),
        RangeAnswer::Whole | RangeAnswer::Unsatisfiable => (StatusCode::OK, 0..link.object.size),
    };
    let seat = delivery::enter(seat, &claim, link.object.size, &range)?;
    let opened = match app.links.open(link, range.clone()).await {
        Ok(opened) => opened,
        Err(no) => {
            app.links.keep(link, &claim, &ask.actor).await;
            return Err(no.into());
        }
    };
    let word = app.links.taken_on_word(&claim, &asked);
    // Sockets of our own say themselves what has arrived, and the claim is over when all has (SEM-5).
    let acknowledged_later = ask.headers.contains_key(ACKNOWLEDGES) && app.settings.transport.is_some();
    let departure =
        Departure { claim, seat, range: range.clone(), word, opened, fresh: false, acknowledged_later, actor: ask.actor, wire: ask.wire };
    let mut response = (status, delivery::depart(app, departure).await).into_response();
    let headers = response.headers_mut();
    download::describe(headers, link);
    download::length(headers, range.end - range.start);
    if status == StatusCode::PARTIAL_CONTENT {
        download::part(headers, &range, link.object.size);
    }
    Ok(response)
}

/// The 302 to a presigned URL, at most once per claim. Readable by scripts of other origins, as the classic recipe has it.
pub(crate) async fn redirect(app: &App, link: &Link, claim: &Claim, actor: &Actor) -> Result<Response, Problem> {
    let url = app.links.exchange(link, claim, actor).await?;
    let mut location = header::HeaderValue::from_str(&url.url).map_err(|_| Problem::internal())?;
    location.set_sensitive(true);
    let mut response = StatusCode::FOUND.into_response();
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, header::HeaderValue::from_static("*"));
    Ok(response)
}

/// What a GET would say, without its content.
pub(crate) fn head(link: &Link) -> Response {
    let mut response = StatusCode::OK.into_response();
    download::describe(response.headers_mut(), link);
    download::length(response.headers_mut(), link.object.size);
    response
}

fn not_modified(link: &Link) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    download::describe(response.headers_mut(), link);
    response
}

fn unsatisfiable(link: &Link) -> Response {
    let mut response = Problem::range_not_satisfiable(link.object.size).into_response();
    download::unsatisfiable(response.headers_mut(), link.object.size);
    response
}
