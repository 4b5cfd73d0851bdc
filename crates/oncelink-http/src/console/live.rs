//! News without reloading: server-sent events (HTML Living Standard, section 9.2) with the part of a page that has changed.
//!
//! The store is asked again and again while somebody listens, and less often when nothing happens. Must not outlive the
//! session, its key, or the server's wish to stop. Where a transport gathers answers there is no news.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use oncelink_core::token::LinkId;

use super::link;
use super::links::{self, Wanted};
use super::session::Place;
use super::visitor::Visitor;
use crate::api::LinkPlace;
use crate::app::App;
use crate::problem::Problem;

/// How often the store is asked, while something happens and when nothing has for a while.
const OFTEN: Duration = Duration::from_millis(1_500);
const SELDOM: Duration = Duration::from_secs(5);
/// After how many equal answers it is asked seldom.
const QUIET: u32 = 40;
/// How often a silent stream shows that it lives: less than proxies wait.
const ALIVE: Duration = Duration::from_secs(15);

/// What somebody listens to.
enum Subject {
    Link(LinkId),
    Links(Wanted),
}

/// Somebody who listens.
struct Listener {
    app: App,
    visitor: Visitor,
    subject: Subject,
    /// What they have.
    shown: Option<String>,
    /// How often nothing was new.
    quiet: u32,
    _place: Place,
}

/// News of one link.
pub(super) async fn link(State(app): State<App>, visitor: Visitor, LinkPlace(id): LinkPlace) -> Result<Response, Problem> {
    app.links.detail(&id, &visitor.sender).await?;
    Ok(listen(app, visitor, Subject::Link(id)))
}

/// News of a list.
pub(super) async fn links(State(app): State<App>, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let wanted = Wanted::of(query.as_deref())?;
    Ok(listen(app, visitor, Subject::Links(wanted)))
}

fn listen(app: App, visitor: Visitor, subject: Subject) -> Response {
    let place = if app.settings.transport.is_some() { None } else { app.sessions.place(&visitor.session) };
    // 204 tells the browser not to ask again.
    let Some(place) = place else { return StatusCode::NO_CONTENT.into_response() };
    let listener = Listener { app, visitor, subject, shown: None, quiet: 0, _place: place };
    let news = stream::unfold(listener, |mut listener| async move {
        let news = listener.news().await?;
        Some((Ok::<Event, Infallible>(news), listener))
    });
    // nginx would gather the stream otherwise.
    let unbuffered = [("x-accel-buffering", "no")];
    (unbuffered, Sse::new(news).keep_alive(KeepAlive::new().interval(ALIVE))).into_response()
}

impl Listener {
    /// Waits until something is new; nothing when it is over.
    async fn news(&mut self) -> Option<Event> {
        loop {
            if self.shown.is_some() {
                tokio::time::sleep(if self.quiet < QUIET { OFTEN } else { SELDOM }).await;
            }
            if self.is_over().await {
                return None;
            }
            match self.look().await {
                Ok(text) if self.shown.as_ref() != Some(&text) => {
                    let event = Event::default().data(&text);
                    self.shown = Some(text);
                    self.quiet = 0;
                    return Some(event);
                }
                Ok(_) => self.quiet = self.quiet.saturating_add(1),
                Err(problem) if problem.status_code().is_server_error() => {
                    // The store may be back at the next look.
                    self.quiet = self.quiet.saturating_add(1);
                    self.shown.get_or_insert_default();
                }
                Err(_) => return None,
            }
        }
    }

    async fn look(&self) -> Result<String, Problem> {
        let html = match &self.subject {
            Subject::Link(id) => link::life(&self.app, &self.visitor, id).await?,
            Subject::Links(wanted) => links::rows(&self.app, &self.visitor, wanted).await?,
        };
        // In a stream of events a CR ends a line as LF does; in HTML either is a space.
        Ok(html.replace('\r', " "))
    }

    /// Whether the server stops, the session is over or signed out, or the key was revoked.
    async fn is_over(&self) -> bool {
        let session = &self.visitor.session;
        if self.app.tracker.is_closed() || session.is_over(self.app.links.now()) || self.app.sessions.is_ended(session) {
            return true;
        }
        // A store that doesn't answer says nothing of the key; the look after this needs it as well.
        matches!(self.app.links.find_key(&session.key).await, Ok(None))
    }
}
