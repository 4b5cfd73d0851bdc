//! One connection to the bucket, driven by whoever waits for its answer: no task stands between the socket and the recipient.
//!
//! Nothing is read or written while nobody polls; what comes meanwhile waits in the kernel.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use aws_sdk_s3::primitives::SdkBody;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper::http::{Request, Response};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::paced::Paced;

/// What is spoken over.
pub(crate) type Socket = TokioIo<Paced<TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>>>;

/// What broke.
pub(crate) type Unanswered = TrySendError<Request<SdkBody>>;

/// A connection over which requests go one after the other.
#[derive(Debug)]
pub(crate) struct Link {
    sender: SendRequest<SdkBody>,
    connection: Connection<Socket, SdkBody>,
    /// Either side has closed it.
    ended: bool,
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

impl Link {
    pub(crate) async fn over(socket: Socket) -> Result<Self, hyper::Error> {
        let (sender, connection) = http1::handshake(socket).await?;
        Ok(Self { sender, connection, ended: false, poison: Poison::default() })
    }

    /// Sends a request, in origin form and with a `Host`, and waits for the head of its answer. The connection can be given
    /// up by `poison` until the next one.
    ///
    /// # Errors
    /// What broke, with the request where not a byte of it was sent.
    pub(crate) async fn ask(&mut self, request: Request<SdkBody>, poison: &Poison) -> Result<Response<Incoming>, Unanswered> {
        self.poison = poison.clone();
        let mut answer = pin!(self.sender.try_send_request(request));
        let (connection, ended) = (&mut self.connection, &mut self.ended);
        std::future::poll_fn(|context| {
            drive(connection, ended, context);
            answer.as_mut().poll(context)
        })
        .await
    }

    /// Goes on with what is to be read and written. Whoever waits for either learns of an error.
    pub(crate) fn drive(&mut self, context: &mut Context<'_>) {
        drive(&mut self.connection, &mut self.ended, context);
    }

    /// Whether it is open and free for another request.
    pub(crate) fn rests(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        !self.ended && !self.poison.0.load(Ordering::Relaxed) && self.sender.is_ready()
    }
}

fn drive(connection: &mut Connection<Socket, SdkBody>, ended: &mut bool, context: &mut Context<'_>) {
    if !*ended {
        *ended = matches!(Pin::new(connection).poll(context), Poll::Ready(_));
    }
}
