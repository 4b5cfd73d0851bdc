//! The use cases' common ground: every port in one place.
//!
//! Must not hold rules: they are in `create`, `redeem`, `delivery`, `manage` and `transition`.

use std::sync::Arc;

use crate::claim::InstanceId;
use crate::event::{Event, EventKind};
use crate::holder::ClaimId;
use crate::link::Link;
use crate::object::{ObjectKey, SourceName};
use crate::policy::Policy;
use crate::ports::{Clock, Entropy, KeyStore, LinkStore, ObjectSource, PassphraseHasher};
use crate::refusal::{No, Refusal};
use crate::time::Timestamp;
use crate::{Actor, Fault, FaultKind};

/// What [`Links`] is made of.
pub struct Parts {
    /// Where links are kept.
    pub store: Arc<dyn LinkStore>,
    /// Where API keys are kept.
    pub keys: Arc<dyn KeyStore>,
    /// The sources; the first is the default.
    pub sources: Vec<(SourceName, Arc<dyn ObjectSource>)>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Passphrase hashing.
    pub hasher: Arc<dyn PassphraseHasher>,
    /// The operator's choices.
    pub policy: Policy,
}

/// Single-use links: the use cases as methods, over whatever store and sources it was given.
pub struct Links {
    pub(crate) parts: Parts,
    pub(crate) instance: InstanceId,
}

impl Links {
    /// Puts the parts together and draws this process's instance number.
    pub fn new(parts: Parts) -> Self {
        let mut number = [0; 8];
        parts.entropy.fill(&mut number);
        Self { parts, instance: InstanceId(u64::from_le_bytes(number)) }
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The operator's choices.
    pub fn policy(&self) -> &Policy {
        &self.parts.policy
    }

    /// Randomness.
    pub fn entropy(&self) -> &dyn Entropy {
        self.parts.entropy.as_ref()
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn LinkStore> {
        &self.parts.store
    }

    /// The sources' names; the first is the default.
    pub fn source_names(&self) -> impl Iterator<Item = &SourceName> {
        self.parts.sources.iter().map(|(name, _)| name)
    }

    /// Whether the store answers and can write, and every source answers.
    ///
    /// # Errors
    /// The first [`Fault`] met.
    pub async fn ready(&self) -> Result<(), Fault> {
        self.parts.store.ping().await?;
        for (_, source) in &self.parts.sources {
            source.ping().await.map_err(Fault::of_source)?;
        }
        Ok(())
    }

    /// The source of this name, or the default.
    pub(crate) fn source(&self, name: Option<&SourceName>) -> Result<(&SourceName, &dyn ObjectSource), Refusal> {
        let found = match name {
            None => self.parts.sources.first(),
            Some(name) => self.parts.sources.iter().find(|(have, _)| have == name),
        };
        found.map(|(name, source)| (name, source.as_ref())).ok_or_else(|| {
            let names: Vec<&str> = self.source_names().map(SourceName::as_str).collect();
            Refusal::invalid("source", format!("there is no such source; there are: {}", names.join(", ")))
        })
    }

    /// The source of a stored link. Its absence is the operator's mistake, not the recipient's.
    pub(crate) fn source_of(&self, link: &Link) -> Result<(&dyn ObjectSource, ObjectKey), No> {
        let name = &link.object.source;
        let (_, source) = self.source(Some(name)).map_err(|_| {
            Fault::new(
                FaultKind::Unavailable,
                format!("the source '{name}' of link {} is no longer configured; add it to --source", link.id),
            )
        })?;
        Ok((source, link.object.key.clone()))
    }

    /// Notes a best-effort event; a store that can't take it is not the recipient's problem.
    pub async fn note(&self, link: &Link, kind: EventKind, claim: Option<ClaimId>, actor: &Actor) {
        let event = Event { link: link.id.clone(), at: self.now(), kind, claim, actor: actor.clone() };
        let _ = self.parts.store.note(event).await;
    }

    /// Notes a refusal at a known link and passes it on.
    pub(crate) async fn refuse(&self, link: &Link, claim: Option<ClaimId>, actor: &Actor, refusal: Refusal) -> No {
        self.note(link, EventKind::Refused { reason: refusal.as_str().to_owned() }, claim, actor).await;
        No::Refused(refusal)
    }
}
