//! GET and HEAD of a link: its page, or for programs how to download. Changes nothing, unless the link's creator asked
//! for `gate=direct`.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{Extensions, HeaderMap, Method};
use axum::response::Response;
use oncelink_core::holder::Holder;
use oncelink_core::link::Link;
use oncelink_core::redeem::Look;
use oncelink_core::token::Token;
use oncelink_core::{Actor, No, Refusal};

use super::answers::Looking;
use super::bytes::{self, Ask};
use super::{cookie, direct, form, oversize, view};
use crate::app::{App, Oversize};
use crate::client::Client;
use crate::negotiate::{self, Form};
use crate::problem::Problem;
use crate::wire::Wire;

/// The link's page: name, size, until when, how often, and a button. Changes nothing.
///
/// A client that doesn't ask for HTML gets plain text or JSON that says how to download. On a `gate=direct` link GET
/// claims and answers the bytes at once; HEAD and prefetches never do.
#[utoipa::path(
    get, path = "/d/{token}", tag = "recipient",
    params(("token" = String, Path, description = "the secret in the link's URL")),
    responses(
        (status = 200, description = "the page, or how to download; on a gate=direct link the file", content(
            (view::LinkAnswer = "application/json"), (String = "text/plain"), (String = "text/html"), (String = "application/octet-stream"))),
        (status = 206, description = "a part of it, for the browser that claimed a gate=direct link", content_type = "application/octet-stream"),
        (status = 302, description = "a gate=direct link with delivery=redirect: a presigned URL"),
        (status = 304, description = "the browser that claimed a gate=direct link has this version"),
        Looking,
    )
)]
pub(crate) async fn show_link(
    State(app): State<App>,
    Client(actor): Client,
    token: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
    extensions: Extensions,
) -> Result<Response, Problem> {
    let token = token.ok().and_then(|Path(text)| Token::parse(&text)).ok_or(Refusal::Unknown)?;
    show(&app, &token, Ask { actor, method, headers, wire: extensions.get::<Arc<Wire>>().cloned() }).await
}

/// The same with the token in the query: the classic address.
#[utoipa::path(
    get, path = "/download", tag = "recipient",
    params(("token" = String, Query, description = "the secret in the link's URL")),
    responses(
        (status = 200, description = "the page, or how to download; on a gate=direct link the file", content(
            (view::LinkAnswer = "application/json"), (String = "text/plain"), (String = "text/html"), (String = "application/octet-stream"))),
        (status = 206, description = "a part of it, for the browser that claimed a gate=direct link", content_type = "application/octet-stream"),
        (status = 302, description = "a gate=direct link with delivery=redirect: a presigned URL"),
        (status = 304, description = "the browser that claimed a gate=direct link has this version"),
        Looking,
    )
)]
pub(crate) async fn show_download(
    State(app): State<App>,
    Client(actor): Client,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
    extensions: Extensions,
) -> Result<Response, Problem> {
    let token = form::token_of(query.as_deref())?.ok_or_else(|| Problem::invalid("token", "is missing: /download?token=..."))?;
    let token = Token::parse(&token).ok_or(Refusal::Unknown)?;
    show(&app, &token, Ask { actor, method, headers, wire: extensions.get::<Arc<Wire>>().cloned() }).await
}

async fn show(app: &App, token: &Token, ask: Ask) -> Result<Response, Problem> {
    let (link, one_step) = match app.links.look(token).await? {
        Look::Direct(link) => {
            let one_step = !is_prefetch(&ask.headers) && !needs_page(app, &link, &ask.headers);
            (link, one_step)
        }
        Look::Page(link) => (link, false),
    };
    let back = cookie::find(&ask.headers, &link.id);
    if let Some(handle) = &back {
        app.accounts.wait_settled(&handle.claim_id()).await;
    }
    if one_step {
        // The browser that claimed it goes on where it was: it repeats the link's own address, not the claim's.
        if let Some(handle) = back {
            match app.links.find_delivery(&handle, &ask.actor).await {
                Ok(_) => return bytes::answer(app, &handle, ask).await,
                Err(No::Refused(_)) => {}
                // It may have a claim, so that another would be one too many.
                Err(No::Failed(fault)) => return Err(fault.into()),
            }
        }
        return direct::answer(app, &link, token, ask).await;
    }
    let own = match back {
        Some(handle) if negotiate::wanted(&ask.headers) == Form::Html => match app.links.find_delivery(&handle, &ask.actor).await {
            Ok((link, claim)) => return Ok(view::resuming(app, &link, token, &claim, &handle, &ask.headers)),
            Err(No::Refused(refusal)) => Some(refusal),
            // It may have a claim: to offer another, or to say that there are none left, might be wrong.
            Err(No::Failed(fault)) => return Err(fault.into()),
        },
        Some(_) | None => None,
    };
    if let Some(refusal) = app.links.why_not(&link, &ask.actor) {
        // What became of the browser's own download says more than that the link is used up.
        let told = own.filter(|own| refusal == Refusal::Spent && matches!(own, Refusal::Completed { .. } | Refusal::Lapsed { .. }));
        return Err(Problem::of(told.unwrap_or(refusal), app.links.now()));
    }
    if ask.method != Method::HEAD {
        note_view(app, &link, ask.actor, ask.wire.is_some()).await;
    }
    let holder = Holder::create(app.links.entropy());
    Ok(view::offering(app, &link, token, &holder, &ask.headers))
}

/// Notes that the page was looked at; beside the answer where something runs on after it.
async fn note_view(app: &App, link: &Link, actor: Actor, runs_on: bool) {
    if !runs_on {
        return app.links.viewed(link, &actor).await;
    }
    let (links, link) = (Arc::clone(&app.links), link.clone());
    app.tracker.spawn(async move { links.viewed(&link, &actor).await });
}

/// Whether a browser needs the page to get a file that one response can't carry.
fn needs_page(app: &App, link: &Link, headers: &HeaderMap) -> bool {
    let in_parts = matches!(oversize::policy(app, link), Some(Oversize::Segments | Oversize::Refuse));
    in_parts && negotiate::wanted(headers) == Form::Html
}

/// Whether a browser fetches ahead of its user's wish.
fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz", "x-purpose"].iter().filter_map(|name| headers.get(*name)).any(|value| {
        let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        value.contains("prefetch") || value.contains("preview") || value.contains("prerender")
    })
}
