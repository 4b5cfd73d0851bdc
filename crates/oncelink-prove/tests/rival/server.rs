//! A rival's servers: as much HTTP as the histories speak, over the shared table.
//!
//! Each may be killed: its connections are cut and forgotten, the table stays.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use oncelink_prove::campaign;
use oncelink_prove::dice::Dice;
use oncelink_prove::fleet::{Fleet, Pending};
use oncelink_prove::message::{Head, Stream};
use oncelink_prove::scene::Object;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinHandle, JoinSet};

use crate::rival::mistake::Mistake;
use crate::rival::store::{Link, No, Store};

/// How long the table takes to answer, at the most, in microseconds.
const SLOWEST: u64 = 3_000;
const CHUNK: usize = 16 * 1024;

/// Some servers over one table.
pub(crate) struct Rival {
    addresses: Vec<SocketAddr>,
    running: Mutex<Vec<Option<JoinHandle<()>>>>,
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    objects: Vec<Arc<Object>>,
    dice: Mutex<Dice>,
}

/// One request.
struct Ask {
    method: String,
    target: String,
    head: Head,
    body: Vec<u8>,
}

impl Rival {
    /// Starts `servers` of them.
    pub(crate) async fn start(servers: usize, mistake: Option<Mistake>, lease: Duration) -> Self {
        let store = Store::new(mistake, lease);
        let shared = Arc::new(Shared { store, objects: campaign::objects(), dice: Mutex::new(Dice::new(5)) });
        let (mut addresses, mut running) = (Vec::new(), Vec::new());
        for _ in 0..servers {
            let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0)));
            addresses.push(listener.local_addr().expect("a bound listener has an address"));
            running.push(Some(tokio::spawn(serve(listener, Arc::clone(&shared)))));
        }
        Self { addresses, running: Mutex::new(running), shared }
    }
}

impl Fleet for Rival {
    fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    fn key(&self) -> &str {
        "rival"
    }

    fn kill(&self, server: usize) {
        let task = self.running.lock().unwrap_or_else(PoisonError::into_inner)[server].take();
        if let Some(task) = task {
            task.abort();
        }
    }

    fn revive(&self, server: usize) -> Pending<'_, Result<(), String>> {
        Box::pin(async move {
            let listener = loop {
                match try_listen(self.addresses[server]) {
                    Ok(listener) => break listener,
                    // The killed one's listener goes when its task is dropped.
                    Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            };
            let task = tokio::spawn(serve(listener, Arc::clone(&self.shared)));
            self.running.lock().unwrap_or_else(PoisonError::into_inner)[server] = Some(task);
            Ok(())
        })
    }

    fn troubles(&self) -> &'static [&'static str] {
        &[]
    }

    fn upset<'a>(&'a self, _: &'static str, _: &'a mut Dice) -> Pending<'a, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        for server in 0..self.addresses.len() {
            self.kill(server);
        }
    }
}

fn listen(address: SocketAddr) -> TcpListener {
    try_listen(address).expect("a free port")
}

fn try_listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    // What is written counts as sent here, so it must not run far ahead of the client.
    socket.set_send_buffer_size(64 * 1024)?;
    socket.bind(address)?;
    socket.listen(1024)
}

