//! How links, claims and events are told to senders.
//!
//! Must not tell a token, except in the `url` of a link that was just made, nor anything a recipient keeps secret.

use data_encoding::HEXLOWER;
use oncelink_core::Timestamp;
use oncelink_core::claim::{Claim, Standing};
use oncelink_core::create::Draft;
use oncelink_core::event::Event;
use oncelink_core::link::Link;
use oncelink_core::manage::LinkDetail;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::words::{ClaimStateWord, DeliveryWord, GateWord, LinkStateWord};
use crate::app::App;
use crate::recipient;
use crate::when::rfc3339;

// No `Debug`: the URL is a secret.
/// A link.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkRecord {
    /// The link's public name.
    id: String,
    /// The capability URL. Only in the answer that made the link: it isn't kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// The source's name.
    source: String,
    /// The object's key.
    key: String,
    /// The object's size in bytes.
    size: u64,
    /// The pinned version's entity tag, without quotes.
    etag: String,
    /// The pinned version's id, where the bucket keeps versions.
    version_id: Option<String>,
    /// SHA-256 over the object in hexadecimal, where the source knows it.
    sha256: Option<String>,
    /// How many claims may be made.
    uses: u32,
    /// How many have been made and not been given back.
    claimed: u32,
    /// How many are left.
    uses_left: u32,
    state: LinkStateWord,
    /// When claiming ends.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Before this nobody may claim.
    #[schema(format = DateTime)]
    not_before: Option<String>,
    gate: GateWord,
    delivery: DeliveryWord,
    /// What `delivery=redirect` promises: it is not single-use.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_promise: Option<String>,
    /// The name under which the file is saved.
    filename: String,
    /// The media type.
    content_type: Option<String>,
    /// The networks from which claiming is allowed; empty for all.
    allow_from: Vec<String>,
    /// Words of the sender's own.
    note: Option<String>,
    /// Data of the sender's own.
    metadata: Option<Map<String, Value>>,
    /// Where to report what becomes of the link.
    webhook: Option<String>,
    /// Whether the recipient must know a passphrase.
    passphrase: bool,
    /// When the link was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// The id of the API key that made it.
    created_by: Option<String>,
    /// When it was revoked.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// The link that this one replaces.
    reissue_of: Option<String>,
}

/// A link with its claims.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkDetailRecord {
    #[serde(flatten)]
    link: LinkRecord,
    /// The claims, oldest first.
    claims: Vec<ClaimRecord>,
}

/// A claim: one use, taken by one holder.
#[derive(Serialize, ToSchema)]
struct ClaimRecord {
    /// The claim's public name.
    id: String,
    state: ClaimStateWord,
    /// When the use was taken.
    #[schema(format = DateTime)]
    claimed_at: String,
    /// Until when the holder may resume, or could.
    #[schema(format = DateTime)]
    lease_until: Option<String>,
    /// When the last byte was acknowledged.
    #[schema(format = DateTime)]
    completed_at: Option<String>,
    /// When the use was given back.
    #[schema(format = DateTime)]
    released_at: Option<String>,
    /// How many bytes were sent, repeats included.
    sent: u64,
    /// How many different bytes of the object were delivered.
    delivered: u64,
}

/// Something that happened to a link.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventRecord {
    /// What: created, viewed, claimed, delivered, completed, lapsed, released, refused, revoked.
    #[serde(rename = "type")]
    kind: &'static str,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// On which claim.
    claim: Option<String>,
    /// How many bytes a response sent, where one ended.
    bytes: Option<u64>,
    /// Why somebody was refused.
    reason: Option<String>,
    /// The client's address.
    address: Option<String>,
    /// What the client calls itself. Noted, never believed.
    user_agent: Option<String>,
    /// The id of the API key that was used.
    key: Option<String>,
}

