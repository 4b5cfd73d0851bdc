//! What senders do with their links and keys: list, look, revoke, reissue, browse, authenticate.

use std::time::Duration;

use crate::apikey::{Action, ApiKey, ApiKeyHash, ApiKeySecret, KeyId, Scope};
use crate::claim::{Claim, ClaimState, Standing};
use crate::create::{Draft, Sender, linked};
use crate::event::{Event, EventKind};
use crate::link::{Link, Terms};
use crate::object::{ObjectPage, SourceName};
use crate::policy::MAX_KEY_NAME;
use crate::ports::{LinkFilter, LinkPage, NewLink, RevokeOutcome};
use crate::refusal::{No, Refusal};
use crate::service::Links;
use crate::text;
use crate::time::Timestamp;
use crate::token::{LinkId, Token};
use crate::{Actor, Fault};

/// The most events that are read of one link.
const MAX_EVENTS: usize = 10_000;
/// How finely the last use of an API key is kept.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

/// A link with its claims.
#[derive(Clone, Debug)]
pub struct LinkDetail {
    /// The link.
    pub link: Link,
    /// Its claims, oldest first.
    pub claims: Vec<Claim>,
}

impl Links {
    /// The API key behind a secret, unless it is unknown or revoked. Notes its use.
    ///
    /// # Errors
    /// A fault.
    pub async fn authenticate(&self, secret: &ApiKeySecret) -> Result<Option<ApiKey>, Fault> {
        self.authenticate_hash(&secret.hash()).await
    }

