//! A streamed body that never ends in an error: the runtime would write the error's text into the file.
//!
//! An error here means that the source could not be read on, and its record has been written. Ending the process cuts
//! the transfer short, which a client sees by its length; a clean end would pass for the whole file.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_core::Stream;

/// A body whose errors end the process.
pub(crate) struct Guard(BodyDataStream);

impl Guard {
    /// Guards `body`.
    pub(crate) fn new(body: Body) -> Self {
        Self(body.into_data_stream())
    }
}

impl Stream for Guard {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(context).map(|next| next.map(|result| Ok(result.unwrap_or_else(|error| break_off(&error)))))
    }
}

fn break_off(error: &axum::Error) -> ! {
    tracing::error!(%error, "a download broke off in mid-stream; ending this environment, so that the client sees it");
    std::process::abort()
}
