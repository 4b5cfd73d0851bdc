//! The stage of one tale: the link, the way to the servers, and the acts of which every exchange is written down.
//!
//! Clients repeat and judge nothing here; what they do in which order is in [`crate::persona`].

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::dice::Dice;
use crate::history::{Act, Exchange, Gate, Mishap, Reply, Span, Stopwatch, Terms, Who};
use crate::message::Head;
use crate::network::Network;

/// How long one answer may take before a client takes it for lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// An object that links point to.
pub struct Object {
    /// Its key in the source.
    pub key: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// One link on its stage.
pub struct Scene {
    pub(crate) network: Arc<Network>,
    pub(crate) watch: Stopwatch,
    pub(crate) terms: Terms,
    pub(crate) object: Arc<Object>,
    pub(crate) lease: Duration,
    /// The link's path, with the token in it.
    pub(crate) path: String,
    /// The link's public name.
    pub(crate) id: String,
    /// When it was created.
    pub(crate) made: Span,
    /// Whether things go wrong on the network.
    pub(crate) rough: bool,
    /// A claim's address, once somebody has one: for those who shouldn't.
    known: Mutex<Option<String>>,
    exchanges: Mutex<Vec<Exchange>>,
    holders: AtomicU32,
    secrets: Mutex<Vec<String>>,
}

/// What is to be sent, and how much of the answer is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) who: Who,
    pub(crate) act: Act,
    pub(crate) server: usize,
    pub(crate) mishap: Mishap,
    pub(crate) request: String,
    /// After how many bytes of the body the client hangs up.
    pub(crate) stop_after: Option<u64>,
}

/// An answer, for whoever acts on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) reply: Reply,
    /// The claim's path, where the answer names it.
    pub(crate) claim: Option<String>,
}

impl Scene {
    /// A link that was just made.
    pub(crate) fn new(stage: Stage, path: String, id: String, made: Span) -> Self {
        let Stage { network, watch, terms, object, lease, rough } = stage;
        let token = path.rsplit('/').next().unwrap_or_default().to_owned();
        Self {
            network,
            watch,
            terms,
            object,
            lease,
            path,
            id,
            made,
            rough,
            known: Mutex::default(),
            exchanges: Mutex::default(),
            holders: AtomicU32::new(0),
            secrets: Mutex::new(vec![token]),
        }
    }

    /// A number that no other holder of this link has.
    pub(crate) fn new_holder(&self) -> u32 {
        self.holders.fetch_add(1, Ordering::Relaxed)
    }

    /// A holder secret that no other has.
    pub(crate) fn new_secret(&self, dice: &mut Dice) -> String {
        let secret = dice.text(32);
        lock(&self.secrets).push(secret.clone());
        secret
    }

    /// Any of the servers.
    pub(crate) fn any_server(&self, dice: &mut Dice) -> usize {
        dice.index(self.network.fleet().addresses().len())
    }

    /// A claim's path, once there is one.
    pub(crate) fn known_claim(&self) -> Option<String> {
        lock(&self.known).clone()
    }

    /// What happened, and what must stand in no log.
    pub(crate) fn close(&self) -> (Vec<Exchange>, Vec<String>) {
        (std::mem::take(&mut lock(&self.exchanges)), std::mem::take(&mut lock(&self.secrets)))
    }

    /// Whether somebody is known to have been told of a revocation.
    pub(crate) fn is_revoked(&self) -> bool {
        lock(&self.exchanges).iter().any(|exchange| exchange.act == Act::Revoke && exchange.reply.granted())
    }

    /// Sends a request, reads its answer, and writes both down.
    pub(crate) async fn ask(&self, order: Order) -> Heard {
        let from = self.watch.now();
        let heard = tokio::time::timeout(PATIENCE, self.perform(&order)).await.ok().flatten().unwrap_or_default();
        if let Some(claim) = &heard.claim {
            lock(&self.known).get_or_insert_with(|| claim.clone());
            let secret = claim.rsplit('/').next().unwrap_or_default();
            lock(&self.secrets).push(secret.to_owned());
        }
        let Order { who, act, server, mishap, .. } = order;
        let span = Span { from, to: self.watch.now() };
        lock(&self.exchanges).push(Exchange { who, act, server, mishap, span, reply: heard.reply.clone() });
        heard
    }

