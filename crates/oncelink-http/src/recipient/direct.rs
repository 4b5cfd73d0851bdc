//! The one-step link (`gate=direct`): a GET that claims and answers the bytes at once.

use axum::body::Body;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use oncelink_core::holder::Holder;
use oncelink_core::link::Link;
use oncelink_core::redeem::{Grant, Opened};
use oncelink_core::token::Token;
use oncelink_core::{Actor, No, Refusal};
use tokio::sync::oneshot;

use super::bytes::{self, Ask};
use super::{cookie, download, oversize, view};
use crate::app::{App, Oversize};
use crate::delivery::account::Seat;
use crate::delivery::{self, Departure};
use crate::negotiate::{self, Form};
use crate::problem::Problem;

/// Claims and answers. HEAD only says what a GET would.
pub(crate) async fn answer(app: &App, link: &Link, token: &Token, ask: Ask) -> Result<Response, Problem> {
    if link.passphrase.is_some() {
        return passphrase_first(app, link, token, &ask);
    }
    if ask.method == Method::HEAD {
        return match app.links.why_not(link, &ask.actor) {
            Some(refusal) => Err(Problem::of(refusal, app.links.now())),
            None => Ok(bytes::head(link)),
        };
    }
    if let Some(policy @ (Oversize::Segments | Oversize::Refuse)) = oversize::policy(app, link) {
        return Err(oversize::problem(app, link, policy));
    }
    let redirects = oversize::is_exchange(app, link);
    if !redirects && app.settings.transport.is_some_and(|transport| transport.gathers) {
        return at_once(app, link, token, &ask.actor).await;
    }
    // Runs to its end though the client may hang up meanwhile: nobody else knows the holder of the claim that is made here,
    // so that nobody else could give back what comes to nothing.
    let (reply, answer) = oneshot::channel();
    app.tracker.spawn(claim(app.clone(), link.clone(), token.clone(), redirects, ask, reply));
    answer.await.unwrap_or_else(|_| Err(Problem::internal()))
}

async fn claim(app: App, link: Link, token: Token, redirects: bool, ask: Ask, reply: oneshot::Sender<Result<Response, Problem>>) {
    let range = 0..if redirects { link.object.size.min(1) } else { link.object.size };
    let answer = match app.links.redeem_direct(&link, &token, range, &ask.actor).await {
        Err(no) => Err(refused(&app, no)),
        // No URL has left; of a stream the response gives back what it didn't send.
        Ok((grant, _)) if redirects && reply.is_closed() => return app.links.give_back(&grant.claim, &ask.actor).await,
        Ok((grant, opened)) => {
            app.metrics.granted();
            if redirects { exchange(&app, grant, ask).await } else { send(&app, grant, opened, ask).await }
        }
    };
    let _ = reply.send(answer);
}

/// The whole file in one piece, with a claim that is complete at once: one write.
async fn at_once(app: &App, link: &Link, token: &Token, actor: &Actor) -> Result<Response, Problem> {
    let content = match app.links.redeem_at_once(link, token, actor).await {
        Ok(content) => content,
        Err(no) => return Err(refused(app, no)),
    };
    app.metrics.granted();
    app.metrics.sent(link.object.size);
    app.metrics.completed();
    let mut response = Body::from(content.concat()).into_response();
    download::describe(response.headers_mut(), link);
    download::length(response.headers_mut(), link.object.size);
    Ok(response)
}

fn refused(app: &App, no: No) -> Problem {
    match no {
        No::Refused(refusal) => {
            app.metrics.refused(refusal.as_str());
            Problem::of(refusal, app.links.now())
        }
        No::Failed(fault) => fault.into(),
    }
}

/// A link that is kept by a passphrase is asked for it by the page; a GET carries none.
fn passphrase_first(app: &App, link: &Link, token: &Token, ask: &Ask) -> Result<Response, Problem> {
    let refusal = app.links.why_not(link, &ask.actor).unwrap_or(Refusal::PassphraseNeeded);
    let asks = refusal == Refusal::PassphraseNeeded;
    let problem = Problem::of(refusal, app.links.now());
    if !asks || negotiate::wanted(&ask.headers) != Form::Html {
        return Err(problem);
    }
    let holder = Holder::create(app.links.entropy());
    Ok(view::asking_again(app, link, token, &holder, problem, &ask.headers))
}

async fn send(app: &App, grant: Grant, opened: Opened, ask: Ask) -> Result<Response, Problem> {
    let Grant { link, claim, handle } = grant;
    let range = 0..link.object.size;
    let seat = Seat::reserve(&app.accounts, &claim.link, &claim.id);
    let seat = delivery::enter(seat, &claim, link.object.size, &range)?;
    let departure =
        Departure { claim, seat, range, word: None, opened, fresh: true, acknowledged_later: false, actor: ask.actor, wire: ask.wire };
    let mut response = (StatusCode::OK, delivery::depart(app, departure).await).into_response();
    let headers = response.headers_mut();
    download::describe(headers, &link);
    download::length(headers, link.object.size);
    if let Ok(mut location) = HeaderValue::from_str(&format!("{}/c/{}", app.base_path(), handle.reveal())) {
        location.set_sensitive(true);
        headers.insert(header::CONTENT_LOCATION, location);
    }
    cookie::put(headers, app, &handle, &ask.headers);
    Ok(response)
}

/// The exchange follows the claim at once; when it fails before the URL is out, the use is given back.
async fn exchange(app: &App, grant: Grant, ask: Ask) -> Result<Response, Problem> {
    let answer = bytes::redirect(app, &grant.link, &grant.claim, &ask.actor).await;
    if answer.is_err() {
        app.links.give_back(&grant.claim, &ask.actor).await;
    }
    answer
}
