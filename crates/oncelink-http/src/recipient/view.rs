//! A link in the form that the client wants: the page, plain text, or JSON.

use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use oncelink_core::claim::Claim;
use oncelink_core::disposition;
use oncelink_core::holder::{ClaimHandle, Holder};
use oncelink_core::link::Link;
use oncelink_core::token::Token;
use serde::Serialize;
use utoipa::ToSchema;

use super::{cookie, download, oversize};
use crate::app::{App, Oversize};
use crate::negotiate::{self, Form};
use crate::page::{self, Facts, LinkView, Offer, Segments};
use crate::problem::Problem;
use crate::when;

/// A link, for a recipient's program.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkAnswer {
    /// The name under which the file is saved.
    filename: String,
    /// The file's size in bytes.
    size: u64,
    /// How many uses the link was made for.
    uses: u32,
    /// How many of them are left.
    uses_left: u32,
    /// When claiming ends (RFC 3339).
    expires_at: String,
    /// `page` or `direct`.
    gate: &'static str,
    /// `auto`, `stream` or `redirect`.
    delivery: &'static str,
    /// Whether a passphrase is needed.
    passphrase: bool,
    /// How to download.
    how: How,
}

/// Command lines that download.
#[derive(Serialize, ToSchema)]
pub(crate) struct How {
    /// With curl; absent where one response can't carry the whole file.
    #[serde(skip_serializing_if = "Option::is_none")]
    curl: Option<String>,
    /// With oncelink's own client: resumes and verifies.
    get: String,
}

/// The link with its button, or how to download it.
pub(crate) fn offering(app: &App, link: &Link, token: &Token, holder: &Holder, headers: &HeaderMap) -> Response {
    match negotiate::wanted(headers) {
        Form::Html => {
            let action = action(app, token);
            let view = seen(app, link, token, Offer::Claim { action: &action, holder: holder.reveal() });
            let mut response = page::link(&view, page::lang(headers), &app.settings.brand);
            if view.segments.is_some() {
                // Before the claim already: if its answer is lost and the page is loaded again, it is found by this.
                cookie::put(response.headers_mut(), app, &ClaimHandle::derive(token, holder), headers);
            }
            response
        }
        Form::Json => axum::Json(answer(app, link, token)).into_response(),
        Form::Text => text(app, link, token).into_response(),
    }
}

/// The page again, saying what is wrong with the passphrase.
pub(crate) fn asking_again(app: &App, link: &Link, token: &Token, holder: &Holder, problem: Problem, headers: &HeaderMap) -> Response {
    let action = action(app, token);
    let view = seen(app, link, token, Offer::Claim { action: &action, holder: holder.reveal() });
    page::link_with_problem(&view, problem, page::lang(headers), &app.settings.brand)
}

/// The page for the browser that has claimed already: it may go on.
pub(crate) fn resuming(app: &App, link: &Link, token: &Token, claim: &Claim, handle: &ClaimHandle, headers: &HeaderMap) -> Response {
    let address = format!("{}/c/{}", app.base_path(), handle.reveal());
    let view = seen(app, link, token, Offer::Resume { address: &address, until: claim.lease_until() });
    page::link(&view, page::lang(headers), &app.settings.brand)
}

fn seen<'a>(app: &App, link: &'a Link, token: &Token, offer: Offer<'a>) -> LinkView<'a> {
    let segments = segments(app, link, token, matches!(offer, Offer::Resume { .. }));
    LinkView {
        link,
        offer,
        lease: app.links.policy().lease,
        redirect_ttl: app.links.redirects(link).then(|| app.links.policy().redirect_ttl),
        segments,
    }
}

/// How the page fetches the file, where one response can't carry it.
fn segments(app: &App, link: &Link, token: &Token, is_holder: bool) -> Option<Segments> {
    let most = oversize::segment_size(app, link)?;
    let facts = || Facts { etag: download::etag(link), sha256: download::sha256(link) };
    let exchanges = oversize::policy(app, link) == Some(Oversize::Redirect);
    Some(Segments {
        most,
        link: link.id.to_string(),
        name: disposition::safe_name(&link.terms.filename),
        size: link.object.size,
        facts: is_holder.then(facts),
        base: app.base_path().to_owned(),
        command: how(app, link, token).get,
        exchange: exchanges.then(|| app.links.policy().redirect_ttl),
    })
}

fn action(app: &App, token: &Token) -> String {
    format!("{}/d/{}", app.base_path(), token.reveal())
}

fn answer(app: &App, link: &Link, token: &Token) -> LinkAnswer {
    let terms = &link.terms;
    LinkAnswer {
        filename: terms.filename.clone(),
        size: link.object.size,
        uses: terms.uses,
        uses_left: link.uses_left(),
        expires_at: when::rfc3339(terms.expires_at),
        gate: terms.gate.as_str(),
        delivery: terms.delivery.as_str(),
        passphrase: link.passphrase.is_some(),
        how: how(app, link, token),
    }
}

fn how(app: &App, link: &Link, token: &Token) -> How {
    let url = app.absolute(&format!("/d/{}", token.reveal()));
    let data = if link.passphrase.is_some() { "--data-urlencode passphrase=..." } else { "-d ''" };
    let curl = oversize::policy(app, link).is_none().then(|| format!("curl -OJL {data} {url}"));
    How { curl, get: format!("oncelink get {url}") }
}

fn text(app: &App, link: &Link, token: &Token) -> String {
    let How { curl, get } = how(app, link, token);
    let (with, curl) = curl.map_or(("", String::new()), |curl| (" one of", format!("  {curl}\n")));
    let (name, size, until) = (disposition::safe_name(&link.terms.filename), link.object.size, when::text(link.terms.expires_at));
    let (left, uses) = (link.uses_left(), link.terms.uses);
    let exchange = if oversize::is_exchange(app, link) {
        let seconds = app.links.policy().redirect_ttl.as_secs();
        format!("\nThis link is a single exchange for an address that is reusable for {seconds} seconds.\n")
    } else {
        String::new()
    };
    format!("{name}\n{size} bytes, until {until}, uses left: {left} of {uses}\n{exchange}\nDownload it with{with}:\n\n{curl}  {get}\n")
}
