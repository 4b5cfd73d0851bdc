//! One connection's socket, shared by whoever reads and writes it and whoever asks what has arrived.
//!
//! It stays open as long as anybody asks, so the end of a connection is said explicitly: by [`Tcp::finish`], or by
//! [`Tcp::abort`] when what is on its way must not arrive.

use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use oncelink_http::Socket;
use oncelink_kernel as kernel;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::Shutdown;
use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::limits::UNSENT;

const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// A client's socket.
#[derive(Clone, Debug)]
pub(crate) struct Tcp(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    stream: TcpStream,
    /// What was lost when the connection was aborted. It stays so, and the kernel doesn't remember.
    lost: OnceLock<Lost>,
}

/// Bytes that an abort has lost.
#[derive(Clone, Copy, Debug)]
struct Lost {
    /// Not acknowledged: nobody knows whether they arrived.
    unacknowledged: u64,
    /// Not even sent.
    unsent: u64,
}

impl Tcp {
    /// Takes an accepted connection over.
    pub(crate) fn new(stream: TcpStream) -> Self {
        // Both only make things better: without them everything is right, but slower or larger.
        if let Err(error) = stream.set_nodelay(true).and_then(|()| kernel::limit_unsent(stream.as_fd(), UNSENT)) {
            tracing::debug!(%error, "a socket's options could not be set");
        }
        Self(Arc::new(Inner { stream, lost: OnceLock::new() }))
    }

    /// Reads what is there into `buffer`; 0 at the client's end.
    pub(crate) fn poll_read(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.stream.poll_read_ready(context))?;
            match self.0.stream.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }

    /// Writes as much of `pieces` as the kernel takes.
    pub(crate) fn poll_write(&self, context: &mut Context<'_>, pieces: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.stream.poll_write_ready(context))?;
            match self.0.stream.try_write_vectored(pieces) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }

    /// Ready when the kernel has room for more, asked of the kernel itself: the runtime only learns that there is none from
    /// a write that fails. Also ready on errors, which the next write will find.
    pub(crate) fn poll_room(&self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if ready!(self.0.stream.poll_write_ready(context)).is_err() {
                return Poll::Ready(());
            }
            // Within `try_io`, so that "no room" makes the runtime wait for the kernel's next notice.
            match self.0.stream.try_io(Interest::WRITABLE, || if self.has_room()? { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) })
            {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(()) | Err(_) => return Poll::Ready(()),
            }
        }
    }

    fn has_room(&self) -> io::Result<bool> {
        let mut asked = [PollFd::new(&self.0.stream, PollFlags::OUT)];
        poll(&mut asked, Some(&AT_ONCE))?;
        Ok(!asked[0].revents().is_empty())
    }

    /// Says that nothing more will be written, after what is on its way.
    pub(crate) fn finish(&self) -> io::Result<()> {
        match rustix::net::shutdown(&self.0.stream, Shutdown::Write) {
            Err(rustix::io::Errno::NOTCONN) => Ok(()),
            done => Ok(done?),
        }
    }

    /// Makes the kernel reset the connection, and drop what the client hasn't taken by then, once nobody has the socket any
    /// more.
    pub(crate) fn reset_when_closed(&self) {
        if let Err(error) = self.0.stream.set_zero_linger() {
            tracing::debug!(%error, "a connection will be closed, not reset");
        }
    }

    /// Resets the connection at once. What waits in the kernel is dropped: what is acknowledged by now has arrived, what was
    /// sent by now may have.
    pub(crate) fn abort(&self) {
        let socket = self.0.stream.as_fd();
        let (Ok(unacknowledged), Ok(unsent)) = (kernel::unacknowledged(socket), kernel::unsent(socket)) else {
            // Then what was written counts as arrived, and the reset may wait for the last one who asks.
            self.reset_when_closed();
            return;
        };
        // First: from the next call on the kernel's answer means nothing.
        if self.0.lost.set(Lost { unacknowledged, unsent }).is_ok()
            && let Err(error) = rustix::net::connect_unspec(&self.0.stream)
        {
            tracing::debug!(%error, "a connection could not be aborted; it ends without");
        }
    }

    /// Reads and drops whatever the client still sends, until it ends or breaks.
    pub(crate) async fn discard(&self) {
        let mut buffer = [0; 2048];
        while self.0.stream.readable().await.is_ok() {
            match self.0.stream.try_read(&mut buffer) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }
}

impl Socket for Tcp {
    fn unacknowledged(&self) -> io::Result<u64> {
        let waiting = kernel::unacknowledged(self.0.stream.as_fd());
        // Looked at afterwards: an answer from after the abort is not the truth.
        self.0.lost.get().map_or(waiting, |lost| Ok(lost.unacknowledged))
    }

