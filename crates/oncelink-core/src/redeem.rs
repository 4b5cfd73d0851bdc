//! Redeeming: from a token and a holder secret to a claim.
//!
//! The order is the point: explain what reads can explain, open the object, and only then claim, in one conditional write.

use std::future::poll_fn;

use bytes::Bytes;

use crate::claim::{Claim, Standing};
use crate::event::EventKind;
use crate::holder::{ClaimHandle, Holder};
use crate::link::{Gate, Link};
use crate::object::{ByteRange, ObjectError, ObjectStream};
use crate::ports::{ClaimOutcome, ClaimRequest, ReserveOutcome};
use crate::refusal::{No, Refusal};
use crate::service::Links;
use crate::time::Timestamp;
use crate::token::Token;
use crate::transition;
use crate::{Actor, Fault};

/// A claim that is the caller's.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The link after the claim.
    pub link: Link,
    /// The claim.
    pub claim: Claim,
    /// Its secret address.
    pub handle: ClaimHandle,
}

/// An object whose first bytes have arrived.
pub struct Opened {
    /// The first bytes; empty only when the range is.
    pub first: Bytes,
    /// What follows.
    pub rest: ObjectStream,
}

/// What a GET on a link finds.
pub enum Look {
    /// Show the page.
    Page(Link),
    /// The creator asked for `gate=direct`: redeem at once with [`Links::redeem_direct`].
    Direct(Link),
}

impl Look {
    /// The link, whatever is to be done with it.
    pub fn into_link(self) -> Link {
        match self {
            Self::Page(link) | Self::Direct(link) => link,
        }
    }
}

/// What a holder finds at a link.
pub enum Found {
    /// Its own claim, which goes on.
    Own(Box<Grant>),
    /// The link, which it may be able to claim.
    Link(Box<Link>),
}

impl Links {
    /// The link of a token, for its page.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] or a fault. A link that has ended is returned as it is.
    pub async fn look(&self, token: &Token) -> Result<Look, No> {
        let link = self.parts.store.find(&token.link_id()).await?.ok_or(Refusal::Unknown)?;
        Ok(match link.terms.gate {
            Gate::Page => Look::Page(link),
            Gate::Direct => Look::Direct(link),
        })
    }

    /// Why `actor` could not claim the link now, passphrase aside, as far as a read can tell.
    pub fn why_not(&self, link: &Link, actor: &Actor) -> Option<Refusal> {
        admitted(link, actor).and_then(|()| transition::claimable(link, self.now())).err()
    }

    /// Claims a use for `holder`. Repeating it with the same holder gives the same claim, without asking for the
    /// passphrase again.
    ///
    /// # Errors
    /// The refusal, with an event kept at the link; or a fault, after which repeating is safe.
    pub async fn redeem(&self, token: &Token, holder: &Holder, passphrase: Option<&str>, actor: &Actor) -> Result<Grant, No> {
        let handle = ClaimHandle::derive(token, holder);
        match self.find_for(&handle).await? {
            Found::Own(grant) => Ok(*grant),
            Found::Link(link) => self.redeem_found(&link, handle, passphrase, actor).await,
        }
    }

    /// The first half of [`Links::redeem`]: what the holder finds. Changes nothing.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], what became of the holder's claim, or a fault.
    pub async fn find_for(&self, handle: &ClaimHandle) -> Result<Found, No> {
        let (link, own) = self.parts.store.find_claim(handle.link(), &handle.claim_id()).await?.ok_or(Refusal::Unknown)?;
        match own.filter(|claim| !matches!(claim.standing(self.now()), Standing::Released { .. })) {
            Some(claim) => self.own_claim(link, claim, handle.clone()).map(|grant| Found::Own(Box::new(grant))),
            None => Ok(Found::Link(Box::new(link))),
        }
    }

    /// The second half of [`Links::redeem`], for a holder that has found no claim of its own.
    ///
    /// # Errors
    /// As [`Links::redeem`].
    pub async fn redeem_found(&self, link: &Link, handle: ClaimHandle, passphrase: Option<&str>, actor: &Actor) -> Result<Grant, No> {
        if let Err(refusal) = self.precheck(link, actor, passphrase) {
            return Err(self.refuse(link, Some(handle.claim_id()), actor, refusal).await);
        }
        // One byte, not none: it proves that the object can be read, not only that it is listed.
        if let Err(error) = self.open(link, 0..link.object.size.min(1)).await {
            return Err(self.not_opened(link, actor, error).await);
        }
        let outcome = match (&link.passphrase, passphrase) {
            (Some(_), Some(passphrase)) => self.claim_with_passphrase(link, &handle, passphrase, actor).await?,
            _ => self.parts.store.claim(self.wish(&handle, None, actor)).await?,
        };
        self.grant(outcome, link, handle, actor).await
    }

