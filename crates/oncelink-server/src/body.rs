//! A response's body as hyper sees it: nothing is drawn from it before the socket has room, and its end is noted.
//!
//! So whatever a slow client leaves waiting is waiting in the source, not in this process's memory.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};

use crate::pace::Pace;
use crate::socket::Tcp;

/// A body that waits for the client.
pub(crate) struct PacedBody {
    pub(crate) inner: Body,
    pub(crate) socket: Tcp,
    pub(crate) pace: Arc<Pace>,
}

impl HttpBody for PacedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        ready!(self.socket.poll_room(context));
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for PacedBody {
    fn drop(&mut self) {
        self.pace.answered();
    }
}
