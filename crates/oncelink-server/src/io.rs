//! The socket as hyper sees it: what it takes is counted, and that everything is out is told.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use oncelink_http::Wire;
use tokio_util::task::TaskTracker;

use crate::pace::Pace;
use crate::socket::Tcp;

/// Requests are small; a larger one comes in several readings.
const READ_MOST: usize = 8 * 1024;

/// How many bytes a connection writes before it lets others have their turn: a client that reads as fast as we write
/// would never make it wait. That much when it is the only one, the more others the less.
const TURN: usize = 256 * 1024;
/// And how many at the least: each turn costs a little.
const LEAST_TURN: usize = 64 * 1024;

/// hyper's end of a connection.
pub(crate) struct Io {
    socket: Tcp,
    wire: Arc<Wire>,
    pace: Arc<Pace>,
    /// Everybody's.
    connections: TaskTracker,
    /// Bytes written since others had a turn.
    written: usize,
}

impl Io {
    /// The connection on `socket`, one of `connections`.
    pub(crate) fn new(socket: Tcp, wire: Arc<Wire>, pace: Arc<Pace>, connections: TaskTracker) -> Self {
        Self { socket, wire, pace, connections, written: 0 }
    }

    /// How many bytes a turn has now.
    fn turn(&self) -> usize {
        (TURN / self.connections.len().max(1)).max(LEAST_TURN)
    }
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

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if self.written >= self.turn() {
            self.written = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let offered = pieces.iter().map(|piece| piece.len()).sum();
        let outcome = self.wire.write(offered, || self.socket.poll_write(context, pieces));
        self.pace.set_blocked(outcome.is_pending());
        self.written = if let Poll::Ready(Ok(count)) = outcome { self.written + count } else { 0 };
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

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// One thread, which doesn't rest meanwhile: a waker can only be woken by whoever it was handed to.
    #[tokio::test]
    async fn a_client_that_reads_fast_does_not_keep_others_from_their_turn() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut client = std::net::TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
        let (stream, _): (TcpStream, _) = listener.accept().await.expect("a connection");
        let reading = std::thread::spawn(move || std::io::copy(&mut client.by_ref(), &mut std::io::sink()));
        let socket = Tcp::new(stream);
        let wire = Arc::new(Wire::new(Box::new(socket.clone())));
        let mut io = Io::new(socket, wire, Arc::new(Pace::new()), TaskTracker::new());
        let woken = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        let (piece, mut in_a_row, mut left) = (vec![0; 16 * 1024], 0, 64 * 1024 * 1024_usize);
        while left > 0 {
            match Pin::new(&mut io).poll_write(&mut context, &piece) {
                Poll::Ready(count) => {
                    let count = count.expect("the client reads");
                    in_a_row += count;
                    left = left.saturating_sub(count);
                }
                // Woken at once: it gave way. Else the socket is full, and the runtime tells when it isn't.
                Poll::Pending if woken.0.swap(0, Ordering::Relaxed) > 0 => in_a_row = 0,
                Poll::Pending => {
                    in_a_row = 0;
                    tokio::task::yield_now().await;
                    woken.0.store(0, Ordering::Relaxed);
                }
            }
            assert!(in_a_row <= TURN + piece.len(), "{in_a_row} bytes and nobody else had a turn");
        }
        drop(io);
        reading.join().expect("no panic").expect("the client reads to the end");
    }

    #[tokio::test]
    async fn the_more_connections_the_shorter_their_turns() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let stream = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        let socket = Tcp::new(stream);
        let (wire, connections) = (Arc::new(Wire::new(Box::new(socket.clone()))), TaskTracker::new());
        let io = Io::new(socket, wire, Arc::new(Pace::new()), connections.clone());
        let mut others = Vec::new();
        for expected in [TURN, TURN, TURN / 2, TURN / 3, LEAST_TURN, LEAST_TURN] {
            assert_eq!(io.turn(), expected, "{} connections", connections.len());
            others.push(connections.token());
        }
    }
}
