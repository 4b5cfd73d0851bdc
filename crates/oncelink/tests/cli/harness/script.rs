//! A server that follows a script: one answer per connection, in order, and a record of what it was asked.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// An answer: its bytes, head included, one piece after another.
pub(crate) type Answer = Vec<u8>;

/// What the server was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) body: String,
}

/// The server.
pub(crate) struct Script {
    pub(crate) addr: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Script {
    /// Answers in this order; who comes later finds nobody.
    pub(crate) fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let addr = listener.local_addr().expect("bound");
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let record = Arc::clone(&asked);
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().expect("a client");
                let request = read(&mut stream);
                record.lock().expect("no panic holds it").push(request);
                let _ = stream.write_all(&answer);
            }
        });
        Self { addr, asked }
    }

    /// `http://ADDR`
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic holds it").clone()
    }
}

/// An answer with this status, these header lines and this body.
pub(crate) fn answer(status: &str, headers: &[&str], body: &[u8]) -> Answer {
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let length =
        if headers.to_lowercase().contains("content-length") { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    [format!("HTTP/1.1 {status}\r\nConnection: close\r\n{length}{headers}\r\n").as_bytes(), body].concat()
}

/// A JSON answer.
pub(crate) fn json(status: &str, body: &serde_json::Value) -> Answer {
    answer(status, &["Content-Type: application/json"], body.to_string().as_bytes())
}

fn read(stream: &mut TcpStream) -> Asked {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return Asked { line: String::new(), body: String::new() },
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let length = text
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length:").map(|value| value.trim().parse().expect("a length")));
    while bytes.len() < head + length.unwrap_or(0) {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    }
    let line = text.lines().next().unwrap_or_default().to_owned();
    Asked { line, body: String::from_utf8_lossy(&bytes[head..]).into_owned() }
}
