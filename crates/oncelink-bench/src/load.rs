//! Load: a number of connections that take jobs from one list, each job once.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::client::{self, Connection};
use crate::content::Content;
use crate::process::Own;

/// What to do with each target.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// GET it: 200 and the content.
    Get,
    /// GET the page, POST its form, GET where that leads, as a browser would.
    PageFlow,
    /// POST a JSON body to the target: 201. The body is the same for all.
    Create(&'static str),
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Jobs done per second.
    pub rate: f64,
    /// How long each job took, sorted.
    pub latencies: Vec<Duration>,
    /// The client's own CPU time per job.
    pub client_cpu: Duration,
}

impl Outcome {
    /// Of nothing that was done.
    pub fn none() -> Self {
        Self { rate: f64::INFINITY, latencies: Vec::new(), client_cpu: Duration::ZERO }
    }

    /// This and another one that came after it, as one.
    pub fn and(self, next: Self) -> Self {
        let seconds = |outcome: &Self| outcome.latencies.len() as f64 / outcome.rate;
        let cpu = |outcome: &Self| outcome.client_cpu * outcome.latencies.len() as u32;
        let (seconds, cpu) = (seconds(&self) + seconds(&next), cpu(&self) + cpu(&next));
        let mut latencies = [self.latencies, next.latencies].concat();
        latencies.sort_unstable();
        Self { rate: latencies.len() as f64 / seconds, client_cpu: cpu / latencies.len().max(1) as u32, latencies }
    }

    /// The share of one core that the client used.
    pub fn client_share(&self) -> f64 {
        self.client_cpu.as_secs_f64() * self.rate
    }

    /// The latency that `share` of the jobs keep to.
    pub fn quantile(&self, share: f64) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
    }
}

/// One load. Its clients are all the one thread's that runs it, so they have one core at most.
pub struct Load {
    /// Whom to ask.
    pub address: SocketAddr,
    /// What objects have.
    pub content: Arc<Content>,
    /// The objects' size.
    pub size: u64,
    /// Sent as a bearer token.
    pub key: Option<String>,
    /// At a time.
    pub connections: usize,
}

impl Load {
    /// Does each job once.
    ///
    /// # Errors
    /// The first answer that isn't what it must be.
    pub async fn run(&self, act: Act, targets: Vec<String>) -> io::Result<Outcome> {
        let jobs = Arc::new(targets);
        let next = Arc::new(AtomicUsize::new(0));
        let mut connections = Vec::new();
        for _ in 0..self.connections {
            connections.push(Connection::open(self.address).await?);
        }
        let own = Own::start()?;
        let workers: Vec<_> = connections
            .into_iter()
            .map(|connection| {
                let worker =
                    Worker { connection, host: self.address, content: self.content.clone(), size: self.size, key: self.key.clone() };
                tokio::spawn(worker.run(act, jobs.clone(), next.clone()))
            })
            .collect();
        let mut latencies = Vec::with_capacity(jobs.len());
        for worker in workers {
            latencies.extend(worker.await.map_err(io::Error::other)??);
        }
        let (elapsed, cpu) = (own.elapsed(), own.cpu()?);
        latencies.sort_unstable();
        let count = latencies.len().max(1) as u32;
        Ok(Outcome { rate: f64::from(count) / elapsed.as_secs_f64(), latencies, client_cpu: cpu / count })
    }
}

struct Worker {
    connection: Connection,
    host: SocketAddr,
    content: Arc<Content>,
    size: u64,
    key: Option<String>,
}

