//! The response body of a delivery: draws each chunk from the budget, counts it, and stops when it is told to.
//!
//! Without a socket of ours to ask, it holds back the last chunk, or the error that breaks it off, until the record is
//! written: whoever runs it may freeze us right after that.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::BoxError;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body::{Body, Frame, SizeHint};
use oncelink_core::object::ObjectStream;
use oncelink_core::redeem::Opened;

use super::settle::{Delivery, Left};

/// Moves an open object's bytes to the client.
pub(crate) struct DeliveryBody {
    next: Option<Bytes>,
    rest: ObjectStream,
    delivery: Arc<Delivery>,
    left: u64,
    ends: Ends,
    held: Option<Held>,
}

/// When a response's record is written, and what has been sent of one that breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// After its acknowledgement, by the supervisor, who asks the socket.
    Acknowledged,
    /// Before its end is handed over; what was handed over before is sent.
    Handed,
    /// Before its end is handed over; nothing is sent before the whole.
    Gathered,
}

/// The end of a response, until the record is written.
struct Held {
    end: Result<Bytes, BoxError>,
    settling: BoxFuture<'static, bool>,
}

impl DeliveryBody {
    /// The body of `delivery`, whose object is open.
    pub(crate) fn new(opened: Opened, delivery: Arc<Delivery>, ends: Ends) -> Self {
        let left = delivery.flow.length();
        Self { next: Some(opened.first), rest: opened.rest, delivery, left, ends, held: None }
    }

    /// The next chunk that may be sent.
    fn take(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, BoxError>> {
        let chunk = match self.next.take() {
            Some(first) => first,
            None => match ready!(self.rest.as_mut().poll_next(context)) {
                Some(Ok(chunk)) => chunk,
                Some(Err(error)) => return Poll::Ready(Err(error.into())),
                None => return Poll::Ready(Err("the object ended before its size".into())),
            },
        };
        Poll::Ready(self.admit(&chunk).map(|()| chunk))
    }

    fn admit(&self, chunk: &Bytes) -> Result<(), BoxError> {
        if chunk.len() as u64 > self.left {
            return Err("the object is longer than its size".into());
        }
        if self.delivery.flow.is_cut() {
            return Err("the claim has ended".into());
        }
        if self.delivery.account.draw(chunk.len() as u64) {
            Ok(())
        } else {
            Err("the claim's byte budget is used up, or it has ended".into())
        }
    }

    /// Hands over one chunk, or an error that breaks the connection off.
    fn hand_over(&mut self, chunk: Bytes) -> Frame<Bytes> {
        let flow = &self.delivery.flow;
        flow.advance(chunk.len() as u64);
        self.left -= chunk.len() as u64;
        if self.left == 0 && self.ends == Ends::Acknowledged {
            self.delivery.account.begin_finish();
            flow.finish();
        }
        Frame::data(chunk)
    }

    /// Begins to write the record of the response, which ends so.
    fn hold(&mut self, end: Result<Bytes, BoxError>) {
        let delivery = Arc::clone(&self.delivery);
        let (sent, whole) = match &end {
            Ok(last) => (delivery.flow.yielded() + last.len() as u64, true),
            Err(_) if self.ends == Ends::Gathered => (0, false),
            Err(_) => (delivery.flow.yielded(), false),
        };
        delivery.account.begin_finish();
        // The supervisor has nothing left to do.
        delivery.flow.finish();
        self.held = Some(Held { end, settling: Box::pin(async move { delivery.settle(Left::of(sent), whole).await }) });
    }

    fn poll_held(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(held) = &mut self.held else { return Poll::Ready(None) };
        let settled = ready!(held.settling.as_mut().poll(context));
        Poll::Ready(self.held.take().map(|held| match held.end {
            Ok(last) if settled => Ok(self.hand_over(last)),
            Ok(_) => Err("the delivery could not be recorded".into()),
            Err(error) => Err(error),
        }))
    }
}

impl Body for DeliveryBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.held.is_some() {
            return self.poll_held(context);
        }
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let taken = ready!(self.take(context));
        if let Err(error) = &taken {
            tracing::warn!(claim = %self.delivery.claim_id(), %error, "a download broke off");
        }
        let ends = taken.as_ref().map_or(true, |chunk| chunk.len() as u64 == self.left);
        if self.ends != Ends::Acknowledged && ends {
            self.hold(taken);
            return self.poll_held(context);
        }
        Poll::Ready(Some(taken.map(|chunk| self.hand_over(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl Drop for DeliveryBody {
    /// Only says that the response is over; the record is the supervisor's.
    fn drop(&mut self) {
        self.delivery.flow.abandon();
    }
}
