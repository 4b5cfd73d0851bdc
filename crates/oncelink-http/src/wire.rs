//! What a connection knows of bytes on their way: how many the socket took, and how many the client's TCP acknowledged.
//!
//! The server makes one [`Wire`] per connection and puts it into each request's extensions. Where there is none (a
//! Lambda, a test without sockets) a response counts as delivered when its last bytes are handed over.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use crate::delivery::flow::Flow;

/// The socket under a connection.
pub trait Socket: Send + Sync {
    /// How many bytes the kernel took that the peer's TCP has not acknowledged.
    ///
    /// # Errors
    /// When the platform can't say; then what was written counts as acknowledged.
    fn unacknowledged(&self) -> io::Result<u64>;

    /// How many bytes the kernel took and has not sent yet, not even once.
    ///
    /// # Errors
    /// When the platform can't say; then what was written counts as sent.
    fn unsent(&self) -> io::Result<u64>;

    /// Whether the connection can acknowledge nothing more (reset, timed out).
    fn is_dead(&self) -> bool;

    /// Breaks the connection off at once: what wasn't sent yet is dropped.
    fn abort(&self);
}

/// One connection's account of bytes.
pub struct Wire {
    socket: Box<dyn Socket>,
    /// Bytes the socket took since the connection began.
    written: AtomicU64,
    /// The same and those that it is just being offered: it may have taken and sent them before anybody says so.
    offered: AtomicU64,
    closed: AtomicBool,
    flow: Mutex<Option<Arc<Flow>>>,
}

impl Wire {
    /// A connection on which nothing was written yet.
    pub fn new(socket: Box<dyn Socket>) -> Self {
        Self { socket, written: AtomicU64::new(0), offered: AtomicU64::new(0), closed: AtomicBool::new(false), flow: Mutex::new(None) }
    }

    /// Offers the socket so many bytes by `write`, which says how many it took.
    ///
    /// They count as possibly sent from before on: the client may have got them, and be gone, before this thread runs on.
    pub fn write(&self, offered: usize, write: impl FnOnce() -> Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let before = self.written();
        self.offered.store(before + offered as u64, Ordering::SeqCst);
        let outcome = write();
        let written = before + if let Poll::Ready(Ok(count)) = outcome { count as u64 } else { 0 };
        self.written.store(written, Ordering::Release);
        self.offered.store(written, Ordering::SeqCst);
        outcome
    }

    /// Everything that was handed to the connection so far has been written: its buffers are empty.
    pub fn flushed(&self) {
        let mut slot = self.flow.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flow) = slot.as_ref()
            && flow.flushed(self.written.load(Ordering::Acquire))
        {
            *slot = None;
        }
    }

    /// The connection has failed or ended: nothing more will be written.
    pub fn closed(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// How many bytes of this connection the client's TCP has acknowledged, at least.
    pub fn acknowledged(&self) -> u64 {
        // In this order: bytes written between the two looks make the answer smaller, never larger.
        let written = self.written.load(Ordering::Acquire);
        written.saturating_sub(self.socket.unacknowledged().unwrap_or(0))
    }

    /// How many bytes of this connection the client may have got, at most.
    pub(crate) fn sent(&self) -> u64 {
        // In this order: bytes sent between the two looks make the answer larger, never smaller. What the kernel has taken
        // was offered to it before.
        let unsent = self.socket.unsent().unwrap_or(0);
        self.offered.load(Ordering::SeqCst).saturating_sub(unsent)
    }

    /// Bytes the socket took so far.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// Whether nothing more can be acknowledged.
    pub(crate) fn is_dead(&self) -> bool {
        self.socket.is_dead()
    }

    /// Breaks the connection off.
    pub(crate) fn abort(&self) {
        self.socket.abort();
    }

    /// Whether the connection was given up on our side.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// The next response on this connection is `flow`'s.
    pub(crate) fn begin(&self, flow: Arc<Flow>) {
        *self.flow.lock().unwrap_or_else(PoisonError::into_inner) = Some(flow);
    }
}
