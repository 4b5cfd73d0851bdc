//! The scripts of ours that only some pages load, at addresses of their own.
//!
//! Must not hold anything that depends on a link or a reader.

use std::borrow::Cow;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::lang::Lang;
use super::{frame, segments};
use crate::problem::Problem;

/// One module of several files, which share one scope. What it says comes before it.
static MODULE: LazyLock<String> = LazyLock::new(|| {
    frame::bare(concat!(
        include_str!("../../assets/segments/show.js"),
        include_str!("../../assets/segments/ask.js"),
        include_str!("../../assets/segments/claim.js"),
        include_str!("../../assets/segments/fetch.js"),
        include_str!("../../assets/segments/save.js"),
        include_str!("../../assets/segments/main.js"),
    ))
});
/// A worker that keeps and hashes.
static WORKER: LazyLock<String> = LazyLock::new(|| frame::bare(include_str!("../../assets/segments/worker.js")));
/// A service worker that streams.
static STREAM: LazyLock<String> = LazyLock::new(|| frame::bare(include_str!("../../assets/segments/stream.js")));

/// The path of the script that fetches parts, and says what it does in `lang`.
pub(super) fn module_path(base: &str, lang: Lang) -> String {
    format!("{base}/assets/segments-{}.js", lang.tag())
}

/// The script of this name. Its own policy is a worker's too: it loads nothing and asks nobody.
pub(crate) async fn asset(name: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|_| Problem::not_found())?;
    let text = match name.as_str() {
        "segments-worker.js" => Cow::Borrowed(WORKER.as_str()),
        "segments-stream.js" => Cow::Borrowed(STREAM.as_str()),
        other => Cow::Owned(module(other).ok_or_else(Problem::not_found)?),
    };
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    Ok((headers, text).into_response())
}

fn module(name: &str) -> Option<String> {
    let tag = name.strip_prefix("segments-")?.strip_suffix(".js")?;
    let lang = Lang::of_tag(tag).filter(|lang| lang.tag() == tag)?;
    Some(format!("const texts = {}\n{}", segments::words(lang.texts()), *MODULE))
}
