//! The socket as hyper sees it: what it takes is counted, and that everything is out is told.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use oncelink_http::Wire;

use crate::pace::Pace;
use crate::socket::Tcp;

/// Requests are small; a larger one comes in several readings.
const READ_MOST: usize = 8 * 1024;

/// hyper's end of a connection.
pub(crate) struct Io {
    pub(crate) socket: Tcp,
    pub(crate) wire: Arc<Wire>,
    pub(crate) pace: Arc<Pace>,
}

impl Read for Io {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, mut into: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        // By way of the stack: filling hyper's buffer in place would take `unsafe`.
        let mut buffer = [0; READ_MOST];
        let most = into.remaining().min(READ_MOST);
        let count = ready!(self.socket.poll_read(context, &mut buffer[..most]))?;
        if count > 0 {
            self.pace.heard();
            into.put_slice(&buffer[..count]);
        }
        Poll::Ready(Ok(()))
    }
}

impl Write for Io {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(self: Pin<&mut Self>, context: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let outcome = self.socket.poll_write(context, pieces);
        self.pace.set_blocked(outcome.is_pending());
        if let Poll::Ready(Ok(count)) = &outcome {
            self.wire.wrote(*count);
        }
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// hyper gets here only when its own buffers are empty (its `Buffered::poll_flush` writes them out first), and ours don't
    /// exist: everything that was handed over has been written.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.socket.finish())
    }
}

impl Drop for Io {
    /// The socket may stay open for a while, since others ask it what has arrived; the client must not wait for that.
    fn drop(&mut self) {
        if let Err(error) = self.socket.finish() {
            tracing::debug!(%error, "a connection had ended already");
        }
    }
}
