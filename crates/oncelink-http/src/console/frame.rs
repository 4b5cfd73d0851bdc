//! What all pages of the console share: the document around them, their style and script, and the headers that close them.
//!
//! Must not load anything from elsewhere. A token that a page shows is in its text, never in an address.

use std::sync::LazyLock;

use askama::{Error, Template};
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use oncelink_core::apikey::Action;

use super::visitor::Visitor;
use crate::app::App;
use crate::page::{Brand, Inline};
use crate::problem::Problem;

static STYLE: LazyLock<Inline> = LazyLock::new(|| Inline::new(include_str!("../../assets/console.css")));
static SCRIPT: LazyLock<Inline> = LazyLock::new(|| Inline::new(include_str!("../../assets/console.js")));

/// The parts of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// Links.
    Links,
    /// Files.
    Files,
    /// API keys.
    Keys,
    /// None of them.
    None,
}

/// The document around a page's content.
#[derive(Clone)]
pub(super) struct Frame<'a> {
    pub(super) brand: &'a Brand,
    /// The path that every address of the console begins with.
    pub(super) root: String,
    pub(super) section: Section,
    pub(super) visitor: Option<&'a Visitor>,
    /// The token that forms carry.
    pub(super) csrf: String,
    /// Whether pages may listen for news.
    pub(super) is_live: bool,
}

#[derive(Template)]
#[template(path = "console/problem.html")]
struct ProblemPage<'a> {
    frame: Frame<'a>,
    title: &'a str,
    detail: String,
    hint: Option<&'static str>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(app: &'a App, visitor: Option<&'a Visitor>, section: Section) -> Self {
        let csrf = visitor.map(|visitor| app.sessions.form_token(&visitor.session)).unwrap_or_default();
        Self { brand: &app.settings.brand, root: root(app), section, visitor, csrf, is_live: app.settings.transport.is_none() }
    }

    pub(super) fn style(&self) -> &'static str {
        STYLE.text()
    }

    pub(super) fn script(&self) -> &'static str {
        SCRIPT.text()
    }

    /// The parts that the key can do anything in.
    pub(super) fn menu(&self) -> Vec<(Section, &'static str, &'static str)> {
        let Some(visitor) = self.visitor else { return Vec::new() };
        let parts = [
            (Action::LinksRead, (Section::Links, "links", "Links")),
            (Action::ObjectsRead, (Section::Files, "files", "Files")),
            (Action::KeysManage, (Section::Keys, "keys", "API keys")),
        ];
        parts.into_iter().filter(|(action, _)| visitor.may(*action)).map(|(_, part)| part).collect()
    }

    /// A rendered page as an answer.
    pub(super) fn answer(&self, page: Result<String, Error>) -> Response {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(%error, "a page of the console can't be written");
                return Problem::internal().into_response();
            }
        };
        let mut response = Response::new(Body::from(page));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static("en"));
        headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        if let Ok(policy) = HeaderValue::from_str(&self.policy()) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }

    /// The content security policy: what stands in the page, forms and news to ourselves, nothing else.
    fn policy(&self) -> String {
        let brand_style = self.brand.style_hash().map(|hash| format!(" '{hash}'")).unwrap_or_default();
        let images = if self.brand.logo().is_some() { "; img-src data:" } else { "" };
        let news = if self.is_live { "; connect-src 'self'" } else { "" };
        format!(
            "default-src 'none'; style-src '{}'{brand_style}; script-src '{}'{images}{news}; form-action 'self'; frame-ancestors 'none'; \
             base-uri 'none'",
            STYLE.hash(),
            SCRIPT.hash()
        )
    }
}

/// A problem as a page, with its status and headers.
pub(super) fn problem(frame: &Frame<'_>, problem: Problem) -> Response {
    let hint = match problem.kind {
        "forbidden" => Some("Whoever manages the API keys can make one that reaches further."),
        "store-unavailable" | "source-unavailable" | "too-many-requests" => Some("Wait a moment and reload the page."),
        _ => None,
    };
    let page = ProblemPage { frame: frame.clone(), title: problem.title, detail: problem.sentence(), hint };
    let answer = frame.answer(page.render());
    let mut response = problem.respond_with(answer);
    // It has its page: the router must not give it another.
    response.extensions_mut().remove::<Problem>();
    response
}

/// The path that every address of the console begins with.
pub(super) fn root(app: &App) -> String {
    format!("{}{}", app.base_path(), super::PATH)
}

/// Whether people reach the console over TLS.
pub(super) fn is_secure(app: &App) -> bool {
    app.settings.public_url.starts_with("https://")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_console_wears_the_colours_of_the_pages() {
        let colours = |css: &'static str| -> Vec<&'static str> {
            css.lines().filter(|line| line.starts_with("--bg") || line.starts_with("--fill")).collect()
        };
        assert_eq!(colours(include_str!("../../assets/console.css")).len(), 4, "light and dark");
        assert_eq!(colours(include_str!("../../assets/console.css")), colours(include_str!("../../assets/page.css")));
    }
}
