//! The server on real sockets: slow, silent, greedy and vanishing clients, and how it ends.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_LENGTH;
use axum::response::Response;
use axum::routing::get;
use futures_util::stream;
use oncelink_server::{Limits, Listener, Site};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

mod acknowledged;
mod caps;
mod draining;
mod http;
mod slow;

/// How long anything may take before a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);
const MIB: usize = 1 << 20;

/// A server that runs until it is told to stop.
struct Running {
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
}

/// Starts a server on a port of its own.
fn start(site: impl Into<Site>, limits: Limits) -> Running {
    let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
    let addr = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let site = site.into();
    let done = tokio::spawn(async move {
        oncelink_server::serve(listener, site, limits, async {
            let _ = stopped.await;
        })
        .await;
    });
    Running { addr, stop, done }
}

impl Running {
    /// Tells it to stop, and waits until it has.
    async fn end(self) {
        self.stop.send(()).expect("it runs");
        within("the server ends", self.done).await.expect("no panic");
    }
}

/// `/` answers "hello", `/large` with `size` bytes.
fn router(size: usize) -> Router {
    Router::new().route("/", get(async || "hello")).route("/large", get(async move || large(size, None)))
}

/// A response of `size` bytes in pieces of 64 KiB. `guard` is dropped with it.
fn large(size: usize, guard: Option<oneshot::Sender<()>>) -> Response {
    let pieces = stream::unfold((size, guard), |(left, guard)| async move {
        let piece = left.min(64 * 1024);
        (piece > 0).then(|| (Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; piece])), (left - piece, guard)))
    });
    sized(size, Body::from_stream(pieces))
}

fn sized(size: usize, body: Body) -> Response {
    Response::builder().header(CONTENT_LENGTH, size).body(body).expect("a response")
}

/// A connection from `address`, with a small receive buffer.
async fn connect_from(address: impl Into<IpAddr>, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(32 * 1024).expect("a small buffer");
    socket.bind(SocketAddr::new(address.into(), 0)).expect("a local address");
    within("connecting", socket.connect(to)).await.expect("the server accepts")
}

async fn connect(to: SocketAddr) -> TcpStream {
    connect_from(Ipv4Addr::LOCALHOST, to).await
}

/// Sends a request for `path`.
async fn ask(client: &mut TcpStream, path: &str) {
    client.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.expect("the server reads");
}

/// Asks for `/` and reads the answer; whether it was the right one.
async fn hello(client: &mut TcpStream) -> bool {
    let request = client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    request.is_ok() && until_text(client, "hello").await
}

/// Reads until what came ends with `text`; false when the connection ends before.
async fn until_text(client: &mut TcpStream, text: &str) -> bool {
    let mut all = Vec::new();
    while !all.ends_with(text.as_bytes()) {
        let Ok(byte) = within(text, client.read_u8()).await else { return false };
        all.push(byte);
    }
    true
}

/// Reads the head of an answer; it ends with the empty line.
async fn read_head(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within("a head", client.read_u8()).await.expect("the head goes on"));
    }
    String::from_utf8(head).expect("ASCII")
}

/// How many bytes come until the connection ends, by a FIN or a reset.
async fn count_to_the_end(client: &mut TcpStream) -> usize {
    let mut buffer = vec![0; 64 * 1024];
    let mut count = 0;
    loop {
        match within("the end of the connection", client.read(&mut buffer)).await {
            Ok(0) | Err(_) => return count,
            Ok(more) => count += more,
        }
    }
}

/// The future's value, or a panic with `what`.
async fn within<F: Future>(what: &str, future: F) -> F::Output {
    match timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("took too long: {what}"),
    }
}

/// Asks again and again until it holds, or panics with `what`.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    within(what, async {
        while !holds().await {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}