    /// Opens `range` of the object, claims a use for a holder made on the spot, and hands over both.
    ///
    /// # Errors
    /// As [`Links::redeem`]. A claim whose answer was lost is asked for again, then given back.
    pub async fn redeem_direct(&self, link: &Link, token: &Token, range: ByteRange, actor: &Actor) -> Result<(Grant, Opened), No> {
        if let Err(refusal) = self.precheck(link, actor, None) {
            return Err(self.refuse(link, None, actor, refusal).await);
        }
        let opened = match self.open(link, range).await {
            Ok(opened) => opened,
            Err(error) => return Err(self.not_opened(link, actor, error).await),
        };
        let handle = ClaimHandle::derive(token, &Holder::create(self.entropy()));
        let outcome = self.claim_surely(&self.wish(&handle, None, actor)).await?;
        Ok((self.grant(outcome, link, handle, actor).await?, opened))
    }

    /// Reads the whole object into memory, claims a use that is complete at once, and hands the content over: for a
    /// response that is sent in one piece and can't be resumed anyway.
    ///
    /// # Errors
    /// As [`Links::redeem_direct`].
    pub async fn redeem_at_once(&self, link: &Link, token: &Token, actor: &Actor) -> Result<Vec<Bytes>, No> {
        if let Err(refusal) = self.precheck(link, actor, None) {
            return Err(self.refuse(link, None, actor, refusal).await);
        }
        let content = match self.read(link).await {
            Ok(content) => content,
            Err(error) => return Err(self.not_opened(link, actor, error).await),
        };
        let handle = ClaimHandle::derive(token, &Holder::create(self.entropy()));
        match self.claim_surely(&ClaimRequest { completed: true, ..self.wish(&handle, None, actor) }).await? {
            // Nobody else knows this holder: a claim of it that is complete already is the one whose answer was lost.
            ClaimOutcome::Granted { .. } | ClaimOutcome::Refused(Refusal::Completed { .. }) => Ok(content),
            ClaimOutcome::Refused(refusal) => Err(self.refuse(link, Some(handle.claim_id()), actor, refusal).await),
        }
    }

    /// Opens `range` of a link's object and waits for its first bytes, so that what fails fails before anything is sent.
    ///
    /// # Errors
    /// As the source says.
    pub async fn open(&self, link: &Link, range: ByteRange) -> Result<Opened, No> {
        let (source, key) = self.source_of(link)?;
        let empty = range.is_empty();
        let opened = source.open(&key, &link.object.version, link.object.size, range).await;
        // A key that named an object once and can't any more (a file that became a symlink out of its directory).
        let mut rest = opened.map_err(|error| if let ObjectError::Unfit(_) = error { ObjectError::NotFound } else { error })?;
        let first = match poll_fn(|context| rest.as_mut().poll_next(context)).await {
            Some(first) => first?,
            None if empty => Bytes::new(),
            None => return Err(ObjectError::Changed.into()),
        };
        Ok(Opened { first, rest })
    }

    /// Gives back a claim of which nothing was sent. Best effort: an unreachable store keeps it, and the lease ends it.
    pub async fn give_back(&self, claim: &Claim, actor: &Actor) {
        let _ = self.parts.store.release(claim.reference(), self.now(), actor.clone()).await;
    }

    /// All of the object, which must be small.
    async fn read(&self, link: &Link) -> Result<Vec<Bytes>, No> {
        let Opened { first, mut rest } = self.open(link, 0..link.object.size).await?;
        let mut content = vec![first];
        while let Some(chunk) = poll_fn(|context| rest.as_mut().poll_next(context)).await {
            content.push(chunk?);
        }
        let whole = content.iter().map(|chunk| chunk.len() as u64).sum::<u64>() == link.object.size;
        if whole { Ok(content) } else { Err(ObjectError::Changed.into()) }
    }

    fn own_claim(&self, link: Link, claim: Claim, handle: ClaimHandle) -> Result<Grant, No> {
        standing_refusal(&link, &claim, self.now()).map_or(Ok(Grant { link, claim, handle }), |refusal| Err(refusal.into()))
    }

