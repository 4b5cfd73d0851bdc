//! The verdict at the end of a run: the bad day is over, everybody has come to rest, and now what was promised must hold.
//!
//! What can be judged while it happens is the ledger's.

use std::rc::Rc;
use std::time::Duration;

use oncelink_core::Timestamp;
use oncelink_core::claim::{Claim, ClaimState};
use oncelink_core::delivery::budget;
use oncelink_core::link::Link;
use oncelink_core::range::RangeAnswer;

use super::Promise;
use super::client::{Client, Fetched};
use super::plan::{Mode, Persona, SIZE};
use super::server::Request;
use super::world::World;

/// Looks at the store and asks it once more, as holders and as newcomers.
pub(super) async fn judge(world: Rc<World>, clients: Vec<Rc<Client>>) {
    let Some((_, claims)) = read(&world).await else { return };
    check_ends(&world, &claims);
    check_orphans(&world, &claims);
    check_budgets(&world, &claims);
    for client in clients.iter().filter(|client| matches!(client.persona, Persona::Honest | Persona::Hesitant)) {
        check_holder(&world, client).await;
    }
    check_newcomers(&world, clients.len(), 2).await;
    ask_again(&clients).await;
    world.outlast_leases();
    ask_again(&clients).await;
    world.outlast();
    ask_again(&clients).await;
    check_newcomers(&world, clients.len() + 10, 1).await;
    if let Some((link, claims)) = read(&world).await {
        check_counts(&world, &link, &claims);
    }
}

async fn read(world: &World) -> Option<(Link, Vec<Claim>)> {
    let id = world.token.link_id();
    let link = world.truth.find(&id).await.ok().flatten();
    let claims = world.truth.claims(&id).await.ok();
    let both = link.zip(claims);
    if both.is_none() {
        world.ledger.break_(Promise::NothingSpent, "the link is gone");
    }
    both
}

/// What is counted is what there is, and never more than there are uses.
fn check_counts(world: &World, link: &Link, claims: &[Claim]) {
    let held = claims.iter().filter(|claim| !matches!(claim.state, ClaimState::Released { .. })).count();
    if held > world.plan.uses as usize {
        world.ledger.break_(Promise::OneClaimant, format!("{held} claims on a link for {}", world.plan.uses));
    }
    if held != link.claimed as usize {
        world.ledger.break_(Promise::OneClaimant, format!("{held} claims are held, {} are counted", link.claimed));
    }
}

/// No claim was made too late, ended without cause, or got lost.
fn check_ends(world: &World, claims: &[Claim]) {
    let expires_at = world.link().terms.expires_at;
    if claims.iter().any(|claim| claim.claimed_at >= expires_at) {
        world.ledger.break_(Promise::DecidedInOneWrite, "claimed at or after the link's end");
    }
    let mut facts = world.ledger.facts();
    let lost = facts.claims.iter().any(|(id, of)| of.epoch > 0 && !claims.iter().any(|claim| claim.id == *id));
    let ended = claims.iter().any(|claim| {
        let of = facts.claims.get(&claim.id);
        match claim.state {
            ClaimState::Completed { .. } => !of.is_some_and(|of| of.completed),
            ClaimState::Released { .. } => !of.is_some_and(|of| of.released),
            ClaimState::Active { .. } => false,
        }
    });
    if lost || ended {
        facts.break_(Promise::NothingSpent, if lost { "a granted claim is gone" } else { "a claim ended without cause" });
    }
}

/// On a direct link nobody but its server knows the holder: what came to nothing must have been given back.
fn check_orphans(world: &World, claims: &[Claim]) {
    let mut facts = world.ledger.facts();
    if world.plan.mode != Mode::Direct || facts.orphans || facts.revoked.is_some() {
        return;
    }
    let active = claims.iter().filter(|claim| matches!(claim.state, ClaimState::Active { .. }));
    let untouched = active.filter(|claim| !facts.claims.get(&claim.id).is_some_and(|of| of.written)).count();
    if untouched > 0 {
        facts.break_(Promise::NothingSpent, "a use is held by nobody and nothing was delivered");
    }
}

