//! Deliveries: the bytes of a claim on their way, and the record of what arrived.
//!
//! - [`account`]: what all responses of one claim share (the byte budget, and whether one of them is just being settled);
//! - [`flow`]: how far one response has come;
//! - [`body`]: the response body that moves the bytes;
//! - [`settle`]: renewing the lease while it runs and writing the record when it ends.

pub(crate) mod account;
pub(crate) mod body;
pub(crate) mod flow;
mod recent;
pub(crate) mod settle;

use std::sync::Arc;

use axum::body::Body;
use oncelink_core::claim::Claim;
use oncelink_core::coverage::Coverage;
use oncelink_core::object::ByteRange;
use oncelink_core::redeem::Opened;
use oncelink_core::{Actor, Refusal};

use crate::app::App;
use crate::wire::Wire;
use account::Seat;
use body::{DeliveryBody, Ends};
use flow::Flow;
use settle::{Delivery, Left, Manner};

/// A response about to be sent: everything that was decided before its first byte.
pub(crate) struct Departure {
    /// The claim it is for.
    pub(crate) claim: Claim,
    /// Its share in what all responses of the claim have in common.
    pub(crate) seat: Seat,
    /// Which bytes.
    pub(crate) range: ByteRange,
    /// What the holder says it has already, where its word is taken.
    pub(crate) word: Option<Coverage>,
    /// The open object.
    pub(crate) opened: Opened,
    /// Whether an untouched claim is given back, since its holder was made on the spot.
    pub(crate) fresh: bool,
    /// Whether the claim stays open when every byte has been sent, because the holder will say itself when it has them.
    pub(crate) acknowledged_later: bool,
    /// Who downloads.
    pub(crate) actor: Actor,
    /// The connection, where there is one of ours.
    pub(crate) wire: Option<Arc<Wire>>,
}

/// Lets a request in at its claim's account, unless `range` would go beyond the claim's budget.
pub(crate) fn enter(mut seat: Seat, claim: &Claim, size: u64, range: &ByteRange) -> Result<Seat, Refusal> {
    seat.read(claim, size, oncelink_core::delivery::budget(size));
    if seat.has_room_for(range.end - range.start) { Ok(seat) } else { Err(Refusal::BudgetSpent) }
}

/// Starts a delivery: the body to answer with. Its supervisor runs beside it until the record is written.
pub(crate) async fn depart(app: &App, departure: Departure) -> Body {
    let Departure { claim, seat, range, word, opened, fresh, acknowledged_later, actor, wire } = departure;
    let flow = Arc::new(Flow::new(range.start, range.end - range.start, wire.as_ref().map_or(0, |wire| wire.written())));
    let delivery = Arc::new(Delivery::new(app, claim, seat, Arc::clone(&flow), Manner { word, actor, fresh, acknowledged_later }));
    let ends = match (&wire, app.settings.transport) {
        (Some(_), _) => Ends::Acknowledged,
        (None, Some(transport)) if transport.gathers => Ends::Gathered,
        (None, _) => Ends::Handed,
    };
    if range.is_empty() {
        delivery.account.begin_finish();
        flow.finish();
        if ends != Ends::Acknowledged {
            delivery.settle(Left::of(0), true).await;
            return Body::empty();
        }
    }
    if let Some(wire) = &wire {
        wire.begin(Arc::clone(&flow));
    }
    let supervised = Arc::clone(&delivery);
    app.tracker.spawn(async move { settle::supervise(&supervised, wire.as_deref()).await });
    if range.is_empty() {
        return Body::empty();
    }
    Body::new(DeliveryBody::new(opened, delivery, ends))
}