impl LinkRecord {
    /// A link as it is now, without its URL.
    pub(crate) fn of(app: &App, link: &Link) -> Self {
        let (object, terms) = (&link.object, &link.terms);
        Self {
            id: link.id.to_string(),
            url: None,
            source: object.source.to_string(),
            key: object.key.to_string(),
            size: object.size,
            etag: object.version.etag.clone(),
            version_id: object.version.version_id.clone(),
            sha256: object.sha256.map(|digest| HEXLOWER.encode(&digest)),
            uses: terms.uses,
            claimed: link.claimed,
            uses_left: link.uses_left(),
            state: link.state(app.links.now()).into(),
            expires_at: rfc3339(terms.expires_at),
            not_before: terms.not_before.map(rfc3339),
            gate: terms.gate.into(),
            delivery: terms.delivery.into(),
            delivery_promise: promise(app, link),
            filename: terms.filename.clone(),
            content_type: terms.content_type.clone(),
            allow_from: terms.allow_from.iter().map(ToString::to_string).collect(),
            note: terms.note.clone(),
            metadata: terms.metadata.as_deref().and_then(|text| serde_json::from_str(text).ok()),
            webhook: terms.webhook.clone(),
            passphrase: link.passphrase.is_some(),
            created_at: rfc3339(link.created_at),
            created_by: link.created_by.as_ref().map(ToString::to_string),
            revoked_at: link.revoked_at.map(rfc3339),
            reissue_of: link.reissue_of.as_ref().map(ToString::to_string),
        }
    }

    /// A link that was just made, with its URL: shown this once.
    pub(crate) fn fresh(app: &App, draft: &Draft) -> Self {
        Self { url: Some(url(app, draft)), ..Self::of(app, &draft.link) }
    }

    /// The address at which the link is managed.
    pub(crate) fn location(&self, app: &App) -> String {
        format!("{}/v1/links/{}", app.base_path(), self.id)
    }
}

impl LinkDetailRecord {
    /// A link and its claims as they are now.
    pub(crate) fn of(app: &App, detail: &LinkDetail) -> Self {
        let now = app.links.now();
        Self { link: LinkRecord::of(app, &detail.link), claims: detail.claims.iter().map(|claim| ClaimRecord::of(claim, now)).collect() }
    }
}

impl ClaimRecord {
    fn of(claim: &Claim, now: Timestamp) -> Self {
        let record = |state| Self {
            id: claim.id.to_string(),
            state,
            claimed_at: rfc3339(claim.claimed_at),
            lease_until: None,
            completed_at: None,
            released_at: None,
            sent: claim.sent,
            delivered: claim.coverage.len(),
        };
        match claim.standing(now) {
            Standing::Active { lease_until } => Self { lease_until: Some(rfc3339(lease_until)), ..record(ClaimStateWord::Active) },
            Standing::Lapsed { at } => Self { lease_until: Some(rfc3339(at)), ..record(ClaimStateWord::Lapsed) },
            Standing::Completed { at } => Self { completed_at: Some(rfc3339(at)), ..record(ClaimStateWord::Completed) },
            Standing::Released { at } => Self { released_at: Some(rfc3339(at)), ..record(ClaimStateWord::Released) },
        }
    }
}

impl From<Event> for EventRecord {
    fn from(event: Event) -> Self {
        Self {
            kind: event.kind.as_str(),
            at: rfc3339(event.at),
            claim: event.claim.map(|claim| claim.to_string()),
            bytes: event.kind.bytes(),
            reason: event.kind.reason().map(str::to_owned),
            address: event.actor.address.map(|address| address.to_string()),
            user_agent: event.actor.user_agent,
            key: event.actor.key.map(|key| key.to_string()),
        }
    }
}

/// The capability URL of a link that was just made.
pub(crate) fn url(app: &App, draft: &Draft) -> String {
    app.absolute(&format!("/d/{}", draft.token.reveal()))
}

/// What a link doesn't keep of the promises (SEM-9).
fn promise(app: &App, link: &Link) -> Option<String> {
    let seconds = app.links.policy().redirect_ttl.as_secs();
    recipient::is_exchange(app, link).then(|| format!("single exchange, reusable for {seconds} seconds"))
}
