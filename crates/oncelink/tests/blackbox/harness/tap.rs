//! A tap on the wire between a server and its store: it changes nothing and writes down each call.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::SharedStore;

/// In DynamoDB's requests the operation follows this. Header names of the SDK are in lower case.
const OPERATION: &[u8] = b"x-amz-target: DynamoDB_20120810.";

/// A running tap; it ends when dropped.
pub(crate) struct Tap {
    /// The store by way of the tap.
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

/// What the engine at the other end understands.
#[derive(Clone, Copy)]
enum Tongue {
    Postgres,
    DynamoDb,
}

impl Tap {
    /// A tap before `store`.
    pub(crate) async fn before(store: &SharedStore) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("a bound listener has an address");
        let (tongue, mark) = if store.engine == "PostgreSQL" { (Tongue::Postgres, "@") } else { (Tongue::DynamoDb, "endpoint=http://") };
        let (front, rest) = store.url.split_once(mark).expect("the address names a host");
        let end = rest.find(['/', '?', '&']).unwrap_or(rest.len());
        let target: SocketAddr = rest[..end].replace("localhost", "127.0.0.1").parse().expect("a host and a port");
        let mut url = format!("{front}{mark}{addr}{}", &rest[end..]);
        if matches!(tongue, Tongue::Postgres) {
            // Nothing can be read of what is encrypted.
            url = format!("{url}{}sslmode=disable", if url.contains('?') { '&' } else { '?' });
        }
        let calls = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&calls);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(target).await.expect("the engine can be reached");
                tokio::spawn(carry(client, server, tongue, Arc::clone(&noted)));
            }
        });
        Self { url, calls, task }
    }

    /// The calls since this was asked last.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(client: TcpStream, server: TcpStream, tongue: Tongue, calls: Arc<Mutex<Vec<String>>>) {
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = server.into_split();
    tokio::select! {
        () = listen(from_client, to_server, tongue, &calls) => {}
        _ = copy(&mut from_server, &mut to_client) => {}
    }
}

async fn listen(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, tongue: Tongue, calls: &Mutex<Vec<String>>) {
    let (mut heard, mut buffer, mut greeted) = (Vec::new(), vec![0; 64 * 1024], false);
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        heard.extend_from_slice(&buffer[..count]);
        // Before it goes on, so that whoever has seen the call's effect finds it here.
        let found = match tongue {
            Tongue::Postgres => statements(&mut heard, &mut greeted),
            Tongue::DynamoDb => operations(&mut heard),
        };
        calls.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

/// Takes whole messages off the front: each Execute and each simple query is a statement.
fn statements(heard: &mut Vec<u8>, greeted: &mut bool) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        // The greeting has no type.
        let head = usize::from(*greeted);
        let Some(length) = heard.get(head..head + 4) else { return found };
        let whole = head + u32::from_be_bytes(length.try_into().expect("four bytes")) as usize;
        if heard.len() < whole {
            return found;
        }
        match heard[0] {
            b'E' if *greeted => found.push("Execute".to_owned()),
            b'Q' if *greeted => found.push("Query".to_owned()),
            _ => {}
        }
        *greeted = true;
        heard.drain(..whole);
    }
}

/// Takes everything up to the last whole operation off the front.
fn operations(heard: &mut Vec<u8>) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(place) = heard.windows(OPERATION.len()).position(|window| window == OPERATION) {
        let name = place + OPERATION.len();
        let Some(end) = heard[name..].iter().position(|byte| *byte == b'\r') else { return found };
        found.push(String::from_utf8_lossy(&heard[name..name + end]).into_owned());
        heard.drain(..name + end);
    }
    found
}
