//! The deliberate act: a POST that claims.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use oncelink_core::holder::{ClaimHandle, Holder};
use oncelink_core::link::Link;
use oncelink_core::redeem::{Found, Grant};
use oncelink_core::token::Token;
use oncelink_core::{Actor, No, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::Claiming;
use super::form::{self, Fields};
use super::{cookie, download, oversize, view};
use crate::app::{App, Oversize};
use crate::client::Client;
use crate::delivery::account::Seat;
use crate::negotiate::{self, Form};
use crate::problem::Problem;
use crate::when;

/// A claim, for a client that asked for JSON.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClaimAnswer {
    /// Where the bytes are: a secret address, for the holder alone.
    url: String,
    /// The file's size in bytes.
    size: u64,
    /// The strong validator for `If-Range`.
    etag: String,
    /// The name under which to save it.
    filename: String,
    /// Until when the download may be resumed without further activity (RFC 3339).
    lease_until: Option<String>,
    /// SHA-256 of the file in hexadecimal, where the source keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// The most bytes that one response carries, where the file is larger: fetch it in ranges of that size, with the
    /// header `Oncelink-Acknowledges: yes`, and POST to `url` + `/done` at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    segment: Option<u64>,
}

/// The fields of the form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes the form; recipient/form.rs reads it")]
pub(crate) struct ClaimForm {
    /// The claimant's secret, chosen before the request: 22 to 128 characters of A-Za-z0-9_-. The same again is the same
    /// claim. Absent: the server makes one.
    #[schema(min_length = 22, max_length = 128, pattern = "^[A-Za-z0-9_-]+$")]
    holder: Option<String>,
    /// The passphrase, where the link has one.
    passphrase: Option<String>,
    /// The token, where the address doesn't carry it.
    token: Option<String>,
}

/// Claims a use of the link and says where the bytes are.
///
/// `303 See Other` to `/c/{claim}`, or `201` with JSON for a client that asks for it.
#[utoipa::path(
    post, path = "/d/{token}", tag = "recipient",
    params(("token" = String, Path, description = "the secret in the link's URL"), ("Idempotency-Key" = Option<String>, Header, description = "the holder secret; the form's field beats it")),
    request_body(content = Option<ClaimForm>, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 201, description = "claimed", body = ClaimAnswer),
        (status = 303, description = "claimed; the bytes are at Location"),
        Claiming,
    )
)]
pub(crate) async fn claim_link(
    State(app): State<App>,
    Client(actor): Client,
    token: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    check_site(&headers)?;
    let fields = form::read(request).await?;
    claim(&app, token.ok().map(|Path(text)| text), fields, actor, &headers).await
}

/// The classic route: the token is a field of the form, or in the query.
#[utoipa::path(
    post, path = "/download", tag = "recipient",
    params(("token" = Option<String>, Query, description = "the secret in the link's URL"), ("Idempotency-Key" = Option<String>, Header, description = "the holder secret; the form's field beats it")),
    request_body(content = Option<ClaimForm>, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 201, description = "claimed", body = ClaimAnswer),
        (status = 303, description = "claimed; the bytes are at Location"),
        Claiming,
    )
)]
pub(crate) async fn claim_download(State(app): State<App>, Client(actor): Client, request: Request) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    check_site(&headers)?;
    let mut fields = form::read(request).await?;
    let Some(token) = fields.token.take() else {
        return Err(Problem::invalid("token", "is missing: it is the secret in the link's URL"));
    };
    claim(&app, Some(token), fields, actor, &headers).await
}

/// A form that another site's page sent is refused; clients that say nothing of it are no browsers, or old ones.
fn check_site(headers: &HeaderMap) -> Result<(), Problem> {
    let foreign = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if foreign { Err(Problem::cross_site()) } else { Ok(()) }
}