impl Worker {
    async fn run(mut self, act: Act, jobs: Arc<Vec<String>>, next: Arc<AtomicUsize>) -> io::Result<Vec<Duration>> {
        let mut latencies = Vec::with_capacity(jobs.len() / 16);
        while let Some(target) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let begin = Instant::now();
            match act {
                Act::Get => self.fetch(target).await?,
                Act::PageFlow => self.page_flow(target).await?,
                Act::Create(body) => self.create(target, body).await?,
            }
            latencies.push(begin.elapsed());
        }
        Ok(latencies)
    }

    async fn fetch(&mut self, target: &str) -> io::Result<()> {
        self.receive(target, &client::get(self.host, target)).await
    }

    /// Three requests on one connection, as a browser sends them that knows the page's address only: the cookie that comes
    /// with the claim goes back with the last one. The page needs nothing else: its style is in it.
    async fn page_flow(&mut self, target: &str) -> io::Result<()> {
        let (page, text) = self.connection.ask_whole(&client::browse(self.host, target, None)).await?;
        let is_page = page.status == 200 && page.field("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        let Some(holder) = holder(&text).filter(|_| is_page) else { return Err(wrong("GET of the page", target, page.status)) };
        let claimed = self.connection.ask(&client::submit(self.host, target, &format!("holder={holder}")), |_, _| true).await?;
        let cookie = claimed.field("set-cookie").and_then(|cookie| cookie.split(';').next());
        match (claimed.status, claimed.field("location"), cookie) {
            (303, Some(bytes), Some(_)) => self.receive(bytes, &client::browse(self.host, bytes, cookie)).await,
            _ => Err(wrong("POST of the form", target, claimed.status)),
        }
    }

    /// The object itself: 200 and the content.
    async fn receive(&mut self, target: &str, request: &[u8]) -> io::Result<()> {
        let content = &self.content;
        let answer = self.connection.ask(request, |offset, piece| content.is_at(offset, piece)).await?;
        let good = answer.status == 200 && answer.length == self.size && answer.verified;
        if good { Ok(()) } else { Err(wrong("GET", target, answer.status)) }
    }

    async fn create(&mut self, target: &str, body: &str) -> io::Result<()> {
        let key = self.key.as_deref().unwrap_or_default();
        let request = post(self.host, target, key, body);
        let answer = self.connection.ask(&request, |_, _| true).await?;
        if answer.status == 201 { Ok(()) } else { Err(wrong("POST", target, answer.status)) }
    }
}

/// A POST of JSON with an API key.
pub fn post(host: SocketAddr, target: &str, key: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The claimant's secret in the form of a link's page.
fn holder(page: &[u8]) -> Option<&str> {
    let (_, after) = std::str::from_utf8(page).ok()?.split_once("name=\"holder\" value=\"")?;
    after.split_once('"').map(|(holder, _)| holder)
}

fn wrong(what: &str, target: &str, status: u16) -> io::Error {
    // A token is a secret even here: its beginning is enough to find it.
    let shown: String = target.chars().take(16).collect();
    io::Error::other(format!("{what} {shown}... answered {status}, or not the right bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_has_the_holder() {
        assert_eq!(holder(b"<form><input type=\"hidden\" name=\"holder\" value=\"abc_-1\"><button>"), Some("abc_-1"));
        assert_eq!(holder(b"<p>oncelink get URL</p>"), None);
    }

    #[test]
    fn two_loads_in_turn_have_the_rate_of_all_their_jobs_in_all_their_time() {
        let outcome = |jobs: u64, rate| Outcome {
            rate,
            latencies: (1..=jobs).map(Duration::from_millis).collect(),
            client_cpu: Duration::from_micros(10 * jobs),
        };
        // One second for 100, then three for 300 more at another pace.
        let both = Outcome::none().and(outcome(100, 100.0)).and(outcome(300, 100.0)).and(outcome(200, 50.0));
        assert!((both.rate - 600.0 / 8.0).abs() < 1e-9);
        assert_eq!(both.latencies.len(), 600);
        assert!(both.latencies.is_sorted());
        assert!((outcome(100, 100.0).client_share() - 0.1).abs() < 1e-9);
        assert_eq!(both.client_cpu.as_micros(), (100 * 1_000 + 300 * 3_000 + 200 * 2_000) / 600);
    }
}