    fn precheck(&self, link: &Link, actor: &Actor, passphrase: Option<&str>) -> Result<(), Refusal> {
        admitted(link, actor)?;
        transition::claimable(link, self.now())?;
        match (&link.passphrase, passphrase) {
            (Some(_), None | Some("")) => Err(Refusal::PassphraseNeeded),
            _ => Ok(()),
        }
    }

    async fn not_opened(&self, link: &Link, actor: &Actor, error: No) -> No {
        match error {
            No::Refused(refusal) => self.refuse(link, None, actor, refusal).await,
            No::Failed(fault) => No::Failed(fault),
        }
    }

    /// Reserve an attempt, look at the passphrase, claim. The permit is held to the end: racers who all know the
    /// passphrase come a few at a time and each gives its attempt back, so that they can't lock the link.
    async fn claim_with_passphrase(&self, link: &Link, handle: &ClaimHandle, passphrase: &str, actor: &Actor) -> Result<ClaimOutcome, No> {
        let Some(hash) = &link.passphrase else { return Err(Fault::internal("a passphrase without its hash").into()) };
        let _permit = self.parts.hasher.enter().await;
        let attempts = match self.parts.store.reserve_attempt(&link.id, self.now()).await? {
            ReserveOutcome::Reserved(attempts) => attempts,
            ReserveOutcome::Locked { until } => return Ok(ClaimOutcome::Refused(Refusal::Locked { until })),
            ReserveOutcome::Unknown => return Ok(ClaimOutcome::Refused(Refusal::Unknown)),
        };
        if passphrase.len() > crate::policy::MAX_PASSPHRASE || !self.parts.hasher.verify(passphrase, hash).await? {
            return Ok(ClaimOutcome::Refused(Refusal::PassphraseWrong));
        }
        let outcome = self.parts.store.claim(self.wish(handle, Some(attempts.since), actor)).await;
        let refunded = matches!(outcome, Ok(ClaimOutcome::Granted { fresh: true, .. }));
        if !refunded {
            let _ = self.parts.store.refund_attempt(&link.id, attempts.since).await;
        }
        Ok(outcome?)
    }

    /// Claims for a holder that nobody else can repeat: asks again when the answer is lost, and gives back in the end.
    async fn claim_surely(&self, wish: &ClaimRequest) -> Result<ClaimOutcome, No> {
        let first = self.parts.store.claim(wish.clone()).await;
        if first.is_ok() {
            return Ok(first?);
        }
        let second = self.parts.store.claim(wish.clone()).await;
        if second.is_err() {
            let reference = crate::claim::ClaimRef { link: wish.link.clone(), claim: wish.claim.clone(), epoch: 1 };
            let _ = self.parts.store.release(reference, self.now(), wish.actor.clone()).await;
        }
        Ok(second?)
    }

    async fn grant(&self, outcome: ClaimOutcome, before: &Link, handle: ClaimHandle, actor: &Actor) -> Result<Grant, No> {
        match outcome {
            ClaimOutcome::Granted { link, claim, .. } => Ok(Grant { link, claim, handle }),
            ClaimOutcome::Refused(refusal) => Err(self.refuse(before, Some(handle.claim_id()), actor, refusal).await),
        }
    }

    fn wish(&self, handle: &ClaimHandle, proved: Option<Timestamp>, actor: &Actor) -> ClaimRequest {
        let now = self.now();
        ClaimRequest {
            link: handle.link().clone(),
            claim: handle.claim_id(),
            now,
            lease_until: now.plus(self.policy().lease),
            proved,
            completed: false,
            recorder: self.instance,
            actor: actor.clone(),
        }
    }

    /// Notes that a link's page was looked at.
    pub async fn viewed(&self, link: &Link, actor: &Actor) {
        self.note(link, EventKind::Viewed, None, actor).await;
    }
}

/// Whether the link may be used from the actor's address at all.
pub(crate) fn admitted(link: &Link, actor: &Actor) -> Result<(), Refusal> {
    if link.terms.admits(actor.address) { Ok(()) } else { Err(Refusal::AddressNotAllowed) }
}

/// Why the holder of `claim` gets nothing more, if so.
pub(crate) fn standing_refusal(link: &Link, claim: &Claim, now: Timestamp) -> Option<Refusal> {
    if link.revoked_at.is_some() {
        return Some(Refusal::Revoked);
    }
    match claim.standing(now) {
        Standing::Active { .. } => None,
        Standing::Completed { at } => Some(Refusal::Completed { at }),
        Standing::Lapsed { at } => Some(Refusal::Lapsed { at }),
        Standing::Released { .. } => Some(Refusal::Unknown),
    }
}
