//! A campaign: so many tales against one fleet, each judged when it is over, and the figures of it all.
//!
//! The first half is calm, the second a storm. What was judged is forgotten, so that a million links fit into memory.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::checker::{self, Breach};
use crate::dice::{Dice, pattern};
use crate::fleet::Fleet;
use crate::history::{Act, Gate, History, Mishap, Span, Stopwatch, micros};
use crate::message::Stream;
use crate::network::Network;
use crate::persona::{self, Persona};
use crate::scene::{Object, Scene, Stage, path_of, request};
use crate::tale::{Mix, SIZES, Tale};
use crate::weather::{self, Weather, storm};

/// How many links one request creates.
const BATCH: u64 = 16;
/// How often a storm may go on for a quarter of its length, when something is still to come.
const MORE: u64 = 8;
/// How many breaches are kept with their histories.
const KEPT: usize = 5;
/// How long links are tried to be created.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// All chance comes from it.
    pub seed: u64,
    /// How many links.
    pub tokens: u64,
    /// The servers' lease.
    pub lease: Duration,
    /// What kinds of tales.
    pub mix: Mix,
    /// How many are told side by side.
    pub side_by_side: u64,
    /// Whether the second half is a storm.
    pub stormy: bool,
    /// Whether it ends at the first breach.
    pub stop_at_breach: bool,
    /// Only this one.
    pub only: Option<u64>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Figures {
    /// How many links were judged.
    pub tokens: u64,
    /// How many requests were sent.
    pub requests: u64,
    /// How many claims were granted, repeats included.
    pub grants: u64,
    /// How many bytes of objects came.
    pub bytes: u64,
    /// How many requests got no answer.
    pub unanswered: u64,
    /// Requests by what the network did to them.
    pub mishaps: BTreeMap<&'static str, u64>,
    /// Answers by status, and problem type.
    pub answers: BTreeMap<String, u64>,
    /// Links that met a trouble.
    pub troubled: u64,
    /// Holders that were granted a claim after an attempt that failed or was lost.
    pub repeated: u64,
    /// Holders that got everything in several pieces.
    pub resumed: u64,
    /// Clients that gave up: nobody answered for two minutes.
    pub gave_up: u64,
    /// How often each trouble came.
    pub troubles: Vec<(&'static str, usize)>,
    /// What should have come in a storm and didn't: it was over too soon.
    pub missed: Vec<&'static str>,
    /// How many promises were broken.
    pub breaches: u64,
    /// The first of them.
    pub told: Vec<Told>,
    /// The history, where there is only one.
    pub story: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// Hashes of every token, holder secret and claim address.
    pub secrets: HashSet<u64>,
}

/// A broken promise, with all that led to it.
#[derive(Clone, Debug)]
pub struct Told {
    /// What was broken.
    pub breach: Breach,
    /// The history.
    pub history: String,
    /// How long the campaign had run.
    pub after: Duration,
}

struct Campaign {
    plan: Plan,
    network: Arc<Network>,
    objects: Vec<Arc<Object>>,
    watch: Stopwatch,
    weather: Arc<Weather>,
    begun: Instant,
    next: AtomicU64,
    last: AtomicU64,
    over: AtomicBool,
    figures: Mutex<Figures>,
}

/// The objects that links of a campaign point to: the fleet's source must have them.
pub fn objects() -> Vec<Arc<Object>> {
    let object = |(place, size): (usize, &u64)| {
        let bytes = pattern(usize::try_from(*size).unwrap_or(0), 77 + place as u64);
        Arc::new(Object { key: format!("object-{place}.bin"), bytes })
    };
    SIZES.iter().enumerate().map(object).collect()
}

/// Hash of a word, as [`Figures::secrets`] has them.
pub fn print_of(word: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    word.hash(&mut hasher);
    hasher.finish()
}

/// Runs a campaign.
///
/// # Errors
/// When the fleet doesn't work at all: no link can be created, or a server doesn't come back.
pub async fn run(fleet: Arc<dyn Fleet>, plan: Plan) -> Result<Figures, String> {
    let watch = Stopwatch::start();
    let network = Network::open(Arc::clone(&fleet)).await.map_err(|error| format!("the proxy can't be opened: {error}"))?;
    let campaign = Arc::new(Campaign {
        plan,
        network: Arc::new(network),
        objects: objects(),
        watch,
        weather: Arc::new(Weather::new(watch)),
        begun: Instant::now(),
        next: AtomicU64::new(plan.only.unwrap_or(0)),
        last: AtomicU64::new(0),
        over: AtomicBool::new(false),
        figures: Mutex::default(),
    });
    let end = plan.only.map_or(plan.tokens, |only| only + 1);
    let calm = if plan.stormy && plan.only.is_none() { plan.tokens / 2 } else { end };
    campaign.tell_until(calm).await?;
    let due = if calm < end { weather::due(fleet.as_ref()) } else { Vec::new() };
    let missed = |weather: &Weather| -> Vec<&'static str> {
        let counts = weather.counts();
        due.iter().copied().filter(|due| counts.iter().all(|(what, _)| what != due)).collect()
    };
    if calm < end {
        let (stop, stopped) = watch::channel(false);
        let weather = Arc::clone(&campaign.weather);
        let storm = tokio::spawn(storm(fleet, weather, Dice::split(plan.seed, u64::MAX), stopped));
        let mut told = campaign.tell_until(end).await;
        // A quick machine is through before everything has come.
        for more in 1..=MORE {
            if told.is_err() || campaign.over.load(Ordering::Acquire) || missed(&campaign.weather).is_empty() {
                break;
            }
            told = campaign.tell_until(end + more * (end - calm).div_ceil(4)).await;
        }
        stop.send_replace(true);
        storm.await.map_err(|error| error.to_string())??;
        told?;
    }
    let mut figures = std::mem::take(&mut *campaign.figures());
    figures.troubles = campaign.weather.counts();
    figures.missed = missed(&campaign.weather);
    figures.took = campaign.begun.elapsed();
    Ok(figures)
}

