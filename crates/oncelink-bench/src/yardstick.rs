//! What the program is measured beside: the disk, nginx, PostgreSQL, the S3 engine and a rival, each started by this run.

pub mod disk;
pub mod garage;
pub mod nginx;
pub mod postgres;
pub mod rustypaste;
pub mod signature;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A port on which nothing listens.
///
/// # Errors
/// As the system says.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

/// The repository's top folder.
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(Path::to_path_buf).unwrap_or_default()
}

/// Where the engines' scripts install them.
pub fn engines() -> PathBuf {
    std::env::var_os("ONCELINK_ENGINES").map_or_else(|| top().join("target/engines"), PathBuf::from)
}

/// Runs an engine's script; the variables that it exports.
fn script(name: &str, verb: &str, dir: &Path) -> io::Result<Vec<(String, String)>> {
    let mut command = Command::new(top().join("scripts/engines").join(name));
    let output = command.arg(verb).arg(dir).stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("scripts/engines/{name} {verb} failed")));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().filter_map(|line| line.strip_prefix("export "));
    Ok(lines
        .flat_map(str::split_whitespace)
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

fn named(variables: &[(String, String)], name: &str) -> io::Result<String> {
    let found = variables.iter().find(|(have, _)| have == name).map(|(_, value)| value.clone());
    found.ok_or_else(|| io::Error::other(format!("an engine's script didn't export {name}")))
}
