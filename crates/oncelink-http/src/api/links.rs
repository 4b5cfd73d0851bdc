//! The links that there are: list, look, events, revoke, reissue.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use oncelink_core::Timestamp;
use oncelink_core::link::LinkState;
use oncelink_core::ports::{LinkFilter, PageCursor};
use oncelink_core::token::LinkId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::WithKey;
use super::place::LinkPlace;
use super::record::{EventRecord, LinkDetailRecord, LinkRecord};
use super::words::LinkStateWord;
use super::{create, query};
use crate::app::App;
use crate::auth::Auth;
use crate::problem::Problem;

/// Which links are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// How many at the most; 100 when absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// Only links into this source.
    source: Option<String>,
    /// Only keys that begin so.
    prefix: Option<String>,
    /// Only links in this state.
    #[param(value_type = Option<LinkStateWord>, inline)]
    state: Option<String>,
    /// Only notes that hold this text.
    note: Option<String>,
}

/// One page of links.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkList {
    /// The links, newest first.
    links: Vec<LinkRecord>,
    /// What to ask with for the next page; null at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The history of a link.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventList {
    /// What happened, oldest first.
    events: Vec<EventRecord>,
}

/// Lists the links that the key reaches, newest first, page by page.
#[utoipa::path(
    get, path = "/v1/links", tag = "links", security(("bearer" = [])),
    params(Wanted),
    responses(
        (status = 200, description = "one page", body = LinkList),
        (status = 400, description = "a parameter is unknown, repeated or wrong: `field` names it", body = Problem,
            content_type = "application/problem+json"),
        WithKey,
    )
)]
pub(crate) async fn list_links(State(app): State<App>, auth: Auth, RawQuery(query): RawQuery) -> Result<Json<LinkList>, Problem> {
    let filter = query::read::<Wanted>(query.as_deref())?.into_filter(app.links.now())?;
    let page = app.links.list(filter, &auth.sender).await?;
    let links = page.links.iter().map(|link| LinkRecord::of(&app, link)).collect();
    Ok(Json(LinkList { links, next_cursor: page.next.as_ref().map(written) }))
}

/// Shows a link and its claims.
#[utoipa::path(
    get, path = "/v1/links/{id}", tag = "links", security(("bearer" = [])),
    params(("id" = String, Path, description = "the link's id")),
    responses(
        (status = 200, description = "the link", body = LinkDetailRecord),
        (status = 404, description = "no such link, or none that the key reaches", body = Problem, content_type = "application/problem+json"),
        WithKey,
    )
)]
pub(crate) async fn read_link(State(app): State<App>, auth: Auth, LinkPlace(id): LinkPlace) -> Result<Json<LinkDetailRecord>, Problem> {
    app.accounts.wait_link_settled(&id).await;
    let detail = app.links.detail(&id, &auth.sender).await?;
    Ok(Json(LinkDetailRecord::of(&app, &detail)))
}

/// Tells who did what with a link, and when.
#[utoipa::path(
    get, path = "/v1/links/{id}/events", tag = "links", security(("bearer" = [])),
    params(("id" = String, Path, description = "the link's id")),
    responses(
        (status = 200, description = "the events, oldest first", body = EventList),
        (status = 404, description = "no such link, or none that the key reaches", body = Problem, content_type = "application/problem+json"),
        WithKey,
    )
)]
pub(crate) async fn list_events(State(app): State<App>, auth: Auth, LinkPlace(id): LinkPlace) -> Result<Json<EventList>, Problem> {
    app.accounts.wait_link_settled(&id).await;
    let events = app.links.events(&id, &auth.sender).await?;
    Ok(Json(EventList { events: events.into_iter().map(EventRecord::from).collect() }))
}

/// Revokes a link at once, and its claims with it. Revoking again changes nothing.
#[utoipa::path(
    delete, path = "/v1/links/{id}", tag = "links", security(("bearer" = [])),
    params(("id" = String, Path, description = "the link's id")),
    responses(
        (status = 200, description = "revoked, now or before", body = LinkRecord),
        (status = 404, description = "no such link, or none that the key reaches", body = Problem, content_type = "application/problem+json"),
        WithKey,
    )
)]
pub(crate) async fn revoke_link(State(app): State<App>, auth: Auth, LinkPlace(id): LinkPlace) -> Result<Json<LinkRecord>, Problem> {
    let link = app.links.revoke(&id, &auth.sender).await?;
    Ok(Json(LinkRecord::of(&app, &link)))
}

/// Revokes a link and makes a fresh one with the same terms, for the object as it is now.
#[utoipa::path(
    post, path = "/v1/links/{id}/reissue", tag = "links", security(("bearer" = [])),
    params(("id" = String, Path, description = "the link's id")),
    responses(
        (status = 201, description = "the fresh link; `url` is shown this once", body = LinkRecord,
            headers(("Location" = String, description = "where the fresh link is managed"))),
        (status = 400, description = "the object can't be given out as it is now; then nothing was revoked", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "no such link, or its object is gone; then nothing was revoked", body = Problem,
            content_type = "application/problem+json"),
        WithKey,
    )
)]
pub(crate) async fn reissue_link(State(app): State<App>, auth: Auth, LinkPlace(id): LinkPlace) -> Result<Response, Problem> {
    let draft = app.links.reissue(&id, &auth.sender).await?;
    Ok(create::answer(&app, StatusCode::CREATED, LinkRecord::fresh(&app, &draft)))
}

impl Wanted {
    fn into_filter(self, now: Timestamp) -> Result<LinkFilter, Problem> {
        let state =
            |text: &str| LinkState::parse(text).ok_or_else(|| Problem::invalid("state", "must be active, spent, expired or revoked"));
        let cursor = |text: &str| read(text).ok_or_else(|| Problem::invalid("cursor", "is none that a list gave"));
        Ok(LinkFilter {
            limit: query::limit(self.limit.as_deref())?,
            after: self.cursor.as_deref().map(cursor).transpose()?,
            source: self.source,
            prefix: self.prefix,
            state: self.state.as_deref().map(state).transpose()?.map(|state| (state, now)),
            note: self.note,
            scope: None,
        })
    }
}

/// A cursor as text. Clients must not look into it, so it doesn't invite them to.
pub(crate) fn written(cursor: &PageCursor) -> String {
    BASE64URL_NOPAD.encode(format!("{}.{}", cursor.created_at.as_millis(), cursor.id).as_bytes())
}

/// The cursor that a text spells; nothing when no list gave it.
pub(crate) fn read(text: &str) -> Option<PageCursor> {
    let plain = String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?;
    let (millis, id) = plain.split_once('.')?;
    Some(PageCursor { created_at: Timestamp::from_millis(millis.parse().ok()?), id: LinkId::parse(id)? })
}

#[cfg(test)]
mod tests {
    use oncelink_testkit::fixtures;

    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was_and_nonsense_is_none() {
        let cursor = PageCursor { created_at: Timestamp::from_millis(-7), id: fixtures::link_id(9) };
        assert_eq!(read(&written(&cursor)), Some(cursor));
        for bad in ["", "nonsense", "\0", "MTIz", "MS54"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
