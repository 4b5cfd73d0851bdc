//! The scripts of ours that only some pages load, at addresses of their own.
//!
//! Must not hold anything that depends on a link or a reader.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::frame;
use crate::problem::Problem;

/// A script's name, and what it is.
type Asset = (&'static str, String);

/// One module of several files, which share one scope; a worker that keeps and hashes; a service worker that streams.
static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        (
            "segments.js",
            frame::bare(concat!(
                include_str!("../../assets/segments/show.js"),
                include_str!("../../assets/segments/ask.js"),
                include_str!("../../assets/segments/claim.js"),
                include_str!("../../assets/segments/fetch.js"),
                include_str!("../../assets/segments/save.js"),
                include_str!("../../assets/segments/main.js"),
            )),
        ),
        ("segments-worker.js", frame::bare(include_str!("../../assets/segments/worker.js"))),
        ("segments-stream.js", frame::bare(include_str!("../../assets/segments/stream.js"))),
    ]
});

/// The script of this name. Its own policy is a worker's too: it loads nothing and asks nobody.
pub(crate) async fn asset(name: Path<String>) -> Result<Response, Problem> {
    let (_, text) = ASSETS.iter().find(|(have, _)| *have == name.0).ok_or_else(Problem::not_found)?;
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    Ok((headers, text.as_str()).into_response())
}
