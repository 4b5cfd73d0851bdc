//! The console's sessions: a signed cookie that names an API key by its hash, and what this process remembers of sessions.
//!
//! Must not hold an API key's secret: the cookie carries the hash that the store keeps anyway, so neither the browser's disk nor
//! a backup of it ever has the key. Why it is signed and not stored: docs/adr/0010-console-sessions.md.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use oncelink_core::Timestamp;
use oncelink_core::apikey::ApiKeyHash;
use oncelink_core::ports::Entropy;
use sha2::{Digest, Sha256};

/// How long a session lives at the most.
pub(super) const WHOLE: Duration = Duration::from_secs(8 * 3600);
/// How long it lives without a request.
pub(super) const IDLE: Duration = Duration::from_secs(30 * 60);
/// How finely the last request is kept: a cookie isn't given anew with each answer.
const RENEW: Duration = Duration::from_secs(60);
/// How many live streams one session may have, and all sessions together.
const STREAMS: usize = 6;
const ALL_STREAMS: usize = 200;
/// When remembered sessions and forms are looked through for those that are over.
const CROWD: usize = 1_000;
/// The shortest secret from which replicas may derive their common key.
const SHORTEST_SECRET: usize = 32;

const COOKIE: &str = "oncelink_console";
/// Number, times and hash; then the signature.
const BODY: usize = 16 + 8 + 8 + 32;
const SIGNATURE: usize = 32;

/// A session's random number.
type Number = [u8; 16];

/// Why a text can't be the secret that replicas share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortSecret;

/// Somebody who has signed in, as the cookie says.
#[derive(Clone)]
pub(crate) struct Session {
    number: Number,
    since: Timestamp,
    seen: Timestamp,
    /// Which key they signed in with.
    pub(super) key: ApiKeyHash,
}

/// What signs sessions, and what is remembered of them in this process.
#[derive(Default)]
pub(crate) struct Sessions {
    key: OnceLock<[u8; 32]>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// Sessions that were signed out, until they would have ended by themselves.
    ended: HashMap<Number, Timestamp>,
    /// Forms that were sent.
    sent: HashMap<String, Timestamp>,
    /// How many live streams each session has.
    streams: HashMap<Number, usize>,
}

/// A place among the live streams, given back when dropped.
pub(super) struct Place {
    sessions: Arc<Sessions>,
    number: Number,
}

impl Session {
    /// Whether it is over at `now`: too old, or idle for too long.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.since) >= WHOLE || now.since(self.seen) >= IDLE
    }

    /// The session with `now` as its last request, when the one that its cookie knows is a while ago.
    pub(super) fn renewed(&self, now: Timestamp) -> Option<Self> {
        (now.since(self.seen) >= RENEW).then(|| Self { seen: now, ..self.clone() })
    }

    fn body(&self) -> [u8; BODY] {
        let mut body = [0; BODY];
        body[..16].copy_from_slice(&self.number);
        body[16..24].copy_from_slice(&self.since.as_millis().to_be_bytes());
        body[24..32].copy_from_slice(&self.seen.as_millis().to_be_bytes());
        body[32..].copy_from_slice(&self.key.0);
        body
    }

    fn of_body(body: &[u8]) -> Option<Self> {
        let time = |bytes: &[u8]| bytes.try_into().ok().map(|bytes| Timestamp::from_millis(i64::from_be_bytes(bytes)));
        Some(Self {
            number: body.get(..16)?.try_into().ok()?,
            since: time(body.get(16..24)?)?,
            seen: time(body.get(24..32)?)?,
            key: ApiKeyHash(body.get(32..BODY)?.try_into().ok()?),
        })
    }
}

impl Sessions {
    /// Sessions that every process with the same secret knows. Without one each process draws a key at its first use, and its
    /// sessions end with it.
    pub(crate) fn shared(secret: &str) -> Result<Self, ShortSecret> {
        if secret.len() < SHORTEST_SECRET {
            return Err(ShortSecret);
        }
        let key = Sha256::new().chain_update(b"oncelink console sessions\0").chain_update(secret).finalize();
        Ok(Self { key: OnceLock::from(<[u8; 32]>::from(key)), memory: Mutex::default() })
    }

    /// Begins a session with a key that has just been shown.
    pub(super) fn begin(&self, key: ApiKeyHash, now: Timestamp, entropy: &dyn Entropy) -> Session {
        self.draw_key(entropy);
        let mut number = [0; 16];
        entropy.fill(&mut number);
        Session { number, since: now, seen: now, key }
    }

    /// The session of a request, unless it is over, signed out, or none of ours.
    pub(super) fn find(&self, headers: &HeaderMap, is_secure: bool, now: Timestamp) -> Option<Session> {
        let session = self.read(sent(headers, name(is_secure))?)?;
        let is_over = session.is_over(now) || self.is_ended(&session);
        (!is_over).then_some(session)
    }

