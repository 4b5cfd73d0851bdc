//! The real server as a child process: start, talk, kill, start again on the same data and address.

use std::fs::{self, File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::http::{Req, Res};
use super::link::Link;

/// How a server is to be started.
pub(crate) struct Setup {
    flags: Vec<String>,
    environment: Vec<(String, String)>,
    sources: Option<Vec<String>>,
    bears_size_limit: bool,
    /// The key that the store has already, when it is shared with an earlier server.
    key: Option<String>,
}

/// A running server with a data folder and a source folder of its own.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    pub(crate) key: String,
    dir: TempDir,
    setup: Setup,
    child: Option<Child>,
}

impl Setup {
    pub(crate) fn new() -> Self {
        Self { flags: Vec::new(), environment: Vec::new(), sources: None, bears_size_limit: false, key: None }
    }

    /// A further replica of `first`: the same store, which `first` shares, and the same folder of files.
    pub(crate) fn beside(first: &Server) -> Self {
        let mut setup = Self::new().source(&format!("files={}", first.files().display()));
        setup.flags.clone_from(&first.setup.flags);
        setup.key = Some(first.key.clone());
        setup
    }

    /// Adds `--flag value`.
    pub(crate) fn flag(mut self, flag: &str, value: &str) -> Self {
        self.flags.extend([format!("--{flag}"), value.to_owned()]);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Serves these sources instead of the folder `files`.
    pub(crate) fn source(mut self, source: &str) -> Self {
        self.sources.get_or_insert_with(Vec::new).push(source.to_owned());
        self
    }

    /// Logs everything there is to log.
    pub(crate) fn trace(self) -> Self {
        self.env("RUST_LOG", "trace").env("ONCELINK_LOG", "trace")
    }

    /// Lets a write beyond the file size limit fail like one to a full disk, instead of killing the process.
    pub(crate) fn bears_size_limit(mut self) -> Self {
        self.bears_size_limit = true;
        self
    }

    /// Starts the server and waits until it answers.
    pub(crate) async fn start(self) -> Server {
        let dir = tempfile::Builder::new().prefix("oncelink-blackbox-").tempdir().expect("a temporary folder");
        fs::create_dir(dir.path().join("files")).expect("the source folder is new");
        let mut server = Server { addr: SocketAddr::new(own_address().into(), 0), key: String::new(), dir, setup: self, child: None };
        server.start_again().await;
        server.key = match &server.setup.key {
            Some(key) => key.clone(),
            None => fs::read_to_string(server.data().join("api-key")).expect("the first start makes an API key").trim().to_owned(),
        };
        server
    }
}

impl Server {
    /// A server with the defaults.
    pub(crate) async fn start() -> Self {
        Setup::new().start().await
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The folder behind the source `files`.
    pub(crate) fn files(&self) -> PathBuf {
        self.dir.path().join("files")
    }

    /// A place beside the source and the data, for whatever a test needs.
    pub(crate) fn scratch(&self) -> &Path {
        self.dir.path()
    }

    /// Everything the server has printed so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().expect("the server is running").id()
    }

    /// `http://ADDR`
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Puts a file into the source, folders included.
    pub(crate) fn put(&self, key: &str, content: &[u8]) -> PathBuf {
        let path = self.files().join(key);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders can be made");
        fs::write(&path, content).expect("the file can be written");
        path
    }

    /// Puts a sparse file of zeros into the source.
    pub(crate) fn put_sparse(&self, key: &str, size: u64) {
        File::create(self.files().join(key)).and_then(|file| file.set_len(size)).expect("a sparse file can be made");
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: Req) -> Res {
        request.send(self.addr).await
    }

    /// A request with the first API key.
    pub(crate) async fn api(&self, method: &str, target: &str, body: Option<&Value>) -> Res {
        let request = Req::new(method, target).bearer(&self.key).accept("application/json");
        self.send(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// Creates a link from JSON terms.
    pub(crate) async fn link(&self, terms: Value) -> Link {
        let answer = self.api("POST", "/v1/links", Some(&terms)).await.expect(201, "create a link");
        Link::from_json(&answer.json())
    }

    /// Creates a link with default terms.
    pub(crate) async fn link_to(&self, key: &str) -> Link {
        self.link(json!({"source": "files", "key": key})).await
    }

    /// The link's record.
    pub(crate) async fn show(&self, link: &Link) -> Value {
        self.api("GET", &format!("/v1/links/{}", link.id), None).await.expect(200, "show a link").json()
    }

    /// The link's events.
    pub(crate) async fn events(&self, link: &Link) -> Vec<Value> {
        let answer = self.api("GET", &format!("/v1/links/{}/events", link.id), None).await.expect(200, "events");
        answer.json()["events"].as_array().expect("an array of events").clone()
    }

    /// The types of the link's events, in order.
    pub(crate) async fn event_types(&self, link: &Link) -> Vec<String> {
        self.events(link).await.iter().map(|event| event["type"].as_str().expect("a type").to_owned()).collect()
    }

    /// Asserts that nothing of the link has been spent.
    pub(crate) async fn assert_unspent(&self, link: &Link, what: &str) {
        let record = self.show(link).await;
        assert_eq!((&record["claimed"], &record["uses_left"]), (&json!(0), &record["uses"]), "{what}: {record}");
        let types = self.event_types(link).await;
        assert!(!types.iter().any(|event| event == "claimed"), "{what}: {types:?}");
    }

    /// Kills it with SIGKILL, as a power cut would.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("the server is running");
        child.kill().expect("a child can be killed");
        child.wait().expect("a killed child ends");
    }

    /// Asks it to stop, with SIGTERM.
    pub(crate) fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(self.child.as_ref().expect("the server is running"));
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a child can be signalled");
    }

