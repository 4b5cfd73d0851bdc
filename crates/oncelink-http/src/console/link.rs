//! A link's page: its terms, its claims and its life; revoking and reissuing it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;
use oncelink_core::apikey::{Action, KeyId};
use oncelink_core::claim::{Claim, Standing};
use oncelink_core::link::{Link, LinkState};
use oncelink_core::manage::LinkDetail;
use oncelink_core::token::LinkId;
use oncelink_core::{No, Timestamp};

use super::form::Fields;
use super::frame::{self, Frame, Section};
use super::made::{self, Made};
use super::show::{self, Time};
use super::sign;
use super::timeline::{self, Entry};
use super::visitor::Visitor;
use crate::api::LinkPlace;
use crate::app::App;
use crate::problem::Problem;

/// What changes by itself: what news replace.
#[derive(Template)]
#[template(path = "console/link_life.html")]
struct Life {
    state: &'static str,
    story: &'static str,
    uses: String,
    until: Time,
    claims: Vec<ClaimRow>,
    entries: Vec<Entry>,
    left_out: usize,
}

/// A claim as the page shows it.
struct ClaimRow {
    id: String,
    word: &'static str,
    story: &'static str,
    at: Time,
    /// In percent of the file.
    part: u64,
    delivered: String,
}

/// A term of the link, in words.
struct Term {
    name: &'static str,
    text: String,
    time: Option<Time>,
    /// Whether it is text to be read letter for letter.
    is_code: bool,
}

#[derive(Template)]
#[template(path = "console/link.html")]
struct LinkPage<'a> {
    frame: Frame<'a>,
    id: &'a str,
    name: &'a str,
    place: String,
    size: String,
    note: Option<&'a str>,
    terms: Vec<Term>,
    life: String,
    may_revoke: bool,
    may_reissue: bool,
    /// The form's own number.
    once: String,
    reissue_of: Option<String>,
}

/// The page.
pub(super) async fn show(State(app): State<App>, visitor: Visitor, LinkPlace(id): LinkPlace) -> Result<Response, Problem> {
    let detail = app.links.detail(&id, &visitor.sender).await?;
    let life = life_of(&app, &visitor, &detail).await?;
    let link = &detail.link;
    let frame = Frame::new(&app, Some(&visitor), Section::Links);
    let page = LinkPage {
        frame: frame.clone(),
        id: link.id.as_str(),
        name: &link.terms.filename,
        place: format!("{}: {}", link.object.source, link.object.key),
        size: show::size(link.object.size),
        note: link.terms.note.as_deref(),
        terms: terms(&app, link, &names(&app, &visitor).await?),
        life,
        may_revoke: visitor.may(Action::LinksRevoke) && link.revoked_at.is_none(),
        may_reissue: visitor.may(Action::LinksRevoke) && visitor.may(Action::LinksCreate),
        once: made::form_number(&app),
        reissue_of: link.reissue_of.as_ref().map(ToString::to_string),
    };
    Ok(frame.answer(page.render()))
}

/// What changes by itself, as it is now.
pub(super) async fn life(app: &App, visitor: &Visitor, id: &LinkId) -> Result<String, Problem> {
    let detail = app.links.detail(id, &visitor.sender).await?;
    life_of(app, visitor, &detail).await
}

/// Revokes the link.
pub(super) async fn revoke(
    State(app): State<App>,
    visitor: Visitor,
    LinkPlace(id): LinkPlace,
    request: Request,
) -> Result<Response, Problem> {
    let _ = Fields::read(&app, &visitor, request).await?;
    app.links.revoke(&id, &visitor.sender).await?;
    Ok(sign::see_other(&format!("{}/links/{id}", frame::root(&app))))
}

/// Revokes the link and shows a fresh one with the same terms.
pub(super) async fn reissue(
    State(app): State<App>,
    visitor: Visitor,
    LinkPlace(id): LinkPlace,
    request: Request,
) -> Result<Response, Problem> {
    let fields = Fields::read(&app, &visitor, request).await?;
    made::take_form(&app, &visitor, &fields)?;
    let draft = app.links.reissue(&id, &visitor.sender).await?;
    let made = vec![Made::of(&app, &draft)];
    Ok(made::page(&app, &visitor, made, Vec::new(), "The old link is revoked. This is the fresh one, with the same terms."))
}

