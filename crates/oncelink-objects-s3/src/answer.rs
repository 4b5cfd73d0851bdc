//! The body of an answer: drives its connection while it is read, and gives it back to the pool once it was read to its end.
//!
//! A body that is dropped before takes the connection along: what is still to come belongs to no other answer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::line::Line;
use crate::pool::{Origin, Pool};

/// Where a connection belongs when nobody uses it.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) pool: Arc<Pool>,
    pub(crate) origin: Origin,
}

/// The body of an answer, and the connection that it comes by.
#[derive(Debug)]
pub(crate) struct Answer {
    body: Incoming,
    /// Nothing only while this is dropped.
    line: Option<Line>,
    home: Home,
}

impl Answer {
    pub(crate) fn new(body: Incoming, line: Line, home: Home) -> Self {
        Self { body, line: Some(line), home }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { body, line, .. } = &mut *self;
        let frame = Pin::new(&mut *body).poll_frame(context);
        if frame.is_pending()
            && let Some(line) = line
        {
            // Now it knows that more is wanted.
            line.drive(context);
            return Pin::new(body).poll_frame(context);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(mut line) = self.line.take()
            && line.is_free()
        {
            self.home.pool.put(&self.home.origin, line);
        }
    }
}
