//! The real thing: the `oncelink` program as several processes on one store.
//!
//! Knows its command line and what it prints, nothing else of it.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::campaign;
use crate::dice::Dice;
use crate::engines::{Engine, Kind};
use crate::fleet::{Fleet, Pending};

/// How long a server may take to start; its store may just be down.
const PATIENCE: Duration = Duration::from_secs(180);

/// How to start them.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The program.
    pub binary: PathBuf,
    /// The folder of the engines' scripts.
    pub scripts: PathBuf,
    /// Their store.
    pub kind: Kind,
    /// How many of them.
    pub servers: usize,
    /// Their lease.
    pub lease: Duration,
}

/// Running servers; all ends when dropped.
pub struct Processes {
    addresses: Vec<SocketAddr>,
    key: String,
    setup: Setup,
    children: Mutex<Vec<Option<Child>>>,
    // After the servers, so that they don't see their store go.
    engine: Engine,
    dir: TempDir,
}

impl Processes {
    /// Starts the store's engine and the servers.
    ///
    /// # Errors
    /// When one doesn't start, in its own words.
    pub async fn start(setup: Setup) -> Result<Self, String> {
        let dir = tempfile::Builder::new().prefix("oncelink-prove-").tempdir().map_err(|error| error.to_string())?;
        prepare(dir.path()).map_err(|error| format!("{}: {error}", dir.path().display()))?;
        let engine = setup.kind.start(&setup.scripts, dir.path()).await?;
        let children = Mutex::new((0..setup.servers).map(|_| None).collect());
        let mut fleet = Self { addresses: Vec::new(), key: String::new(), setup, children, engine, dir };
        for server in 0..fleet.setup.servers {
            let address = fleet.launch(server, SocketAddr::from((own_address(), 0))).await?;
            fleet.addresses.push(address);
        }
        let key = fleet.data(0).join("api-key");
        fleet.key = fs::read_to_string(&key).map_err(|error| format!("{}: {error}", key.display()))?.trim().to_owned();
        Ok(fleet)
    }

    /// Where the servers write their logs.
    pub fn logs(&self) -> Vec<PathBuf> {
        (0..self.setup.servers).map(|server| self.log_path(server)).collect()
    }

    /// Starts one, and waits until it says where it listens.
    async fn launch(&self, server: usize, listen: SocketAddr) -> Result<SocketAddr, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let before = fs::metadata(self.log_path(server)).map_or(0, |log| log.len());
            let mut child = self.command(server, listen).map_err(|error| format!("{}: {error}", self.setup.binary.display()))?;
            loop {
                let said = self.said_since(server, before);
                let address = said.split_once("listening on http://").and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
                if let Some(address) = address {
                    self.children()[server] = Some(child);
                    return Ok(address);
                }
                // It ends at once when its store is down: try again.
                let gone = child.try_wait().ok().flatten().is_some();
                if Instant::now() >= deadline {
                    let _ = child.kill();
                    return Err(format!("a server did not start within {PATIENCE:?}: {said}"));
                }
                sleep(Duration::from_millis(if gone { 200 } else { 10 })).await;
                if gone {
                    break;
                }
            }
        }
    }

    fn command(&self, server: usize, listen: SocketAddr) -> std::io::Result<Child> {
        let log = OpenOptions::new().create(true).append(true).open(self.log_path(server))?;
        let mut command = Command::new(&self.setup.binary);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ONCELINK_") || name == "RUST_LOG" {
                command.env_remove(&name);
            }
        }
        if std::env::var_os("AWS_ACCESS_KEY_ID").is_none() {
            command.env("AWS_ACCESS_KEY_ID", "prove").env("AWS_SECRET_ACCESS_KEY", "prove");
        }
        let lease = format!("{}s", self.setup.lease.as_secs());
        command.args(["serve", "--rate-limit", "0", "--listen", &listen.to_string(), "--lease", &lease]);
        command.arg("--data").arg(self.data(server)).arg(format!("files={}", self.dir.path().join("files").display()));
        if let Some(store) = self.engine.store() {
            command.args(["--store", &store]);
        }
        command.current_dir(self.dir.path()).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()
    }

    fn children(&self) -> MutexGuard<'_, Vec<Option<Child>>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn data(&self, server: usize) -> PathBuf {
        self.dir.path().join(format!("data-{server}"))
    }

    fn log_path(&self, server: usize) -> PathBuf {
        self.dir.path().join(format!("server-{server}.log"))
    }

    /// What a server has printed after the first `before` bytes of its log.
    fn said_since(&self, server: usize, before: u64) -> String {
        let mut said = Vec::new();
        if let Ok(mut log) = File::open(self.log_path(server)) {
            let _ = log.seek(SeekFrom::Start(before)).and_then(|_| log.read_to_end(&mut said));
        }
        String::from_utf8_lossy(&said).into_owned()
    }
}

impl Fleet for Processes {
    fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    fn key(&self) -> &str {
        &self.key
    }

    fn kill(&self, server: usize) {
        let child = self.children()[server].take();
        if let Some(mut child) = child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn revive(&self, server: usize) -> Pending<'_, Result<(), String>> {
        Box::pin(async move { self.launch(server, self.addresses[server]).await.map(drop) })
    }

    fn troubles(&self) -> &'static [&'static str] {
        self.engine.troubles()
    }

    fn upset<'a>(&'a self, trouble: &'static str, dice: &'a mut Dice) -> Pending<'a, Result<(), String>> {
        Box::pin(self.engine.upset(trouble, dice))
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for server in 0..self.setup.servers {
            self.kill(server);
        }
    }
}

/// The source's folder with the objects in it. An engine may run as a user of its own, who must be able to pass through.
fn prepare(dir: &Path) -> std::io::Result<()> {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o711))?;
    let files = dir.join("files");
    fs::create_dir(&files)?;
    for object in campaign::objects() {
        File::create(files.join(&object.key)).and_then(|mut file| file.write_all(&object.bytes))?;
    }
    Ok(())
}

/// A loopback address that nothing else listens on, so that a restart finds its port free.
fn own_address() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    if !cfg!(target_os = "linux") {
        return Ipv4Addr::LOCALHOST;
    }
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    Ipv4Addr::new(127, 128 + (high & 0x3f), low, u8::try_from(number % 254 + 1).unwrap_or(1))
}
