//! The measurements, one file for each group of goals. Each starts what it needs and stops it.

pub mod creation;
pub mod file;
pub mod first_byte;
pub mod growth;
pub mod memory;
pub mod mixed;
pub mod redeem;
pub mod rival;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::client::{self, Connection};
use crate::content::Content;
use crate::load::Load;
use crate::plan::Plan;
use crate::process;
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
        let mut text = Vec::new();
        connection
            .ask(&client::get(program.address, "/metrics"), |_, piece| {
                text.extend_from_slice(piece);
                true
            })
            .await?;
        if String::from_utf8_lossy(&text).lines().any(|line| line == "oncelink_deliveries_running 0") {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Err(io::Error::other("deliveries are still not recorded"))
}

/// What a process and its children spend meanwhile.
pub struct Meter {
    pid: u32,
    before: Duration,
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
        Ok((process::cpu(self.pid)? - self.before).as_secs_f64())
    }
}
