//! A plain HTTP/1.1 client on a bare TCP socket, so that a test decides every byte, pause and cut itself.
//!
//! It follows no redirect, keeps no cookie and repairs nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// How long any single answer may take before a test fails instead of hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A request, byte for byte as it will be sent.
#[derive(Clone, Debug)]
pub(crate) struct Req {
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    from: Option<IpAddr>,
    receive_buffer: Option<u32>,
}

/// An answer that has been read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Res {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the body had the length that its head promised.
    pub(crate) whole: bool,
}

/// One connection that can carry several requests, one after the other.
pub(crate) struct Wire {
    stream: TcpStream,
    ahead: Vec<u8>,
}

/// An answer whose head has come and whose body is read piece by piece.
pub(crate) struct Open {
    /// Status and headers; its body is empty.
    pub(crate) head: Res,
    wire: Wire,
    left: Framing,
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    Length(u64),
    Chunked,
    ToTheEnd,
}

impl Req {
    /// A request without headers and body; `Host` and `Content-Length` are added when sent, unless given.
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let (method, target) = (method.to_owned(), target.to_owned());
        Self { method, target, headers: Vec::new(), body: Vec::new(), from: None, receive_buffer: None }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn head(target: &str) -> Self {
        Self::new("HEAD", target)
    }

    pub(crate) fn post(target: &str) -> Self {
        Self::new("POST", target)
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn bearer(self, key: &str) -> Self {
        self.header("Authorization", format!("Bearer {key}"))
    }

    pub(crate) fn accept(self, media: &str) -> Self {
        self.header("Accept", media)
    }

    pub(crate) fn range(self, range: &str) -> Self {
        self.header("Range", range)
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    pub(crate) fn json(self, value: &Value) -> Self {
        self.header("Content-Type", "application/json").body(value.to_string())
    }

    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value))).collect();
        self.header("Content-Type", "application/x-www-form-urlencoded").body(pairs.join("&"))
    }

    /// Sends from this local address.
    pub(crate) fn from(mut self, address: impl Into<IpAddr>) -> Self {
        self.from = Some(address.into());
        self
    }

    /// Reads through a receive buffer of about this many bytes, so that the peer's TCP can't run far ahead of the test.
    pub(crate) fn receive_buffer(mut self, bytes: u32) -> Self {
        self.receive_buffer = Some(bytes);
        self
    }

    /// The request's bytes.
    pub(crate) fn bytes(&self, host: &str, close: bool) -> Vec<u8> {
        let has = |wanted: &str| self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        if !has("host") {
            head.extend_from_slice(format!("Host: {host}\r\n").as_bytes());
        }
        if close && !has("connection") {
            head.extend_from_slice(b"Connection: close\r\n");
        }
        for (name, value) in &self.headers {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        }
        let wants_length = !self.body.is_empty() || self.method == "POST";
        if wants_length && !has("content-length") && !has("transfer-encoding") {
            head.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        head.extend_from_slice(&self.body);
        head
    }

    /// Sends it on a connection of its own and reads the whole answer.
    pub(crate) async fn try_send(&self, to: SocketAddr) -> io::Result<Res> {
        timeout(PATIENCE, async { self.try_open(to).await?.finish().await }).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }

    /// [`Req::try_send`], or a panic.
    pub(crate) async fn send(&self, to: SocketAddr) -> Res {
        match self.try_send(to).await {
            Ok(answer) => answer,
            Err(error) => panic!("{} {}: no answer: {error}", self.method, self.target),
        }
    }

    /// Sends it on a connection of its own and reads the head of the answer.
    pub(crate) async fn try_open(&self, to: SocketAddr) -> io::Result<Open> {
        let mut wire = Wire::connect_from(to, self.from, self.receive_buffer).await?;
        wire.stream.write_all(&self.bytes(&to.to_string(), true)).await?;
        wire.open(&self.method).await
    }

    /// [`Req::try_open`], or a panic.
    pub(crate) async fn open(&self, to: SocketAddr) -> Open {
        match timeout(PATIENCE, self.try_open(to)).await {
            Ok(Ok(open)) => open,
            Ok(Err(error)) => panic!("{} {}: no answer: {error}", self.method, self.target),
            Err(_) => panic!("{} {}: no answer in {PATIENCE:?}", self.method, self.target),
        }
    }
}

impl Wire {
    pub(crate) async fn connect(to: SocketAddr) -> io::Result<Self> {
        Self::connect_from(to, None, None).await
    }