impl Campaign {
    /// Tells the tales up to this number.
    async fn tell_until(self: &Arc<Self>, end: u64) -> Result<(), String> {
        self.last.store(end, Ordering::Release);
        let mut workers = JoinSet::new();
        for _ in 0..self.plan.side_by_side {
            workers.spawn(Arc::clone(self).work());
        }
        while let Some(done) = workers.join_next().await {
            done.map_err(|error| error.to_string())??;
        }
        Ok(())
    }

    /// Tells one tale after another; those that mostly wait go on beside.
    async fn work(self: Arc<Self>) -> Result<(), String> {
        let mut beside = JoinSet::new();
        while !self.over.load(Ordering::Acquire) {
            let end = self.last.load(Ordering::Acquire);
            let claimed = self.next.fetch_update(Ordering::AcqRel, Ordering::Acquire, |next| (next < end).then(|| (next + BATCH).min(end)));
            let Ok(first) = claimed else { break };
            let numbers = first..(first + BATCH).min(end);
            let tales: Vec<(u64, Tale)> = numbers.map(|number| (number, Tale::draw(self.plan.seed, number, self.plan.mix))).collect();
            let (slow, quick): (Vec<_>, Vec<_>) = tales.into_iter().partition(|(_, tale)| tale.is_slow());
            for tale in slow {
                beside.spawn(Arc::clone(&self).tell_all(vec![tale]));
            }
            Arc::clone(&self).tell_all(quick).await?;
        }
        while !self.over.load(Ordering::Acquire) {
            match beside.join_next().await {
                Some(done) => done.map_err(|error| error.to_string())??,
                None => break,
            }
        }
        // What still waits when it is over for a breach ends with this set.
        Ok(())
    }

    /// Makes the links of these tales in one request, and tells them.
    async fn tell_all(self: Arc<Self>, tales: Vec<(u64, Tale)>) -> Result<(), String> {
        if tales.is_empty() {
            return Ok(());
        }
        let (links, made) = self.create(&tales).await?;
        for ((number, tale), (path, id)) in tales.into_iter().zip(links) {
            if self.over.load(Ordering::Acquire) {
                break;
            }
            self.tell(number, tale, Link { path, id, made }).await?;
        }
        Ok(())
    }

    async fn tell(&self, number: u64, tale: Tale, link: Link) -> Result<(), String> {
        let Tale { terms, cast, rough, closing, mut dice } = tale;
        let stage = Stage {
            network: Arc::clone(&self.network),
            watch: self.watch,
            terms,
            object: Arc::clone(&self.objects[terms.object]),
            lease: self.plan.lease,
            rough,
        };
        let scene = Arc::new(Scene::new(stage, link.path, link.id, link.made));
        let mut clients = JoinSet::new();
        for persona in cast {
            clients.spawn(persona::live(persona, Arc::clone(&scene), Dice::new(dice.roll())));
        }
        let mut gave_up = 0;
        while let Some(lived) = clients.join_next().await {
            gave_up += u64::from(!lived.map_err(|error| error.to_string())?);
        }
        if closing {
            gave_up += u64::from(!persona::live(Persona::Racer, Arc::clone(&scene), dice).await);
        }
        let (exchanges, secrets) = scene.close();
        let servers = self.network.fleet().addresses().len();
        let history = History { number, terms, lease: micros(self.plan.lease), servers, made: link.made, exchanges };
        self.judge(&history, &secrets, gave_up);
        Ok(())
    }