    /// Waits for its end.
    pub(crate) async fn exited(&mut self, limit: Duration) -> ExitStatus {
        let mut child = self.child.take().expect("the server is running");
        exit_of(&mut child, limit).await
    }

    /// Whether it is still running.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Starts it (again) on the same data, at the same address once it has one.
    pub(crate) async fn start_again(&mut self) {
        let before = self.log().len();
        let mut child = self.command(&self.addr.to_string()).spawn().expect("the binary can be started");
        let deadline = Instant::now() + Duration::from_secs(30);
        self.addr = loop {
            let log = self.log();
            let mark = log[before..].split_once("listening on http://").and_then(|(_, rest)| rest.split_once(['\n', '"', ' ']));
            if let Some((address, _)) = mark {
                break address.parse().unwrap_or_else(|error| panic!("{address}: {error}"));
            }
            let gone = child.try_wait().expect("a child can be asked");
            assert!(gone.is_none() && Instant::now() < deadline, "the server did not start ({gone:?}): {log}");
            sleep(Duration::from_millis(10)).await;
        };
        self.child = Some(child);
    }

    /// The command that starts a server with this setup on this data, at `listen`.
    pub(crate) fn command(&self, listen: &str) -> Command {
        let log = OpenOptions::new().create(true).append(true).open(self.log_path()).expect("the log can be opened");
        let mut command = match self.setup.bears_size_limit {
            true => without_size_signal(self.dir.path()),
            false => bare_command(self.dir.path()),
        };
        command.args(["serve", "--listen", listen, "--data"]).arg(self.data()).args(&self.setup.flags);
        match &self.setup.sources {
            Some(sources) => command.args(sources),
            None => command.arg(format!("files={}", self.files().display())),
        };
        command.envs(self.setup.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a file can be shared")).stderr(log);
        command
    }

    /// Limits the size to which it may write any file; nothing: no limit.
    pub(crate) fn limit_file_size(&self, bytes: Option<u64>) {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let pid = Pid::from_child(self.child.as_ref().expect("the server is running"));
        prlimit(Some(pid), Resource::Fsize, Rlimit { current: bytes, maximum: None }).expect("a child can be limited");
    }

    /// A value in kB from `/proc/PID/status`, such as `VmRSS` or `VmHWM`.
    pub(crate) fn memory_kib(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("Linux tells about processes");
        let line = status.lines().find(|line| line.starts_with(field)).expect("the field exists");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number of kB")
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("server.log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(30).collect();
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("--- end of the server's log, newest first\n{tail:#?}\n").as_bytes(),
            );
        }
    }
}

/// The binary, started in `folder` with nothing of the caller's configuration.
pub(crate) fn bare_command(folder: &Path) -> Command {
    unconfigured(Command::new(env!("CARGO_BIN_EXE_oncelink")), folder)
}

/// The same, with the signal ignored that a write beyond the file size limit sends.
fn without_size_signal(folder: &Path) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_oncelink")]);
    unconfigured(shell, folder)
}

fn unconfigured(mut command: Command, folder: &Path) -> Command {
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("ONCELINK_") || name_text == "RUST_LOG" {
            command.env_remove(&name);
        }
    }
    command.current_dir(folder);
    command
}

/// Waits for a child's end without blocking the runtime; kills it and panics after `limit`.
pub(crate) async fn exit_of(child: &mut Child, limit: Duration) -> ExitStatus {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().expect("a child can be asked") {
            return status;
        }
        if Instant::now() >= deadline {
            let _ = child.kill();
            panic!("the process was still running after {limit:?}");
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// A loopback address that no other server of this machine's tests listens on, so that a restart finds its port free:
/// no client connection and no other test can have taken it in between.
fn own_address() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    if !cfg!(target_os = "linux") {
        return Ipv4Addr::LOCALHOST;
    }
    let process = std::process::id();
    let [_, _, high, low] = process.to_be_bytes();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    Ipv4Addr::new(127, 64 + (high & 0x3f), low, u8::try_from(number % 254 + 1).expect("below 255"))
}
