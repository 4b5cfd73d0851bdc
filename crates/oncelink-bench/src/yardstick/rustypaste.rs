//! rustypaste: the rival that is nearest to a link that works once and that a package registry has.
//!
//! A paste is once by a rename: the file is opened, then renamed out of the way, then sent. Nothing is synced.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{named, script};
use crate::client::Connection;

const BOUNDARY: &str = "----oncelink-bench";
/// What `stat` calls the file system that keeps its promise about directories marked `D`.
const JOURNALED: &str = "ext2/ext3";

/// A running server with no pastes.
pub struct Rustypaste {
    dir: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its process id.
    pub pid: u32,
}

impl Rustypaste {
    /// Starts one.
    ///
    /// # Errors
    /// When rustypaste isn't there (`scripts/engines/rustypaste.sh install`) or doesn't start.
    pub fn start(dir: &Path) -> io::Result<Self> {
        let variables = script("rustypaste.sh", "start", dir)?;
        let address = named(&variables, "RUSTYPASTE_ADDRESS")?.parse().map_err(io::Error::other)?;
        let pid = named(&variables, "RUSTYPASTE_PID")?.parse().map_err(io::Error::other)?;
        Ok(Self { dir: dir.to_owned(), address, pid })
    }

    /// Has the kernel write every rename in its folder of pastes to the disk before it returns: without a change to the
    /// program, a paste that was sent stays spent when the power fails.
    ///
    /// # Errors
    /// Where the file system doesn't do that.
    pub fn make_durable(&self) -> io::Result<()> {
        let kind = Command::new("stat").args(["--file-system", "--format=%T"]).arg(self.pastes()).output()?;
        let kind = String::from_utf8_lossy(&kind.stdout).trim().to_owned();
        if kind != JOURNALED {
            return Err(io::Error::other(format!("only ext4 syncs a directory's changes on demand, and this disk has {kind}")));
        }
        let marked = Command::new("chattr").arg("+D").arg(self.pastes()).status()?.success();
        if marked { Ok(()) } else { Err(io::Error::other("chattr +D failed")) }
    }

    /// Uploads `content` as pastes that work once; their targets.
    ///
    /// # Errors
    /// The first answer that isn't what it must be.
    pub async fn upload(&self, count: usize, content: &[u8]) -> io::Result<Vec<String>> {
        let mut connection = Connection::open(self.address).await?;
        let request = self.form(content);
        let mut targets = Vec::with_capacity(count);
        while targets.len() < count {
            let (answer, url) = connection.ask_whole(&request).await?;
            let url = String::from_utf8_lossy(&url).trim().to_owned();
            match url.rsplit_once('/') {
                Some((_, name)) if answer.status == 200 => targets.push(format!("/{name}")),
                _ => return Err(io::Error::other(format!("rustypaste answered {} to an upload: {url}", answer.status))),
            }
        }
        Ok(targets)
    }

    /// Leaves `count` spent pastes in its folder, as an earlier time would have.
    ///
    /// # Errors
    /// As the system says.
    pub fn age(&self, count: usize, content: &[u8]) -> io::Result<()> {
        (0..count).try_for_each(|paste| fs::write(self.pastes().join(format!("{paste:024}.bin.1700000000000")), content))
    }

    /// Removes all pastes, the spent ones too, which it keeps under other names.
    ///
    /// # Errors
    /// As the system says.
    pub fn clear(&self) -> io::Result<()> {
        fs::read_dir(self.pastes())?.try_for_each(|entry| fs::remove_file(entry?.path()))
    }

    fn pastes(&self) -> PathBuf {
        self.dir.join("upload/oneshot")
    }

    fn form(&self, content: &[u8]) -> Vec<u8> {
        let begin = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"oneshot\"; filename=\"small.bin\"\r\n\r\n");
        let end = format!("\r\n--{BOUNDARY}--\r\n");
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            begin.len() + content.len() + end.len()
        );
        [head.as_bytes(), begin.as_bytes(), content, end.as_bytes()].concat()
    }
}

impl Drop for Rustypaste {
    fn drop(&mut self) {
        let _ = script("rustypaste.sh", "stop", &self.dir);
    }
}
