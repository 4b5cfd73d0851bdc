//! A connection to the bucket that gives its reader no more at once than whoever downloads takes.
//!
//! hyper reads up to 400 KiB at once from whatever is readable and keeps two such pieces per answer; with a thousand slow
//! recipients that were 800 MiB. Must not slow a quick one down: after its first megabytes reads aren't bounded.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

/// What a slow reader gets at once, in bytes.
const LEAST: usize = 16 * 1024;
/// Which part of what came already a quick one gets at once. At first everybody is quick, until the kernel's buffers towards
/// the recipient are full; whoever turns out slow then mustn't be left with a large piece.
const SHARE: u64 = 256;
/// From how many bytes on a quick reader gets whatever there is.
const ENOUGH: u64 = 16 * 1024 * 1024;
/// Who reads again within this time is quick.
const QUICK: Duration = Duration::from_millis(10);

/// A connection, and how it is being read.
pub(crate) struct Paced<T> {
    inner: T,
    /// Bytes that came while reads were bounded.
    came: u64,
    read_at: Instant,
}

impl<T> Paced<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self { inner, came: 0, read_at: Instant::now() }
    }

    /// How much may be read now; nothing: as much as there is.
    fn bound(&self) -> Option<usize> {
        if self.read_at.elapsed() >= QUICK {
            return Some(LEAST);
        }
        (self.came < ENOUGH).then(|| usize::try_from(self.came / SHARE).unwrap_or(LEAST).max(LEAST))
    }
}

impl<T: Read + Unpin> Read for Paced<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, mut into: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let Some(bound) = self.bound().filter(|bound| *bound < into.remaining()) else {
            let read = ready!(Pin::new(&mut self.inner).poll_read(context, into));
            self.read_at = Instant::now();
            return Poll::Ready(read);
        };
        // By way of a buffer of our own: a cursor can't be shortened without `unsafe`.
        let mut piece = vec![0; bound];
        let mut buffer = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer.unfilled()))?;
        into.put_slice(buffer.filled());
        self.came += buffer.filled().len() as u64;
        self.read_at = Instant::now();
        Poll::Ready(Ok(()))
    }
}

impl<T: Write + Unpin> Write for Paced<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

impl<T: Connection> Connection for Paced<T> {
    fn connected(&self) -> Connected {
        self.inner.connected()
    }
}

#[cfg(test)]
mod tests {
    use std::mem::MaybeUninit;
    use std::task::Waker;

    use super::*;

    /// Always has more than is asked for.
    struct Endless;

    impl Read for Endless {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, mut into: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
            let all = vec![7; into.remaining()];
            into.put_slice(&all);
            Poll::Ready(Ok(()))
        }
    }

    /// How much a read of a large buffer brings.
    fn read(connection: &mut Paced<Endless>) -> usize {
        let mut space = vec![MaybeUninit::uninit(); 1 << 20];
        let mut buffer = ReadBuf::uninit(&mut space);
        let read = Pin::new(connection).poll_read(&mut Context::from_waker(Waker::noop()), buffer.unfilled());
        assert!(matches!(read, Poll::Ready(Ok(()))));
        assert!(buffer.filled().iter().all(|&byte| byte == 7));
        buffer.filled().len()
    }

    #[test]
    fn a_quick_reader_soon_gets_all_there_is_and_one_that_stops_gets_little_again() {
        let mut connection = Paced::new(Endless);
        connection.read_at = Instant::now() + Duration::from_secs(60);
        assert_eq!(read(&mut connection), LEAST);
        connection.came = 8 << 20;
        connection.read_at = Instant::now() + Duration::from_secs(60);
        assert_eq!(read(&mut connection), 32 * 1024);
        connection.came = ENOUGH;
        connection.read_at = Instant::now() + Duration::from_secs(60);
        assert_eq!(read(&mut connection), 1 << 20);
        connection.read_at = Instant::now() - QUICK;
        assert_eq!(read(&mut connection), LEAST);
    }
}
