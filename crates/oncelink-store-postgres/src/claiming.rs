//! Taking a use, and finding links and claims. Decided by the write, explained by a read.

use oncelink_core::Refusal;
use oncelink_core::claim::{Claim, ClaimState};
use oncelink_core::holder::ClaimId;
use oncelink_core::link::Link;
use oncelink_core::ports::{ClaimOutcome, ClaimRequest};
use oncelink_core::token::LinkId;
use oncelink_core::transition::{self, Decision};

use crate::database::{Database, IfLost};
use crate::failure::Failure;
use crate::rows::{ActorParts, read_claim, read_claim_beside, read_link, state_parts};
use crate::sql;

/// How often a claim is tried while others change the same link between its write and its read. Each time it is because
/// somebody else got on; a few rounds are too few where a dozen take and give back one link as fast as they can.
const ROUNDS: u32 = 100;

/// `LinkStore::claim`.
pub(crate) async fn claim(db: &Database, wish: &ClaimRequest) -> Result<ClaimOutcome, Failure> {
    for _ in 0..ROUNDS {
        if let Some((link, claim)) = take(db, wish).await? {
            return Ok(ClaimOutcome::Granted { link, claim, fresh: true });
        }
        if let Some(outcome) = explain(db, wish).await? {
            return Ok(outcome);
        }
    }
    Err(Failure::Contended)
}

/// The link of this id.
pub(crate) async fn find(db: &Database, id: &LinkId) -> Result<Option<Link>, Failure> {
    db.row(sql::LINK_FIND, IfLost::Repeat, &[&id.as_str()]).await?.as_ref().map(read_link).transpose()
}

/// The link and this claim on it.
pub(crate) async fn find_with_claim(db: &Database, link: &LinkId, claim: &ClaimId) -> Result<Option<(Link, Option<Claim>)>, Failure> {
    let row = db.row(sql::LINK_FIND_CLAIM, IfLost::Repeat, &[&link.as_str(), &claim.as_str()]).await?;
    row.map(|row| Ok((read_link(&row)?, read_claim_beside(&row)?))).transpose()
}

/// The write that decides: link and claim after it, or nothing when it changed nothing, be it that the rules were against
/// it or that the same holder's claim at the same moment came first.
async fn take(db: &Database, wish: &ClaimRequest) -> Result<Option<(Link, Claim)>, Failure> {
    let (state, at) = state_parts(match wish.completed {
        true => ClaimState::Completed { at: wish.now },
        false => ClaimState::Active { lease_until: wish.lease_until },
    });
    let actor = ActorParts::of(&wish.actor);
    let taken = db
        .row(
            sql::CLAIM_TAKE,
            IfLost::Repeat,
            &[
                &wish.link.as_str(),
                &wish.claim.as_str(),
                &wish.now.as_millis(),
                &state,
                &at,
                &wish.proved.map(|window| window.as_millis()),
                &wish.recorder.0.cast_signed(),
                &actor.address,
                &actor.user_agent,
                &actor.key,
            ],
        )
        .await;
    match taken {
        Ok(row) => row.map(|row| Ok((read_link(&row)?, read_claim(&row)?))).transpose(),
        Err(failure) if failure.is_race_in("oncelink_claims") => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Why nothing was taken. Nothing again: by now it could be, for another claim was released after the write.
async fn explain(db: &Database, wish: &ClaimRequest) -> Result<Option<ClaimOutcome>, Failure> {
    let Some((link, own)) = find_with_claim(db, &wish.link, &wish.claim).await? else {
        return Ok(Some(ClaimOutcome::Refused(Refusal::Unknown)));
    };
    Ok(match transition::claim(&link, own.as_ref(), wish) {
        Decision::Refuse(refusal) => Some(ClaimOutcome::Refused(refusal)),
        Decision::Have(claim) => Some(ClaimOutcome::Granted { link, claim, fresh: false }),
        Decision::Take(_) => None,
    })
}
