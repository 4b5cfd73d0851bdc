//! The accept loop: each connection gets a place and a task, or is closed at once.
//!
//! Must not end, whatever happens: an error of accepting concerns one client, or passes.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::caps::Caps;
use crate::connection;
use crate::limits::Limits;

/// How long to wait when the system has no descriptor or no memory for another connection.
const BACK_OFF: Duration = Duration::from_millis(100);
/// How often the same trouble is worth a line in the log.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// What all connections share.
pub(crate) struct House {
    /// Answers each request.
    pub(crate) router: Router,
    /// The bounds.
    pub(crate) limits: Limits,
    /// The connections' tasks.
    pub(crate) connections: TaskTracker,
    /// Set when responses may still end, but nothing may begin.
    pub(crate) stopping: CancellationToken,
    /// Set when whatever still runs is cut.
    pub(crate) cut: CancellationToken,
    caps: Arc<Caps>,
}

impl House {
    /// Nobody is in yet.
    pub(crate) fn new(router: Router, limits: Limits) -> Arc<Self> {
        let (stopping, cut) = (CancellationToken::new(), CancellationToken::new());
        Arc::new(Self { router, limits, connections: TaskTracker::new(), stopping, cut, caps: Arc::default() })
    }

    /// Lets clients in, for ever.
    pub(crate) async fn accept(self: &Arc<Self>, listener: &TcpListener) -> Infallible {
        let (mut trouble, mut full) = (Rarely::default(), Rarely::default());
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => self.welcome(stream, peer, &mut full),
                Err(error) if is_one_clients(&error) => tracing::debug!(%error, "a client left before it was accepted"),
                Err(error) => {
                    if trouble.is_due() {
                        tracing::error!(%error, "connections can't be accepted for the moment; raise the limit of open files if it says so");
                    }
                    sleep(BACK_OFF).await;
                }
            }
        }
    }

    fn welcome(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, full: &mut Rarely) {
        let address = peer.ip().to_canonical();
        let each = Some(self.limits.connections_per_address).filter(|_| !self.limits.is_trusted(address));
        match self.caps.admit(address, self.limits.connections, each) {
            Ok(place) => {
                let house = Arc::clone(self);
                self.connections.spawn(async move {
                    connection::run(stream, peer, &house).await;
                    drop(place);
                });
            }
            // Dropping the stream closes it.
            Err(why) if full.is_due() => tracing::warn!(?why, client = %address, "a connection was closed: too many are open"),
            Err(why) => tracing::debug!(?why, client = %address, "a connection was closed: too many are open"),
        }
    }
}

/// Whether an error of accepting says nothing about the next client.
fn is_one_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Keeps a trouble that lasts from filling the log.
#[derive(Default)]
struct Rarely(Option<Instant>);

impl Rarely {
    fn is_due(&mut self) -> bool {
        let due = self.0.is_none_or(|last| last.elapsed() >= TELL_EVERY);
        if due {
            self.0 = Some(Instant::now());
        }
        due
    }
}
