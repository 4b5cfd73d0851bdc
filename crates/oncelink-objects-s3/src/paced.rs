//! A connection to the bucket that gives its reader no more at once than whoever downloads takes, and a quick one no less.
//!
//! Over plain HTTP hyper reads up to 400 KiB at once, whoever reads, and keeps two such pieces of each answer. Must not slow a
//! quick one down. TLS gives a record at a time, 16 KiB at the most, and is left alone.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use oncelink_core::appetite::Appetite;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::low_water::{Expected, LowWater, Mark};

/// A connection, and how its present answer is being read.
#[derive(Debug)]
pub(crate) struct Paced<T> {
    inner: T,
    mark: Mark,
    /// Nothing where reads are small anyway.
    reading: Option<Reading>,
}

#[derive(Debug)]
struct Reading {
    appetite: Appetite,
    begun: Instant,
}

impl Reading {
    fn begin() -> Self {
        Self { appetite: Appetite::default(), begun: Instant::now() }
    }
}

impl<T: LowWater> Paced<T> {
    /// `inner`, whose reads are bounded unless they are small anyway.
    pub(crate) fn new(inner: T, small: bool) -> Self {
        Self { inner, mark: Mark::new(), reading: (!small).then(Reading::begin) }
    }

    /// By which the reader of an answer's body says what is still to come of it.
    pub(crate) fn expected(&self) -> Expected {
        self.mark.expected()
    }

    /// A new request: whoever its answer is for is another reader.
    fn asked(&mut self) {
        let Self { inner, mark, reading } = self;
        if let Some(reading) = reading {
            *reading = Reading::begin();
            mark.asked(inner);
        }
    }
}

impl<T: AsyncRead + LowWater + Unpin> AsyncRead for Paced<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { inner, mark, reading } = &mut *self;
        let Some(reading) = reading else { return Pin::new(inner).poll_read(context, into) };
        let most = usize::try_from(reading.appetite.piece()).unwrap_or(usize::MAX);
        let Poll::Ready(got) = read(Pin::new(inner), context, into, most) else {
            mark.wait(inner, reading.appetite.worth_waking(), context);
            return Poll::Pending;
        };
        let got = got? as u64;
        mark.came(got);
        reading.appetite.took(got, reading.begun.elapsed());
        Poll::Ready(Ok(()))
    }
}

/// How much was read, at `most` so much.
fn read(from: Pin<&mut impl AsyncRead>, context: &mut Context<'_>, into: &mut ReadBuf<'_>, most: usize) -> Poll<io::Result<usize>> {
    if most >= into.remaining() {
        let before = into.filled().len();
        ready!(from.poll_read(context, into))?;
        return Poll::Ready(Ok(into.filled().len() - before));
    }
    let mut piece = ReadBuf::new(into.initialize_unfilled_to(most));
    ready!(from.poll_read(context, &mut piece))?;
    let got = piece.filled().len();
    into.advance(got);
    Poll::Ready(Ok(got))
}

impl<T: AsyncWrite + LowWater + Unpin> AsyncWrite for Paced<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.asked();
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.asked();
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::task::Waker;

    use super::*;

    /// Always has more than is asked for, but for when it is at rest, and takes whatever it is given.
    #[derive(Default)]
    struct Endless {
        is_at_rest: bool,
        low_water: Cell<Option<u64>>,
    }

    impl LowWater for Endless {
        fn wake_from(&self, bytes: u64) {
            self.low_water.set(Some(bytes));
        }
    }

    impl AsyncRead for Endless {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            if self.is_at_rest {
                return Poll::Pending;
            }
            into.initialize_unfilled().fill(7);
            into.advance(into.remaining());
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Endless {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    const ALL: usize = 400 * 1024;

    /// How much a read of hyper's largest buffer brings.
    fn read(connection: &mut Paced<Endless>) -> usize {
        let mut space = vec![0; ALL];
        let mut buffer = ReadBuf::new(&mut space);
        let read = Pin::new(connection).poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer);
        assert!(matches!(read, Poll::Ready(Ok(()))));
        assert!(buffer.filled().iter().all(|&byte| byte == 7));
        buffer.filled().len()
    }

    /// Somebody who had so much within a second.
    fn reader(had: u64) -> Option<Reading> {
        let mut reading = Reading::begin();
        reading.appetite.took(had, std::time::Duration::from_millis(1_000));
        Some(reading)
    }

    #[test]
    fn a_quick_reader_gets_all_there_is_and_the_next_one_on_the_connection_begins_anew() {
        let mut connection = Paced::new(Endless::default(), false);
        assert_eq!(read(&mut connection), 16 * 1024);
        connection.reading = reader(256 << 20);
        assert_eq!(read(&mut connection), ALL);
        let written = Pin::new(&mut connection).poll_write(&mut Context::from_waker(Waker::noop()), b"GET");
        assert!(matches!(written, Poll::Ready(Ok(3))));
        assert_eq!(read(&mut connection), 16 * 1024);
    }

    /// What the kernel is told when nothing is there.
    fn rest(connection: &mut Paced<Endless>) -> Option<u64> {
        connection.inner.is_at_rest = true;
        let mut space = [0; 16];
        let read = Pin::new(&mut *connection).poll_read(&mut Context::from_waker(Waker::noop()), &mut ReadBuf::new(&mut space));
        assert!(read.is_pending());
        connection.inner.is_at_rest = false;
        connection.inner.low_water.take()
    }

    #[tokio::test(start_paused = true)]
    async fn a_quick_reader_is_woken_for_much_and_the_next_one_on_the_connection_for_anything() {
        let mut connection = Paced::new(Endless::default(), false);
        connection.expected().set(1 << 30);
        assert_eq!(rest(&mut connection), None);
        connection.reading = reader(256 << 20);
        assert_eq!(rest(&mut connection), Some(6 * 64 * 1024));
        read(&mut connection);
        assert_eq!(rest(&mut connection), None, "it is told already");
        connection.expected().set(100_000);
        read(&mut connection);
        assert_eq!(rest(&mut connection), Some(1), "all that was expected came");
        connection.expected().set(1 << 30);
        read(&mut connection);
        assert_eq!(rest(&mut connection), Some(6 * 64 * 1024));
        let written = Pin::new(&mut connection).poll_write(&mut Context::from_waker(Waker::noop()), b"GET");
        assert!(matches!(written, Poll::Ready(Ok(3))));
        assert_eq!(connection.inner.low_water.take(), Some(1));
        connection.expected().set(1 << 30);
        assert_eq!(rest(&mut connection), None);
    }

    #[test]
    fn what_reads_little_anyway_is_left_alone() {
        assert_eq!(read(&mut Paced::new(Endless::default(), true)), ALL);
    }
}
