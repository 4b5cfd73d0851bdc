//! nginx: static files by sendfile, and a proxy before them, with its defaults and with big buffers.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::free_address;

/// One running nginx.
pub struct Nginx {
    master: Child,
    /// Where its first server listens.
    pub first: SocketAddr,
    /// Where its second one does.
    pub second: SocketAddr,
}

impl Nginx {
    /// Files below `root`, by sendfile.
    ///
    /// # Errors
    /// When nginx isn't there (Debian: `apt install nginx-light`) or doesn't start.
    pub fn files(dir: &Path, root: &Path) -> io::Result<Self> {
        Self::start(dir, |first, second| {
            let root = root.display();
            format!("sendfile on; server {{ listen {first}; root {root}; }} server {{ listen {second}; root {root}; }}")
        })
    }

    /// Two proxies before `origin`: the first with nginx's defaults, the second with big buffers and kept connections.
    ///
    /// # Errors
    /// As [`Nginx::files`].
    pub fn proxies(dir: &Path, origin: SocketAddr) -> io::Result<Self> {
        let temp = dir.join("temp");
        Self::start(dir, |first, second| {
            let temp = temp.display();
            format!(
                "proxy_temp_path {temp}; upstream kept {{ server {origin}; keepalive 64; }}\
                 server {{ listen {first}; location / {{ proxy_pass http://{origin}; }} }}\
                 server {{ listen {second}; proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host {origin};\
                 proxy_buffers 16 1m; proxy_buffer_size 1m; proxy_busy_buffers_size 8m; proxy_max_temp_file_size 0;\
                 location / {{ proxy_pass http://kept; }} }}"
            )
        })
    }

    /// The master's process id.
    pub fn pid(&self) -> u32 {
        self.master.id()
    }

    fn start(dir: &Path, servers: impl Fn(SocketAddr, SocketAddr) -> String) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let (first, second) = (free_address()?, free_address()?);
        let config = format!(
            "worker_processes auto; worker_rlimit_nofile 20000; pid {dir}/pid; error_log {dir}/error.log; daemon off; {user}\
             events {{ worker_connections 4096; }}\
             http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {dir}/body; {servers} }}",
            dir = dir.display(),
            user = if is_root()? { "user root;" } else { "" },
            servers = servers(first, second)
        );
        let path = dir.join("nginx.conf");
        fs::write(&path, config)?;
        let master = Command::new("nginx").arg("-p").arg(dir).arg("-c").arg(&path).stdin(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let nginx = Self { master, first, second };
        for _ in 0..500 {
            if TcpStream::connect(second).is_ok() {
                return Ok(nginx);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(io::Error::other(format!("nginx doesn't start; its log is {}/error.log", dir.display())))
    }
}

impl Drop for Nginx {
    /// The master takes its workers along when it is asked to end.
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.pid().to_string()).status();
        let _ = self.master.wait();
    }
}

/// Workers of a master that runs as root would change to a user who can't read our folder.
fn is_root() -> io::Result<bool> {
    let status = fs::read_to_string("/proc/self/status")?;
    Ok(status.lines().any(|line| line.strip_prefix("Uid:").is_some_and(|ids| ids.split_whitespace().next() == Some("0"))))
}
