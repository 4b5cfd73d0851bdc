//! One connection to the bucket, driven by whoever waits for its answer: no task stands between the socket and the recipient.
//!
//! Nothing is read or written while nobody polls; what comes meanwhile waits in the kernel. One that is dropped is closed
//! without a goodbye, TLS's included: nothing is under way on it that anybody still wants.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};

use aws_sdk_s3::primitives::SdkBody;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper::http::{Request, Response};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::low_water::Expected;
use crate::paced::Paced;

/// What is spoken over.
pub(crate) type Socket = TokioIo<Paced<TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>>>;

/// What broke.
pub(crate) type Unanswered = TrySendError<Request<SdkBody>>;

/// A connection over which requests go one after the other.
#[derive(Debug)]
pub(crate) struct Line {
    sender: SendRequest<SdkBody>,
    /// Nothing when either side has closed it. Then it must be gone, for that is how whoever waits for an answer learns of it.
    connection: Option<Connection<Socket, SdkBody>>,
    expected: Expected,
    /// The SDK wants it no more, as it may say after an answer.
    poison: Poison,
}

/// By which a connection is given up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Poison(Arc<AtomicBool>);

impl Poison {
    pub(crate) fn give(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Line {
    pub(crate) async fn over(socket: Socket) -> Result<Self, hyper::Error> {
        let expected = socket.inner().expected();
        let (sender, connection) = http1::handshake(socket).await?;
        Ok(Self { sender, connection: Some(connection), expected, poison: Poison::default() })
    }

    /// Sends a request, in origin form and with a `Host`, and waits for the head of its answer. The connection can be given
    /// up by `poison` until the next one.
    ///
    /// # Errors
    /// What broke, with the request where not a byte of it was sent.
    pub(crate) async fn ask(&mut self, request: Request<SdkBody>, poison: &Poison) -> Result<Response<Incoming>, Unanswered> {
        self.poison = poison.clone();
        let mut answer = pin!(self.sender.try_send_request(request));
        let connection = &mut self.connection;
        std::future::poll_fn(|context| {
            drive(connection, context);
            answer.as_mut().poll(context)
        })
        .await
    }

    /// Goes on with what is to be read and written, for who expects so many bytes, or doesn't know. Whoever waits for either
    /// learns of an error.
    pub(crate) fn drive(&mut self, expected: Option<u64>, context: &mut Context<'_>) {
        self.expected.set(expected.unwrap_or(0));
        drive(&mut self.connection, context);
    }

    /// How much of its answer is on its way, as far as was said.
    #[cfg(test)]
    pub(crate) fn expected(&self) -> u64 {
        self.expected.get()
    }

    /// Whether it is open and free for another request.
    pub(crate) fn is_free(&mut self) -> bool {
        self.drive(None, &mut Context::from_waker(Waker::noop()));
        self.connection.is_some() && !self.poison.0.load(Ordering::Relaxed) && self.sender.is_ready()
    }
}

fn drive(connection: &mut Option<Connection<Socket, SdkBody>>, context: &mut Context<'_>) {
    if let Some(open) = connection
        && Pin::new(open).poll(context).is_ready()
    {
        *connection = None;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;

    pub(crate) fn request() -> Request<SdkBody> {
        Request::get("/").header("host", "a.test").body(SdkBody::empty()).expect("a request")
    }

    /// A connection and its other end.
    pub(crate) async fn line() -> (Line, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let near = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        let socket = TokioIo::new(Paced::new(TokioIo::new(MaybeHttpsStream::Http(TokioIo::new(near))), false));
        (Line::over(socket).await.expect("a line"), listener.accept().await.expect("the other end").0)
    }

    /// As when a service's patience is over in the moment in which a request is begun.
    #[tokio::test]
    async fn a_request_that_finds_its_connection_closed_comes_back() {
        for used in [false, true] {
            let (mut line, mut other_end) = line().await;
            if used {
                other_end.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("an answer");
                line.ask(request(), &Poison::default()).await.expect("an answer");
                let _ = other_end.read(&mut [0; 4096]).await.expect("the request");
            }
            assert!(line.is_free());
            drop(other_end);
            // Until the runtime has been told.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            let asked = timeout(Duration::from_secs(60), line.ask(request(), &Poison::default())).await.expect("no silence");
            assert!(asked.expect_err("nobody is there").take_message().is_some(), "used: {used}");
            assert!(!line.is_free());
        }
    }
}