    fn judge(&self, history: &History, secrets: &[String], gave_up: u64) {
        let breaches = checker::judge(history, &self.weather);
        let met = checker::met(history);
        let last = history.exchanges.iter().map(|exchange| exchange.span.to).max().unwrap_or(history.made.to);
        let troubled = self.weather.troubles_in(Span { from: history.made.to, to: last }) > 0;
        let mut figures = self.figures();
        figures.add(history);
        figures.troubled += u64::from(troubled);
        figures.repeated += met.repeated;
        figures.resumed += met.resumed;
        figures.gave_up += gave_up;
        figures.story = self.plan.only.map(|_| history.to_string());
        figures.secrets.extend(secrets.iter().map(|secret| print_of(secret)));
        figures.breaches += breaches.len() as u64;
        for breach in breaches {
            if figures.told.len() < KEPT {
                figures.told.push(Told { breach, history: history.to_string(), after: self.begun.elapsed() });
            }
            if self.plan.stop_at_breach {
                self.over.store(true, Ordering::Release);
            }
        }
    }

    /// Creates links; their paths and ids, and when.
    async fn create(&self, tales: &[(u64, Tale)]) -> Result<(Vec<(String, String)>, Span), String> {
        let wish = |tale: &Tale| {
            let gate = if tale.terms.gate == Gate::Page { "page" } else { "direct" };
            let mut wish = json!({"key": self.objects[tale.terms.object].key, "uses": tale.terms.uses, "gate": gate});
            if let Some(span) = tale.terms.expires_in {
                wish["expires_in"] = json!(span.as_secs());
            }
            wish
        };
        let wishes: Vec<Value> = tales.iter().map(|(_, tale)| wish(tale)).collect();
        let body = json!({"links": wishes}).to_string();
        let key = format!("Authorization: Bearer {}", self.network.fleet().key());
        let text = request("POST", "/v1/links/batch", &[&key, "Content-Type: application/json", "Accept: application/json"], &body);
        let deadline = Instant::now() + PATIENCE;
        let mut server = usize::try_from(tales[0].0).unwrap_or(0);
        let mut attempts = 0_u64;
        loop {
            attempts += 1;
            let from = self.watch.now();
            server = (server + 1) % self.network.fleet().addresses().len();
            let answer = tokio::time::timeout(PATIENCE, self.send(server, &text)).await.ok().flatten();
            let made = Span { from, to: self.watch.now() };
            let said = match answer {
                Some((200, rows)) => match links_of(&rows) {
                    Some(links) if links.len() == tales.len() => return Ok((links, made)),
                    _ => format!("{rows}"),
                },
                Some((status, said)) => format!("{status}: {said}"),
                None => "no answer".to_owned(),
            };
            if Instant::now() >= deadline {
                return Err(format!("links could not be created for {PATIENCE:?}, in {attempts} attempts; the last: {said}"));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn send(&self, server: usize, text: &str) -> Option<(u16, Value)> {
        let mut stream: Stream = self.network.send(server, Mishap::None, text.as_bytes()).await.ok()?;
        let head = stream.head().await.ok()?;
        let mut body = Vec::new();
        stream.take(head.length().unwrap_or(u64::MAX), &mut body).await;
        Some((head.status()?, serde_json::from_slice(&body).unwrap_or_default()))
    }

    fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Link {
    path: String,
    id: String,
    made: Span,
}

/// Path and id of every link; nothing when a row failed.
fn links_of(answer: &Value) -> Option<Vec<(String, String)>> {
    let row = |row: &Value| Some((path_of(row["url"].as_str()?), row["id"].as_str()?.to_owned()));
    answer["links"].as_array()?.iter().map(row).collect()
}

impl Figures {
    fn add(&mut self, history: &History) {
        self.tokens += 1;
        for exchange in &history.exchanges {
            self.requests += 1;
            self.bytes += exchange.reply.received;
            *self.mishaps.entry(name_of(exchange.mishap)).or_default() += 1;
            if exchange.act == Act::Claim && exchange.reply.granted() {
                self.grants += 1;
            }
            if !exchange.reply.came() {
                self.unanswered += 1;
                continue;
            }
            let said = format!("{} {}", exchange.reply.status, exchange.reply.kind);
            *self.answers.entry(said.trim_end().to_owned()).or_default() += 1;
        }
    }
}

fn name_of(mishap: Mishap) -> &'static str {
    match mishap {
        Mishap::None => "none",
        Mishap::Late(_) => "late",
        Mishap::Held(_) => "held",
        Mishap::Dropped => "dropped",
        Mishap::Abandoned => "abandoned",
        Mishap::Swallowed => "swallowed",
        Mishap::Doubled => "doubled",
        Mishap::Cut(_) => "cut",
    }
}
