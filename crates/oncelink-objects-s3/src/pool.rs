//! Connections that nobody uses at the moment, to be used again.
//!
//! Nobody drives a resting connection; that the other end has closed it is seen when it is taken, or swept. Must not hand out
//! one on which anything is under way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use hyper::http::Uri;
use hyper::http::uri::{Authority, Scheme};
use tokio::runtime::Handle;

use crate::link::Link;

/// How long a connection rests before it is closed. Services close theirs within some ten seconds to some minutes.
const REST: Duration = Duration::from_secs(60);

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

/// Resting connections by whom they lead to.
#[derive(Debug, Default)]
pub(crate) struct Pool(Mutex<Rest>);

#[derive(Debug, Default)]
struct Rest {
    /// Of each, the last one to rest last.
    links: HashMap<Origin, Vec<(Link, Instant)>>,
    /// A task closes what rests too long.
    swept: bool,
}

impl Pool {
    /// The connection that rested last, if any is still open.
    pub(crate) fn take(&self, origin: &Origin) -> Option<Link> {
        while let Some((mut link, _)) = self.pop(origin) {
            if link.rests() {
                return Some(link);
            }
        }
        None
    }

    /// Keeps a connection that rests. Without a runtime, as when the program ends, it is closed.
    pub(crate) fn put(self: &Arc<Self>, origin: &Origin, link: Link) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut rest = self.rest();
        rest.links.entry(origin.clone()).or_default().push((link, Instant::now()));
        if !rest.swept {
            rest.swept = true;
            runtime.spawn(sweeping(Arc::downgrade(self)));
        }
    }

    /// Closes what rests since before `then`, or is closed at the other end. Whether more will have to be.
    fn sweep(&self, then: Option<Instant>) -> bool {
        let mut rest = self.rest();
        for links in rest.links.values_mut() {
            links.retain_mut(|(link, since)| then.is_none_or(|then| *since > then) && link.rests());
        }
        rest.links.retain(|_, links| !links.is_empty());
        rest.swept = !rest.links.is_empty();
        rest.swept
    }

    fn pop(&self, origin: &Origin) -> Option<(Link, Instant)> {
        self.rest().links.get_mut(origin)?.pop()
    }

    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sweeps until nothing rests.
async fn sweeping(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(REST).await;
        let Some(pool) = pool.upgrade() else { return };
        if !pool.sweep(Instant::now().checked_sub(REST)) {
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

    /// A resting connection to `origin` in the pool, and its other end.
    async fn put(pool: &Arc<Pool>, origin: &Origin) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let near = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        let socket = MaybeHttpsStream::Http(TokioIo::new(near));
        let link = Link::over(TokioIo::new(Paced::new(TokioIo::new(socket), false))).await;
        pool.put(origin, link.expect("a connection that rests"));
        listener.accept().await.expect("the other end").0
    }

    fn origin(address: &'static str) -> Origin {
        Origin::of(&Uri::from_static(address)).expect("a host")
    }

    #[tokio::test]
    async fn a_connection_leads_to_one_host_by_one_scheme() {
        let pool = Arc::new(Pool::default());
        let _other_end = put(&pool, &origin("http://one.test:80")).await;
        for other in ["https://one.test:80", "http://two.test:80", "http://one.test:81"] {
            assert!(pool.take(&origin(other)).is_none(), "{other}");
        }
        assert!(pool.take(&origin("http://one.test:80")).is_some());
        assert!(pool.take(&origin("http://one.test:80")).is_none());
    }

    #[tokio::test]
    async fn a_connection_that_rests_too_long_is_closed() {
        let (pool, origin) = (Arc::new(Pool::default()), origin("http://one.test"));
        let before = Instant::now();
        let mut other_end = put(&pool, &origin).await;
        assert!(pool.sweep(None) && pool.sweep(before.checked_sub(REST)), "it has only just begun to rest");
        assert!(!pool.sweep(Some(Instant::now())), "nothing is left to be swept");
        assert_eq!(other_end.read(&mut [0]).await.expect("an end"), 0);
        assert!(pool.take(&origin).is_none());
    }

    #[tokio::test]
    async fn a_connection_that_the_other_end_closes_is_swept() {
        let (pool, origin) = (Arc::new(Pool::default()), origin("http://one.test"));
        drop(put(&pool, &origin).await);
        while pool.sweep(None) {
            tokio::task::yield_now().await;
        }
        assert!(pool.take(&origin).is_none());
    }
}