/// Serves until aborted; its connections die with it.
async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((tcp, _)) = accepted {
                    connections.spawn(answer(Stream::new(tcp), Arc::clone(&shared)));
                }
            }
            _ = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn answer(mut stream: Stream, shared: Arc<Shared>) {
    let Ok(head) = stream.head().await else { return };
    let mut body = Vec::new();
    stream.take(head.length().unwrap_or(0), &mut body).await;
    let (method, target) = head.asked();
    let ask = Ask { method: method.to_owned(), target: target.to_owned(), head: head.clone(), body };
    shared.wait().await;
    let target = ask.target.clone();
    let parts: Vec<&str> = target.trim_start_matches('/').split('/').collect();
    match (ask.method.as_str(), parts.as_slice()) {
        ("POST", ["v1", "links", "batch"]) => say(stream, 200, &shared.create(&ask)).await,
        ("DELETE", ["v1", "links", id]) => {
            shared.store.revoke(id);
            say(stream, 200, &json!({})).await;
        }
        ("POST", ["d", token]) => claim(stream, &shared, token, &ask).await,
        ("GET", ["d", token]) => visit(stream, &shared, token, &ask).await,
        ("HEAD", ["d", token]) => look(stream, &shared, token).await,
        (method, ["c", claim]) => fetch(stream, &shared, claim, method == "HEAD", &ask).await,
        _ => refuse(stream, No::Unknown).await,
    }
}

/// POST: a holder claims.
async fn claim(stream: Stream, shared: &Shared, token: &str, ask: &Ask) {
    let body = String::from_utf8_lossy(&ask.body).into_owned();
    let holder = body.strip_prefix("holder=").unwrap_or_default();
    match shared.take_use(token, holder).await {
        Ok(()) => say(stream, 201, &json!({ "url": format!("/c/{token}.{holder}") })).await,
        Err(no) => refuse(stream, no).await,
    }
}

/// GET of a link: its page, or the file of a direct one.
async fn visit(stream: Stream, shared: &Shared, token: &str, ask: &Ask) {
    let Some(link) = shared.store.find(token) else { return refuse(stream, No::Unknown).await };
    if !link.direct || ask.head.header("sec-purpose").is_some() {
        return say(stream, 200, &json!({ "page": true })).await;
    }
    let holder = shared.roll_holder();
    match shared.take_use(token, &holder).await {
        Ok(()) => deliver(stream, shared, (token, &holder), &link, 0..link.size, false).await,
        Err(no) => refuse(stream, no).await,
    }
}

async fn look(mut stream: Stream, shared: &Shared, token: &str) {
    if shared.store.makes(Mistake::HeadSpends) {
        shared.store.spend(token);
    }
    let _ = stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    stream.close().await;
}

/// The claim's address.
async fn fetch(mut stream: Stream, shared: &Shared, claim: &str, only_head: bool, ask: &Ask) {
    let Some((token, holder)) = claim.split_once('.') else { return refuse(stream, No::Unknown).await };
    let Some(link) = shared.store.find(token) else { return refuse(stream, No::Unknown).await };
    let range = range_of(&ask.head, link.size);
    let asked = range.clone().unwrap_or(0..link.size);
    let length = if only_head { 0 } else { asked.end - asked.start };
    let entered = shared.store.enter(token, holder, length, range.is_some() && !only_head);
    match entered {
        Err(no) => refuse(stream, no).await,
        Ok(_) if only_head => {
            let _ = stream.send(b"HTTP/1.1 200 OK\r\nAccept-Ranges: bytes\r\nContent-Length: 0\r\n\r\n").await;
            stream.close().await;
        }
        Ok(link) => {
            shared.wait().await;
            deliver(stream, shared, (token, holder), &link, asked, range.is_some()).await;
        }
    }
}

