//! One connection, from its first byte until the client's TCP has acknowledged the last one.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use oncelink_http::{Peer, Wire};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::ServiceExt;

use crate::accept::House;
use crate::body::PacedBody;
use crate::io::Io;
use crate::limits::{HEAD_SIZE, HEADERS};
use crate::pace::Pace;
use crate::socket::Tcp;
use crate::watch::{Overdue, Watch};

/// How long a client that was answered may go on sending before its connection is closed under it. Closing it earlier
/// would reset it, and the client might never see the answer.
const FAREWELL: Duration = Duration::from_secs(5);

/// How a connection ended on our side.
enum End {
    /// HTTP says so, or the client is gone.
    Done,
    /// It was of no use any more.
    Cut,
    /// A response broke off. The kernel goes on with the little that it took, and whoever counts it waits for that.
    Broken,
}

/// Serves one client. Returns when nothing more can reach it.
pub(crate) async fn run(stream: TcpStream, peer: SocketAddr, house: &House) {
    let socket = Tcp::new(stream);
    let wire = Arc::new(Wire::new(Box::new(socket.clone())));
    let _closing = Closing(Arc::clone(&wire));
    let watch = Watch {
        socket,
        wire,
        pace: Arc::new(Pace::new()),
        limits: house.limits.clone(),
        idle: house.limits.idle_of(peer.ip().to_canonical()),
        stopping: house.stopping.clone(),
    };
    match converse(&watch, peer, house).await {
        End::Done => see_off(&watch, house).await,
        End::Cut => {}
        End::Broken => watch.socket.reset_when_closed(),
    }
}

/// Requests and responses, until there are no more.
async fn converse(watch: &Watch, peer: SocketAddr, house: &House) -> End {
    let io = Io::new(watch.socket.clone(), Arc::clone(&watch.wire), Arc::clone(&watch.pace), house.connections.clone());
    let service = service_fn(|request| answer(request, peer, watch, house));
    // Head and idle times are the watch's: hyper's one timer can't tell them apart. With half-closed connections allowed a
    // handler that has begun runs to its end, whatever the client does.
    let serving = http1::Builder::new()
        .header_read_timeout(None)
        .max_headers(HEADERS)
        .max_header_size(HEAD_SIZE)
        .max_buf_size(HEAD_SIZE)
        .half_close(true)
        .serve_connection(io, service);
    let mut serving = pin!(serving);
    let mut overdue = pin!(watch.until_overdue());
    let mut told = false;
    loop {
        tokio::select! {
            ended = serving.as_mut() => return how(ended),
            why = overdue.as_mut() => {
                tracing::debug!(?why, client = %peer.ip(), "a connection was cut");
                if why == Overdue::Stalled {
                    // While the response is still alive: what has arrived is counted when it is dropped.
                    watch.socket.abort();
                }
                return End::Cut;
            }
            () = house.stopping.cancelled(), if !told => {
                told = true;
                serving.as_mut().graceful_shutdown();
            }
            () = house.cut.cancelled() => return End::Broken,
        }
    }
}

fn how(ended: hyper::Result<()>) -> End {
    match ended {
        Ok(()) => End::Done,
        // A response's body failed. Whoever made it has said why.
        Err(error) if error.is_user() => End::Broken,
        Err(error) => {
            tracing::debug!(%error, "a connection ended early");
            End::Done
        }
    }
}

async fn answer(request: Request<Incoming>, peer: SocketAddr, watch: &Watch, house: &House) -> Result<Response<PacedBody>, Infallible> {
    watch.pace.asked();
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Peer(peer));
    request.extensions_mut().insert(Arc::clone(&watch.wire));
    let response = house.router.clone().oneshot(request).await?;
    Ok(response.map(|inner| PacedBody { inner, socket: watch.socket.clone(), pace: Arc::clone(&watch.pace) }))
}

/// Everything is written. Waits until the client has it and has hung up, within bounds.
async fn see_off(watch: &Watch, house: &House) {
    let hang_up = async {
        tokio::select! {
            _ = timeout(FAREWELL, watch.socket.discard()) => {}
            () = house.stopping.cancelled() => {}
        }
    };
    let delivered = async {
        if !watch.until_delivered().await {
            watch.socket.abort();
        }
    };
    tokio::select! {
        ((), ()) = async { tokio::join!(delivered, hang_up) } => {}
        // What is left of a whole response the kernel may deliver without us.
        () = house.cut.cancelled() => {}
    }
}

/// Tells that the connection has been given up on our side, however that came.
struct Closing(Arc<Wire>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.closed();
    }
}