    /// Nothing when no head of an answer came.
    async fn perform(&self, order: &Order) -> Option<Heard> {
        let mut stream = self.network.send(order.server, order.mishap, order.request.as_bytes()).await.ok()?;
        let head = stream.head().await.ok()?;
        let mut reply = Reply { status: head.status()?, retry_after: head.header("retry-after").is_some(), ..Reply::default() };
        let bodiless = order.request.starts_with("HEAD ");
        let length = if bodiless { 0 } else { head.length().unwrap_or(u64::MAX) };
        let stop = order.stop_after.filter(|_| is_content(&head)).unwrap_or(u64::MAX);
        let mut body = Vec::new();
        stream.take(length.min(stop), &mut body).await;
        reply.whole = length == u64::MAX || body.len() as u64 == length;
        if stop < length {
            stream.reset();
        }
        let claim = self.read_body(order, &head, &body, &mut reply);
        Some(Heard { reply, claim })
    }

    /// Compares content with the object's; reads what the others say.
    fn read_body(&self, order: &Order, head: &Head, body: &[u8], reply: &mut Reply) -> Option<String> {
        if is_content(head) {
            reply.at = if reply.status == 206 { first_of(head.header("content-range")) } else { 0 };
            reply.received = body.len() as u64;
            let at = usize::try_from(reply.at).unwrap_or(usize::MAX);
            reply.sound = self.object.bytes.get(at..).is_some_and(|rest| rest.starts_with(body));
            return head.header("content-location").map(path_of);
        }
        let said: Value = serde_json::from_slice(body).unwrap_or_default();
        if reply.refused() && !reply.whole {
            // Why it is a no was cut off, so it tells nothing.
            *reply = Reply::default();
            return None;
        }
        reply.kind = said["type"].as_str().unwrap_or_default().to_owned();
        // Bytes of the object under another name would be as bad.
        let leaked = body.len() > 16 && self.object.bytes.starts_with(body);
        if leaked {
            reply.received = body.len() as u64;
        }
        if order.act == Act::Claim && reply.whole { said["url"].as_str().map(path_of) } else { None }
    }

    /// A claim of the holder that knows `secret`.
    pub(crate) fn claim_request(&self, secret: &str) -> String {
        let body = format!("holder={secret}");
        request("POST", &self.path, &["Accept: application/json", "Content-Type: application/x-www-form-urlencoded"], &body)
    }

    /// What a request of a direct link looks like.
    pub(crate) fn take_request(&self) -> String {
        request("GET", &self.path, &["Accept: */*"], "")
    }

    /// A revocation.
    pub(crate) fn revoke_request(&self) -> String {
        let key = format!("Authorization: Bearer {}", self.network.fleet().key());
        request("DELETE", &format!("/v1/links/{}", self.id), &[&key, "Accept: application/json"], "")
    }

    /// Whether a GET of the link gives the file.
    pub(crate) fn is_direct(&self) -> bool {
        self.terms.gate == Gate::Direct
    }
}

/// What a tale's stage needs besides the link.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) network: Arc<Network>,
    pub(crate) watch: Stopwatch,
    pub(crate) terms: Terms,
    pub(crate) object: Arc<Object>,
    pub(crate) lease: Duration,
    pub(crate) rough: bool,
}

/// A request's text. Each has a connection of its own.
pub(crate) fn request(method: &str, target: &str, headers: &[&str], body: &str) -> String {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: prove.test\r\nConnection: close\r\n");
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    if !body.is_empty() || method == "POST" {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text
}

/// The path of a URL.
pub(crate) fn path_of(url: &str) -> String {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or_else(|| "/".to_owned(), |slash| rest[slash..].to_owned()),
        None => url.to_owned(),
    }
}

/// Whether what follows is of the object.
fn is_content(head: &Head) -> bool {
    head.header("accept-ranges").is_some() && matches!(head.status(), Some(200 | 206))
}

/// Where the range begins that `bytes 5-9/10` names.
fn first_of(content_range: Option<&str>) -> u64 {
    let range = content_range.and_then(|text| text.strip_prefix("bytes "));
    range.and_then(|range| range.split('-').next()).and_then(|first| first.parse().ok()).unwrap_or(u64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