    /// The API key of which somebody has shown the secret before, unless it has been revoked since. Notes its use.
    ///
    /// # Errors
    /// A fault.
    pub async fn authenticate_hash(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, Fault> {
        let Some(key) = self.find_key(hash).await? else { return Ok(None) };
        let now = self.now();
        if key.last_used_at.is_none_or(|at| now.since(at) >= TOUCH_EVERY) {
            // A note for people, not a rule: a store that can't take it doesn't stop the request.
            let _ = self.parts.keys.touch_key(&key.id, now).await;
        }
        Ok(Some(key))
    }

    /// The API key with this hash, unless it is unknown or revoked. Notes nothing: for whoever only looks whether it still holds.
    ///
    /// # Errors
    /// A fault.
    pub async fn find_key(&self, hash: &ApiKeyHash) -> Result<Option<ApiKey>, Fault> {
        Ok(self.parts.keys.find_key(hash).await?.filter(|key| key.revoked_at.is_none()))
    }

    /// One page of the links that the sender may see.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] or a fault.
    pub async fn list(&self, mut filter: LinkFilter, sender: &Sender) -> Result<LinkPage, No> {
        demand(sender, Action::LinksRead)?;
        filter.scope = Some(sender.scope.clone());
        Ok(self.parts.store.list(&filter).await?)
    }

    /// One link with its claims.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] also for links that the sender may not see; [`Refusal::Forbidden`]; a fault.
    pub async fn detail(&self, id: &LinkId, sender: &Sender) -> Result<LinkDetail, No> {
        demand(sender, Action::LinksRead)?;
        let link = self.visible(id, sender).await?;
        let claims = self.parts.store.claims(id).await?;
        Ok(LinkDetail { link, claims })
    }

    /// The events of a link, oldest first, with the lapses that nobody writes.
    ///
    /// # Errors
    /// As [`Links::detail`].
    pub async fn events(&self, id: &LinkId, sender: &Sender) -> Result<Vec<Event>, No> {
        let detail = self.detail(id, sender).await?;
        let mut events = self.parts.store.events(id, MAX_EVENTS).await?;
        let now = self.now();
        let lapses = detail.claims.iter().filter_map(|claim| lapse(claim, now));
        events.extend(lapses);
        events.sort_by_key(|event| event.at);
        Ok(events)
    }

    /// Revokes a link at once.
    ///
    /// # Errors
    /// As [`Links::detail`].
    pub async fn revoke(&self, id: &LinkId, sender: &Sender) -> Result<Link, No> {
        demand(sender, Action::LinksRevoke)?;
        self.visible(id, sender).await?;
        self.revoke_surely(id, &sender.actor).await
    }

    /// Revokes a link without asking for a key: for the command that serves one file and is told to stop.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] or a fault.
    pub async fn revoke_surely(&self, id: &LinkId, actor: &Actor) -> Result<Link, No> {
        match self.parts.store.revoke(id, self.now(), actor.clone()).await? {
            RevokeOutcome::Revoked(link) => Ok(link),
            RevokeOutcome::Unknown => Err(Refusal::Unknown.into()),
        }
    }

    /// Revokes a link and makes a fresh one with the same terms, for the object as it is now.
    ///
    /// The object is looked up first: when it is gone, the old link stays as it is.
    ///
    /// # Errors
    /// As [`Links::detail`], and the object's own refusals. When the last write fails the old link is revoked already;
    /// reissuing it again is safe.
    pub async fn reissue(&self, id: &LinkId, sender: &Sender) -> Result<Draft, No> {
        demand(sender, Action::LinksRevoke)?;
        demand(sender, Action::LinksCreate)?;
        let old = self.visible(id, sender).await?;
        let (_, key) = self.source_of(&old)?;
        let info = self.info(&old.object.source, &key).await?;
        let revoked = self.revoke_surely(id, &sender.actor).await?;
        let now = self.now();
        let token = Token::create(self.entropy(), now);
        let link = self.successor(revoked, &token, linked(&old.object.source, key, info), now, sender);
        let new = NewLink { link: link.clone(), idempotency: None, actor: sender.actor.clone() };
        self.parts.store.insert(vec![new]).await?;
        Ok(Draft { token, link })
    }

    /// Lists what lies in a source.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], [`Refusal::Invalid`] or a fault.
    pub async fn browse(
        &self,
        source: Option<&str>,
        prefix: &str,
        cursor: Option<&str>,
        limit: usize,
        sender: &Sender,
    ) -> Result<(SourceName, ObjectPage), No> {
        demand(sender, Action::ObjectsRead)?;
        let wanted = match source {
            None => None,
            Some(name) => Some(SourceName::parse(name).ok_or_else(|| Refusal::invalid("source", "is no source's name"))?),
        };
        let (name, source) = self.source(wanted.as_ref())?;
        let within = sender.scope.reaches(name, prefix);
        if !within {
            return Err(Refusal::Forbidden { detail: "the key's scope doesn't reach this source or prefix".to_owned() }.into());
        }
        if prefix.len() > crate::object::ObjectKey::MAX
            || prefix.chars().any(char::is_control)
            || prefix.split('/').any(|segment| segment == ".." || segment == ".")
        {
            return Err(Refusal::invalid("prefix", "is too long, or has '.' or '..' segments or control characters").into());
        }
        let page = source.list(prefix, cursor, limit).await.map_err(|error| match No::from(error) {
            No::Refused(Refusal::Invalid { detail, .. }) => No::Refused(Refusal::Invalid { field: "prefix", detail }),
            other @ (No::Refused(_) | No::Failed(_)) => other,
        })?;
        Ok((name.clone(), page))
    }

    /// Makes an API key that reaches no further than the sender's own.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], [`Refusal::Invalid`] or a fault.
    pub async fn create_key(&self, name: &str, scope: Scope, sender: &Sender) -> Result<(ApiKeySecret, ApiKey), No> {
        demand(sender, Action::KeysManage)?;
        if name.trim().is_empty() || name.len() > MAX_KEY_NAME || name.chars().any(text::is_unprintable) {
            return Err(Refusal::invalid("name", format!("must have 1 to {MAX_KEY_NAME} printable bytes")).into());
        }
        if scope.actions.is_empty() {
            return Err(Refusal::invalid("scopes", "allows nothing; name at least one action").into());
        }
        if !sender.scope.includes(&scope) {
            return Err(Refusal::Forbidden { detail: "a key can't make a key that reaches further than itself".to_owned() }.into());
        }
        let (secret, key) = self.new_key(name, scope);
        self.parts.keys.insert_key(key.clone()).await?;
        Ok((secret, key))
    }

    /// Makes the first API key of a store that has none; nothing when there is one already.
    ///
    /// # Errors
    /// A fault.
    pub async fn create_first_key(&self) -> Result<Option<ApiKeySecret>, Fault> {
        let secret = self.draft_first_key().await?;
        Ok(match secret {
            Some(secret) => self.insert_first_key(&secret).await?.then_some(secret),
            None => None,
        })
    }

    /// The secret of a first API key, for a store that has none; nothing when there is one already.
    ///
    /// # Errors
    /// A fault.
    pub async fn draft_first_key(&self) -> Result<Option<ApiKeySecret>, Fault> {
        let is_first = self.parts.keys.list_keys().await?.is_empty();
        Ok(is_first.then(|| ApiKeySecret::create(self.entropy())))
    }

    /// Makes this the store's first API key. Says whether it is one of the store's then: another one may have been first.
    ///
    /// # Errors
    /// A fault, after which it may be stored; repeating it is safe.
    pub async fn insert_first_key(&self, secret: &ApiKeySecret) -> Result<bool, Fault> {
        let is_first = self.parts.keys.insert_first_key(self.key_of(secret, "first", Scope::full())).await?;
        Ok(is_first || self.find_key(&secret.hash()).await?.is_some())
    }

    /// All API keys.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] or a fault.
    pub async fn list_keys(&self, sender: &Sender) -> Result<Vec<ApiKey>, No> {
        demand(sender, Action::KeysManage)?;
        Ok(self.parts.keys.list_keys().await?)
    }

    /// Revokes an API key at once.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], [`Refusal::Forbidden`] or a fault.
    pub async fn revoke_key(&self, id: &KeyId, sender: &Sender) -> Result<(), No> {
        demand(sender, Action::KeysManage)?;
        let all = self.parts.keys.list_keys().await?;
        let key = all.iter().find(|key| key.id == *id).ok_or(Refusal::Unknown)?;
        if !sender.scope.includes(&key.scope) {
            return Err(Refusal::Forbidden { detail: "a key can't revoke a key that reaches further than itself".to_owned() }.into());
        }
        self.parts.keys.revoke_key(id, self.now()).await?;
        Ok(())
    }

    /// The link with its claims, without asking for a key: for the command that waits until its one file was taken.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] or a fault.
    pub async fn status(&self, id: &LinkId) -> Result<LinkDetail, No> {
        let link = self.parts.store.find(id).await?.ok_or(Refusal::Unknown)?;
        let claims = self.parts.store.claims(id).await?;
        Ok(LinkDetail { link, claims })
    }

    /// Deletes at most `limit` links that ended more than `retention` ago, with everything that belongs to them; how many.
    ///
    /// # Errors
    /// A fault.
    pub async fn purge(&self, retention: Duration, limit: usize) -> Result<usize, Fault> {
        Ok(self.parts.store.purge(self.now().minus(retention), limit).await?.deleted)
    }

    async fn visible(&self, id: &LinkId, sender: &Sender) -> Result<Link, No> {
        let link = self.parts.store.find(id).await?.ok_or(Refusal::Unknown)?;
        let visible = sender.scope.reaches(&link.object.source, link.object.key.as_str());
        if visible { Ok(link) } else { Err(Refusal::Unknown.into()) }
    }

    fn new_key(&self, name: &str, scope: Scope) -> (ApiKeySecret, ApiKey) {
        let secret = ApiKeySecret::create(self.entropy());
        let key = self.key_of(&secret, name, scope);
        (secret, key)
    }

    fn key_of(&self, secret: &ApiKeySecret, name: &str, scope: Scope) -> ApiKey {
        ApiKey {
            id: secret.id(),
            hash: secret.hash(),
            name: name.to_owned(),
            scope,
            created_at: self.now(),
            last_used_at: None,
            revoked_at: None,
        }
    }

    fn successor(&self, old: Link, token: &Token, object: crate::link::LinkedObject, now: Timestamp, sender: &Sender) -> Link {
        let expires_at = now.plus(old.terms.lifetime.min(self.policy().max_ttl));
        let not_before = old.terms.not_before.filter(|&at| at > now && at < expires_at);
        Link {
            id: token.link_id(),
            object,
            terms: Terms { expires_at, not_before, ..old.terms },
            passphrase: old.passphrase,
            created_at: now,
            created_by: sender.actor.key.clone(),
            reissue_of: Some(old.id),
            claimed: 0,
            revoked_at: None,
            attempts: None,
        }
    }
}

fn demand(sender: &Sender, action: Action) -> Result<(), Refusal> {
    if sender.scope.allows(action) {
        return Ok(());
    }
    Err(Refusal::Forbidden { detail: format!("the key lacks the action {}", action.as_str()) })
}

fn lapse(claim: &Claim, now: Timestamp) -> Option<Event> {
    match (claim.state, claim.standing(now)) {
        (ClaimState::Active { .. }, Standing::Lapsed { at }) => {
            Some(Event { link: claim.link.clone(), at, kind: EventKind::Lapsed, claim: Some(claim.id.clone()), actor: Actor::default() })
        }
        _ => None,
    }
}
