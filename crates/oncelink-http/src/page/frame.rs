//! What all pages share: the document around them, their style and script, and the headers that keep them closed.
//!
//! Must not load anything from elsewhere. The headers that every answer has (`no-store`, `no-referrer` ...) are the
//! router's.

use std::sync::LazyLock;

use askama::Error;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use super::brand::Brand;
use super::lang::Lang;
use super::texts::Texts;
use crate::problem::Problem;

/// Style and script without the spaces that only their writers need, and their hashes for the policy.
static STYLE: LazyLock<Inline> = LazyLock::new(|| Inline::new(include_str!("../../assets/page.css")));
static SCRIPT: LazyLock<Inline> = LazyLock::new(|| Inline::new(include_str!("../../assets/page.js")));

/// Where a page's form may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forms {
    /// To ourselves.
    Own,
    /// To ourselves, and from there to a bucket. Chrome and Safari apply `form-action` to the redirects that follow a form
    /// too (w3c/webappsec-csp issue 8), so `'self'` alone would spend the use and block the file. Which host will answer
    /// isn't known before the URL is presigned. The page has one form, and nothing can add another.
    Anywhere,
}

/// The document around a page's content.
pub(super) struct Frame<'a> {
    /// The texts of the page's language.
    pub(super) t: &'static Texts,
    pub(super) lang: Lang,
    pub(super) brand: &'a Brand,
    forms: Forms,
    module: Option<String>,
}

/// Content that stands in the page itself.
pub(crate) struct Inline {
    text: String,
    hash: String,
}

impl<'a> Frame<'a> {
    pub(super) fn new(lang: Lang, brand: &'a Brand, forms: Forms) -> Self {
        Self { t: lang.texts(), lang, brand, forms, module: None }
    }

    /// With a script of ours, which may ask us, save what it gets, and start workers of ours for that.
    pub(super) fn with_module(self, path: String) -> Self {
        Self { module: Some(path), ..self }
    }

    /// The path of the script that the page loads beside its own.
    pub(super) fn module(&self) -> Option<&str> {
        self.module.as_deref()
    }

    pub(super) fn style(&self) -> &'static str {
        &STYLE.text
    }

    pub(super) fn script(&self) -> &'static str {
        &SCRIPT.text
    }

    /// A rendered page as an answer of its own.
    pub(super) fn answer(&self, page: Result<String, Error>) -> Response {
        self.dress(page, Response::default())
    }

    /// A rendered page in the place of what `response` had to say; its status and its other headers stay.
    pub(super) fn dress(&self, page: Result<String, Error>, mut response: Response) -> Response {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(%error, "a page can't be written");
                return Problem::internal().into_response();
            }
        };
        self.close(response.headers_mut());
        *response.body_mut() = Body::from(page);
        response
    }

    /// The headers of a page that nothing gets into and nothing gets out of.
    fn close(&self, headers: &mut HeaderMap) {
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.lang.tag()));
        headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
        if let Ok(policy) = HeaderValue::from_str(&self.policy()) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
    }

    /// The content security policy: nothing but what stands in the page.
    fn policy(&self) -> String {
        let brand_style = self.brand.style_hash().map(|hash| format!(" '{hash}'")).unwrap_or_default();
        let images = if self.brand.logo().is_some() { "; img-src data:" } else { "" };
        let forms = match self.forms {
            Forms::Own => "'self'",
            Forms::Anywhere => "'self' https: http:",
        };
        let (own_script, own) = match self.module {
            Some(_) => (" 'self'", "; connect-src 'self'; worker-src 'self'; frame-src 'self'"),
            None => ("", ""),
        };
        format!(
            "default-src 'none'; style-src '{}'{brand_style}; script-src '{}'{own_script}{own}{images}; form-action {forms}; frame-ancestors 'none'; base-uri 'none'",
            STYLE.hash, SCRIPT.hash
        )
    }
}

impl Inline {
    /// A style's or a script's text; lines that only its writers need are left out.
    pub(crate) fn new(source: &str) -> Self {
        let text = bare(source);
        let hash = hash(&text);
        Self { text, hash }
    }

    /// The text to stand in the page.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The hash source for the content security policy, without its quotes.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }
}

/// The lines that are not for readers of the source only.
pub(super) fn bare(source: &str) -> String {
    let lines = source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//") && !line.starts_with("/*"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The hash source of inline content (CSP level 3, section 2.3.1), without its quotes.
pub(super) fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64.encode(&Sha256::digest(text.as_bytes())))
}