    /// The header that gives a session's cookie to the browser. `path` is the console's own.
    pub(super) fn cookie(&self, session: &Session, path: &str, is_secure: bool, now: Timestamp) -> Option<HeaderValue> {
        let left = WHOLE.saturating_sub(now.since(session.since)).min(IDLE);
        cookie(&self.written(session)?, path, is_secure, left)
    }

    /// The token that the session's forms carry, and no other page can know.
    pub(super) fn form_token(&self, session: &Session) -> String {
        self.mac(b"form", &session.number).map(|mac| BASE64URL_NOPAD.encode(&mac.finalize().into_bytes())).unwrap_or_default()
    }

    /// Whether `token` is the session's.
    pub(super) fn is_form_token(&self, session: &Session, token: &str) -> bool {
        let given = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap_or_default();
        self.mac(b"form", &session.number).is_some_and(|mac| mac.verify_slice(&given).is_ok())
    }

    /// Signs out: no copy of the cookie is taken any more by this process.
    pub(super) fn end(&self, session: &Session) {
        let mut memory = self.memory();
        memory.ended.insert(session.number, session.since.plus(WHOLE));
    }

    /// Whether the session was signed out here.
    pub(super) fn is_ended(&self, session: &Session) -> bool {
        self.memory().ended.contains_key(&session.number)
    }

    /// Takes a form's own number; false when the same form was sent before. What it makes is shown once, so a repetition must
    /// not make it again.
    pub(super) fn take_form(&self, session: &Session, number: &str, now: Timestamp) -> bool {
        let mut memory = self.memory();
        memory.sweep(now);
        let name = format!("{}.{number}", BASE64URL_NOPAD.encode(&session.number));
        memory.sent.insert(name, session.since.plus(WHOLE)).is_none()
    }

    /// A place for one more live stream, unless there are too many.
    pub(super) fn place(self: &Arc<Self>, session: &Session) -> Option<Place> {
        let mut memory = self.memory();
        if memory.streams.values().sum::<usize>() >= ALL_STREAMS {
            return None;
        }
        let count = memory.streams.entry(session.number).or_default();
        if *count >= STREAMS {
            return None;
        }
        *count += 1;
        drop(memory);
        Some(Place { sessions: Arc::clone(self), number: session.number })
    }

    fn draw_key(&self, entropy: &dyn Entropy) {
        let _ = self.key.get_or_init(|| {
            let mut key = [0; 32];
            entropy.fill(&mut key);
            key
        });
    }

    fn written(&self, session: &Session) -> Option<String> {
        let body = session.body();
        let signature = self.mac(b"session", &body)?.finalize().into_bytes();
        Some(BASE64URL_NOPAD.encode(&[body.as_slice(), &signature].concat()))
    }

    fn read(&self, text: &str) -> Option<Session> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok().filter(|bytes| bytes.len() == BODY + SIGNATURE)?;
        let (body, signature) = bytes.split_at(BODY);
        self.mac(b"session", body)?.verify_slice(signature).ok()?;
        Session::of_body(body)
    }

    /// Nothing before the first session of a process: then no cookie can be ours.
    fn mac(&self, purpose: &[u8], text: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.get()?).ok()?;
        mac.update(purpose);
        mac.update(b"\0");
        mac.update(text);
        Some(mac)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Forgets what no cookie can bring back, now and then.
    fn sweep(&mut self, now: Timestamp) {
        if self.sent.len() + self.ended.len() > CROWD {
            self.sent.retain(|_, until| *until > now);
            self.ended.retain(|_, until| *until > now);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut memory = self.sessions.memory();
        if let Some(count) = memory.streams.get_mut(&self.number) {
            *count -= 1;
            if *count == 0 {
                memory.streams.remove(&self.number);
            }
        }
    }
}

impl std::fmt::Display for ShortSecret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "the console's secret must have at least {SHORTEST_SECRET} characters; 'openssl rand -hex 32' makes one")
    }
}

impl std::error::Error for ShortSecret {}

/// The header that takes the cookie away from the browser.
pub(super) fn no_cookie(path: &str, is_secure: bool) -> Option<HeaderValue> {
    cookie("", path, is_secure, Duration::ZERO)
}

fn cookie(value: &str, path: &str, is_secure: bool, age: Duration) -> Option<HeaderValue> {
    let secure = if is_secure { "; Secure" } else { "" };
    let text = format!("{}={value}; Path={path}; Max-Age={}; HttpOnly; SameSite=Strict{secure}", name(is_secure), age.as_secs());
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A browser takes a cookie of the longer name over TLS only, so that nobody on the way can put one of theirs in its place.
fn name(is_secure: bool) -> &'static str {
    const SECURE: &str = "__Secure-oncelink_console";
    if is_secure { SECURE } else { COOKIE }
}

