//! The measurements, one file for each group of goals. Each starts what it needs and stops it.

pub mod creation;
pub mod file;
pub mod first_byte;
pub mod growth;
pub mod memory;
pub mod mixed;
mod once;
pub mod redeem;
pub mod rival;
mod subject;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::client::{self, Connection};
use crate::content::Content;
use crate::load::{Act, Load, Outcome};
use crate::plan::Plan;
use crate::process::{self, Cpu};
use crate::program::{Program, Recipe};
use crate::report::Report;

/// A small object's size.
pub const SMALL: u64 = 1024;
/// How long a quiet server may take to write what it has delivered.
const SETTLING: Duration = Duration::from_secs(20);

/// What all measurements share.
pub struct Bench {
    /// How much.
    pub plan: Plan,
    /// The program's file.
    pub binary: PathBuf,
    /// A folder on the disk that is measured.
    pub scratch: PathBuf,
    /// What objects have.
    pub content: Arc<Content>,
    /// What was found.
    pub report: Report,
}

impl Bench {
    /// The folder of local objects, with the small one in it.
    ///
    /// # Errors
    /// As the system says.
    pub fn objects(&self) -> io::Result<PathBuf> {
        let dir = self.scratch.join("objects");
        std::fs::create_dir_all(&dir)?;
        self.content.write(&dir.join("small"), SMALL)?;
        Ok(dir)
    }

    /// A server of a fresh store over the local objects.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn program(&self, name: &str) -> io::Result<Program> {
        Program::start(&self.recipe(name)?)
    }

    /// How to start it.
    ///
    /// # Errors
    /// As the system says.
    pub fn recipe(&self, name: &str) -> io::Result<Recipe> {
        let source = self.objects()?.display().to_string();
        Ok(Recipe { binary: self.binary.clone(), data: self.scratch.join(name), source, flags: Vec::new(), environment: Vec::new() })
    }

    /// Has each link redeemed once, by `connections` at a time: what the clients saw, and the CPU seconds that the server spent
    /// until everything was recorded. Its own count has to agree, and no link may work again.
    ///
    /// # Errors
    /// The first thing that isn't as it must be.
    pub async fn redeem(
        &self,
        program: &Program,
        (connections, size): (usize, u64),
        act: Act,
        targets: Vec<String>,
    ) -> io::Result<(Outcome, f64)> {
        let (count, sample) = (targets.len(), once::sample(&targets));
        rested(program).await?;
        let before = once::Counts::of(program).await?;
        let meter = Meter::start(program.pid())?;
        let outcome = self.load(program, connections, size).run(act, targets).await?;
        settled(program).await?;
        let seconds = meter.seconds()?;
        once::Counts::of(program).await?.check(before, count)?;
        once::replay(program, act, &sample).await?;
        Ok((outcome, seconds))
    }

    /// A load on the program.
    pub fn load(&self, program: &Program, connections: usize, size: u64) -> Load {
        Load { address: program.address, content: self.content.clone(), size, key: Some(program.key.clone()), connections }
    }
}

/// Waits until everything that was delivered is recorded.
///
/// # Errors
/// When that takes too long.
pub async fn settled(program: &Program) -> io::Result<()> {
    let mut connection = Connection::open(program.address).await?;
    let begin = std::time::Instant::now();
    while begin.elapsed() < SETTLING {
        if metrics(program, &mut connection).await?.lines().any(|line| line == "oncelink_deliveries_running 0") {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Err(io::Error::other("deliveries are still not recorded"))
}

/// Waits until the writer has copied back what came before: the request writes, so it is answered after that.
///
/// # Errors
/// As the system says.
async fn rested(program: &Program) -> io::Result<()> {
    let ready = client::get(program.address, "/readyz");
    Connection::open(program.address).await?.ask(&ready, |_, _| true).await.map(|_| ())
}

/// What the server counts.
async fn metrics(program: &Program, connection: &mut Connection) -> io::Result<String> {
    let (_, text) = connection.ask_whole(&client::get(program.address, "/metrics")).await?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Why a goal isn't judged where something has another size than the goal speaks of.
fn other_size(have: u64, wanted: u64, unit: &str) -> Option<String> {
    let short = |count: u64| if count < 1_000 { count.to_string() } else { crate::report::short(count as f64) };
    (have != wanted).then(|| format!("at {} {unit}, the goal speaks of {}", short(have), short(wanted)))
}

/// What a process and its children spend meanwhile.
pub struct Meter {
    pid: u32,
    before: Cpu,
}

impl Meter {
    /// From now on.
    ///
    /// # Errors
    /// Where there is no `/proc`.
    pub fn start(pid: u32) -> io::Result<Self> {
        Ok(Self { pid, before: process::cpu(pid)? })
    }

    /// CPU seconds until now.
    ///
    /// # Errors
    /// Where there is no `/proc`.
    pub fn seconds(&self) -> io::Result<f64> {
        Ok(process::cpu(self.pid)?.since(&self.before).as_secs_f64())
    }
}
