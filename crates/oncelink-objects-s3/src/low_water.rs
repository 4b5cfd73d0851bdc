//! How many bytes have to wait in the kernel before it wakes whoever waits for them.
//!
//! It would for every packet, and mostly wake a thread that finds another one reading already: a fifth of what a large download
//! takes. Must not wait for more bytes than the answer still has, nor long for those that don't come.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Context;
use std::time::Duration;

use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// For how long less than was waited for may lie there: when the bucket has become slow all at once.
const PATIENCE: Duration = Duration::from_millis(50);

/// A connection whose low-water mark can be set: from so many waiting bytes on its reader is woken.
pub(crate) trait LowWater {
    fn wake_from(&self, bytes: u64);
}

/// What lies in the kernel of a TLS connection are records, of which nobody here knows how many come.
impl LowWater for TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>> {
    fn wake_from(&self, bytes: u64) {
        let MaybeHttpsStream::Http(socket) = self.inner() else { return };
        let socket = std::os::fd::AsFd::as_fd(socket.inner());
        // Without it everything is right, but takes more wakings.
        if let Err(error) = oncelink_kernel::wake_from(socket, u32::try_from(bytes).unwrap_or(u32::MAX)) {
            tracing::debug!(%error, "a socket's low-water mark could not be set");
        }
    }
}

/// How many bytes of the present answer are still on their way: what only the reader of its body knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected(Arc<AtomicU64>);

impl Expected {
    pub(crate) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The low-water mark of one connection.
#[derive(Debug)]
pub(crate) struct Mark {
    /// In bytes.
    level: u64,
    expected: Expected,
    /// When those who wait have waited for long enough, if they have begun to.
    enough: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
}

impl Mark {
    /// Where that of a new connection is.
    pub(crate) fn new() -> Self {
        Self { level: 1, expected: Expected::default(), enough: None, is_waiting: false }
    }

    pub(crate) fn expected(&self) -> Expected {
        self.expected.clone()
    }

    /// Nothing can be read now. Its reader wants to be woken when `worth` bytes are, and the rest of the answer in any case.
    pub(crate) fn wait(&mut self, socket: &impl LowWater, worth: u64, context: &mut Context<'_>) {
        let worth = worth.min(self.expected.get());
        // Also where nobody expects anything, as when a connection is given back: then there may be no timer to be asked for.
        if worth <= 1 {
            return self.set(socket, 1);
        }
        let enough = self.enough.get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
        if !self.is_waiting {
            enough.as_mut().reset(Instant::now() + PATIENCE);
        }
        let is_enough = enough.as_mut().poll(context).is_ready();
        if is_enough {
            self.set(socket, 1);
        } else if !self.is_waiting {
            self.set(socket, worth);
        }
        self.is_waiting = true;
    }

    /// So many bytes came.
    pub(crate) fn came(&mut self, bytes: u64) {
        self.is_waiting = false;
        self.expected.set(self.expected.get().saturating_sub(bytes));
    }

    /// A request is sent, of whose answer nothing is known.
    pub(crate) fn asked(&mut self, socket: &impl LowWater) {
        self.expected.set(0);
        self.set(socket, 1);
    }

    fn set(&mut self, socket: &impl LowWater, bytes: u64) {
        if self.level != bytes {
            self.level = bytes;
            socket.wake_from(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::poll_fn;
    use std::task::{Poll, Waker};

    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;
    use tokio::time::{advance, timeout};

    use super::*;

    /// What the kernel was told.
    #[derive(Default)]
    struct Told(RefCell<Vec<u64>>);

    impl LowWater for Told {
        fn wake_from(&self, bytes: u64) {
            self.0.borrow_mut().push(bytes);
        }
    }

    /// A mark of a connection whose reader expects so much.
    fn mark(expected: u64) -> (Mark, Told) {
        let mark = Mark::new();
        mark.expected().set(expected);
        (mark, Told::default())
    }

    fn wait(mark: &mut Mark, told: &Told, worth: u64) -> Vec<u64> {
        mark.wait(told, worth, &mut Context::from_waker(Waker::noop()));
        told.0.take()
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_waited_for_much_in_vain_is_woken_by_every_byte_until_some_come() {
        let (mut mark, told) = mark(1_000_000);
        assert_eq!(wait(&mut mark, &told, 65_536), [65_536]);
        advance(PATIENCE / 2).await;
        assert!(wait(&mut mark, &told, 131_072).is_empty(), "it was woken by something else");
        advance(PATIENCE).await;
        assert_eq!(wait(&mut mark, &told, 65_536), [1]);
        assert!(wait(&mut mark, &told, 65_536).is_empty());
        mark.came(100);
        assert_eq!(wait(&mut mark, &told, 65_536), [65_536]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_in_vain_is_woken_to_say_so() {
        let (mut mark, told) = mark(1_000_000);
        let begun = Instant::now();
        let woken = poll_fn(|context| {
            mark.wait(&told, 65_536, context);
            if told.0.borrow().ends_with(&[1]) { Poll::Ready(begun.elapsed()) } else { Poll::Pending }
        });
        let woken = timeout(10 * PATIENCE, woken).await.expect("a waking");
        assert!((PATIENCE..2 * PATIENCE).contains(&woken));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_more_than_comes() {
        let (mut mark, told) = mark(100_000);
        assert_eq!(wait(&mut mark, &told, 65_536), [65_536]);
        mark.came(65_536);
        assert_eq!(wait(&mut mark, &told, 65_536), [34_464]);
        mark.came(34_464);
        assert_eq!(wait(&mut mark, &told, 65_536), [1]);
    }

    /// What all this builds on: of the kernel and of the runtime.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn who_waits_is_woken_when_so_much_is_there_or_so_little_is_asked_for() {
        const SECOND: Duration = Duration::from_secs(1);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let near = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        let mut far = listener.accept().await.expect("the other end").0;
        let socket = TokioIo::new(MaybeHttpsStream::Http(TokioIo::new(near)));
        let MaybeHttpsStream::Http(near) = socket.inner() else { unreachable!("it was made so") };
        let near = near.inner();

        socket.wake_from(50_000);
        far.write_all(&[7; 49_999]).await.expect("a connection");
        timeout(SECOND / 10, near.readable()).await.expect_err("not enough is there");
        far.write_all(&[7]).await.expect("a connection");
        timeout(10 * SECOND, near.readable()).await.expect("enough is there").expect("a connection");
        assert_eq!(near.try_read(&mut [0; 60_000]).expect("all of it"), 50_000);
        near.try_read(&mut [0]).expect_err("no more is there");

        far.write_all(&[7]).await.expect("a connection");
        timeout(SECOND / 10, near.readable()).await.expect_err("not enough is there");
        socket.wake_from(1);
        timeout(10 * SECOND, near.readable()).await.expect("enough is there").expect("a connection");
        assert_eq!(near.try_read(&mut [0; 60_000]).expect("all of it"), 1);
    }

    /// There is no runtime here.
    #[test]
    fn an_answer_of_which_nothing_is_known_wakes_with_its_first_byte() {
        let (mut mark, told) = mark(0);
        assert!(wait(&mut mark, &told, 65_536).is_empty());
        mark.level = 65_536;
        mark.expected().set(1_000_000);
        mark.asked(&told);
        assert_eq!(told.0.take(), [1]);
        assert!(wait(&mut mark, &told, 65_536).is_empty());
    }
}
