//! Creating links: every value is checked, the object is looked up and its version pinned.

use std::time::Duration;

use ipnet::IpNet;

use crate::apikey::{Action, Scope};
use crate::disposition;
use crate::hash;
use crate::link::{Delivery, Gate, Link, LinkedObject, Terms};
use crate::object::{ObjectError, ObjectInfo, ObjectKey, SourceName};
use crate::policy::{MAX_FILENAME, MAX_METADATA, MAX_NETWORKS, MAX_NOTE, MAX_PASSPHRASE, MAX_USES, MAX_WEBHOOK};
use crate::ports::{IdempotencyKey, InsertOutcome, NewLink, ObjectSource};
use crate::refusal::{No, Refusal};
use crate::service::Links;
use crate::text;
use crate::time::Timestamp;
use crate::token::Token;
use crate::{Actor, Fault};

/// Who asks, and how far their key reaches.
#[derive(Clone, Debug)]
pub struct Sender {
    /// For the events.
    pub actor: Actor,
    /// How far the key reaches.
    pub scope: Scope,
}

/// When a link shall end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// So long after its creation.
    In(Duration),
    /// At this time.
    At(Timestamp),
}

/// A link that somebody wants. Whatever is absent comes from the operator's policy.
#[derive(Clone, Default)]
pub struct LinkWish {
    /// The source's name; absent: the first one.
    pub source: Option<String>,
    /// The object's key.
    pub key: String,
    /// How many uses.
    pub uses: Option<u64>,
    /// When it shall end.
    pub expiry: Option<Expiry>,
    /// Before this nobody may claim.
    pub not_before: Option<Timestamp>,
    /// How it is opened.
    pub gate: Option<Gate>,
    /// How the bytes travel.
    pub delivery: Option<Delivery>,
    /// The name under which the file is saved; absent: the key's last segment.
    pub filename: Option<String>,
    /// The media type; absent: the source's.
    pub content_type: Option<String>,
    /// A passphrase that the recipient must know.
    pub passphrase: Option<String>,
    /// Whose addresses may claim.
    pub allow_from: Vec<IpNet>,
    /// The sender's own words.
    pub note: Option<String>,
    /// The sender's own data, a JSON object as text.
    pub metadata: Option<String>,
    /// Where to report what becomes of the link.
    pub webhook: Option<String>,
}

/// A link that was checked but isn't stored yet, and its token.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The secret, for the URL that is shown once.
    pub token: Token,
    /// The link to be stored.
    pub link: Link,
}

/// A wish that is good, as far as can be told without looking at its object.
pub struct Checked {
    source: SourceName,
    key: ObjectKey,
    now: Timestamp,
    terms: Terms,
    passphrase: Option<String>,
}

impl Checked {
    /// The object that is to be looked at.
    pub fn object(&self) -> (&SourceName, &ObjectKey) {
        (&self.source, &self.key)
    }
}

/// What became of a creation.
#[derive(Debug)]
pub enum CreateOutcome {
    /// The link is stored; its token is known only now.
    Created(Draft),
    /// The same creation was stored before; its token isn't kept.
    Repeated(Link),
}

impl Links {
    /// Creates one link.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] names the field; the object's own refusals; [`Refusal::Forbidden`]; a fault.
    pub async fn create(&self, wish: LinkWish, sender: &Sender, idempotency: Option<IdempotencyKey>) -> Result<CreateOutcome, No> {
        let draft = match self.draft(wish, sender).await {
            Ok(draft) => draft,
            Err(no) => return self.repeated(no, idempotency).await,
        };
        let new = NewLink { link: draft.link.clone(), idempotency, actor: sender.actor.clone() };
        match self.parts.store.insert(vec![new]).await?.pop() {
            Some(InsertOutcome::Created) => Ok(CreateOutcome::Created(draft)),
            Some(InsertOutcome::Repeated(link)) => Ok(CreateOutcome::Repeated(link)),
            Some(InsertOutcome::Conflict) => Err(Refusal::IdempotencyConflict.into()),
            None => Err(Fault::internal("the store gave no outcome for a new link").into()),
        }
    }

    /// A creation that isn't possible any more, as its object is gone or its time is over, may have been made before.
    async fn repeated(&self, no: No, idempotency: Option<IdempotencyKey>) -> Result<CreateOutcome, No> {
        let (No::Failed(_) | No::Refused(Refusal::Invalid { .. } | Refusal::NoSuchObject { .. })) = &no else { return Err(no) };
        let Some(key) = idempotency else { return Err(no) };
        match self.parts.store.find_repeated(&key).await? {
            Some(InsertOutcome::Repeated(link)) => Ok(CreateOutcome::Repeated(link)),
            Some(InsertOutcome::Conflict) => Err(Refusal::IdempotencyConflict.into()),
            Some(InsertOutcome::Created) | None => Err(no),
        }
    }

