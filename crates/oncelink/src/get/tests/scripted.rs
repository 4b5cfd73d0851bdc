//! A server that follows a script: one answer per connection, in order, and a record of what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

/// One answer: raw bytes, after which the connection is closed. It may look around first.
pub(super) type Answer = Box<dyn FnOnce(&Asked) -> Vec<u8> + Send>;

/// A running script.
pub(super) struct Scripted {
    pub(super) addr: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Asked {
    /// The first header of this name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first and the last byte of the range, which has both.
    pub(super) fn range(&self) -> (usize, usize) {
        let range = self.header("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-')).expect("a range");
        (range.0.parse().expect("a number"), range.1.parse().expect("a number"))
    }
}

impl Scripted {
    /// Answers one connection after the other; afterwards nobody listens any more.
    pub(super) async fn start(script: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let addr = listener.local_addr().expect("bound");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = asked.clone();
        tokio::spawn(async move {
            for answer in script {
                let (mut connection, _) = listener.accept().await.expect("a connection");
                let Some(request) = read(&mut connection).await else { continue };
                let bytes = answer(&request);
                record.lock().expect("no panic holds it").push(request);
                let _ = connection.write_all(&bytes).await;
                let _ = connection.shutdown().await;
            }
        });
        Self { addr, asked }
    }

    /// Everything that was asked so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic holds it").clone()
    }

    /// What was asked, as `METHOD target [range]`.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |asked: &Asked| {
            let range = asked.header("range").map_or_else(String::new, |range| format!(" {range}"));
            format!("{} {}{range}", asked.method, asked.target)
        };
        self.asked().iter().map(line).collect()
    }
}

/// An answer with this head and body; `Content-Length` is the body's unless the head has one.
pub(super) fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    [text.as_bytes(), b"\r\n", body].concat()
}

/// The same, whatever is asked.
pub(super) fn always(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let bytes = answer(status, headers, body);
    Box::new(move |_| bytes)
}

/// A problem document.
pub(super) fn problem(status: &str, kind: &str) -> Answer {
    let body = format!("{{\"type\":\"{kind}\",\"detail\":\"It is {kind}.\"}}");
    always(status, &[("Content-Type", "application/problem+json")], body.as_bytes())
}

async fn read(connection: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        let mut piece = [0; 4096];
        let count = connection.read(&mut piece).await.ok().filter(|&count| count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<_> = lines.filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()))).collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length")).and_then(|(_, value)| value.parse().ok());
    let mut body = bytes.split_off(end + 4);
    while body.len() < length.unwrap_or(0) {
        let mut piece = [0; 4096];
        let count = connection.read(&mut piece).await.ok().filter(|&count| count > 0)?;
        body.extend_from_slice(&piece[..count]);
    }
    Some(Asked { method, target, headers, body: String::from_utf8_lossy(&body).into_owned() })
}
