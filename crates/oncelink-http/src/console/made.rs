//! Links that were just made: their URLs, shown once, to be copied or scanned.
//!
//! The only page of the console with tokens in it. Must not be reached by a GET.

use askama::Template;
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use oncelink_core::create::Draft;

use super::form::Fields;
use super::frame::{Frame, Section};
use super::qr::{self, Qr};
use super::show::{self, Time};
use super::visitor::Visitor;
use crate::api;
use crate::app::App;
use crate::problem::Problem;

/// Up to how many links have their codes drawn: a code has several kilobytes.
const CODES: usize = 20;

// No `Debug`: the URL is a secret.
/// A link that was made.
pub(super) struct Made {
    id: String,
    name: String,
    url: String,
    uses: String,
    until: Time,
    passphrase: bool,
}

/// An object for which none was made.
pub(super) struct Missed {
    pub(super) key: String,
    pub(super) why: String,
}

struct Shown {
    made: Made,
    qr: Option<Qr>,
}

#[derive(Template)]
#[template(path = "console/made.html")]
struct MadePage<'a> {
    frame: Frame<'a>,
    lead: &'a str,
    /// Whether the links are of no use elsewhere.
    is_local: bool,
    made: Vec<Shown>,
    missed: Vec<Missed>,
    all: String,
}

impl Made {
    pub(super) fn of(app: &App, draft: &Draft) -> Self {
        let link = &draft.link;
        Self {
            id: link.id.to_string(),
            name: link.terms.filename.clone(),
            url: api::url(app, draft),
            uses: show::count(u64::from(link.terms.uses), "use"),
            until: link.terms.expires_at.into(),
            passphrase: link.passphrase.is_some(),
        }
    }
}

/// The page that shows them.
pub(super) fn page(app: &App, visitor: &Visitor, made: Vec<Made>, missed: Vec<Missed>, lead: &str) -> Response {
    let frame = Frame::new(app, Some(visitor), Section::Links);
    let all = made.iter().map(|made| made.url.as_str()).collect::<Vec<_>>().join("\n");
    let draws = made.len() <= CODES;
    let made = made.into_iter().map(|made| Shown { qr: if draws { qr::drawn(&made.url) } else { None }, made });
    let page = MadePage { frame: frame.clone(), lead, is_local: app.is_local(), made: made.collect(), missed, all };
    frame.answer(page.render())
}

/// A number by which a form is known when it comes a second time.
pub(super) fn form_number(app: &App) -> String {
    let mut number = [0; 12];
    app.links.entropy().fill(&mut number);
    BASE64URL_NOPAD.encode(&number)
}

/// Takes the form, if it wasn't sent before: what it makes is shown once, and a reload must not make it again.
///
/// # Errors
/// It was sent before.
pub(super) fn take_form(app: &App, visitor: &Visitor, fields: &Fields) -> Result<(), Problem> {
    let number = fields.one("once").filter(|number| number.len() <= 32).ok_or_else(Problem::stale_form)?;
    if app.sessions.take_form(&visitor.session, number, app.links.now()) { Ok(()) } else { Err(Problem::form_sent_before()) }
}
