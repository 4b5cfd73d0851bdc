//! Signing in with an API key, and out.
//!
//! Must not keep the key: it is hashed, looked up, and forgotten.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use oncelink_core::apikey::ApiKeySecret;

use super::form::{self, Fields};
use super::frame::{self, Frame, Section};
use super::visitor::{self, Visitor};
use crate::app::App;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage<'a> {
    frame: Frame<'a>,
    /// Where to go afterwards.
    next: &'a str,
    notice: Option<&'static str>,
    error: Option<&'static str>,
    /// Where the console is, when this isn't it.
    elsewhere: Option<String>,
}

const ENDED: &str = "Your session has ended, so nothing was changed. Sign in and do it again.";
const WRONG: &str = "That is no valid API key: it is unknown or was revoked. A key begins with olk_ and has 44 characters.";

/// The way to the sign-in page for whoever has no session. What they wanted to change is not changed.
pub(super) fn ask(app: &App, uri: &Uri, is_change: bool) -> Response {
    let path = format!("{}/sign-in", frame::root(app));
    let to = if is_change {
        form::address(&path, &[("ended", Some("1"))])
    } else {
        form::address(&path, &[("next", Some(visitor::target(uri)))])
    };
    visitor::signed_out(app, see_other(&to))
}

/// The sign-in page.
pub(super) async fn show(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    let query = Fields::of_query(uri.query());
    let notice = query.one("ended").map(|_| ENDED);
    page(&app, &headers, query.one("next").unwrap_or_default(), notice, None)
}

/// Signs in, or says that the key is none.
pub(super) async fn sign_in(State(app): State<App>, request: Request) -> Response {
    match try_to(&app, request).await {
        Ok(response) => response,
        Err(problem) => frame::problem(&Frame::new(&app, None, Section::None), problem),
    }
}

/// Signs out.
pub(super) async fn sign_out(State(app): State<App>, visitor: Visitor, request: Request) -> Result<Response, Problem> {
    let _ = Fields::read(&app, &visitor, request).await?;
    app.sessions.end(&visitor.session);
    Ok(visitor::signed_out(&app, see_other(&format!("{}/sign-in", frame::root(&app)))))
}

async fn try_to(app: &App, request: Request) -> Result<Response, Problem> {
    visitor::check_site(app, request.headers())?;
    let headers = request.headers().clone();
    let fields = Fields::read_open(request).await?;
    let next = fields.one("next").unwrap_or_default();
    let key = match fields.one("key").and_then(|text| ApiKeySecret::parse(text.trim())) {
        Some(secret) => app.links.authenticate(&secret).await?,
        None => None,
    };
    let Some(key) = key else {
        let page = page(app, &headers, next, None, Some(WRONG));
        return Ok(Problem::unauthorized().respond_with(page));
    };
    let now = app.links.now();
    let session = app.sessions.begin(key.hash, now, app.links.entropy());
    let mut response = see_other(&format!("{}{}", app.base_path(), local(next)));
    if let Some(cookie) = app.sessions.cookie(&session, &frame::root(app), frame::is_secure(app), now) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn page(app: &App, headers: &HeaderMap, next: &str, notice: Option<&'static str>, error: Option<&'static str>) -> Response {
    let frame = Frame::new(app, None, Section::None);
    let page = SignInPage { frame: frame.clone(), next, notice, error, elsewhere: elsewhere(app, headers) };
    frame.answer(page.render())
}

/// A place within the console, or the console itself: nobody is sent elsewhere by a link to this page.
fn local(next: &str) -> &str {
    let rest = next.strip_prefix(super::PATH);
    let is_local = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    if is_local && next.bytes().all(|byte| byte.is_ascii_graphic()) && !next.contains(super::LIVE) { next } else { super::PATH }
}

/// The console's own address where this is another one over plain HTTP: its cookie would not be taken here.
fn elsewhere(app: &App, headers: &HeaderMap) -> Option<String> {
    let public = app.settings.public_url.strip_prefix("https://")?;
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let is_here = public.split('/').next() == Some(host);
    (!is_here).then(|| app.absolute(super::PATH))
}

/// 303: the answer to a form is a page of its own, so that reloading it sends nothing again.
pub(super) fn see_other(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_out_of_the_console() {
        for good in ["/console", "/console?x=1", "/console/links?state=active"] {
            assert_eq!(local(good), good);
        }
        for bad in ["", "//evil.example", "/consolers", "https://evil.example/console", "/console\r\nX: y", "/console/links/live", "/d/x"] {
            assert_eq!(local(bad), "/console", "{bad}");
        }
    }
}
