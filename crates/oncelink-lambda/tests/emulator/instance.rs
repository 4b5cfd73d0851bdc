//! One execution environment: a `bootstrap` process, and the Runtime API that it asks for work.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path as UrlPath, Request, State};
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::StreamExt;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot, watch};

/// One execution environment.
pub(crate) struct Instance {
    pid: Pid,
    calls: mpsc::Sender<Call>,
    /// How often the process has asked for work.
    asked: watch::Receiver<u64>,
    alive: watch::Receiver<bool>,
    made: u64,
    /// How long the process took from its start to its first request for work.
    pub(crate) init: Duration,
}

/// What a function answered.
pub(crate) enum Reply {
    /// In one piece.
    Whole(Bytes),
    /// As a stream; an error is a transfer that was cut.
    Stream(mpsc::Receiver<Result<Bytes, Cut>>),
    /// With an error of its own.
    Failed(Bytes),
}

/// The process ended before its answer did.
#[derive(Debug)]
pub(crate) struct Cut;

struct Call {
    id: String,
    event: Bytes,
    reply: oneshot::Sender<Reply>,
}

/// The Runtime API's state.
struct Api {
    calls: AsyncMutex<mpsc::Receiver<Call>>,
    running: Mutex<HashMap<String, oneshot::Sender<Reply>>>,
    asked: watch::Sender<u64>,
}

impl Instance {
    /// Starts `bootstrap` with these variables and waits until it asks for work. What it logs goes to `log`.
    ///
    /// # Errors
    /// The process ended instead.
    pub(crate) async fn start(bootstrap: &Path, variables: &[(String, String)], log: Option<&Path>) -> Result<Self, Cut> {
        let (calls, queue) = mpsc::channel(1);
        let (asked_in, asked) = watch::channel(0);
        let api = Arc::new(Api { calls: AsyncMutex::new(queue), running: Mutex::default(), asked: asked_in });
        let addr = serve(Arc::clone(&api)).await;
        let begin = Instant::now();
        let child = spawn(bootstrap, addr, variables, log);
        let pid = child.id().and_then(|id| Pid::from_raw(id as i32)).expect("a process that has just started");
        let alive = watch_over(child, api);
        let mut instance = Self { pid, calls, asked, alive, made: 0, init: Duration::ZERO };
        instance.until_idle().await?;
        instance.init = begin.elapsed();
        Ok(instance)
    }

    /// Hands over one event and waits for the answer, or its beginning.
    pub(crate) async fn invoke(&mut self, event: Bytes) -> Result<Reply, Cut> {
        let (reply, answer) = oneshot::channel();
        self.made += 1;
        let call = Call { id: format!("00000000-0000-4000-8000-{:012x}", self.made), event, reply };
        self.signal(Signal::CONT);
        self.calls.send(call).await.map_err(|_| Cut)?;
        answer.await.map_err(|_| Cut)
    }

    /// Waits until the process asks for more work.
    pub(crate) async fn until_idle(&mut self) -> Result<(), Cut> {
        let (made, mut alive) = (self.made, self.alive.clone());
        tokio::select! {
            asked = self.asked.wait_for(|asked| *asked > made) => asked.map(drop).map_err(|_| Cut),
            _ = alive.wait_for(|alive| !alive) => Err(Cut),
        }
    }

    /// Stops the process, as Lambda does after each answer: nothing of it runs on.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Ends the process at once.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// How long the process has been on a CPU, all threads together.
    pub(crate) fn cpu_nanoseconds(&self) -> u64 {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.pid.as_raw_nonzero())).into_iter().flatten().flatten();
        let times = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("schedstat")).ok());
        times.filter_map(|text| text.split(' ').next()?.parse::<u64>().ok()).sum()
    }

    /// How much of the process is in memory.
    pub(crate) fn resident_kilobytes(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.pid.as_raw_nonzero())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
    }

    fn signal(&self, signal: Signal) {
        if *self.alive.borrow() {
            // It may have ended by itself a moment ago.
            let _ = kill_process(self.pid, signal);
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(bootstrap: &Path, addr: SocketAddr, variables: &[(String, String)], log: Option<&Path>) -> Child {
    let mut command = Command::new(bootstrap);
    command.stdin(Stdio::null()).kill_on_drop(true);
    for (name, value) in [
        ("AWS_LAMBDA_RUNTIME_API", addr.to_string().as_str()),
        ("AWS_LAMBDA_FUNCTION_NAME", "oncelink"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ] {
        command.env(name, value);
    }
    if let Some(log) = log {
        let file =
            std::fs::File::options().create(true).append(true).open(log).unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        command.stdout(file.try_clone().expect("a second handle")).stderr(file);
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.spawn().unwrap_or_else(|error| panic!("{}: {error}", bootstrap.display()))
}

/// Whether the process lives. When it ends, so do the calls that it was working on.
fn watch_over(mut child: Child, api: Arc<Api>) -> watch::Receiver<bool> {
    let (alive_in, alive) = watch::channel(true);
    tokio::spawn(async move {
        let _ = child.wait().await;
        let _ = alive_in.send(false);
        api.running.lock().expect("no holder panics").clear();
    });
    alive
}

async fn serve(api: Arc<Api>) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    let routes = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .with_state(api);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    addr
}

async fn next(State(api): State<Arc<Api>>) -> Response<Body> {
    let mut calls = api.calls.lock().await;
    api.asked.send_modify(|asked| *asked += 1);
    let Some(call) = calls.recv().await else { return status(StatusCode::GONE) };
    let answer = Response::builder()
        .header("Lambda-Runtime-Aws-Request-Id", &call.id)
        .header("Lambda-Runtime-Deadline-Ms", "4102444800000")
        .header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:oncelink")
        .header("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
        .header("Content-Type", "application/json");
    api.running.lock().expect("no holder panics").insert(call.id, call.reply);
    answer.body(Body::from(call.event)).expect("a response")
}

async fn response(State(api): State<Arc<Api>>, UrlPath(id): UrlPath<String>, request: Request) -> Response<Body> {
    let streams = request.headers().get("lambda-runtime-function-response-mode").is_some_and(|mode| mode == "streaming");
    let Some(reply) = take(&api, &id) else { return status(StatusCode::NOT_FOUND) };
    if !streams {
        if let Ok(bytes) = axum::body::to_bytes(request.into_body(), usize::MAX).await {
            let _ = reply.send(Reply::Whole(bytes));
        }
        return status(StatusCode::ACCEPTED);
    }
    let (chunks, stream) = mpsc::channel(4);
    let _ = reply.send(Reply::Stream(stream));
    let mut body = request.into_body().into_data_stream();
    while let Some(chunk) = body.next().await {
        let ended = chunk.is_err();
        // Whoever asked may be gone; the function isn't told, and goes on.
        let _ = chunks.send(chunk.map_err(|_| Cut)).await;
        if ended {
            break;
        }
    }
    status(StatusCode::ACCEPTED)
}

async fn error(State(api): State<Arc<Api>>, UrlPath(id): UrlPath<String>, request: Request) -> Response<Body> {
    if let Some(reply) = take(&api, &id) {
        let bytes = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap_or_default();
        let _ = reply.send(Reply::Failed(bytes));
    }
    status(StatusCode::ACCEPTED)
}

fn take(api: &Api, id: &str) -> Option<oneshot::Sender<Reply>> {
    api.running.lock().expect("no holder panics").remove(id)
}

fn status(status: StatusCode) -> Response<Body> {
    Response::builder().status(status).body(Body::empty()).expect("a response")
}