fn sent<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(have, value)| (have == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use oncelink_core::apikey::ApiKeySecret;
    use oncelink_testkit::SeededEntropy;

    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000_000);
    const SECRET: &str = "a secret that all of the replicas share";

    fn headers(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().expect("ASCII").split(';').next().expect("a first part").to_owned();
        HeaderMap::from_iter([(header::COOKIE, format!("other=1; {pair}").parse().expect("a header's value"))])
    }

    fn begun(sessions: &Sessions) -> (Session, ApiKeySecret) {
        let entropy = SeededEntropy::new(1);
        let secret = ApiKeySecret::create(&entropy);
        (sessions.begin(secret.hash(), START, &entropy), secret)
    }

    #[test]
    fn a_cookie_brings_its_session_back_and_holds_no_key() {
        let sessions = Sessions::default();
        let (session, secret) = begun(&sessions);
        let cookie = sessions.cookie(&session, "/once/console", true, START).expect("a cookie");
        let text = cookie.to_str().expect("ASCII");
        assert!(text.starts_with("__Secure-oncelink_console=") && text.ends_with("; HttpOnly; SameSite=Strict; Secure"), "{text}");
        assert!(text.contains("; Path=/once/console; Max-Age=1800;") && cookie.is_sensitive(), "{text}");
        assert!(!text.contains(secret.reveal()));
        let found = sessions.find(&headers(&cookie), true, START).expect("a session");
        assert!(found.key == secret.hash());
        assert!(sessions.find(&headers(&cookie), false, START).is_none(), "the other name is another cookie");
    }

    #[test]
    fn a_changed_cookie_is_none() {
        let sessions = Sessions::default();
        let (session, _) = begun(&sessions);
        let good = sessions.written(&session).expect("a key was drawn");
        assert!(sessions.read(&good).is_some());
        for place in 0..good.len() {
            let mut changed = good.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            assert!(sessions.read(&String::from_utf8(changed).expect("ASCII")).is_none(), "{place}");
        }
        for bad in ["", "AAAA", &good[..good.len() - 4], &format!("{good}AAAA")] {
            assert!(sessions.read(bad).is_none(), "{bad}");
        }
        let (other, _) = begun(&sessions);
        assert!(!sessions.is_form_token(&Session { number: [9; 16], ..other }, &sessions.form_token(&session)));
    }

    #[test]
    fn a_session_ends_when_it_is_idle_and_at_last_anyway() {
        let sessions = Sessions::default();
        let (session, _) = begun(&sessions);
        assert!(!session.is_over(START.plus(IDLE - Duration::from_millis(1))) && session.is_over(START.plus(IDLE)));
        assert!(session.renewed(START.plus(Duration::from_secs(59))).is_none());
        let mut busy = session;
        let mut now = START;
        while now.since(START) < WHOLE - Duration::from_secs(600) {
            now = now.plus(Duration::from_secs(600));
            assert!(!busy.is_over(now));
            busy = busy.renewed(now).expect("a while ago");
        }
        assert!(busy.is_over(START.plus(WHOLE)));
    }

    #[test]
    fn replicas_with_one_secret_know_each_others_sessions_and_others_do_not() {
        let shared = || Sessions::shared(SECRET).unwrap_or_else(|error| panic!("{error}"));
        let (session, _) = begun(&shared());
        let written = shared().written(&session).expect("a key");
        assert!(shared().read(&written).is_some());
        let other = Sessions::default();
        assert!(other.read(&written).is_none(), "no key was drawn");
        let _ = begun(&other);
        assert!(other.read(&written).is_none());
        assert_eq!(Sessions::shared("short").err(), Some(ShortSecret));
    }

    #[test]
    fn what_was_signed_out_stays_so_and_a_form_is_taken_once() {
        let sessions = Sessions::default();
        let (session, _) = begun(&sessions);
        assert!(sessions.take_form(&session, "a", START) && sessions.take_form(&session, "b", START));
        assert!(!sessions.take_form(&session, "a", START));
        let cookie = sessions.cookie(&session, "/console", false, START).expect("a cookie");
        sessions.end(&session);
        assert!(sessions.find(&headers(&cookie), false, START).is_none());
        for number in 0..=CROWD {
            sessions.take_form(&session, &number.to_string(), START.plus(WHOLE));
        }
        assert!(sessions.memory().ended.is_empty(), "forgotten when no cookie can bring it back");
    }

    #[test]
    fn a_session_has_a_few_live_streams_and_gets_them_back() {
        let sessions = Arc::new(Sessions::default());
        let (session, _) = begun(&sessions);
        let places: Vec<Place> = std::iter::from_fn(|| sessions.place(&session)).take(100).collect();
        assert_eq!(places.len(), STREAMS);
        drop(places);
        assert!(sessions.memory().streams.is_empty() && sessions.place(&session).is_some());
    }
}
