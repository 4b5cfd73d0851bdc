//! Whether a shared file has been taken. Reads what the rules say of a link; must not make a rule.

use oncelink_core::Timestamp;
use oncelink_core::claim::{Claim, Standing};
use oncelink_core::link::LinkState;
use oncelink_core::manage::LinkDetail;

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Every use was delivered whole.
    Taken,
    /// It can't be any more.
    NotTaken(String),
}

/// How often the file has been delivered whole.
pub(crate) fn completed(detail: &LinkDetail) -> usize {
    detail.claims.iter().filter(|claim| is_completed(claim)).count()
}

/// How it ended; nothing while it may still be taken or is on its way.
pub(crate) fn of(detail: &LinkDetail, now: Timestamp) -> Option<Verdict> {
    let uses = detail.link.terms.uses;
    let completed = completed(detail);
    if completed >= uses as usize {
        return Some(Verdict::Taken);
    }
    let is_running = detail.claims.iter().any(|claim| matches!(claim.standing(now), Standing::Active { .. }));
    let why = match detail.link.state(now) {
        LinkState::Revoked => "the link was revoked",
        LinkState::Active => return None,
        LinkState::Spent | LinkState::Expired if is_running => return None,
        LinkState::Spent => "a download was begun and not finished in time",
        LinkState::Expired => "the link expired",
    };
    Some(Verdict::NotTaken(format!("{why}: taken {completed} of {uses} times")))
}

fn is_completed(claim: &Claim) -> bool {
    match claim.state {
        oncelink_core::claim::ClaimState::Completed { .. } => true,
        oncelink_core::claim::ClaimState::Active { .. } | oncelink_core::claim::ClaimState::Released { .. } => false,
    }
}

#[cfg(test)]
mod tests;