    pub(crate) async fn connect_from(to: SocketAddr, from: Option<IpAddr>, receive_buffer: Option<u32>) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        if let Some(address) = from {
            socket.bind(SocketAddr::new(address, 0))?;
        }
        let stream = timeout(PATIENCE, socket.connect(to)).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        stream.set_nodelay(true)?;
        Ok(Self { stream, ahead: Vec::new() })
    }

    /// Sends raw bytes.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Sends a request and reads the whole answer; the connection stays open when the server lets it.
    pub(crate) async fn send(&mut self, request: &Req, host: &str) -> io::Result<Res> {
        self.stream.write_all(&request.bytes(host, false)).await?;
        let (mut head, framing) = self.read_head(&request.method).await?;
        head.whole = self.read_body(framing, &mut head.body).await?;
        Ok(head)
    }

    /// Reads until the peer closes or resets; the bytes that came until then.
    pub(crate) async fn read_to_the_end(&mut self) -> Vec<u8> {
        let mut all = std::mem::take(&mut self.ahead);
        let mut buffer = vec![0_u8; 8192];
        while let Ok(count) = self.stream.read(&mut buffer).await {
            if count == 0 {
                break;
            }
            all.extend_from_slice(&buffer[..count]);
        }
        all
    }

    /// Reads the head of the answer to a request by `method` that has been written already.
    pub(crate) async fn open(mut self, method: &str) -> io::Result<Open> {
        let (head, left) = self.read_head(method).await?;
        Ok(Open { head, wire: self, left })
    }

    async fn read_head(&mut self, method: &str) -> io::Result<(Res, Framing)> {
        let end = loop {
            if let Some(place) = self.ahead.windows(4).position(|window| window == b"\r\n\r\n") {
                break place + 4;
            }
            self.fill().await?;
        };
        let head: Vec<u8> = self.ahead.drain(..end).collect();
        let answer = parse_head(&String::from_utf8_lossy(&head))?;
        let framing = framing(&answer, method);
        Ok((answer, framing))
    }

    async fn read_body(&mut self, framing: Framing, into: &mut Vec<u8>) -> io::Result<bool> {
        match framing {
            Framing::Length(length) => {
                let want = usize::try_from(length).expect("test bodies fit memory");
                while into.len() < want {
                    if self.take(want - into.len(), into).await? == 0 {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Framing::Chunked => self.read_chunks(into).await,
            Framing::ToTheEnd => {
                while self.take(usize::MAX, into).await? > 0 {}
                Ok(true)
            }
        }
    }

    async fn read_chunks(&mut self, into: &mut Vec<u8>) -> io::Result<bool> {
        loop {
            let line = self.read_line().await?;
            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            let until = into.len() + size;
            while into.len() < until {
                if self.take(until - into.len(), into).await? == 0 {
                    return Ok(false);
                }
            }
            self.read_line().await?;
            if size == 0 {
                return Ok(true);
            }
        }
    }

    async fn read_line(&mut self) -> io::Result<String> {
        let end = loop {
            if let Some(place) = self.ahead.windows(2).position(|window| window == b"\r\n") {
                break place + 2;
            }
            self.fill().await?;
        };
        let line: Vec<u8> = self.ahead.drain(..end).collect();
        Ok(String::from_utf8_lossy(&line[..end - 2]).into_owned())
    }

    /// Moves at most `limit` bytes that are there, or the next that come. 0: the peer has closed or cut the connection.
    async fn take(&mut self, limit: usize, into: &mut Vec<u8>) -> io::Result<usize> {
        if !self.ahead.is_empty() {
            let count = limit.min(self.ahead.len());
            into.extend(self.ahead.drain(..count));
            return Ok(count);
        }
        let start = into.len();
        into.resize(start + limit.min(256 * 1024), 0);
        let count = self.stream.read(&mut into[start..]).await.unwrap_or(0);
        into.truncate(start + count);
        Ok(count)
    }

    async fn fill(&mut self) -> io::Result<()> {
        let mut buffer = vec![0_u8; 8192];
        let count = self.stream.read(&mut buffer).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.ahead.extend_from_slice(&buffer[..count]);
        Ok(())
    }
}

impl Open {
    /// Reads at most `count` bytes of the body; fewer when it ends or breaks before.
    pub(crate) async fn read(&mut self, count: usize) -> Vec<u8> {
        let Framing::Length(left) = &mut self.left else { panic!("only bodies of known length are read piece by piece") };
        let want = count.min(usize::try_from(*left).expect("test bodies fit memory"));
        let mut piece = Vec::with_capacity(want);
        while piece.len() < want {
            let got = timeout(PATIENCE, self.wire.take(want - piece.len(), &mut piece)).await;
            match got {
                Ok(Ok(count)) if count > 0 => *left -= count as u64,
                Ok(_) => break,
                Err(_) => panic!("the body stalled"),
            }
        }
        piece
    }

    /// Reads what is left of the body.
    pub(crate) async fn finish(mut self) -> io::Result<Res> {
        self.head.whole = self.wire.read_body(self.left, &mut self.head.body).await?;
        Ok(self.head)
    }
}

impl Res {
    /// The first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The header of that name, or a panic.
    pub(crate) fn must(&self, name: &str) -> &str {
        match self.header(name) {
            Some(value) => value,
            None => panic!("no {name} header in {self}"),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("no JSON ({error}) in {self}"),
        }
    }

    /// The `type` of a problem document; empty when the body is none.
    pub(crate) fn slug(&self) -> String {
        let value: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        value["type"].as_str().unwrap_or_default().to_owned()
    }

    /// The answer itself, when it has `status`; a panic otherwise.
    #[track_caller]
    pub(crate) fn expect(self, status: u16, what: &str) -> Self {
        assert_eq!(self.status, status, "{what}: {self}");
        self
    }

    /// Asserts a refusal: status, problem document, its slug and the headers that every link response carries.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, slug: &str, what: &str) {
        assert_eq!((self.status, self.slug().as_str()), (status, slug), "{what}: {self}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{what}: {self}");
        assert_eq!(self.json()["status"], status, "{what}: {self}");
    }
}

impl std::fmt::Display for Res {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = std::str::from_utf8(&self.body).unwrap_or("(binary)");
        let short: String = text.chars().take(600).collect();
        write!(f, "{} {:?} body of {} bytes: {short}", self.status, self.headers, self.body.len())
    }
}

/// Percent-encodes everything but unreserved characters.
pub(crate) fn percent(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encode).collect()
}

fn parse_head(head: &str) -> io::Result<Res> {
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("no status line: {head}")))?;
    let pair = |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    Ok(Res { status, headers: lines.filter_map(pair).collect(), body: Vec::new(), whole: false })
}

fn framing(answer: &Res, method: &str) -> Framing {
    if method == "HEAD" || answer.status == 204 || answer.status == 304 {
        return Framing::Length(0);
    }
    if answer.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return Framing::Chunked;
    }
    let length = answer.header("content-length").and_then(|length| length.parse().ok());
    length.map_or(Framing::ToTheEnd, Framing::Length)
}