    fn unsent(&self) -> io::Result<u64> {
        let waiting = kernel::unsent(self.0.stream.as_fd());
        self.0.lost.get().map_or(waiting, |lost| Ok(lost.unsent))
    }

    fn is_dead(&self) -> bool {
        kernel::is_over(self.0.stream.as_fd()).unwrap_or(false)
    }

    fn abort(&self) {
        Tcp::abort(self);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpSocket};
    use tokio::time::{sleep, timeout};

    use super::*;

    /// A connection: our end, and a client's with a small receive buffer.
    async fn pair() -> (Tcp, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let client = TcpSocket::new_v4().expect("a socket");
        client.set_recv_buffer_size(16 * 1024).expect("a small buffer");
        let (client, accepted) = tokio::join!(client.connect(listener.local_addr().expect("an address")), listener.accept());
        (Tcp::new(accepted.expect("a client").0), client.expect("a server"))
    }

    /// Writes until the kernel takes no more; how much it took.
    fn fill(tcp: &Tcp) -> u64 {
        let piece = [7; 16 * 1024];
        std::iter::from_fn(|| tcp.0.stream.try_write(&piece).ok()).map(|count| count as u64).sum()
    }

    async fn until(what: &str, mut holds: impl FnMut() -> bool) {
        let waiting = async {
            while !holds() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(timeout(Duration::from_secs(20), waiting).await.is_ok(), "in vain: {what}");
    }

    fn waiting(tcp: &Tcp) -> u64 {
        tcp.unacknowledged().expect("Linux can say")
    }

    #[tokio::test]
    async fn bytes_are_acknowledged_when_the_client_has_taken_them_and_not_before() {
        let (tcp, mut client) = pair().await;
        let written = fill(&tcp);
        assert!(written >= u64::from(UNSENT) && waiting(&tcp) > written / 2, "{} of {written} wait", waiting(&tcp));
        let mut all = vec![0; usize::try_from(written).expect("small")];
        client.read_exact(&mut all).await.expect("every byte");
        until("all is acknowledged", || waiting(&tcp) == 0).await;
        assert!(!tcp.is_dead());
    }

    #[tokio::test]
    async fn what_was_not_acknowledged_before_a_reset_never_is() {
        let (tcp, client) = pair().await;
        fill(&tcp);
        client.set_zero_linger().expect("a socket");
        let before = waiting(&tcp);
        drop(client);
        until("the reset is noticed", || tcp.is_dead()).await;
        assert!(before > 0 && waiting(&tcp) > 0, "{} of {before} wait", waiting(&tcp));
    }

    #[tokio::test]
    async fn an_aborted_connection_sends_nothing_more_and_counts_no_more_than_has_arrived() {
        let (tcp, mut client) = pair().await;
        let written = fill(&tcp);
        until("some of it has arrived", || waiting(&tcp) < written).await;
        tcp.abort();
        let acknowledged = written - waiting(&tcp);
        let mut got = Vec::new();
        client.read_to_end(&mut got).await.expect_err("a reset, at once, though the socket is still held");
        let got = got.len() as u64;
        let sent = written - tcp.unsent().expect("Linux can say");
        assert!(
            acknowledged <= got && got <= sent && got < written / 2,
            "{acknowledged} acknowledged, {got} arrived, {sent} sent of {written}"
        );
        assert!(tcp.is_dead() && waiting(&tcp) == written - acknowledged);
    }

    #[tokio::test]
    async fn a_connection_that_we_have_finished_lives_until_the_client_has_hung_up() {
        let (tcp, mut client) = pair().await;
        let written = fill(&tcp);
        client.shutdown().await.expect("the client's end");
        tcp.discard().await;
        tcp.finish().expect("our end");
        // Both sides have said their last; the bytes between are still to be taken.
        assert!(!tcp.is_dead() && waiting(&tcp) > 0);
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.expect("every byte and the end");
        assert_eq!(all.len() as u64, written);
        until("the connection is over", || tcp.is_dead()).await;
        assert_eq!(waiting(&tcp), 0);
    }

    #[tokio::test]
    async fn there_is_room_again_when_the_client_reads() {
        let (tcp, mut client) = pair().await;
        let room = || std::future::poll_fn(|context| tcp.poll_room(context));
        room().await;
        let written = fill(&tcp);
        assert!(timeout(Duration::from_millis(50), room()).await.is_err(), "a full socket has no room");
        let mut all = vec![0; usize::try_from(written).expect("small")];
        let (read, ()) = tokio::join!(client.read_exact(&mut all), room());
        read.expect("every byte");
    }
}
