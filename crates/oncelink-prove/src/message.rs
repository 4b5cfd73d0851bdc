//! HTTP/1.1 messages on a bare TCP stream: as much of it as clients, proxies and rivals here need.
//!
//! No chunked bodies, no repairs: what isn't understood is an error.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How large a message's head may be.
const LARGEST_HEAD: usize = 64 * 1024;

/// A message's first line and headers.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The first line.
    pub start: String,
    /// The headers in order.
    pub headers: Vec<(String, String)>,
}

/// A connection, with what was read ahead of its use.
#[derive(Debug)]
pub struct Stream {
    tcp: TcpStream,
    ahead: Vec<u8>,
}

impl Head {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The length of the body that follows, if it is told.
    pub fn length(&self) -> Option<u64> {
        self.header("content-length").and_then(|length| length.parse().ok())
    }

    /// A response's status.
    pub fn status(&self) -> Option<u16> {
        self.start.split(' ').nth(1).and_then(|status| status.parse().ok())
    }

    /// A request's method and target.
    pub fn asked(&self) -> (&str, &str) {
        let mut words = self.start.split(' ');
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }

    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split("\r\n");
        let start = lines.next().unwrap_or_default().to_owned();
        let headers = lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        Self { start, headers: headers.collect() }
    }
}

impl Stream {
    /// A connection of which nothing has been read.
    pub fn new(tcp: TcpStream) -> Self {
        Self { tcp, ahead: Vec::new() }
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// As the socket says.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.tcp.write_all(bytes).await
    }

    /// Reads a line, without its end.
    ///
    /// # Errors
    /// When the peer ends before it, or says something too long.
    pub async fn line(&mut self) -> io::Result<String> {
        let bytes = self.up_to(b"\n").await?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }

    /// Reads a message's head.
    ///
    /// # Errors
    /// When the peer ends before it, or says something too long.
    pub async fn head(&mut self) -> io::Result<Head> {
        Ok(Head::parse(&self.up_to(b"\r\n\r\n").await?))
    }

    /// Reads `count` bytes; fewer when the peer ends or breaks before.
    pub async fn take(&mut self, count: u64, into: &mut Vec<u8>) {
        let want = into.len().saturating_add(usize::try_from(count).unwrap_or(usize::MAX));
        while into.len() < want {
            let some = self.some(want - into.len()).await.unwrap_or_default();
            if some.is_empty() {
                return;
            }
            into.extend_from_slice(&some);
        }
    }

    /// Reads what is there or comes next, at most `most` bytes; nothing at the end.
    ///
    /// # Errors
    /// As the socket says.
    pub async fn some(&mut self, most: usize) -> io::Result<Vec<u8>> {
        if self.ahead.is_empty() {
            let mut buffer = vec![0; most.min(16 * 1024)];
            let count = self.tcp.read(&mut buffer).await?;
            buffer.truncate(count);
            return Ok(buffer);
        }
        let count = most.min(self.ahead.len());
        Ok(self.ahead.drain(..count).collect())
    }

    /// Ends the connection with a reset.
    pub fn reset(self) {
        let _ = self.tcp.set_zero_linger();
    }

    /// Says that nothing more is sent, and waits for the peer's end. True when it came in order, so that all was taken.
    pub async fn close(mut self) -> bool {
        if self.tcp.shutdown().await.is_err() {
            return false;
        }
        let mut rest = [0; 256];
        loop {
            match self.tcp.read(&mut rest).await {
                Ok(0) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    async fn up_to(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.ahead.windows(end.len()).position(|window| window == end) {
                return Ok(self.ahead.drain(..at + end.len()).collect());
            }
            if self.ahead.len() > LARGEST_HEAD {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let mut buffer = [0; 4096];
            let count = self.tcp.read(&mut buffer).await?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.ahead.extend_from_slice(&buffer[..count]);
        }
    }
}
