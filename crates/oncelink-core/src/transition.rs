//! The transitions: the only ways in which a link or a claim may change, as pure functions.
//!
//! They are the specification. The memory store calls them; the statements of every other store must agree with them,
//! which the conformance suite checks.

use std::time::Duration;

use crate::claim::{Claim, ClaimState, Standing};
use crate::coverage::Coverage;
use crate::link::{Attempts, Link};
use crate::ports::{ClaimRequest, Progress, ReserveOutcome};
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// How many wrong passphrases a link bears within [`ATTEMPT_WINDOW`].
pub const MAX_ATTEMPTS: u32 = 10;
/// The time over which wrong passphrases are counted.
pub const ATTEMPT_WINDOW: Duration = Duration::from_secs(3600);

/// What a wish to claim finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A use is taken: the link counts one more, and this is the claim.
    Take(Claim),
    /// The holder has it already.
    Have(Claim),
    /// No.
    Refuse(Refusal),
}

/// Decides a claim. `own` is the claim of the same id, when there is one.
///
/// A holder's own claim comes before everything but revocation: within the lease it is given again although the link
/// may have expired or been spent (by this very claim). Then expiry, `not_before`, uses and the passphrase decide.
pub fn claim(link: &Link, own: Option<&Claim>, wish: &ClaimRequest) -> Decision {
    if link.revoked_at.is_some() {
        return Decision::Refuse(Refusal::Revoked);
    }
    match own.map(|claim| (claim, claim.standing(wish.now))) {
        Some((claim, Standing::Active { .. })) => return Decision::Have(claim.clone()),
        Some((_, Standing::Completed { at })) => return Decision::Refuse(Refusal::Completed { at }),
        Some((_, Standing::Lapsed { at })) => return Decision::Refuse(Refusal::Lapsed { at }),
        Some((_, Standing::Released { .. })) | None => {}
    }
    match claimable(link, wish.now) {
        Err(refusal) => Decision::Refuse(refusal),
        Ok(()) if link.passphrase.is_some() && wish.proved.is_none() => Decision::Refuse(Refusal::PassphraseNeeded),
        Ok(()) => Decision::Take(taken(own, wish)),
    }
}

/// Whether somebody new may claim at `now`, passphrase aside.
///
/// # Errors
/// The [`Refusal`] that stands against it.
pub fn claimable(link: &Link, now: Timestamp) -> Result<(), Refusal> {
    if link.revoked_at.is_some() {
        return Err(Refusal::Revoked);
    }
    if link.claimed >= link.terms.uses {
        return Err(Refusal::Spent);
    }
    if now >= link.terms.expires_at {
        return Err(Refusal::Expired { at: link.terms.expires_at });
    }
    match link.terms.not_before {
        Some(until) if now < until => Err(Refusal::NotYet { until }),
        _ => Ok(()),
    }
}

/// The link after a use was taken: counted, and the right passphrase's attempt given back.
pub fn count_use(link: &mut Link, wish: &ClaimRequest) {
    link.claimed += 1;
    if let Some(window) = wish.proved {
        refund_attempt(link, window);
    }
}

/// What a report makes of a claim. Nothing: the claim is not the caller's or has ended otherwise.
///
/// A lapsed claim still takes in what its last response delivered, and may even complete by it (the bytes went out
/// within the lease), but its lease is never extended. A revoked link's claim keeps its lease as it is.
pub fn record(link: &Link, claim: &Claim, report: &Progress) -> Option<Claim> {
    record_on(link.object.size, link.revoked_at.is_some(), claim, report)
}

/// [`record`] with all that it looks at of the link, the object's size and whether it is revoked: a store needn't read the rest.
pub fn record_on(size: u64, revoked: bool, claim: &Claim, report: &Progress) -> Option<Claim> {
    let ClaimState::Active { lease_until } = claim.state else { return None };
    if claim.reference() != report.claim {
        return None;
    }
    let mut next = claim.clone();
    next.sent = claim.sent.saturating_add(report.sent);
    next.coverage.merge(&report.delivered);
    next.recorder = report.recorder;
    if report.may_complete && next.coverage.is_whole(size) {
        next.state = ClaimState::Completed { at: report.now };
    } else if !revoked && report.now < lease_until {
        next.state = ClaimState::Active { lease_until: lease_until.max(report.lease_until) };
    }
    Some(next)
}

/// The claim completed, whatever its coverage. Nothing: it isn't active, or the link is revoked.
pub fn complete(link: &Link, claim: &Claim, now: Timestamp) -> Option<Claim> {
    let active = matches!(claim.standing(now), Standing::Active { .. }) && link.revoked_at.is_none();
    active.then(|| Claim { state: ClaimState::Completed { at: now }, ..claim.clone() })
}

/// The claim given back. Nothing: it has ended, or something of it was sent.
///
/// A lapsed claim isn't given back: at most once outweighs.
pub fn release(claim: &Claim, now: Timestamp) -> Option<Claim> {
    let untouched = claim.sent == 0 && claim.coverage.is_empty();
    let active = matches!(claim.standing(now), Standing::Active { .. });
    (active && untouched).then(|| Claim { state: ClaimState::Released { at: now }, ..claim.clone() })
}

/// Takes a passphrase attempt, or says until when there are none.
pub fn reserve_attempt(link: &mut Link, now: Timestamp) -> ReserveOutcome {
    let attempts = match link.attempts {
        Some(attempts) if now.since(attempts.since) < ATTEMPT_WINDOW => attempts,
        _ => Attempts { since: now, count: 0 },
    };
    if attempts.count >= MAX_ATTEMPTS {
        return ReserveOutcome::Locked { until: attempts.since.plus(ATTEMPT_WINDOW) };
    }
    let taken = Attempts { count: attempts.count + 1, ..attempts };
    link.attempts = Some(taken);
    ReserveOutcome::Reserved(taken)
}

/// Gives a passphrase attempt of `window` back.
pub fn refund_attempt(link: &mut Link, window: Timestamp) {
    if let Some(attempts) = link.attempts.as_mut().filter(|attempts| attempts.since == window) {
        attempts.count = attempts.count.saturating_sub(1);
    }
}

/// Whether a purge may take the link: claiming is over since `before`, and so is every claim.
pub fn purgeable(link: &Link, claims: &[Claim], before: Timestamp) -> bool {
    let over = link.terms.expires_at < before || link.revoked_at.is_some_and(|at| at < before);
    over && claims.iter().all(|claim| match claim.state {
        ClaimState::Active { lease_until } => lease_until < before,
        ClaimState::Completed { at } | ClaimState::Released { at } => at < before,
    })
}

/// The claim that a granted request makes: its first epoch, or the next one of the claim that was released before.
pub fn taken(own: Option<&Claim>, wish: &ClaimRequest) -> Claim {
    let state = if wish.completed { ClaimState::Completed { at: wish.now } } else { ClaimState::Active { lease_until: wish.lease_until } };
    Claim {
        link: wish.link.clone(),
        id: wish.claim.clone(),
        epoch: own.map_or(1, |released| released.epoch + 1),
        state,
        claimed_at: wish.now,
        sent: 0,
        coverage: Coverage::new(),
        recorder: wish.recorder,
    }
}
