//! An HTTP/1.1 client that is cheaper than any server it asks: one buffer per connection, nothing parsed that isn't needed.
//!
//! Must not accept what it can't verify: an answer without a length, or one that ends early, is an error.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How much is read at once; a head has to fit.
const BUFFER: usize = 128 * 1024;
/// What a browser would like best.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// A connection that is kept alive.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

/// What an answer's head said, and when it began.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body's length in bytes.
    pub length: u64,
    /// The whole head, for who wants more of it.
    head: String,
    /// From the request until the first byte of the answer.
    pub first_byte: Duration,
    /// Whether every byte of the body was the expected one.
    pub verified: bool,
}

impl Answer {
    /// The value of a field of the head.
    pub fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// As the system says.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        Self::open_small(address, BUFFER).await
    }

    /// Connects, to read at most `most` bytes at once.
    ///
    /// # Errors
    /// As the system says.
    pub async fn open_small(address: SocketAddr, most: usize) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; most], filled: 0 })
    }

    /// Sends `request` and reads the whole answer; `check` sees each piece of the body with its offset and says whether it is
    /// the expected one.
    ///
    /// # Errors
    /// As the system says, and for an answer that can't be understood or ends early.
    pub async fn ask(&mut self, request: &[u8], mut check: impl FnMut(u64, &[u8]) -> bool) -> io::Result<Answer> {
        let (mut answer, piece) = self.begin(request).await?;
        answer.verified &= check(0, piece);
        let mut seen = piece.len() as u64;
        while seen < answer.length {
            let piece = self.more().await?;
            answer.verified &= check(seen, piece);
            seen += piece.len() as u64;
        }
        if seen > answer.length { Err(unreadable("the answer has more bytes than its length")) } else { Ok(answer) }
    }

    /// Sends `request` and reads the whole answer, with its body whatever it is.
    ///
    /// # Errors
    /// As [`Connection::ask`].
    pub async fn ask_whole(&mut self, request: &[u8]) -> io::Result<(Answer, Vec<u8>)> {
        let mut body = Vec::new();
        let keep = |_, piece: &[u8]| {
            body.extend_from_slice(piece);
            true
        };
        let answer = self.ask(request, keep).await?;
        Ok((answer, body))
    }

    /// Sends `request` and reads the answer's head, with whatever of the body came along.
    ///
    /// # Errors
    /// As the system says, and for a head that can't be understood.
    pub async fn begin(&mut self, request: &[u8]) -> io::Result<(Answer, &[u8])> {
        let begin = Instant::now();
        self.stream.write_all(request).await?;
        let (answer, body) = self.head(begin).await?;
        Ok((answer, &self.buffer[body..self.filled]))
    }

    /// Reads the body's next piece.
    ///
    /// # Errors
    /// As the system says, and at the end.
    pub async fn more(&mut self) -> io::Result<&[u8]> {
        self.filled = 0;
        self.fill().await?;
        Ok(&self.buffer[..self.filled])
    }

    async fn head(&mut self, begin: Instant) -> io::Result<(Answer, usize)> {
        self.filled = 0;
        let mut first_byte = None;
        loop {
            self.fill().await?;
            first_byte.get_or_insert_with(|| begin.elapsed());
            let Some(end) = find(&self.buffer[..self.filled], b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.buffer[..end]).map_err(|_| unreadable("the head isn't text"))?;
            let status = head.get(9..12).and_then(|text| text.parse().ok()).ok_or_else(|| unreadable("there is no status"))?;
            let length = match field(head, "content-length") {
                Some(text) => text.parse().map_err(|_| unreadable("the length is no number"))?,
                None if status == 204 => 0,
                None => return Err(unreadable(&format!("there is no length:\n{head}"))),
            };
            let first_byte = first_byte.unwrap_or_default();
            return Ok((Answer { status, length, head: head.to_owned(), first_byte, verified: true }, end + 4));
        }
    }

    async fn fill(&mut self) -> io::Result<()> {
        if self.filled == self.buffer.len() {
            return Err(unreadable("the head is too long"));
        }
        match self.stream.read(&mut self.buffer[self.filled..]).await? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the answer ended early")),
            count => {
                self.filled += count;
                Ok(())
            }
        }
    }
}

/// A GET of `target`, by a program that takes anything.
pub fn get(host: SocketAddr, target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: oncelink-bench\r\nAccept: */*\r\n\r\n").into_bytes()
}

/// A GET of `target` as a browser sends it, which has `cookie`.
pub fn browse(host: SocketAddr, target: &str, cookie: Option<&str>) -> Vec<u8> {
    let cookie = cookie.map_or(String::new(), |cookie| format!("Cookie: {cookie}\r\n"));
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: oncelink-bench\r\nAccept: {BROWSER}\r\n{cookie}\r\n").into_bytes()
}

/// A POST of a form's `fields` to `target` as a browser sends it.
pub fn submit(host: SocketAddr, target: &str, fields: &str) -> Vec<u8> {
    format!(
        "POST {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: oncelink-bench\r\nAccept: {BROWSER}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{fields}",
        fields.len()
    )
    .into_bytes()
}

fn field<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    lines.find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn unreadable(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_whatever_its_case() {
        let head = "HTTP/1.1 303 See Other\r\nContent-Length: 12\r\nLOCATION:  /c/x";
        assert_eq!(field(head, "content-length"), Some("12"));
        assert_eq!(field(head, "location"), Some("/c/x"));
        assert_eq!(field(head, "etag"), None);
    }
}