    /// Checks a wish against the policy and the object. Stores nothing.
    ///
    /// # Errors
    /// As [`Links::create`].
    pub async fn draft(&self, wish: LinkWish, sender: &Sender) -> Result<Draft, No> {
        let checked = self.check(wish, sender)?;
        let info = self.info(&checked.source, &checked.key).await?;
        self.draft_of(checked, info, sender).await
    }

    /// The first half of [`Links::draft`]: everything but the object. Many wishes for one object need one look at it.
    ///
    /// # Errors
    /// As [`Links::create`].
    pub fn check(&self, wish: LinkWish, sender: &Sender) -> Result<Checked, No> {
        if !sender.scope.allows(Action::LinksCreate) {
            return Err(Refusal::Forbidden { detail: "the key lacks the action links:create".to_owned() }.into());
        }
        let key = ObjectKey::parse(&wish.key).map_err(Refusal::from)?;
        let (name, source) = self.source(wish_source(wish.source.as_deref())?.as_ref())?;
        if !sender.scope.reaches(name, key.as_str()) {
            return Err(Refusal::Forbidden { detail: "the key's scope doesn't reach this object".to_owned() }.into());
        }
        let now = self.now();
        let terms = self.terms(&wish, &key, now)?;
        check_delivery(terms.delivery, source)?;
        Ok(Checked { source: name.clone(), key, now, terms, passphrase: wish.passphrase })
    }

    /// Looks at an object as it is now.
    ///
    /// # Errors
    /// [`Refusal::NoSuchObject`], or as the source says.
    pub async fn info(&self, source: &SourceName, key: &ObjectKey) -> Result<ObjectInfo, No> {
        self.source(Some(source))?.1.head(key).await.map_err(|error| match error {
            ObjectError::NotFound => Refusal::NoSuchObject { source: source.clone(), key: key.clone() }.into(),
            other @ (ObjectError::Changed | ObjectError::Unfit(_) | ObjectError::Fault(_)) => other.into(),
        })
    }

    /// The second half of [`Links::draft`], with what was found out of the object.
    ///
    /// # Errors
    /// A fault.
    pub async fn draft_of(&self, checked: Checked, info: ObjectInfo, sender: &Sender) -> Result<Draft, No> {
        let Checked { source, key, now, mut terms, passphrase } = checked;
        // The source's own media type is pinned with the rest, so that a download needs no second look.
        terms.content_type = terms.content_type.or_else(|| info.content_type.as_deref().and_then(disposition::media_type));
        let passphrase = match &passphrase {
            Some(passphrase) => Some(self.hash_passphrase(passphrase).await?),
            None => None,
        };
        let object = linked(&source, key, info);
        let token = Token::create(self.entropy(), now);
        let link = Link {
            id: token.link_id(),
            object,
            terms,
            passphrase,
            created_at: now,
            created_by: sender.actor.key.clone(),
            reissue_of: None,
            claimed: 0,
            revoked_at: None,
            attempts: None,
        };
        Ok(Draft { token, link })
    }

    /// Stores drafts in one write; outcomes in order.
    ///
    /// # Errors
    /// A fault: then none of them is known to be stored.
    pub async fn store_drafts(&self, drafts: &[Draft], actor: &Actor) -> Result<(), Fault> {
        let links = drafts.iter().map(|draft| NewLink { link: draft.link.clone(), idempotency: None, actor: actor.clone() });
        self.parts.store.insert(links.collect()).await.map(|_| ())
    }

    async fn hash_passphrase(&self, passphrase: &str) -> Result<crate::link::PassphraseHash, Fault> {
        let _permit = self.parts.hasher.enter().await;
        self.parts.hasher.hash(passphrase).await
    }

    fn terms(&self, wish: &LinkWish, key: &ObjectKey, now: Timestamp) -> Result<Terms, Refusal> {
        let policy = self.policy();
        let expires_at = expiry(wish.expiry, now, policy.ttl, policy.max_ttl)?;
        check_not_before(wish.not_before, expires_at)?;
        check_passphrase(wish.passphrase.as_deref())?;
        check_length("note", wish.note.as_deref(), MAX_NOTE)?;
        check_length("metadata", wish.metadata.as_deref(), MAX_METADATA)?;
        check_webhook(wish.webhook.as_deref())?;
        if wish.allow_from.len() > MAX_NETWORKS {
            return Err(Refusal::invalid("allow_from", format!("has more than {MAX_NETWORKS} networks")));
        }
        Ok(Terms {
            uses: uses(wish.uses)?,
            expires_at,
            lifetime: expires_at.since(now),
            not_before: wish.not_before,
            gate: wish.gate.unwrap_or(policy.gate),
            delivery: wish.delivery.unwrap_or(policy.delivery),
            filename: filename(wish.filename.as_deref(), key)?,
            content_type: content_type(wish.content_type.as_deref())?,
            allow_from: wish.allow_from.clone(),
            note: wish.note.clone(),
            metadata: wish.metadata.clone(),
            webhook: wish.webhook.clone(),
        })
    }
}

impl std::fmt::Debug for LinkWish {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "LinkWish(key {:?}, ..)", self.key)
    }
}

