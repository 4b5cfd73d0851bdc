//! The program under measurement: started as anybody would start it, asked over its sockets only.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Connection;
use crate::load;

/// What the API takes in one request.
const BATCH: usize = 1_000;
/// How many senders create links at a time.
const SENDERS: usize = 4;
/// How long the end may take: longer than the program gives running downloads.
const PATIENCE: Duration = Duration::from_secs(60);

/// How to start it.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The program's file.
    pub binary: PathBuf,
    /// Its data directory.
    pub data: PathBuf,
    /// Its first source.
    pub source: String,
    /// More flags.
    pub flags: Vec<String>,
    /// Its environment beyond this process's own.
    pub environment: Vec<(String, String)>,
}

/// A running server.
pub struct Program {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// An API key that may do everything.
    pub key: String,
    /// From exec until it said that it listens.
    pub started_in: Duration,
}

impl Program {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// When it can't be started or ends at once; its own words stand in the error.
    pub fn start(recipe: &Recipe) -> io::Result<Self> {
        let begin = Instant::now();
        let mut command = Command::new(&recipe.binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "0", "--max-connections", "10000"]);
        command.arg("--data").arg(&recipe.data).args(&recipe.flags).arg(&recipe.source);
        command.envs(recipe.environment.iter().map(|(name, value)| (name, value)));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let mut said = BufReader::new(child.stderr.take().ok_or_else(|| io::Error::other("no standard error"))?);
        let mut words = String::new();
        let address = loop {
            let from = words.len();
            if said.read_line(&mut words)? == 0 {
                return Err(io::Error::other(format!("{} ended: {words}", recipe.binary.display())));
            }
            if let Some(address) = words[from..].trim().strip_prefix("listening on http://") {
                break address.parse().map_err(io::Error::other)?;
            }
        };
        let started_in = begin.elapsed();
        // Somebody has to read on, or a full pipe would stop it.
        thread::spawn(move || io::copy(&mut said, &mut io::sink()));
        let key = fs::read_to_string(recipe.data.join("api-key"))?.trim().to_owned();
        Ok(Self { child, address, key, started_in })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as an operator would, and waits.
    ///
    /// # Errors
    /// When it doesn't end in time; then it is killed.
    pub fn stop(mut self) -> io::Result<()> {
        Command::new("kill").arg(self.pid().to_string()).status()?;
        let begin = Instant::now();
        while self.child.try_wait()?.is_none() {
            if begin.elapsed() > PATIENCE {
                return Err(io::Error::other("the program didn't end in time"));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Creates `count` links for `key`, which differ in nothing but their tokens; their targets (`/d/TOKEN`). Some senders
    /// do it side by side.
    ///
    /// # Errors
    /// The first answer that isn't what it must be.
    pub async fn create(&self, count: usize, key: &str, gate: &str) -> io::Result<Vec<String>> {
        let mut senders = Vec::new();
        for sender in 0..SENDERS {
            let share = count / SENDERS + usize::from(sender < count % SENDERS);
            let (address, api_key, link) = (self.address, self.key.clone(), json!({ "key": key, "gate": gate }));
            senders.push(tokio::spawn(async move { create_share(address, &api_key, &link, share).await }));
        }
        let mut targets = Vec::with_capacity(count);
        for sender in senders {
            targets.extend(sender.await.map_err(io::Error::other)??);
        }
        Ok(targets)
    }
}

/// What one sender creates, a batch after the other.
async fn create_share(address: SocketAddr, api_key: &str, link: &Value, count: usize) -> io::Result<Vec<String>> {
    let mut connection = Connection::open(address).await?;
    let mut targets = Vec::with_capacity(count);
    while targets.len() < count {
        let links = vec![link; BATCH.min(count - targets.len())];
        let request = load::post(address, "/v1/links/batch", api_key, &json!({ "links": links }).to_string());
        let (answer, body) = connection.ask_whole(&request).await?;
        let told: Value = serde_json::from_slice(&body)?;
        let rows = told["links"].as_array().ok_or_else(|| io::Error::other(format!("creation answered {}: {told}", answer.status)))?;
        for row in rows {
            let url = row["url"].as_str().ok_or_else(|| io::Error::other(format!("a link wasn't made: {row}")))?;
            targets.push(target(url)?);
        }
    }
    Ok(targets)
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The data directory's size in bytes.
///
/// # Errors
/// As the system says.
pub fn stored(data: &Path) -> io::Result<u64> {
    fs::read_dir(data)?.map(|entry| Ok(entry?.metadata()?.len())).sum()
}

/// The path of a URL.
fn target(url: &str) -> io::Result<String> {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    url[after_scheme..].find('/').map(|at| url[after_scheme + at..].to_owned()).ok_or_else(|| io::Error::other("a URL without a path"))
}
