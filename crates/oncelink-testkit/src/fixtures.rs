//! Builders with sensible defaults, so that a test says only what it is about.
//!
//! Must not decide anything: whatever a test checks has to be visible in the test.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use oncelink_core::apikey::{ApiKey, ApiKeyHash, KeyId, Scope};
use oncelink_core::claim::{ClaimRef, InstanceId};
use oncelink_core::coverage::Coverage;
use oncelink_core::holder::ClaimId;
use oncelink_core::link::{Delivery, Gate, Link, LinkedObject, PassphraseHash, Terms};
use oncelink_core::object::{ObjectKey, ObjectVersion, SourceName};
use oncelink_core::ports::{ClaimRequest, IdempotencyKey, NewLink, Progress};
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Timestamp};

/// When the tests' day begins: 2026-01-01T00:00:00Z.
pub const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);
/// How long the fixtures' leases run.
pub const LEASE: Duration = Duration::from_secs(15 * 60);
/// How long the fixtures' links live: a week.
pub const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// Builds a [`Link`].
#[derive(Clone, Debug)]
pub struct LinkBuilder(Link);

/// A link to `reports/summary.pdf` (1,000 bytes) in the source `main` for one use within a week, with an id of its own.
pub fn a_link() -> LinkBuilder {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // Far from the small numbers that tests choose by hand.
    let number = (1 << 64) + u128::from(NEXT.fetch_add(1, Ordering::Relaxed));
    LinkBuilder(Link {
        id: link_id(number),
        object: LinkedObject {
            source: source_name("main"),
            key: object_key("reports/summary.pdf"),
            version: ObjectVersion { etag: "etag-1".to_owned(), version_id: None },
            size: 1_000,
            sha256: None,
        },
        terms: default_terms(),
        passphrase: None,
        created_at: NOW,
        created_by: None,
        reissue_of: None,
        claimed: 0,
        revoked_at: None,
        attempts: None,
    })
}

/// The link id that spells `number`; larger numbers have larger ids.
pub fn link_id(number: u128) -> LinkId {
    LinkId::parse(&format!("000000{}", spell(number))).expect("32 digits of base 32 are a link id")
}

/// The claim id that spells `number`.
pub fn claim_id(number: u128) -> ClaimId {
    ClaimId::parse(&spell(number)).expect("26 digits of base 32 are a claim id")
}

/// The API key id that spells `number`.
pub fn key_id(number: u128) -> KeyId {
    KeyId::parse(&spell(number)).expect("26 digits of base 32 are a key id")
}

/// The object key `text`, which must be a lawful one.
pub fn object_key(text: &str) -> ObjectKey {
    ObjectKey::parse(text).expect("a test names lawful keys")
}

/// The source `text`, which must be a lawful name.
pub fn source_name(text: &str) -> SourceName {
    SourceName::parse(text).expect("a test names lawful sources")
}

/// [`NOW`] and so many milliseconds.
pub fn after(millis: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() + millis)
}

/// A set of byte ranges.
pub fn coverage(ranges: &[std::ops::Range<u64>]) -> Coverage {
    let mut set = Coverage::new();
    ranges.iter().for_each(|range| set.add(range.clone()));
    set
}

/// The set of one byte range.
pub fn part(range: std::ops::Range<u64>) -> Coverage {
    let mut set = Coverage::new();
    set.add(range);
    set
}

/// Somebody with an IPv6 address, a user agent and an API key.
pub fn an_actor() -> Actor {
    Actor {
        address: Some(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7))),
        user_agent: Some("curl/8.0 (“quoted” 'too')".to_owned()),
        key: Some(key_id(77)),
    }
}

/// A wish of holder number `holder` to claim at [`NOW`] for [`LEASE`]; change its fields with `ClaimRequest { .., ..wish }`.
pub fn claim_request(link: &LinkId, holder: u128) -> ClaimRequest {
    claim_request_at(link, holder, NOW)
}

/// A wish to claim at `now` for [`LEASE`].
pub fn claim_request_at(link: &LinkId, holder: u128, now: Timestamp) -> ClaimRequest {
    ClaimRequest {
        link: link.clone(),
        claim: claim_id(holder),
        now,
        lease_until: now.plus(LEASE),
        proved: None,
        completed: false,
        recorder: InstanceId(1),
        actor: Actor::default(),
    }
}

/// A report of nothing yet at `now`, renewing the lease by [`LEASE`].
pub fn progress(claim: &ClaimRef, now: Timestamp) -> Progress {
    Progress {
        claim: claim.clone(),
        now,
        delivered: Coverage::new(),
        sent: 0,
        lease_until: now.plus(LEASE),
        may_complete: false,
        ended: None,
        recorder: InstanceId(1),
        actor: Actor::default(),
    }
}

/// An unrevoked API key with full scope; `number` makes id, hash and name its own.
pub fn a_key(number: u8) -> ApiKey {
    ApiKey {
        id: key_id(u128::from(number)),
        hash: ApiKeyHash([number; 32]),
        name: format!("key {number}"),
        scope: Scope::full(),
        created_at: NOW,
        last_used_at: None,
        revoked_at: None,
    }
}

/// `link` as the store takes it: by nobody in particular, not idempotent.
pub fn new_link(link: Link) -> NewLink {
    NewLink { link, idempotency: None, actor: Actor::default() }
}

