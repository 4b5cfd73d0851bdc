//! Connections that nobody uses at the moment, to be used again.
//!
//! Nobody drives an idle connection; that the other end has closed it is seen when it is taken, or swept. Must not hand out
//! one on which anything is under way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use hyper::http::Uri;
use hyper::http::uri::{Authority, Scheme};
use tokio::runtime::Handle;

use crate::line::Line;

/// How long a connection is kept that nobody uses. Services close theirs within some ten seconds to some minutes.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often those are looked for that have been idle for longer.
const SWEEP: Duration = Duration::from_secs(15);

/// Whom a connection leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    scheme: Scheme,
    authority: Authority,
}

impl Origin {
    /// Nothing where the address names no host.
    pub(crate) fn of(address: &Uri) -> Option<Self> {
        Some(Self { scheme: address.scheme()?.clone(), authority: address.authority()?.clone() })
    }
}

/// Idle connections by whom they lead to.
#[derive(Debug, Default)]
pub(crate) struct Pool(Mutex<Idle>);

#[derive(Debug, Default)]
struct Idle {
    /// Of each, the last one to be put here last, and when that was.
    lines: HashMap<Origin, Vec<(Line, Instant)>>,
    /// A task closes what stays too long.
    is_swept: bool,
}

impl Pool {
    /// The connection that was used last, if any is still open.
    pub(crate) fn take(&self, origin: &Origin) -> Option<Line> {
        while let Some((mut line, since)) = self.pop(origin) {
            // A task may come before the sweeper where time has stood still for both, as in a frozen function.
            if since.elapsed() < PATIENCE && line.is_free() {
                return Some(line);
            }
        }
        None
    }

    /// Keeps a connection that is free. Without a runtime, as when the program ends, it is closed.
    pub(crate) fn put(self: &Arc<Self>, origin: &Origin, line: Line) {
        self.put_since(origin, line, Instant::now());
    }

    fn put_since(self: &Arc<Self>, origin: &Origin, line: Line, since: Instant) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut idle = self.idle();
        idle.lines.entry(origin.clone()).or_default().push((line, since));
        if !idle.is_swept {
            idle.is_swept = true;
            runtime.spawn(sweeping(Arc::downgrade(self)));
        }
    }

    /// Closes what has been idle for too long, or is closed at the other end. Whether more will have to be.
    fn sweep(&self) -> bool {
        // Nobody waits meanwhile: whoever finds nothing here opens a connection.
        let mut lines = std::mem::take(&mut self.idle().lines);
        for kept in lines.values_mut() {
            kept.retain_mut(|(line, since)| since.elapsed() < PATIENCE && line.is_free());
        }
        let mut idle = self.idle();
        for (origin, mut kept) in lines.into_iter().filter(|(_, kept)| !kept.is_empty()) {
            let present = idle.lines.entry(origin).or_default();
            kept.append(present);
            *present = kept;
        }
        idle.is_swept = !idle.lines.is_empty();
        idle.is_swept
    }

    fn pop(&self, origin: &Origin) -> Option<(Line, Instant)> {
        self.idle().lines.get_mut(origin)?.pop()
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sweeps until nothing is left.
async fn sweeping(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(pool) = pool.upgrade() else { return };
        if !pool.sweep() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper_rustls::MaybeHttpsStream;
    use hyper_util::rt::TokioIo;
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::paced::Paced;

    /// A connection that has been idle for so long in the pool, and its other end.
    async fn put(pool: &Arc<Pool>, origin: &Origin, idle: Duration) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let near = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        let socket = MaybeHttpsStream::Http(TokioIo::new(near));
        let line = Line::over(TokioIo::new(Paced::new(TokioIo::new(socket), false))).await;
        let since = Instant::now().checked_sub(idle).expect("a machine that runs for longer");
        pool.put_since(origin, line.expect("a connection"), since);
        listener.accept().await.expect("the other end").0
    }

    fn origin(address: &'static str) -> Origin {
        Origin::of(&Uri::from_static(address)).expect("a host")
    }

    #[tokio::test]
    async fn a_connection_leads_to_one_host_by_one_scheme() {
        let pool = Arc::new(Pool::default());
        let _other_end = put(&pool, &origin("http://one.test:80"), Duration::ZERO).await;
        for other in ["https://one.test:80", "http://two.test:80", "http://one.test:81"] {
            assert!(pool.take(&origin(other)).is_none(), "{other}");
        }
        assert!(pool.take(&origin("http://one.test:80")).is_some());
        assert!(pool.take(&origin("http://one.test:80")).is_none());
    }

    #[tokio::test]
    async fn a_connection_that_is_idle_for_too_long_is_closed() {
        let (pool, origin) = (Arc::new(Pool::default()), origin("http://one.test"));
        let _stays = put(&pool, &origin, PATIENCE / 2).await;
        let mut goes = put(&pool, &origin, PATIENCE).await;
        assert!(pool.sweep());
        assert_eq!(goes.read(&mut [0]).await.expect("an end"), 0);
        let mut goes = put(&pool, &origin, PATIENCE).await;
        assert!(pool.take(&origin).is_some(), "the one that stayed, not the one that was put last");
        assert_eq!(goes.read(&mut [0]).await.expect("an end"), 0);
        assert!(!pool.sweep(), "nothing is left to be swept");
    }

    #[tokio::test]
    async fn a_connection_that_the_other_end_closes_is_swept() {
        let (pool, origin) = (Arc::new(Pool::default()), origin("http://one.test"));
        drop(put(&pool, &origin, Duration::ZERO).await);
        while pool.sweep() {
            tokio::task::yield_now().await;
        }
        assert!(pool.take(&origin).is_none());
    }
}
