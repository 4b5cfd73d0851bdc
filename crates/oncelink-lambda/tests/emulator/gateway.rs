//! A gateway before the function: its paths, its limits and its time-outs, and faults when a test wants them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc;

use super::event::{self, Shape};
use super::function::Function;
use super::instance::{Cut, Reply};
use super::reply::{self, Bad};

/// The largest request that any of them takes.
const REQUEST: usize = 10 * 1024 * 1024;

/// What happens to every so many-th answer; nothing where it is 0.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// The answer gets lost, though the function made it.
    pub(crate) lose_every: u64,
    /// The function's instances that have nothing to do are ended after it.
    pub(crate) kill_every: u64,
}

/// What has happened so far: shows that a test had the faults that it asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Requests that the function answered, or failed to.
    pub(crate) answered: u64,
    /// Answers that got lost.
    pub(crate) lost: u64,
    /// Instances that were ended.
    pub(crate) killed: u64,
}

/// A gateway and its function.
#[derive(Clone)]
pub(crate) struct Gateway(Arc<Inner>);

struct Inner {
    /// The function.
    function: Function,
    shape: Shape,
    stage: Option<String>,
    faults: Faults,
    answered: AtomicU64,
    lost: AtomicU64,
    killed: AtomicU64,
}

impl Gateway {
    /// A gateway of this shape. `stage` is a REST API's (`prod` when none is given), or an HTTP API's other than `$default`.
    pub(crate) fn new(function: Function, shape: Shape, stage: Option<String>, faults: Faults) -> Self {
        let stage = stage.or_else(|| (shape == Shape::Rest).then(|| "prod".to_owned()));
        let [answered, lost, killed] = [0; 3].map(AtomicU64::new);
        Self(Arc::new(Inner { function, shape, stage, faults, answered, lost, killed }))
    }

    /// What its paths begin with.
    pub(crate) fn base(&self) -> String {
        self.0.stage.as_ref().map(|stage| format!("/{stage}")).unwrap_or_default()
    }

    /// The function.
    pub(crate) fn function(&self) -> &Function {
        &self.0.function
    }

    /// What has happened so far.
    pub(crate) fn figures(&self) -> Figures {
        let [answered, lost, killed] = [&self.0.answered, &self.0.lost, &self.0.killed].map(|count| count.load(Ordering::SeqCst));
        Figures { answered, lost, killed }
    }

    /// Answers one request. A body that ends in an error is a connection that broke.
    pub(crate) async fn call(&self, request: Request) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let Ok(body) = axum::body::to_bytes(body, REQUEST).await else { return refusal(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long") };
        let base = self.base();
        let path = match parts.uri.path().strip_prefix(&base) {
            Some("") => "/",
            Some(path) if path.starts_with('/') => path,
            _ => return refusal(StatusCode::FORBIDDEN, "Missing Authentication Token"),
        };
        let event = event::event(self.0.shape, self.0.stage.as_deref(), path, &parts, &body).to_string();
        if event.len() > reply::PAYLOAD {
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
        }
        let invoked = tokio::time::timeout(self.patience(), self.0.function.invoke(event.into())).await;
        let Ok(invoked) = invoked else { return refusal(StatusCode::GATEWAY_TIMEOUT, "Endpoint request timed out") };
        self.out(invoked).await
    }

    /// Answers on a port from now on.
    pub(crate) fn serve(&self, listener: tokio::net::TcpListener) {
        let answer = async |State(gateway): State<Self>, request: Request| gateway.call(request).await;
        let routes = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(match self.0.shape {
            Shape::Rest => 29,
            Shape::Http => 30,
            Shape::FunctionUrl | Shape::Alb | Shape::AlbMulti => 900,
        })
    }

    async fn out(&self, invoked: Result<Reply, Cut>) -> Response<Body> {
        let number = self.0.answered.fetch_add(1, Ordering::SeqCst) + 1;
        let is_due = |every: u64| every > 0 && number.is_multiple_of(every);
        let response = match invoked {
            Ok(Reply::Whole(json)) => match reply::whole(self.0.shape, &json) {
                Ok(response) => response.map(Body::from),
                Err(bad) => broken(&bad),
            },
            Ok(Reply::Stream(chunks)) => self.stream(chunks).await,
            Ok(Reply::Failed(error)) => broken(&Bad(String::from_utf8_lossy(&error).into_owned())),
            Err(Cut) => broken(&Bad("the function ended without an answer".to_owned())),
        };
        if is_due(self.0.faults.kill_every) {
            self.0.killed.fetch_add(self.0.function.kill_idle(), Ordering::SeqCst);
        }
        if is_due(self.0.faults.lose_every) { lost(response, self.0.lost.fetch_add(1, Ordering::SeqCst)) } else { response }
    }

    async fn stream(&self, mut chunks: mpsc::Receiver<Result<Bytes, Cut>>) -> Response<Body> {
        let mut ahead = Vec::new();
        loop {
            match reply::head(self.0.shape, &ahead) {
                Err(bad) => return broken(&bad),
                Ok(Some((response, end))) => {
                    let first = Bytes::from(ahead.split_off(end));
                    return response.map(|_| Body::from_stream(limited(first, chunks)));
                }
                Ok(None) => match chunks.recv().await {
                    Some(Ok(chunk)) => ahead.extend_from_slice(&chunk),
                    Some(Err(Cut)) | None => return broken(&Bad("the function ended before its stream's head did".to_owned())),
                },
            }
        }
    }
}

/// The stream's body, cut where Lambda would cut it.
fn limited(first: Bytes, chunks: mpsc::Receiver<Result<Bytes, Cut>>) -> impl stream::Stream<Item = Result<Bytes, std::io::Error>> {
    stream::unfold((Some(first), chunks, 0_u64), async |(first, mut chunks, before)| {
        let chunk = match first {
            Some(first) => Ok(first),
            None => chunks.recv().await?,
        };
        let total = before + chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        let whole = chunk
            .map_err(|Cut| "the function was cut off")
            .and_then(|chunk| if total > reply::STREAMED { Err("too long") } else { Ok(chunk) });
        Some((whole.map_err(std::io::Error::other), (None, chunks, total)))
    })
}

/// What the client sees of a lost answer: a time-out or half of it, in turn.
fn lost(response: Response<Body>, before: u64) -> Response<Body> {
    if before.is_multiple_of(2) {
        return refusal(StatusCode::GATEWAY_TIMEOUT, "Endpoint request timed out");
    }
    response.map(|body| {
        use futures_util::StreamExt;
        let half = body.into_data_stream().map(|chunk| match chunk {
            Ok(chunk) => Ok(chunk.slice(..chunk.len() / 2)),
            Err(error) => Err(std::io::Error::other(error)),
        });
        Body::from_stream(half.take(1).chain(stream::iter([Err(std::io::Error::other("lost"))])))
    })
}

fn broken(bad: &Bad) -> Response<Body> {
    let mut response = refusal(StatusCode::BAD_GATEWAY, "Internal server error");
    let why: String = bad.0.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect();
    response.headers_mut().insert("x-emulator-reason", why.parse().expect("printable"));
    response
}

fn refusal(status: StatusCode, message: &str) -> Response<Body> {
    let body = format!(r#"{{"message":"{message}"}}"#);
    Response::builder().status(status).header("content-type", "application/json").body(Body::from(body)).expect("a response")
}