async fn life_of(app: &App, visitor: &Visitor, detail: &LinkDetail) -> Result<String, Problem> {
    let events = app.links.events(&detail.link.id, &visitor.sender).await?;
    let (entries, left_out) = timeline::entries(&events, &names(app, visitor).await?);
    let now = app.links.now();
    let link = &detail.link;
    let state = link.state(now);
    let life = Life {
        state: state.as_str(),
        story: story(link, state, now),
        uses: show::uses(link),
        until: link.revoked_at.filter(|_| state == LinkState::Revoked).unwrap_or(link.terms.expires_at).into(),
        claims: detail.claims.iter().rev().map(|claim| ClaimRow::of(claim, link, now)).collect(),
        entries,
        left_out,
    };
    life.render().map_err(|error| {
        tracing::error!(%error, "a link's life can't be written");
        Problem::internal()
    })
}

fn story(link: &Link, state: LinkState, now: Timestamp) -> &'static str {
    match state {
        LinkState::Active if link.terms.not_before.is_some_and(|at| now < at) => "It can't be used yet. It ends",
        LinkState::Active => "It can be used until",
        LinkState::Spent => "All its uses are taken. It would have ended",
        LinkState::Expired => "Nobody can use it any more since",
        LinkState::Revoked => "Nobody can use it any more. Revoked",
    }
}

/// The names of the keys, for whoever may know them.
async fn names(app: &App, visitor: &Visitor) -> Result<HashMap<KeyId, String>, Problem> {
    let mut names = HashMap::from([(visitor.key.id.clone(), visitor.key.name.clone())]);
    if visitor.may(Action::KeysManage) {
        let keys = app.links.list_keys(&visitor.sender).await.map_err(|no: No| Problem::from(no))?;
        names.extend(keys.into_iter().map(|key| (key.id, key.name)));
    }
    Ok(names)
}

fn terms(app: &App, link: &Link, names: &HashMap<KeyId, String>) -> Vec<Term> {
    let terms = &link.terms;
    let text = |name, text: String| Term { name, text, time: None, is_code: false };
    let code = |name, text: String| Term { name, text, time: None, is_code: true };
    let time = |name, at: Timestamp| Term { name, text: String::new(), time: Some(at.into()), is_code: false };
    let lines = [
        Some(time("Created", link.created_at)),
        link.created_by.as_ref().map(|key| text("By key", names.get(key).cloned().unwrap_or_else(|| show::short(key.as_str()).to_owned()))),
        terms.not_before.map(|at| time("Not before", at)),
        Some(text("Passphrase", if link.passphrase.is_some() { "asked for" } else { "none" }.to_owned())),
        (!terms.allow_from.is_empty())
            .then(|| code("Only from", terms.allow_from.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))),
        Some(text("Opens", show::gate(terms.gate).to_owned())),
        Some(text("Delivery", show::delivery(terms.delivery).to_owned())),
        terms.content_type.clone().map(|kind| code("Media type", kind)),
        terms.webhook.clone().map(|url| code("Webhook", url)),
        terms.metadata.clone().map(|json| code("Metadata", json)),
        Some(text("Resumable for", show::span(app.links.policy().lease))),
        Some(code("Pinned version", link.object.version.version_id.clone().unwrap_or_else(|| link.object.version.etag.clone()))),
        Some(code("Link id", link.id.to_string())),
    ];
    lines.into_iter().flatten().collect()
}

impl ClaimRow {
    fn of(claim: &Claim, link: &Link, now: Timestamp) -> Self {
        let (word, story, at) = match (claim.standing(now), link.revoked_at) {
            (Standing::Active { .. }, Some(at)) => ("revoked", "ended by the revocation", at),
            (Standing::Active { lease_until }, None) => ("active", "under way; may be resumed until", lease_until),
            (Standing::Lapsed { at }, _) => ("lapsed", "given up; could be resumed until", at),
            (Standing::Completed { at }, _) => ("completed", "delivered whole", at),
            (Standing::Released { at }, _) => ("released", "given back", at),
        };
        let (delivered, size) = (claim.coverage.len(), link.object.size);
        let part = if word == "completed" { 100 } else { (delivered.min(size) * 100).checked_div(size).unwrap_or(0) };
        Self {
            id: show::short(claim.id.as_str()).to_owned(),
            word,
            story,
            at: at.into(),
            part,
            delivered: format!("{} of {}", show::size(if word == "completed" { size } else { delivered }), show::size(size)),
        }
    }
}