async fn claim(app: &App, token: Option<String>, fields: Fields, actor: Actor, headers: &HeaderMap) -> Result<Response, Problem> {
    let token = token.and_then(|text| Token::parse(&text)).ok_or(Refusal::Unknown)?;
    let form = negotiate::wanted(headers);
    // It can only follow the redirect, once.
    let is_plain = fields.holder.is_none() && form != Form::Json && !headers.contains_key(header::RANGE);
    let holder = fields.holder.unwrap_or_else(|| Holder::create(app.links.entropy()));
    // Right after its download the holder shall hear that it is over, not that its record isn't written yet.
    // Its seat keeps what is known of that download until the store has answered.
    let handle = ClaimHandle::derive(&token, &holder);
    let seat = Seat::reserve(&app.accounts, handle.link(), &handle.claim_id());
    seat.wait_settled().await;
    let redeemed = match app.links.find_for(&handle).await {
        Ok(Found::Own(grant)) => Ok(*grant),
        Ok(Found::Link(link)) => {
            check_size(app, &link, &actor, is_plain)?;
            app.links.redeem_found(&link, handle, fields.passphrase.as_deref(), &actor).await
        }
        Err(no) => Err(no),
    };
    let redeemed = redeemed.and_then(|grant| seat.refuse_delivered().map(|()| grant).map_err(No::from));
    match redeemed {
        Ok(grant) => {
            app.metrics.granted();
            Ok(granted(app, &grant, form, headers))
        }
        Err(No::Refused(refusal)) => {
            app.metrics.refused(refusal.as_str());
            refused(app, &token, &holder, refusal, form, headers).await
        }
        Err(No::Failed(fault)) => Err(fault.into()),
    }
}

/// Refuses a plain client where it would be told after the redirect, its use taken, that it can't have the file like that.
fn check_size(app: &App, link: &Link, actor: &Actor, is_plain: bool) -> Result<(), Problem> {
    match oversize::policy(app, link) {
        Some(policy @ (Oversize::Segments | Oversize::Refuse)) if is_plain && app.links.why_not(link, actor).is_none() => {
            Err(oversize::problem(app, link, policy))
        }
        // Anything else is said by the claim itself.
        _ => Ok(()),
    }
}

fn granted(app: &App, grant: &Grant, form: Form, asked: &HeaderMap) -> Response {
    let path = format!("/c/{}", grant.handle.reveal());
    let mut response = if form == Form::Json {
        (StatusCode::CREATED, axum::Json(claim_answer(app, grant, &path))).into_response()
    } else {
        StatusCode::SEE_OTHER.into_response()
    };
    let headers = response.headers_mut();
    if form != Form::Json
        && let Ok(mut location) = header::HeaderValue::from_str(&format!("{}{path}", app.base_path()))
    {
        location.set_sensitive(true);
        headers.insert(header::LOCATION, location);
    }
    // With JSON too: the page's own script claims so where files come in parts.
    cookie::put(headers, app, &grant.handle, asked);
    response
}

fn claim_answer(app: &App, grant: &Grant, path: &str) -> ClaimAnswer {
    let Link { object, terms, .. } = &grant.link;
    ClaimAnswer {
        url: app.absolute(path),
        size: object.size,
        etag: download::etag(&grant.link),
        filename: terms.filename.clone(),
        lease_until: grant.claim.lease_until().map(when::rfc3339),
        sha256: download::sha256(&grant.link),
        segment: oversize::segment_size(app, &grant.link),
    }
}

/// A wrong passphrase is asked for again, by the same page with the same holder.
async fn refused(
    app: &App,
    token: &Token,
    holder: &Holder,
    refusal: Refusal,
    form: Form,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let asks_again = matches!(refusal, Refusal::PassphraseNeeded | Refusal::PassphraseWrong | Refusal::Locked { .. });
    let problem = Problem::of(refusal, app.links.now());
    if form != Form::Html || !asks_again {
        return Err(problem);
    }
    let link = app.links.look(token).await?.into_link();
    Ok(view::asking_again(app, &link, token, holder, problem, headers))
}
