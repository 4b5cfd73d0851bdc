//! The S3 engine, asked without anything between.

use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::signature::Signer;
use super::{named, script};

/// How much of a file is sent at once.
const PIECE: usize = 1024 * 1024;

/// A node of this run.
pub struct Garage {
    dir: PathBuf,
    variables: Vec<(String, String)>,
    signer: Signer,
    bucket: String,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Garage {
    /// Starts a node.
    ///
    /// # Errors
    /// When garage isn't there (`scripts/engines/garage.sh install`) or doesn't start.
    pub fn start(dir: &Path) -> io::Result<Self> {
        let variables = script("garage.sh", "start", dir)?;
        let endpoint = named(&variables, "ONCELINK_TEST_S3_ENDPOINT")?;
        let host = endpoint.trim_start_matches("http://").to_owned();
        let signer = Signer {
            id: named(&variables, "AWS_ACCESS_KEY_ID")?,
            secret: named(&variables, "AWS_SECRET_ACCESS_KEY")?,
            region: named(&variables, "AWS_REGION")?,
            host: host.clone(),
        };
        let address = host.parse().map_err(io::Error::other)?;
        Ok(Self { dir: dir.to_owned(), bucket: named(&variables, "ONCELINK_TEST_S3_BUCKET")?, variables, signer, address })
    }

    /// The source's specification for the program.
    pub fn source(&self) -> String {
        format!("s3=s3://{}?endpoint=http://{}&region={}&path_style=true", self.bucket, self.address, self.signer.region)
    }

    /// The credentials, as the program finds them.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.variables.iter().filter(|(name, _)| name.starts_with("AWS_")).cloned().collect()
    }

    /// The signed target of a GET of `key`.
    pub fn target(&self, key: &str) -> String {
        self.signer.target("GET", &format!("/{}/{key}", self.bucket))
    }

    /// Stores the file at `path` under `key`.
    ///
    /// # Errors
    /// When it isn't taken.
    pub async fn put(&self, key: &str, path: &Path) -> io::Result<()> {
        let target = self.signer.target("PUT", &format!("/{}/{key}", self.bucket));
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut stream = TcpStream::connect(self.address).await?;
        let head = format!("PUT {target} HTTP/1.1\r\nHost: {}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n", self.signer.host);
        stream.write_all(head.as_bytes()).await?;
        let mut piece = vec![0; PIECE];
        loop {
            match file.read(&mut piece)? {
                0 => break,
                count => stream.write_all(&piece[..count]).await?,
            }
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(io::Error::other(format!("garage answered {answer}"))) }
    }
}

impl Drop for Garage {
    fn drop(&mut self) {
        let _ = script("garage.sh", "stop", &self.dir);
    }
}
