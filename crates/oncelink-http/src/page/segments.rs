//! What a link's page knows of a file that comes in parts, for the script that fetches them and for readers without it.
//!
//! Must not say more of the file than the reader may know: its version and digest are for the claim's holder.

use std::time::Duration;

use super::said::{self, Piece};
use super::texts::Texts;

/// A file that one response can't carry.
pub(crate) struct Segments {
    /// How many bytes one response carries at the most.
    pub(crate) most: u64,
    /// The link's public name, by which the script finds what it has saved already.
    pub(crate) link: String,
    /// The name under which the file is saved.
    pub(crate) name: String,
    /// The file's size in bytes.
    pub(crate) size: u64,
    /// More about the file, where the browser has claimed it already.
    pub(crate) facts: Option<Facts>,
    /// The path of the public URL: empty or `/base`.
    pub(crate) base: String,
    /// The command line that fetches the file without a browser.
    pub(crate) command: String,
    /// How long the presigned URL lives that the button leads to without the script; nothing: it leads nowhere.
    pub(crate) exchange: Option<Duration>,
}

/// What only a claim's holder is told.
pub(crate) struct Facts {
    /// The strong validator.
    pub(crate) etag: String,
    /// SHA-256 in hexadecimal, where the source keeps it.
    pub(crate) sha256: Option<String>,
}

/// What the script says, as JSON.
pub(super) fn words(t: &Texts) -> serde_json::Value {
    let parts = &t.parts;
    serde_json::json!({
        "note": parts.note,
        "figures": parts.figures,
        "begin": parts.begin,
        "waiting": parts.waiting,
        "checking": parts.checking,
        "finished": parts.finished,
        "done": parts.done,
        "verified": parts.verified,
        "broke": parts.broke,
        "full": parts.full,
        "damaged": parts.damaged,
        "beyond": parts.beyond,
        "wrong": t.passphrase_wrong,
    })
}

/// What the button does without the script, or why there is none.
pub(super) fn plain_note<'a>(segments: &Segments, t: &'static Texts) -> Vec<Piece<'a>> {
    match segments.exchange {
        Some(ttl) => said::pieces(t.note_exchange, "seconds", Piece::Span(said::seconds(ttl, t))),
        None => vec![Piece::Text(t.parts.plain)],
    }
}
