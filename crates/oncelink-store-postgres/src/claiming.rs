//! Taking a use, alone or several at a time. Decided by the write, explained by a read.

use std::collections::HashMap;
use std::sync::Arc;

use oncelink_core::Refusal;
use oncelink_core::claim::{Claim, ClaimState};
use oncelink_core::coverage::Coverage;
use oncelink_core::link::Link;
use oncelink_core::ports::{ClaimOutcome, ClaimRequest};
use oncelink_core::token::LinkId;
use oncelink_core::transition::{self, Decision};

use crate::database::{Database, IfLost};
use crate::failure::Failure;
use crate::finding::find_with_claim;
use crate::gathering::{Answers, Gathering, Wish};
use crate::rows::{ActorParts, ClaimColumns, name, read_claim, read_link, state_parts};
use crate::sql;

/// How often a claim is tried while others change the same link between its write and its read. Each time it is because
/// somebody else got on; a few rounds are too few where a dozen take and give back one link as fast as they can.
const ROUNDS: u32 = 100;

/// `LinkStore::claim`: together with others that come at the same moment, and alone when that doesn't grant it.
pub(crate) async fn claim(db: &Database, together: &Gathering<ClaimRequest>, wish: ClaimRequest) -> Result<ClaimOutcome, Failure> {
    let wish = Arc::new(wish);
    match together.ask(wish.clone()).await? {
        Some((link, claim)) => Ok(ClaimOutcome::Granted { link, claim, fresh: true }),
        None => claim_alone(db, &wish).await,
    }
}

async fn claim_alone(db: &Database, wish: &ClaimRequest) -> Result<ClaimOutcome, Failure> {
    let _turn = db.turn().await?;
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

/// The write that decides: link and claim after it, or nothing when it changed nothing, be it that the rules were against
/// it or that the same holder's claim at the same moment came first.
async fn take(db: &Database, wish: &ClaimRequest) -> Result<Option<(Link, Claim)>, Failure> {
    let (state, at) = state_parts(first_state(wish));
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

/// The state in which a claim is made.
pub(crate) fn first_state(wish: &ClaimRequest) -> ClaimState {
    if wish.completed { ClaimState::Completed { at: wish.now } } else { ClaimState::Active { lease_until: wish.lease_until } }
}

/// Claims on different links in one statement, which says no more than which of them it granted.
impl Wish for ClaimRequest {
    type Answer = (Link, Claim);
    type Key = LinkId;
    const IF_LOST: IfLost = IfLost::Repeat;

    fn key(&self) -> LinkId {
        self.link.clone()
    }

    async fn ask(db: &Database, company: &[Arc<Self>]) -> Result<Answers<Self::Answer>, Failure> {
        let mut columns = ClaimColumns::default();
        company.iter().for_each(|wish| columns.push(wish));
        let rows = db.rows_once(sql::CLAIMS_TAKE, &columns.params()).await?;
        let mut taken = HashMap::new();
        for row in &rows {
            taken.insert(name(row, "id")?, row);
        }
        let granted = |wish: &Arc<Self>| taken.get(wish.link.as_str()).map(|row| Ok((read_link(row)?, first_claim(wish))));
        Ok(company.iter().map(granted).collect())
    }
}

/// The claim as `claims_take.sql` writes it.
fn first_claim(wish: &ClaimRequest) -> Claim {
    Claim {
        link: wish.link.clone(),
        id: wish.claim.clone(),
        epoch: 1,
        state: first_state(wish),
        claimed_at: wish.now,
        sent: 0,
        coverage: Coverage::new(),
        recorder: wish.recorder,
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
