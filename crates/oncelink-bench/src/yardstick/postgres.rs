//! PostgreSQL with nothing in front of it: the conditional UPDATE and the INSERT by pgbench, durable as it comes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{named, script};
use crate::process;

/// How many threads of pgbench ask.
pub const THREADS: usize = 2;

/// Rows for each client, which walks through its own.
const ROWS: u32 = 20_000;
const UPDATE: &str = "\\set n :n + 1
\\set id :client_id * 20000 + :n % 20000
UPDATE tokens SET uses = uses + 1 WHERE id = md5(:id::text) AND uses < max_uses AND expires_at > now() AND NOT revoked RETURNING object;
";
const INSERT: &str =
    "INSERT INTO made (object, uses, max_uses, expires_at, revoked) VALUES ('object', 0, 1, now() + interval '1 day', false);
";

/// A cluster of this run.
pub struct Postgres {
    dir: PathBuf,
    url: String,
}

impl Postgres {
    /// Starts a cluster and fills its table for `clients`.
    ///
    /// # Errors
    /// When there is no PostgreSQL, or it doesn't start.
    pub fn start(dir: &Path, clients: u32) -> io::Result<Self> {
        let variables = script("postgres.sh", "start", dir)?;
        let postgres = Self { dir: dir.to_owned(), url: named(&variables, "ONCELINK_TEST_POSTGRES")? };
        postgres.sql(&format!(
            "CREATE TABLE tokens (id text PRIMARY KEY, object text NOT NULL, uses int NOT NULL, max_uses int NOT NULL, expires_at timestamptz NOT NULL, revoked bool NOT NULL);
             INSERT INTO tokens SELECT md5(n::text), 'object', 0, 1000000, now() + interval '1 day', false FROM generate_series(0, {}) n;
             CREATE TABLE made (id text PRIMARY KEY DEFAULT gen_random_uuid()::text, object text NOT NULL, uses int NOT NULL, max_uses int NOT NULL, expires_at timestamptz NOT NULL, revoked bool NOT NULL);
             VACUUM ANALYZE tokens; CHECKPOINT;",
            clients * ROWS
        ))?;
        Ok(postgres)
    }

    /// The address with its password, for a program that is to use it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Conditional updates per second by `clients`, and the share of one core that pgbench used for them.
    ///
    /// # Errors
    /// When pgbench fails.
    pub fn updates(&self, clients: u32, span: Duration) -> io::Result<(f64, f64)> {
        self.pgbench(UPDATE, clients, span)
    }

    /// Inserts per second by `clients`, and the share of one core that pgbench used for them.
    ///
    /// # Errors
    /// When pgbench fails.
    pub fn inserts(&self, clients: u32, span: Duration) -> io::Result<(f64, f64)> {
        self.pgbench(INSERT, clients, span)
    }

    fn pgbench(&self, text: &str, clients: u32, span: Duration) -> io::Result<(f64, f64)> {
        let path = self.dir.join("script.sql");
        fs::write(&path, text)?;
        let mut command = Command::new("pgbench");
        command.args(["--no-vacuum", "--protocol=prepared", "--define=n=0"]);
        command.arg(format!("--jobs={THREADS}")).arg(format!("--client={clients}")).arg(format!("--time={}", span.as_secs().max(1)));
        command.arg(format!("--file={}", path.display())).arg(&self.url).env("PGSSLMODE", "disable");
        let (begin, before) = (Instant::now(), process::children_cpu()?);
        let output = command.stdin(Stdio::null()).output()?;
        let share = (process::children_cpu()? - before).as_secs_f64() / begin.elapsed().as_secs_f64();
        let told = String::from_utf8_lossy(&output.stdout);
        let rate = told.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        rate.map(|rate| (rate, share))
            .ok_or_else(|| io::Error::other(format!("pgbench: {told}{}", String::from_utf8_lossy(&output.stderr))))
    }

    fn sql(&self, text: &str) -> io::Result<()> {
        let mut command = Command::new("psql");
        command.args(["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1"]).env("PGSSLMODE", "disable").arg(&self.url);
        for statement in text.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
            command.arg("--command").arg(statement);
        }
        if command.stdin(Stdio::null()).status()?.success() { Ok(()) } else { Err(io::Error::other("psql failed")) }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = script("postgres.sh", "stop", &self.dir);
    }
}
