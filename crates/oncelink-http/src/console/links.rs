//! The list of links, with its filters.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use oncelink_core::apikey::Action;
use oncelink_core::link::LinkState;
use oncelink_core::ports::LinkFilter;

use super::form::{self, Fields};
use super::frame::{Frame, Section};
use super::show::Row;
use super::visitor::Visitor;
use crate::api;
use crate::app::App;
use crate::problem::Problem;

/// How many links a page shows.
const PAGE: usize = 50;

/// The states to filter by.
const STATES: [LinkState; 4] = [LinkState::Active, LinkState::Spent, LinkState::Expired, LinkState::Revoked];

/// What is asked for.
pub(super) struct Wanted {
    source: Option<String>,
    prefix: Option<String>,
    state: Option<LinkState>,
    note: Option<String>,
    cursor: Option<String>,
}

/// The rows alone: what news replace.
#[derive(Template)]
#[template(path = "console/links_rows.html")]
pub(super) struct Rows {
    root: String,
    rows: Vec<Row>,
    is_filtered: bool,
    is_first: bool,
    may_create: bool,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "console/links.html")]
struct LinksPage<'a> {
    frame: Frame<'a>,
    wanted: &'a Wanted,
    sources: Vec<&'a str>,
    states: Vec<(&'static str, bool)>,
    live: Option<String>,
    rows: String,
    may_create: bool,
}

/// The page.
pub(super) async fn show(State(app): State<App>, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let wanted = Wanted::of(query.as_deref())?;
    let rows = rows(&app, &visitor, &wanted).await?;
    let frame = Frame::new(&app, Some(&visitor), Section::Links);
    let live = (frame.is_live && wanted.cursor.is_none()).then(|| wanted.address(&format!("{}/links/live", frame.root), None));
    let page = LinksPage {
        frame: frame.clone(),
        wanted: &wanted,
        sources: sources(&app, &visitor),
        states: STATES.iter().map(|state| (state.as_str(), wanted.state == Some(*state))).collect(),
        live,
        rows,
        may_create: visitor.may(Action::LinksCreate),
    };
    Ok(frame.answer(page.render()))
}

/// The rows as they are now.
pub(super) async fn rows(app: &App, visitor: &Visitor, wanted: &Wanted) -> Result<String, Problem> {
    let now = app.links.now();
    let after = |text: &str| api::read_cursor(text).ok_or_else(|| Problem::invalid("cursor", "is none that a list gave"));
    let filter = LinkFilter {
        limit: PAGE,
        after: wanted.cursor.as_deref().map(after).transpose()?,
        source: wanted.source.clone(),
        prefix: wanted.prefix.clone(),
        state: wanted.state.map(|state| (state, now)),
        note: wanted.note.clone(),
        scope: None,
    };
    let page = app.links.list(filter, &visitor.sender).await?;
    let root = super::frame::root(app);
    let next = page.next.as_ref().map(|cursor| wanted.address(&format!("{root}/links"), Some(&api::written_cursor(cursor))));
    let rows = Rows {
        rows: page.links.iter().map(|link| Row::of(link, now)).collect(),
        is_filtered: wanted.is_filter(),
        is_first: wanted.cursor.is_none(),
        may_create: visitor.may(Action::LinksCreate),
        next,
        root,
    };
    rows.render().map_err(|error| {
        tracing::error!(%error, "rows of the console can't be written");
        Problem::internal()
    })
}

/// The names of the sources that the key reaches.
pub(super) fn sources<'a>(app: &'a App, visitor: &Visitor) -> Vec<&'a str> {
    let reached = app.links.source_names().filter(|name| visitor.sender.scope.reaches_source(name));
    reached.map(oncelink_core::object::SourceName::as_str).collect()
}

impl Wanted {
    /// What a query asks for.
    ///
    /// # Errors
    /// A state that is none.
    pub(super) fn of(query: Option<&str>) -> Result<Self, Problem> {
        let fields = Fields::of_query(query);
        let text = |name: &str| fields.one(name).map(str::to_owned);
        let state =
            |text: &str| LinkState::parse(text).ok_or_else(|| Problem::invalid("state", "must be active, spent, expired or revoked"));
        Ok(Self {
            source: text("source"),
            prefix: text("prefix"),
            state: fields.one("state").map(state).transpose()?,
            note: text("note"),
            cursor: text("cursor"),
        })
    }

    fn is_filter(&self) -> bool {
        self.source.is_some() || self.prefix.is_some() || self.state.is_some() || self.note.is_some()
    }

    fn is_source(&self, name: &str) -> bool {
        self.source.as_deref() == Some(name)
    }

    fn address(&self, path: &str, cursor: Option<&str>) -> String {
        form::address(
            path,
            &[
                ("source", self.source.as_deref()),
                ("prefix", self.prefix.as_deref()),
                ("state", self.state.map(LinkState::as_str)),
                ("note", self.note.as_deref()),
                ("cursor", cursor),
            ],
        )
    }
}
