//! The router with the bounds of a serverless transport, over memory, on a port of this machine: for browsers and programs
//! that fetch large files in parts, where no real gateway is at hand.
//!
//! ```text
//! bounded --most 4194304 --oversize segments --listen 127.0.0.1:0 --public-url http://127.0.0.1:8080 FOLDER
//! ```
//!
//! The files of FOLDER are the objects of the source `files`. Prints one line of JSON: where it listens, and an API key.
//! Everything is gone with the process. The clock stands still, so no lease runs out.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use oncelink_core::Links;
use oncelink_core::object::SourceName;
use oncelink_core::policy::Policy;
use oncelink_core::service::Parts;
use oncelink_http::{App, Brand, Oversize, Settings, Transport, router};
use oncelink_testkit::{FaultyStore, ManualClock, MemoryObjects, MemoryStore, QuickHasher, SeededEntropy, StoreCall, StoreTrouble};
use sha2::{Digest, Sha256};

struct Options {
    transport: Transport,
    listen: SocketAddr,
    public_url: Option<String>,
    /// Whether the store fails whenever somebody claims.
    failing: bool,
    folder: PathBuf,
}

#[tokio::main]
async fn main() {
    let options = match read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            say(&format!(
                "{problem}\nusage: bounded [--most BYTES] [--oversize segments|redirect|refuse] [--listen ADDR] [--public-url URL] [--claims fail] FOLDER"
            ));
            std::process::exit(2);
        }
    };
    let listener = tokio::net::TcpListener::bind(options.listen).await.unwrap_or_else(|error| panic!("{}: {error}", options.listen));
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let links = Arc::new(links(&options));
    let key = links.create_first_key().await.expect("memory takes it").expect("there is none yet");
    let settings = Settings {
        public_url: options.public_url.unwrap_or_else(|| url.clone()),
        trusted_proxies: Vec::new(),
        rate_limit: 0,
        brand: Brand::default(),
        transport: Some(options.transport),
    };
    say(&serde_json::json!({ "url": url, "key": key.reveal() }).to_string());
    axum::serve(listener, router(App::new(links, settings))).await.expect("it serves until it is ended");
}

fn links(options: &Options) -> Links {
    let folder = &options.folder;
    let clock = Arc::new(ManualClock::new());
    let objects = MemoryObjects::new().with_presigner(clock.clone());
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        let content = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let key = path.file_name().and_then(|name| name.to_str()).expect("a name of text");
        let digest = Sha256::digest(&content).into();
        objects.put(key, content);
        objects.set_sha256(key, digest);
    }
    let memory = Arc::new(MemoryStore::new());
    let store = Arc::new(FaultyStore::new(memory.clone()));
    if options.failing {
        store.always(StoreCall::Claim, StoreTrouble::FailBefore);
    }
    Links::new(Parts {
        store,
        keys: memory,
        sources: vec![(SourceName::parse("files").expect("a name"), Arc::new(objects))],
        clock,
        entropy: Arc::new(SeededEntropy::new(7)),
        hasher: Arc::new(QuickHasher::new(4)),
        policy: Policy::default(),
    })
}

fn read(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let transport = Transport { most: 4 << 20, gathers: true, oversize: Oversize::Segments };
    let mut options =
        Options { transport, listen: SocketAddr::from(([127, 0, 0, 1], 0)), public_url: None, failing: false, folder: PathBuf::new() };
    while let Some(name) = words.next() {
        if !name.starts_with("--") {
            options.folder = name.into();
            continue;
        }
        let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--most" => options.transport.most = value.parse().map_err(|_| format!("{value} is no number of bytes"))?,
            "--oversize" => options.transport.oversize = oversize(&value)?,
            "--listen" => options.listen = value.parse().map_err(|_| format!("{value} is no address"))?,
            "--claims" => options.failing = value == "fail",
            "--public-url" => options.public_url = Some(value),
            _ => return Err(format!("there is no {name}")),
        }
    }
    if options.folder.as_os_str().is_empty() { Err("FOLDER is missing".to_owned()) } else { Ok(options) }
}

fn oversize(name: &str) -> Result<Oversize, String> {
    match name {
        "segments" => Ok(Oversize::Segments),
        "redirect" => Ok(Oversize::Redirect),
        "refuse" => Ok(Oversize::Refuse),
        _ => Err(format!("there is no policy {name}")),
    }
}

#[expect(clippy::print_stdout, reason = "whoever starts it reads where it is")]
fn say(text: &str) {
    println!("{text}");
}
