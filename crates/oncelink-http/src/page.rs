//! The pages that people see: a link's page with its one button, and what went wrong, in the reader's language.
//!
//! Must not decide anything about a link: it shows what it is given. A page is one self-contained document of less than
//! 15 KiB: own style, own small script (which only improves and never submits), nothing from anywhere else.
//!
//! ```ignore
//! let view = LinkView { link, offer: Offer::Claim { action: "/d/ol_...", holder: holder.reveal() }, lease, redirect_ttl: None };
//! let answer = page::link(&view, page::lang(headers), &settings.brand);                        // 200
//! let again = page::link_with_problem(&view, problem, page::lang(headers), &settings.brand);   // the problem's status
//! let refused = page::problem(problem, response, page::lang(headers), &settings.brand);        // dresses `response`
//! ```
//!
//! - [`brand`]: who sends; [`lang`]: the reader's language; [`texts`]: every text in every language;
//! - [`segments`]: the part of a link's page that fetches a large file in parts; [`assets`]: the scripts for it;
//! - [`said`]: texts with values in them; [`explain`]: what a problem says to a person;
//! - [`frame`]: what all pages share: style, script, content security policy.

mod assets;
mod brand;
mod explain;
mod frame;
mod lang;
mod said;
mod segments;
#[cfg(test)]
mod tests;
mod texts;

use std::time::Duration;

use askama::Template;
use axum::response::Response;
use oncelink_core::disposition;
use oncelink_core::link::Link;
use oncelink_core::{Refusal, Timestamp};

pub(crate) use assets::asset;
pub use brand::{BadBrand, Brand};
use explain::{Explanation, Help};
pub(crate) use frame::Inline;
use frame::{Forms, Frame};
pub(crate) use lang::{Lang, lang};
use said::Piece;
pub(crate) use segments::{Facts, Segments};
use texts::Texts;

use crate::problem::Problem;

/// A link as its page shows it.
pub(crate) struct LinkView<'a> {
    /// The link.
    pub(crate) link: &'a Link,
    /// What the button does.
    pub(crate) offer: Offer<'a>,
    /// How long after its last activity a claim may be resumed.
    pub(crate) lease: Duration,
    /// How long the presigned URL lives, where the link is delivered by a redirect.
    pub(crate) redirect_ttl: Option<Duration>,
    /// How the page fetches a file that one response can't carry.
    pub(crate) segments: Option<Segments>,
}

/// What the page's button does.
pub(crate) enum Offer<'a> {
    /// It claims a use.
    Claim {
        /// Where the form is posted to: a path.
        action: &'a str,
        /// The holder secret that the form carries.
        holder: &'a str,
    },
    /// It fetches what this browser has claimed already.
    Resume {
        /// Where the bytes are: a path.
        address: &'a str,
        /// Until when.
        until: Option<Timestamp>,
    },
}

/// The page of a link.
pub(crate) fn link(view: &LinkView<'_>, lang: Lang, brand: &Brand) -> Response {
    let page = LinkPage::new(view, None, lang, brand);
    page.frame.answer(page.render())
}

/// The page of a link, saying what was wrong with the passphrase; with the problem's status and headers.
pub(crate) fn link_with_problem(view: &LinkView<'_>, problem: Problem, lang: Lang, brand: &Brand) -> Response {
    let page = LinkPage::new(view, Some(&problem), lang, brand);
    let answer = page.frame.answer(page.render());
    problem.respond_with(answer)
}

/// The page of a problem, in the place of `response`, whose status and headers it keeps.
pub(crate) fn problem(problem: Problem, response: Response, lang: Lang, brand: &Brand) -> Response {
    let page = ProblemPage { frame: Frame::new(lang, brand, Forms::Own), said: explain::explain(&problem, lang.texts()) };
    page.frame.dress(page.render(), response)
}

/// The page at `/`, for whoever looks what is here.
pub(crate) fn home(lang: Lang, brand: &Brand) -> Response {
    let page = HomePage { frame: Frame::new(lang, brand, Forms::Own) };
    page.frame.answer(page.render())
}

