//! The stores that servers share, each on an engine of this campaign's own, and what can befall them.
//!
//! Engines are started and stopped by the scripts of `scripts/engines`; how an engine is configured stands there only.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use crate::dice::Dice;
use crate::throttle::Throttle;

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file of one server.
    Sqlite,
    /// A database cluster.
    Postgres,
    /// A small DynamoDB, behind a proxy that throttles.
    DynamoDb,
}

/// A store's running engine. It ends when dropped.
#[derive(Debug)]
pub enum Engine {
    /// None: the file is the server's own.
    Sqlite,
    /// A cluster in a folder.
    Postgres(Cluster),
    /// An engine in a folder, and the proxy before it.
    DynamoDb(Tables),
}

/// A PostgreSQL cluster.
#[derive(Debug)]
pub struct Cluster {
    script: PathBuf,
    dir: PathBuf,
    url: String,
}

/// A DynamoDB engine.
#[derive(Debug)]
pub struct Tables {
    script: PathBuf,
    dir: PathBuf,
    throttle: Throttle,
}

const TERMINATED: &str = "connections terminated";
const RESTARTED: &str = "database restarted";
const ENGINE_KILLED: &str = "engine killed";
const ENGINE_GONE: &str = "engine stopped for 10 s";
const THROTTLED: &str = "table throttled";
const ANSWERS_LOST: &str = "store's answers lost";
/// As long as a lease, by default.
const LONG_OUTAGE: Duration = Duration::from_secs(10);
const TERMINATE: &str =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()";

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::DynamoDb];

    /// Its name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::DynamoDb => "dynamodb",
        }
    }

    /// How many servers can share it, at the most that a campaign has.
    pub fn servers(self) -> usize {
        if self == Self::Sqlite { 1 } else { 3 }
    }

    /// How many links one of its engines gets at the most: DynamoDB's emulator slows down as its table grows.
    pub fn round(self) -> u64 {
        if self == Self::DynamoDb { 100_000 } else { u64::MAX }
    }

    /// Starts its engine in `dir`, by the scripts in `scripts`.
    ///
    /// # Errors
    /// When it doesn't start, in the script's words.
    pub async fn start(self, scripts: &Path, dir: &Path) -> Result<Engine, String> {
        match self {
            Self::Sqlite => Ok(Engine::Sqlite),
            Self::Postgres => {
                let (script, dir) = (scripts.join("postgres.sh"), dir.join("postgres"));
                let url = setting(&run(&script, "start", &dir).await?, "ONCELINK_TEST_POSTGRES")?;
                Ok(Engine::Postgres(Cluster { script, dir, url }))
            }
            Self::DynamoDb => {
                let (script, dir) = (scripts.join("dynoxide.sh"), dir.join("dynoxide"));
                let url = setting(&run(&script, "start", &dir).await?, "ONCELINK_TEST_DYNAMODB")?;
                let address: SocketAddr = url.trim_start_matches("http://").parse().map_err(|_| format!("no address in {url}"))?;
                let throttle = Throttle::open(address).await.map_err(|error| error.to_string())?;
                Ok(Engine::DynamoDb(Tables { script, dir, throttle }))
            }
        }
    }
}

impl Engine {
    /// What `--store` takes; nothing for the default.
    pub fn store(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres(cluster) => Some(cluster.url.clone()),
            Self::DynamoDb(tables) => Some(format!("dynamodb://prove?region=us-east-1&endpoint=http://{}", tables.throttle.address)),
        }
    }

    /// What can befall it; what stands here twice comes twice as often.
    pub fn troubles(&self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &[],
            Self::Postgres(_) => &[TERMINATED, TERMINATED, RESTARTED],
            Self::DynamoDb(_) => &[ENGINE_KILLED, ENGINE_KILLED, THROTTLED, THROTTLED, ANSWERS_LOST, ANSWERS_LOST, ENGINE_GONE],
        }
    }

    /// Lets one of them come and go.
    ///
    /// # Errors
    /// When the engine doesn't recover.
    pub async fn upset(&self, trouble: &str, dice: &mut Dice) -> Result<(), String> {
        match self {
            Self::Sqlite => Ok(()),
            Self::Postgres(cluster) if trouble == RESTARTED => run(&cluster.script, "restart", &cluster.dir).await.map(drop),
            Self::Postgres(cluster) => cluster.terminate().await,
            Self::DynamoDb(tables) if trouble == ENGINE_KILLED => tables.kill_for(Duration::from_millis(dice.below(1_500))).await,
            Self::DynamoDb(tables) if trouble == ENGINE_GONE => tables.kill_for(LONG_OUTAGE).await,
            Self::DynamoDb(tables) => {
                let (percent, length) = (10 + dice.below(40), Duration::from_millis(500 + dice.below(1_500)));
                if trouble == THROTTLED {
                    tables.throttle.throttle(percent)
                } else {
                    tables.throttle.lose(percent)
                }
                sleep(length).await;
                tables.throttle.throttle(0);
                tables.throttle.lose(0);
                Ok(())
            }
        }
    }
}

impl Cluster {
    async fn terminate(&self) -> Result<(), String> {
        let mut psql = Command::new("psql");
        psql.args([&self.url, "--quiet", "--no-psqlrc", "--command", TERMINATE]);
        finish(psql).await.map(drop)
    }
}

impl Tables {
    async fn kill_for(&self, outage: Duration) -> Result<(), String> {
        let pid_file = self.dir.join("pid");
        let text = fs::read_to_string(&pid_file).map_err(|error| format!("{}: {error}", pid_file.display()))?;
        let pid = text.trim().parse().ok().and_then(Pid::from_raw).ok_or_else(|| format!("no process in {}", pid_file.display()))?;
        kill_process(pid, Signal::KILL).map_err(|error| format!("the engine can't be killed: {error}"))?;
        fs::remove_file(&pid_file).map_err(|error| error.to_string())?;
        sleep(outage).await;
        run(&self.script, "start", &self.dir).await.map(drop)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = Command::new(&self.script).arg("stop").arg(&self.dir).output();
    }
}

impl Drop for Tables {
    fn drop(&mut self) {
        let _ = Command::new(&self.script).arg("stop").arg(&self.dir).output();
    }
}

/// Runs `script WORD DIR`; what it printed.
async fn run(script: &Path, word: &str, dir: &Path) -> Result<String, String> {
    let mut command = Command::new(script);
    // Without this what the engine was told would be gone with it, and no outage could be played.
    command.arg(word).arg(dir).env("ONCELINK_DYNOXIDE_KEEP", "1");
    finish(command).await
}

async fn finish(mut command: Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = tokio::task::spawn_blocking(move || command.output()).await.map_err(|error| error.to_string())?;
    let output = done.map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// The value of `NAME=` in `export` lines.
fn setting(lines: &str, name: &str) -> Result<String, String> {
    let found = lines.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    found.map(str::to_owned).ok_or_else(|| format!("the engine's script doesn't say {name}"))
}
