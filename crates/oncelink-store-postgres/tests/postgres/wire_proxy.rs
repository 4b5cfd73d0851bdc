//! A proxy before the server that understands what a client sends: it writes down which statements are carried out, and
//! can lose a reply, or keep one back.
//!
//! Messages are those of <https://www.postgresql.org/docs/current/protocol-message-formats.html>, without TLS.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::support::Place;

/// The proxy; its tasks end with the test's runtime.
pub(crate) struct WireProxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// What was carried out, in order: a prepared statement's name as its comment tells it, `parse ...` and `query ...`.
    log: Mutex<Vec<String>>,
    /// What is to become of the reply to the next carried-out statement.
    next: Mutex<Fate>,
}

/// What becomes of a reply.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Fate {
    /// It is handed on.
    #[default]
    Fine,
    /// The connection ends instead.
    Ended,
    /// Nothing comes, and the connection stays.
    Silent,
}

impl WireProxy {
    /// A proxy before the server of `place`.
    pub(crate) async fn before(place: &Place) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let (shared, server) = (Arc::new(Shared::default()), place.server_addr());
        let proxy = Self { port, shared: shared.clone() };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let upstream = TcpStream::connect(&server).await.expect("the server can be reached");
                join(client, upstream, shared.clone());
            }
        });
        proxy
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What was carried out since the last time that this was asked.
    pub(crate) fn taken_log(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.log())
    }

    /// Lets the next statement be carried out, and ends its connection instead of handing the reply on.
    pub(crate) fn lose_next_reply(&self) {
        *lock(&self.shared.next) = Fate::Ended;
    }

    /// Lets the next statement be carried out, and nothing more come on its connection, which stays open.
    pub(crate) fn hang_next_reply(&self) {
        *lock(&self.shared.next) = Fate::Silent;
    }
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Vec<String>> {
        lock(&self.log)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hands on in both directions until one side ends.
fn join(client: TcpStream, upstream: TcpStream, shared: Arc<Shared>) {
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = upstream.into_split();
    let fate = Arc::new(Mutex::new(Fate::Fine));
    let there = tokio::spawn(forward(client_reads, server_writes, shared, fate.clone()));
    tokio::spawn(async move {
        let _ = backward(server_reads, client_writes, &fate).await;
        there.abort();
    });
}

/// From the client to the server, message by message.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: Arc<Shared>, fate: Arc<Mutex<Fate>>) -> io::Result<()> {
    // The first message has no type.
    let startup = body(&mut from).await?;
    to.write_all(&framed(None, &startup)).await?;
    let mut names = HashMap::new();
    loop {
        let kind = from.read_u8().await?;
        let body = body(&mut from).await?;
        note(kind, &body, &mut names, &shared);
        let next = if kind == b'E' { std::mem::take(&mut *lock(&shared.next)) } else { Fate::Fine };
        if next != Fate::Fine {
            *lock(&fate) = next;
        }
        to.write_all(&framed(Some(kind), &body)).await?;
    }
}

/// From the server to the client, until a reply is to be lost: that one is waited for, and the connection ended or left silent.
async fn backward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, fate: &Mutex<Fate>) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = from.read(&mut buffer).await?;
        // The server flushes when it is ready again, hence after the commit.
        let fate = *lock(fate);
        match fate {
            Fate::Fine if count > 0 => to.write_all(&buffer[..count]).await?,
            Fate::Silent if count > 0 => {}
            Fate::Fine | Fate::Silent | Fate::Ended => return Ok(()),
        }
    }
}

/// Writes down what a message asks for. `names` are the connection's prepared statements.
fn note(kind: u8, body: &[u8], names: &mut HashMap<String, String>, shared: &Shared) {
    let mut texts = body.split(|&byte| byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
    let mut text = || texts.next().unwrap_or_default();
    match kind {
        b'P' => {
            let (name, sql) = (text(), named(&text()));
            shared.log().push(format!("parse {sql}"));
            names.insert(name, sql);
        }
        // The portal's name, which is empty, then the statement's.
        b'B' => {
            let _portal = text();
            shared.log().push(names.get(&text()).cloned().unwrap_or_default());
        }
        b'Q' => shared.log().push(format!("query {}", named(&text()))),
        _ => {}
    }
}

/// The name of a statement: the first word of its comment, or all of it.
fn named(sql: &str) -> String {
    let comment = sql.strip_prefix("-- ").and_then(|comment| comment.split([' ', ':']).next());
    comment.unwrap_or(sql).to_owned()
}

/// A message's body; its length comes first and counts itself.
async fn body(from: &mut OwnedReadHalf) -> io::Result<Vec<u8>> {
    let length = from.read_u32().await?;
    let mut body = vec![0; length.saturating_sub(4) as usize];
    from.read_exact(&mut body).await?;
    Ok(body)
}

fn framed(kind: Option<u8>, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("messages are short");
    kind.into_iter().chain(length.to_be_bytes()).chain(body.iter().copied()).collect()
}