/// A size as people write it in English, for pages that speak nothing else.
pub(crate) fn size(bytes: u64) -> String {
    said::size(bytes, Lang::English.texts())
}

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage<'a> {
    frame: Frame<'a>,
    heading: Vec<Piece<'a>>,
    name: String,
    size: String,
    until: Vec<Piece<'a>>,
    uses: String,
    offer: &'a Offer<'a>,
    is_claim: bool,
    asks_passphrase: bool,
    error: Option<String>,
    intro: Vec<Piece<'a>>,
    note: Vec<Piece<'a>>,
    /// What holds without the script, where there is one that fetches parts.
    plain_note: Vec<Piece<'a>>,
    segments: Option<&'a Segments>,
    /// How long a claim may be resumed, for the script's note.
    lease: String,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: Frame<'a>,
    said: Explanation<'a>,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    frame: Frame<'a>,
}

impl<'a> LinkPage<'a> {
    fn new(view: &'a LinkView<'a>, problem: Option<&Problem>, lang: Lang, brand: &'a Brand) -> Self {
        let t = lang.texts();
        let terms = &view.link.terms;
        let segments = view.segments.as_ref();
        let elsewhere = view.redirect_ttl.or(segments.and_then(|segments| segments.exchange)).is_some();
        let frame = Frame::new(lang, brand, if elsewhere { Forms::Anywhere } else { Forms::Own });
        Self {
            frame: match segments {
                Some(segments) => frame.with_module(assets::module_path(&segments.base, lang)),
                None => frame,
            },
            heading: heading(&view.offer, t, brand),
            name: disposition::safe_name(&terms.filename),
            size: said::size(view.link.object.size, t),
            until: vec![said::time(terms.expires_at)],
            uses: said::fill(t.uses_of, &[("left", &view.link.uses_left().to_string()), ("uses", &terms.uses.to_string())]),
            offer: &view.offer,
            is_claim: matches!(view.offer, Offer::Claim { .. }),
            asks_passphrase: view.link.passphrase.is_some(),
            error: problem.and_then(|problem| passphrase_error(problem, t)),
            intro: intro(&view.offer, t),
            note: note(view, t),
            plain_note: segments.map(|segments| segments::plain_note(segments, t)).unwrap_or_default(),
            segments,
            lease: said::at_least(view.lease, t),
        }
    }
}

fn heading<'a>(offer: &Offer<'_>, t: &'static Texts, brand: &'a Brand) -> Vec<Piece<'a>> {
    match (offer, brand.given_name()) {
        (Offer::Resume { .. }, _) => vec![Piece::Text(t.heading_resume)],
        (Offer::Claim { .. }, Some(name)) => said::pieces(t.heading_from, "brand", Piece::Name(name)),
        (Offer::Claim { .. }, None) => vec![Piece::Text(t.heading)],
    }
}

/// What the browser that has claimed already may do.
fn intro<'a>(offer: &Offer<'_>, t: &'static Texts) -> Vec<Piece<'a>> {
    match offer {
        Offer::Claim { .. } => Vec::new(),
        Offer::Resume { until: Some(until), .. } => said::pieces(t.resume_until, "when", said::time(*until)),
        Offer::Resume { until: None, .. } => vec![Piece::Text(t.resume_open)],
    }
}

/// What happens after the click, and what to do when it breaks.
fn note<'a>(view: &LinkView<'_>, t: &'static Texts) -> Vec<Piece<'a>> {
    match (view.redirect_ttl, &view.offer) {
        (Some(ttl), _) => said::pieces(t.note_exchange, "seconds", Piece::Span(said::seconds(ttl, t))),
        (None, Offer::Claim { .. }) => said::pieces(t.note, "lease", Piece::Span(said::at_least(view.lease, t))),
        (None, Offer::Resume { .. }) => vec![Piece::Text(t.resume_how)],
    }
}

/// What was wrong with the passphrase; nothing where none was given yet.
fn passphrase_error(problem: &Problem, t: &'static Texts) -> Option<String> {
    match problem.refusal() {
        Some(Refusal::PassphraseWrong) => Some(t.passphrase_wrong.to_owned()),
        Some(Refusal::Locked { .. }) => Some(said::fill(t.locked.text, &[("wait", &explain::wait(problem, t))])),
        _ => None,
    }
}