/// Sends content, and notes each piece before it goes out: what may have arrived counts.
async fn deliver(mut stream: Stream, shared: &Shared, (token, holder): (&str, &str), link: &Link, range: std::ops::Range<u64>, part: bool) {
    let (start, length) = (range.start, range.end - range.start);
    let status = if part { "206 Partial Content" } else { "200 OK" };
    let place = if part { format!("Content-Range: bytes {start}-{}/{}\r\n", range.end - 1, link.size) } else { String::new() };
    let location = format!("Content-Location: /c/{token}.{holder}\r\n");
    let head = format!("HTTP/1.1 {status}\r\nAccept-Ranges: bytes\r\nContent-Length: {length}\r\n{place}{location}\r\n");
    if stream.send(head.as_bytes()).await.is_err() {
        return shared.store.broke(token, holder, true);
    }
    // A peer that has hung up meanwhile is known before the first byte goes out.
    shared.wait().await;
    let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
    let content = &shared.objects[link.object].bytes[at(range.start)..at(range.end)];
    let mut sent = start;
    for chunk in content.chunks(CHUNK) {
        let next = sent + chunk.len() as u64;
        let last = next == range.end;
        if last {
            shared.store.sent(token, holder, start, next);
        }
        if stream.send(chunk).await.is_err() {
            if !last {
                shared.store.sent(token, holder, start, sent);
            }
            return shared.store.broke(token, holder, sent == start);
        }
        sent = next;
    }
    let taken = stream.close().await;
    if !taken {
        shared.store.broke(token, holder, false);
    }
    if shared.store.makes(Mistake::GetThenDelete) {
        shared.store.delete(token);
    }
}

impl Shared {
    /// A use for a holder, by whatever way this rival goes.
    async fn take_use(&self, token: &str, holder: &str) -> Result<(), No> {
        let seen = self.store.find(token).ok_or(No::Unknown)?.used;
        if self.store.makes(Mistake::GetThenDelete) {
            // Whether the link is still there is all that it asks; nothing is written until it has been served.
            return self.store.claim_after_reading(token, holder, seen, seen);
        }
        if self.store.makes(Mistake::GetThenPut) {
            self.wait().await;
            return self.store.claim_after_reading(token, holder, seen, seen + 1);
        }
        self.store.claim(token, holder)
    }

    fn create(&self, ask: &Ask) -> Value {
        let wanted: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
        let rows = wanted["links"].as_array().cloned().unwrap_or_default();
        let rows: Vec<Value> = rows.iter().map(|row| self.create_one(row)).collect();
        json!({ "links": rows })
    }

    fn create_one(&self, row: &Value) -> Value {
        let (token, id) = (self.roll_holder(), self.roll_holder());
        let key = row["key"].as_str().unwrap_or_default();
        let object = self.objects.iter().position(|object| object.key == key).unwrap_or(0);
        let size = self.objects[object].bytes.len() as u64;
        let uses = u32::try_from(row["uses"].as_u64().unwrap_or(1)).unwrap_or(1);
        let expires_in = row["expires_in"].as_u64().map(Duration::from_secs);
        self.store.insert(token.clone(), Link::new(id.clone(), object, size, row["gate"] == "direct", uses, expires_in));
        json!({ "id": id, "url": format!("/d/{token}") })
    }

    fn roll_holder(&self) -> String {
        self.dice.lock().unwrap_or_else(PoisonError::into_inner).text(32)
    }

    /// As long as the table takes.
    async fn wait(&self) {
        let micros = self.dice.lock().unwrap_or_else(PoisonError::into_inner).below(SLOWEST);
        tokio::time::sleep(Duration::from_micros(micros)).await;
    }
}

async fn refuse(stream: Stream, no: No) {
    let (status, kind) = match no {
        No::Unknown => (404, "not-found"),
        No::Spent => (410, "spent"),
        No::Expired => (410, "expired"),
        No::Revoked => (410, "revoked"),
        No::Completed => (410, "completed"),
        No::Lapsed => (410, "lapsed"),
        No::BudgetSpent => (410, "budget-spent"),
    };
    say(stream, status, &json!({ "type": kind })).await;
}

async fn say(mut stream: Stream, status: u16, value: &Value) {
    let body = value.to_string();
    let _ = stream.send(format!("HTTP/1.1 {status} -\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
    stream.close().await;
}

/// The range that is asked for, where there is one.
fn range_of(head: &Head, size: u64) -> Option<std::ops::Range<u64>> {
    let (from, to) = head.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
    let to = if to.is_empty() { size } else { to.parse::<u64>().ok()? + 1 };
    Some(from.parse().ok()?..to.min(size))
}