/// What a claim was sent stays within its budget. Each life of a server knows only what is recorded.
fn check_budgets(world: &World, claims: &[Claim]) {
    let mut facts = world.ledger.facts();
    for claim in claims {
        let Some(of) = facts.claims.get(&claim.id) else { continue };
        let lives = of.lives.len() as u64 + u64::from(world.has_crashed());
        let most = budget(SIZE) * lives.max(1) + of.unacknowledged + of.uncounted;
        let received = of.received;
        if received > most {
            facts.break_(Promise::BrokenIsFinishable, format!("{received} bytes received, {most} at the most"));
        }
    }
}

/// Whoever holds a claim whose lease runs, and may still have bytes, gets the rest.
async fn check_holder(world: &Rc<World>, client: &Rc<Client>) {
    if world.plan.mode == Mode::Direct || client.has_all() {
        return;
    }
    let id = client.handle.claim_id();
    let found = world.truth.find_claim(&world.token.link_id(), &id).await.ok().flatten();
    let Some((link, Some(claim))) = found else { return };
    let ClaimState::Active { lease_until } = claim.state else { return };
    let lapsed = soon(world) >= lease_until;
    // An epoch that was given back may end at any moment by its client's own wish.
    if link.revoked_at.is_some() || lapsed || claim.epoch <= client.gave_back.get() {
        return;
    }
    if !matches!(client.claim().await, Some(Some(_))) {
        return world.ledger.break_(Promise::NothingSpent, "a holder's repeated request doesn't find its claim");
    }
    let start = client.prefix();
    if claim.sent + (SIZE - start) > budget(SIZE) {
        return;
    }
    let asked = if start == 0 { RangeAnswer::Whole } else { RangeAnswer::Part { range: start..SIZE, open_ended: true } };
    if client.fetch(asked, SIZE).await != Fetched::All || !client.has_all() {
        world.ledger.break_(Promise::BrokenIsFinishable, "a holder within its lease can't finish");
    }
    settled(world).await;
}

/// A use that is free can be had, one that isn't can't.
async fn check_newcomers(world: &Rc<World>, first: usize, count: usize) {
    for number in first..first + count {
        let Some((link, claims)) = read(world).await else { return };
        let held = claims.iter().filter(|claim| !matches!(claim.state, ClaimState::Released { .. })).count();
        let (revoked, end) = (link.revoked_at.is_some(), world.link().terms.expires_at);
        let free = held < world.plan.uses as usize;
        let must = free && !revoked && soon(world) < end;
        // Where the clocks differ about the link's end, either is right.
        let may = free && !revoked && world.slowest() < end;
        let newcomer = Client::new(world, number, Persona::Honest);
        match world.plan.mode {
            Mode::Direct => newcomer.get_directly().await,
            Mode::Page | Mode::Redirect => newcomer.get().await,
        }
        settled(world).await;
        let got = world.ledger.facts().fed.contains(&number);
        if (got && !may) || (!got && must) {
            let (promise, how) = if got { (Promise::OneClaimant, "had one too many") } else { (Promise::NothingSpent, "got nothing") };
            return world.ledger.break_(promise, format!("{held} of {} uses were held, and a newcomer {how}", world.plan.uses));
        }
    }
}

/// Requests that may or may not succeed; those that must not are known when they are sent.
async fn ask_again(clients: &[Rc<Client>]) {
    for client in clients {
        client.fetch(RangeAnswer::Whole, 0).await;
        client.ask(Request::HeadClaim(client.handle.clone())).await;
    }
}

/// The time by which a request that is sent now is surely answered: what ends before it may end on the way.
fn soon(world: &World) -> Timestamp {
    world.fastest().plus(Duration::from_secs(5))
}

/// Lets records be written.
async fn settled(world: &World) {
    super::executor::breathe_times(40).await;
    debug_assert!(world.weather.is_calm());
}
