//! What a server does with a request: a model of the handlers, around the real use cases.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use oncelink_core::claim::Claim;
use oncelink_core::holder::{ClaimHandle, Holder};
use oncelink_core::link::Link;
use oncelink_core::object::ByteRange;
use oncelink_core::range::RangeAnswer;
use oncelink_core::redeem::Opened;
use oncelink_core::{Actor, No, Refusal};

use super::delivery::{Delivery, Wire};
use super::executor::Owner;
use super::plan::SIZE;
use super::replica::Replica;
use super::world::World;

/// A request.
#[derive(Clone, Debug)]
pub(super) enum Request {
    /// GET of a link that isn't direct.
    Look,
    /// HEAD of any link.
    Head,
    /// POST that claims.
    Claim(Holder),
    /// GET of a claim's address.
    Fetch(ClaimHandle, RangeAnswer),
    /// HEAD of a claim's address.
    HeadClaim(ClaimHandle),
    /// GET of a direct link, by this client.
    Direct(usize),
    /// The claim's server finds that it won't be needed.
    GiveBack(Claim),
    /// The sender takes the link back.
    Revoke,
}

impl Request {
    /// Whether the method is a safe one, on an address where it must be.
    pub(super) fn is_safe(&self) -> bool {
        match self {
            Self::Look | Self::Head | Self::HeadClaim(_) => true,
            Self::Claim(_) | Self::Fetch(..) | Self::Direct(_) | Self::GiveBack(_) | Self::Revoke => false,
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// 200 without anything of the object, 204, 303 to where it is.
    Done,
    /// The claim.
    Granted(Claim),
    /// 200 or 206: the bytes follow.
    Bytes(Rc<Wire>),
    /// 302 to a presigned URL.
    Url,
    /// The lawful no.
    Refused(Refusal),
    /// 503.
    Failed,
}

/// A request on its way, and the place for its answer.
pub(super) struct Call {
    pub(super) answer: RefCell<Option<Answer>>,
    /// The connection broke before there was an answer.
    pub(super) broken: Cell<bool>,
    /// The client has gone away.
    pub(super) abandoned: Cell<bool>,
}

/// Breaks the connection when the handler is dropped without an answer.
struct Handling(Rc<Call>);

impl Drop for Handling {
    fn drop(&mut self) {
        self.0.broken.set(self.0.answer.borrow().is_none());
    }
}

/// Handles a request and answers.
pub(super) async fn handle(world: Rc<World>, replica: Rc<Replica>, request: Request, call: Rc<Call>) {
    let handling = Handling(call);
    let answer = answer(&world, &replica, request).await;
    if let (Answer::Bytes(wire), true) = (&answer, handling.0.abandoned.get()) {
        wire.broken.set(true);
    }
    *handling.0.answer.borrow_mut() = Some(answer);
}

async fn answer(world: &Rc<World>, replica: &Rc<Replica>, request: Request) -> Answer {
    let (links, actor) = (&replica.links, Actor::default());
    let done = match request {
        Request::Look => links.look(&world.token).await.map(|_| Answer::Done),
        Request::Head if world.habits.head_spends => redeem_whole(world, replica).await,
        Request::Head => links.look(&world.token).await.map(|look| match links.why_not(&look.into_link(), &actor) {
            Some(refusal) => Answer::Refused(refusal),
            None => Answer::Done,
        }),
        Request::Claim(holder) => links.redeem(&world.token, &holder, None, &actor).await.map(|grant| Answer::Granted(grant.claim)),
        Request::Fetch(handle, asked) => fetch(world, replica, &handle, asked).await,
        Request::HeadClaim(handle) => links.find_delivery(&handle, &actor).await.map(|_| Answer::Done),
        Request::Direct(client) => direct(world, replica, client).await,
        Request::GiveBack(claim) => {
            links.give_back(&claim, &actor).await;
            Ok(Answer::Done)
        }
        Request::Revoke => links.revoke_surely(&world.token.link_id(), &actor).await.map(|_| Answer::Done),
    };
    match done {
        Ok(answer) => answer,
        Err(No::Refused(refusal)) => Answer::Refused(refusal),
        Err(No::Failed(_)) => Answer::Failed,
    }
}

async fn fetch(world: &Rc<World>, replica: &Rc<Replica>, handle: &ClaimHandle, asked: RangeAnswer) -> Result<Answer, No> {
    let (links, actor) = (&replica.links, Actor::default());
    let account = replica.accounts.reserve(&handle.claim_id());
    account.until_settled().await;
    let (link, claim) = links.find_delivery(handle, &actor).await?;
    if links.redirects(&link) {
        return links.exchange(&link, &claim, &actor).await.map(|_| Answer::Url);
    }
    let range = match &asked {
        RangeAnswer::Whole => 0..SIZE,
        RangeAnswer::Part { range, .. } => range.clone(),
        RangeAnswer::Unsatisfiable => return Ok(Answer::Done),
    };
    if world.habits.every_range_is_a_use && range.start > 0 {
        links.redeem(&world.token, &Holder::create(links.entropy()), None, &actor).await?;
    }
    let Some(account) = replica.accounts.enter(account, &claim, range.end - range.start) else { return Err(Refusal::BudgetSpent.into()) };
    let opened = match links.open(&link, range.clone()).await {
        Ok(opened) => opened,
        Err(no) => {
            links.keep(&link, &claim, &actor).await;
            return Err(no);
        }
    };
    let word = links.taken_on_word(&claim, &asked);
    let wire = wire(world, replica, claim, &range);
    depart(world, opened, Delivery::new(world, account, Rc::clone(&wire), word, false));
    Ok(Answer::Bytes(wire))
}

async fn direct(world: &Rc<World>, replica: &Rc<Replica>, client: usize) -> Result<Answer, No> {
    let link: Link = replica.links.look(&world.token).await?.into_link();
    let (grant, opened) = replica.links.redeem_direct(&link, &world.token, 0..SIZE, &Actor::default()).await?;
    // Nobody lies here: there is no Range, so there is no word of the holder's.
    world.ledger.belongs(&grant.claim.id, client, true);
    let account = replica.accounts.reserve(&grant.claim.id);
    let Some(account) = replica.accounts.enter(account, &grant.claim, SIZE) else { return Err(Refusal::BudgetSpent.into()) };
    let wire = wire(world, replica, grant.claim, &(0..SIZE));
    depart(world, opened, Delivery::new(world, account, Rc::clone(&wire), None, true));
    Ok(Answer::Bytes(wire))
}

/// What a server does that takes HEAD for a GET whose body nobody wants.
async fn redeem_whole(world: &Rc<World>, replica: &Rc<Replica>) -> Result<Answer, No> {
    let link = replica.links.look(&world.token).await?.into_link();
    replica.links.redeem_direct(&link, &world.token, 0..SIZE, &Actor::default()).await.map(|_| Answer::Done)
}

fn wire(world: &Rc<World>, replica: &Rc<Replica>, claim: Claim, range: &ByteRange) -> Rc<Wire> {
    let wire = Rc::new(Wire {
        claim,
        start: range.start,
        length: range.end - range.start,
        written: Cell::new(0),
        received: Cell::new(0),
        acknowledged: Cell::new(0),
        broken: Cell::new(false),
        replica: Rc::clone(replica),
    });
    world.connect(&wire);
    wire
}

/// Starts body and supervisor: two tasks of the server's, whatever becomes of the handler.
fn depart(world: &Rc<World>, opened: Opened, delivery: Delivery) {
    let delivery = Rc::new(delivery);
    let owner = Owner::Server(delivery.life());
    world.tasks.spawn(owner, false, Rc::clone(&delivery).run_body(opened));
    world.tasks.spawn(owner, false, delivery.supervise());
}
