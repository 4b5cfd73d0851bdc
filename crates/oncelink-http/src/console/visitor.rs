//! Who uses the console: the guard before every page, and the forms that only a page of ours can send.
//!
//! Must not decide what a key may do: `oncelink_core` does, at each request anew.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use oncelink_core::Actor;
use oncelink_core::apikey::{Action, ApiKey};
use oncelink_core::create::Sender;

use super::frame::{self, Frame, Section};
use super::session::{self, Session};
use super::sign;
use crate::app::App;
use crate::client::Client;
use crate::problem::Problem;

/// Somebody who is signed in.
#[derive(Clone)]
pub(super) struct Visitor {
    /// Their session.
    pub(super) session: Session,
    /// Who acts, and how far the key reaches.
    pub(super) sender: Sender,
    /// The key they signed in with, as it is now.
    pub(super) key: ApiKey,
}

impl Visitor {
    /// Whether the key includes an action: for what a page offers. The rules decide again.
    pub(super) fn may(&self, action: Action) -> bool {
        self.sender.scope.allows(action)
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::unauthorized)
    }
}

/// Lets nobody through without a session whose key is still good, and shows problems within the console.
pub(super) async fn guard(State(app): State<App>, Client(client): Client, mut request: Request, next: Next) -> Response {
    let is_change = request.method() == Method::POST;
    if is_change && let Err(problem) = check_site(&app, request.headers()) {
        return problem_page(&app, None, problem.into_response());
    }
    let visitor = match find(&app, request.headers(), client).await {
        Ok(Some(visitor)) => visitor,
        Ok(None) => return sign::ask(&app, request.uri(), is_change),
        Err(problem) => return problem_page(&app, None, problem.into_response()),
    };
    // A page that only listens is nobody's doing: it doesn't keep a session alive.
    let is_listening = request.uri().path().ends_with(super::LIVE);
    request.extensions_mut().insert(visitor.clone());
    let mut response = problem_page(&app, Some(&visitor), next.run(request).await);
    if !is_listening {
        renew(&app, &visitor, &mut response);
    }
    response
}

/// Refuses a form that another site's page sent.
///
/// A browser that doesn't tell (`Sec-Fetch-Site` comes over TLS and from this machine only) still tells its `Origin`, or "null"
/// where pages forbid referrers, as ours do; the form's token is what such a request has to show then.
pub(super) fn check_site(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-site") {
        Some("same-origin" | "none") => Ok(()),
        Some(_) => Err(Problem::cross_site()),
        None => match text("origin") {
            None | Some("null") => Ok(()),
            Some(origin) => {
                let host = origin.split_once("://").map(|(_, host)| host);
                let is_public = app.settings.public_url.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                if is_public || host == text("host") { Ok(()) } else { Err(Problem::cross_site()) }
            }
        },
    }
}

async fn find(app: &App, headers: &HeaderMap, client: Actor) -> Result<Option<Visitor>, Problem> {
    let Some(session) = app.sessions.find(headers, frame::is_secure(app), app.links.now()) else { return Ok(None) };
    let Some(key) = app.links.authenticate_hash(&session.key).await? else { return Ok(None) };
    let actor = Actor { key: Some(key.id.clone()), ..client };
    Ok(Some(Visitor { session, sender: Sender { actor, scope: key.scope.clone() }, key }))
}

fn renew(app: &App, visitor: &Visitor, response: &mut Response) {
    let now = app.links.now();
    // An answer that signs out, or in anew, has its own.
    if response.headers().contains_key(header::SET_COOKIE) {
        return;
    }
    let renewed = visitor.session.renewed(now);
    if let Some(cookie) = renewed.and_then(|session| app.sessions.cookie(&session, &frame::root(app), frame::is_secure(app), now)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}

/// A problem that has no page yet as a page of the console; any other answer as it is.
fn problem_page(app: &App, visitor: Option<&Visitor>, mut response: Response) -> Response {
    let is_plain = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json");
    match response.extensions_mut().remove::<Problem>().filter(|_| is_plain) {
        Some(problem) => frame::problem(&Frame::new(app, visitor, Section::None), problem),
        None => response,
    }
}

/// The answer that takes a session's cookie away.
pub(super) fn signed_out(app: &App, mut response: Response) -> Response {
    if let Some(cookie) = session::no_cookie(&frame::root(app), frame::is_secure(app)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Where a GET was going, as a place of the console to come back to.
pub(super) fn target(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/console", |whole| whole.as_str())
}