/// `link` as the store takes it when its creation carries the idempotency key `name` and the body `body`.
pub fn idempotent(link: Link, name: &str, body: &str) -> NewLink {
    NewLink { idempotency: Some(IdempotencyKey { name: name.to_owned(), body: body.to_owned() }), ..new_link(link) }
}

impl LinkBuilder {
    /// The id.
    #[must_use]
    pub fn id(mut self, id: LinkId) -> Self {
        self.0.id = id;
        self
    }

    /// The source's name.
    #[must_use]
    pub fn source(mut self, name: &str) -> Self {
        self.0.object.source = source_name(name);
        self
    }

    /// The object's key; the file is saved under its last segment.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.0.object.key = object_key(key);
        self.0.terms.filename = self.0.object.key.file_name();
        self
    }

    /// The object's size in bytes.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.0.object.size = bytes;
        self
    }

    /// The pinned version.
    #[must_use]
    pub fn version(mut self, etag: &str, version_id: Option<&str>) -> Self {
        self.0.object.version = ObjectVersion { etag: etag.to_owned(), version_id: version_id.map(str::to_owned) };
        self
    }

    /// The pinned version's SHA-256.
    #[must_use]
    pub fn sha256(mut self, digest: [u8; 32]) -> Self {
        self.0.object.sha256 = Some(digest);
        self
    }

    /// How many claims may be made.
    #[must_use]
    pub fn uses(mut self, uses: u32) -> Self {
        self.0.terms.uses = uses;
        self
    }

    /// When it was created; expiry keeps its distance.
    #[must_use]
    pub fn created_at(mut self, at: Timestamp) -> Self {
        self.0.created_at = at;
        self.0.terms.expires_at = at.plus(self.0.terms.lifetime);
        self
    }

    /// When claiming ends.
    #[must_use]
    pub fn expires_at(mut self, at: Timestamp) -> Self {
        self.0.terms.expires_at = at;
        self.0.terms.lifetime = at.since(self.0.created_at);
        self
    }

    /// Before this nobody may claim.
    #[must_use]
    pub fn not_before(mut self, at: Timestamp) -> Self {
        self.0.terms.not_before = Some(at);
        self
    }

    /// How it is opened.
    #[must_use]
    pub fn gate(mut self, gate: Gate) -> Self {
        self.0.terms.gate = gate;
        self
    }

    /// How the bytes travel.
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.0.terms.delivery = delivery;
        self
    }

    /// The name under which the file is saved.
    #[must_use]
    pub fn filename(mut self, name: &str) -> Self {
        name.clone_into(&mut self.0.terms.filename);
        self
    }

    /// The media type that the creator gave.
    #[must_use]
    pub fn content_type(mut self, media_type: &str) -> Self {
        self.0.terms.content_type = Some(media_type.to_owned());
        self
    }

    /// Whose addresses may claim, as CIDRs.
    #[must_use]
    pub fn allow_from(mut self, nets: &[&str]) -> Self {
        self.0.terms.allow_from = nets.iter().map(|net| net.parse().expect("a test names lawful CIDRs")).collect();
        self
    }

    /// The sender's own words.
    #[must_use]
    pub fn note(mut self, note: &str) -> Self {
        self.0.terms.note = Some(note.to_owned());
        self
    }

    /// The sender's own data, a JSON object as text.
    #[must_use]
    pub fn metadata(mut self, json: &str) -> Self {
        self.0.terms.metadata = Some(json.to_owned());
        self
    }

    /// Where to report what becomes of the link.
    #[must_use]
    pub fn webhook(mut self, url: &str) -> Self {
        self.0.terms.webhook = Some(url.to_owned());
        self
    }

    /// The hash that a passphrase must match.
    #[must_use]
    pub fn passphrase(mut self, hash: &str) -> Self {
        self.0.passphrase = Some(PassphraseHash(hash.to_owned()));
        self
    }

    /// By whose API key it was created.
    #[must_use]
    pub fn created_by(mut self, key: KeyId) -> Self {
        self.0.created_by = Some(key);
        self
    }

    /// The link that this one replaces.
    #[must_use]
    pub fn reissue_of(mut self, id: LinkId) -> Self {
        self.0.reissue_of = Some(id);
        self
    }

    /// The link.
    pub fn build(self) -> Link {
        self.0
    }

    /// The link as the store takes it.
    pub fn build_new(self) -> NewLink {
        new_link(self.0)
    }
}

fn default_terms() -> Terms {
    Terms {
        uses: 1,
        expires_at: NOW.plus(LIFETIME),
        lifetime: LIFETIME,
        not_before: None,
        gate: Gate::Page,
        delivery: Delivery::Auto,
        filename: "summary.pdf".to_owned(),
        content_type: None,
        allow_from: Vec::new(),
        note: None,
        metadata: None,
        webhook: None,
    }
}

/// `number` in 26 digits of Crockford's base 32, the shape of public names.
fn spell(mut number: u128) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut name = [b'0'; 26];
    for place in name.iter_mut().rev() {
        *place = DIGITS[(number & 31) as usize];
        number >>= 5;
    }
    name.iter().map(|&byte| char::from(byte)).collect()
}
