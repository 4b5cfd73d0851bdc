//! A small HTTP/1.1 server that answers as a test's script says, and cuts or stalls its answers on demand.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A request, as far as the scripts look into it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Which of the server's connections it came by, from 0.
    pub(crate) connection: usize,
    headers: Vec<(String, String)>,
}

impl Request {
    /// The value of a header (named in lower case), or nothing.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// How an answer's body ends.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// With its last byte.
    Whole,
    /// With the connection, after so many bytes.
    Cut(usize),
    /// Never: after so many bytes nothing comes any more.
    Stall(usize),
    /// With the connection, which is all that says so: there is no Content-Length.
    Unannounced,
    /// With its last byte, and then the connection, of which nothing was said.
    Hushed,
}

/// An answer to be given.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    ending: Ending,
}

impl Answer {
    /// An answer with a body.
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), ending: Ending::Whole }
    }

    /// S3's error answer.
    pub(crate) fn error(status: u16, code: &str) -> Self {
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>about {code}</Message></Error>");
        Self::new(status, body).with("Content-Type", "application/xml")
    }

    /// The same with a header, in place of one of this name.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// The same, cut after `count` bytes of the body.
    pub(crate) fn cut(mut self, count: usize) -> Self {
        self.ending = Ending::Cut(count);
        self
    }

    /// The same, stalled after `count` bytes of the body.
    pub(crate) fn stalled(mut self, count: usize) -> Self {
        self.ending = Ending::Stall(count);
        self
    }

    /// The same, and then the connection is closed without a word.
    pub(crate) fn hushed(mut self) -> Self {
        self.ending = Ending::Hushed;
        self
    }

    /// The same without a Content-Length.
    pub(crate) fn unannounced(mut self) -> Self {
        self.ending = Ending::Unannounced;
        self
    }
}

type Script = dyn Fn(usize, &Request) -> Answer + Send + Sync;

/// The server; it ends with the test's runtime.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    ended: watch::Receiver<usize>,
}

impl Server {
    /// Answers each request with what `script` makes of its number (from 0) and itself.
    pub(crate) async fn start(script: impl Fn(usize, &Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (script, noted): (Arc<Script>, _) = (Arc::new(script), seen.clone());
        let (end, ended) = watch::channel(0);
        let end = Arc::new(end);
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (conversation, end) = (converse(stream, connection, script.clone(), noted.clone()), end.clone());
                tokio::spawn(async move {
                    conversation.await;
                    end.send_modify(|count| *count += 1);
                });
            }
        });
        Self { addr, seen, ended }
    }

    /// Waits until so many connections have ended.
    pub(crate) async fn ended(&self, count: usize) {
        let ended = self.ended.clone().wait_for(|ended| *ended >= count).await.is_ok();
        assert!(ended, "the server runs");
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("an unbroken lock").clone()
    }
}

/// Answers the requests of one connection until an answer ends it.
async fn converse(stream: TcpStream, connection: usize, script: Arc<Script>, seen: Arc<Mutex<Vec<Request>>>) {
    let mut stream = BufStream::new(stream);
    while let Some(request) = read(&mut stream, connection).await {
        let number = {
            let mut seen = seen.lock().expect("an unbroken lock");
            seen.push(request.clone());
            seen.len() - 1
        };
        if !give(&mut stream, &request, &script(number, &request)).await.unwrap_or(false) {
            return;
        }
    }
}

async fn read(stream: &mut BufStream<TcpStream>, connection: usize) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|&count| count > 0)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|&count| count > 0)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_lowercase(), value.trim().to_owned())),
            None => return Some(Request { method, target, connection, headers }),
        }
    }
}

/// Gives the answer; says whether the connection can go on.
async fn give(stream: &mut BufStream<TcpStream>, request: &Request, answer: &Answer) -> std::io::Result<bool> {
    let mut head = format!("HTTP/1.1 {} Scripted\r\n", answer.status);
    for (name, value) in &answer.headers {
        head = format!("{head}{name}: {value}\r\n");
    }
    let told = answer.headers.iter().any(|(name, _)| *name == "Content-Length");
    if !told && !matches!(answer.ending, Ending::Unannounced) {
        head = format!("{head}Content-Length: {}\r\n", answer.body.len());
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).await?;
    if request.method == "HEAD" {
        stream.flush().await?;
        return Ok(true);
    }
    let count = match answer.ending {
        Ending::Whole | Ending::Unannounced | Ending::Hushed => answer.body.len(),
        Ending::Cut(count) | Ending::Stall(count) => count,
    };
    stream.write_all(&answer.body[..count]).await?;
    stream.flush().await?;
    if matches!(answer.ending, Ending::Stall(_)) {
        std::future::pending::<()>().await;
    }
    Ok(matches!(answer.ending, Ending::Whole))
}