/// What makes a creation recognisable: hashes of who asked under which name, and of what.
pub fn idempotency_key(sender: &Actor, header: &str, body: &[u8]) -> IdempotencyKey {
    let who = sender.key.as_ref().map_or("", |key| key.as_str());
    let name = hash::digest("oncelink idempotency name", &[who.as_bytes(), header.as_bytes()]);
    let body = hash::digest("oncelink idempotency body", &[body]);
    IdempotencyKey { name: hash::hex(&name), body: hash::hex(&body) }
}

pub(crate) fn linked(source: &SourceName, key: ObjectKey, info: ObjectInfo) -> LinkedObject {
    LinkedObject { source: source.clone(), key, version: info.version, size: info.size, sha256: info.sha256 }
}

fn wish_source(name: Option<&str>) -> Result<Option<SourceName>, Refusal> {
    match name {
        None => Ok(None),
        Some(name) => match SourceName::parse(name) {
            Some(name) => Ok(Some(name)),
            None => Err(Refusal::invalid("source", "is no source's name (1 to 64 characters of A-Za-z0-9._-)")),
        },
    }
}

fn check_delivery(delivery: Delivery, source: &dyn ObjectSource) -> Result<(), Refusal> {
    if delivery == Delivery::Redirect && source.presigner().is_none() {
        return Err(Refusal::invalid("delivery", "only S3 sources can redirect; use stream or auto"));
    }
    Ok(())
}

fn expiry(wish: Option<Expiry>, now: Timestamp, ttl: Duration, max_ttl: Duration) -> Result<Timestamp, Refusal> {
    let (field, at) = match wish {
        None => ("expires_in", now.plus(ttl)),
        Some(Expiry::In(span)) => ("expires_in", now.plus(span)),
        Some(Expiry::At(at)) => ("expires_at", at),
    };
    if at <= now {
        return Err(Refusal::invalid(field, "lies in the past; a link must live for a while"));
    }
    if at.since(now) > max_ttl {
        return Err(Refusal::invalid(field, format!("is later than the maximum of {} seconds from now", max_ttl.as_secs())));
    }
    Ok(at)
}

fn check_not_before(not_before: Option<Timestamp>, expires_at: Timestamp) -> Result<(), Refusal> {
    match not_before {
        Some(at) if at >= expires_at => Err(Refusal::invalid("not_before", "isn't before the link's expiry")),
        _ => Ok(()),
    }
}

fn uses(wish: Option<u64>) -> Result<u32, Refusal> {
    match u32::try_from(wish.unwrap_or(1)) {
        Ok(uses) if (1..=MAX_USES).contains(&uses) => Ok(uses),
        _ => Err(Refusal::invalid("uses", format!("must be 1 to {MAX_USES}"))),
    }
}

fn filename(wish: Option<&str>, key: &ObjectKey) -> Result<String, Refusal> {
    let Some(name) = wish else { return Ok(key.file_name()) };
    let bad = |detail: &str| Err(Refusal::invalid("filename", detail));
    if name.len() > MAX_FILENAME {
        return bad("is longer than 255 bytes");
    }
    if name.chars().any(text::is_unprintable) {
        return bad("has control or invisible characters");
    }
    if name.contains(['/', '\\']) {
        return bad("has a path separator; give a name, not a path");
    }
    if name.chars().all(|c| c == '.' || c.is_whitespace()) {
        return bad("is empty or only dots");
    }
    Ok(name.to_owned())
}

fn content_type(wish: Option<&str>) -> Result<Option<String>, Refusal> {
    match wish {
        None => Ok(None),
        Some(text) => match disposition::media_type(text) {
            Some(kind) => Ok(Some(kind)),
            None => Err(Refusal::invalid("content_type", "is no media type such as application/pdf")),
        },
    }
}

fn check_passphrase(passphrase: Option<&str>) -> Result<(), Refusal> {
    match passphrase {
        Some("") => Err(Refusal::invalid("passphrase", "is empty; leave it out for a link without one")),
        other => check_length("passphrase", other, MAX_PASSPHRASE),
    }
}

fn check_length(field: &'static str, text: Option<&str>, max: usize) -> Result<(), Refusal> {
    match text {
        Some(text) if text.len() > max => Err(Refusal::invalid(field, format!("is longer than {max} bytes"))),
        Some(text) if text.contains('\0') => Err(Refusal::invalid(field, "has a NUL character")),
        _ => Ok(()),
    }
}

fn check_webhook(url: Option<&str>) -> Result<(), Refusal> {
    check_length("webhook", url, MAX_WEBHOOK)?;
    let fits = |url: &str| {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let host = rest
            .map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default())
            .map(|place| place.rsplit('@').next().unwrap_or_default());
        host.is_some_and(|host| !host.is_empty() && !host.starts_with(':')) && url.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match url {
        Some(url) if !fits(url) => Err(Refusal::invalid("webhook", "must be an http or https URL")),
        _ => Ok(()),
    }
}
