//! A gateway on a port of this machine, and the real function behind it: for curl, browsers and `oncelink get`.
//!
//! ```text
//! gateway --bootstrap target/debug/bootstrap --mode buffered --shape http --listen 127.0.0.1:0
//! ```
//!
//! Prints its URL, and when it is interrupted or terminated how many requests it answered, how many answers it lost and how
//! many instances it ended. The function gets this program's environment (`ONCELINK_STORE`, `ONCELINK_SOURCE`, ...); its table
//! is made when it is missing. What the function logs is added to the file that `--log` names.

#[path = "../tests/emulator/mod.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod emulator;

use std::net::SocketAddr;
use std::path::PathBuf;

use emulator::event::Shape;
use emulator::function::Function;
use emulator::gateway::{Faults, Gateway};
use oncelink_config::{Config, Environment, ServeOptions, StoreSpec};
use oncelink_store_dynamodb::DynamoStore;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "usage: gateway --bootstrap PATH [--mode buffered|stream] [--shape http|rest|function-url|alb] [--stage NAME] \
    [--listen ADDR] [--lose-every N] [--kill-every N] [--log FILE]";

struct Options {
    bootstrap: PathBuf,
    mode: String,
    shape: Shape,
    stage: Option<String>,
    listen: SocketAddr,
    faults: Faults,
    log: Option<PathBuf>,
}

#[tokio::main]
async fn main() {
    let options = match read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            say(&format!("{problem}\n{USAGE}"));
            std::process::exit(2);
        }
    };
    make_table().await;
    // The port is needed first: links begin with it.
    let listener = tokio::net::TcpListener::bind(options.listen).await.unwrap_or_else(|error| panic!("{}: {error}", options.listen));
    let addr = listener.local_addr().expect("an address");
    let is_rest = options.shape == Shape::Rest;
    let base = options.stage.clone().or_else(|| is_rest.then(|| "prod".to_owned())).map(|stage| format!("/{stage}")).unwrap_or_default();
    let url = format!("http://{addr}{base}");
    let variables = vec![("ONCELINK_LAMBDA_MODE".to_owned(), options.mode), ("ONCELINK_PUBLIC_URL".to_owned(), url.clone())];
    let function = Function::new(options.bootstrap, variables, options.log);
    let gateway = Gateway::new(function, options.shape, options.stage, options.faults);
    gateway.serve(listener);
    let mut terminate = signal(SignalKind::terminate()).expect("a handler for signals");
    say(&url);
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    let figures = gateway.figures();
    say(&format!(r#"{{"answered":{},"lost":{},"killed":{}}}"#, figures.answered, figures.lost, figures.killed));
}

fn read(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        bootstrap: PathBuf::new(),
        mode: "buffered".to_owned(),
        shape: Shape::Http,
        stage: None,
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        faults: Faults::default(),
        log: None,
    };
    while let Some(name) = words.next() {
        let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = || value.parse().map_err(|_| format!("{name} needs a number"));
        match name.as_str() {
            "--bootstrap" => options.bootstrap = value.into(),
            "--mode" => options.mode = value,
            "--shape" => options.shape = shape(&value)?,
            "--stage" => options.stage = Some(value),
            "--listen" => options.listen = value.parse().map_err(|_| format!("{value} is no address"))?,
            "--lose-every" => options.faults.lose_every = number()?,
            "--kill-every" => options.faults.kill_every = number()?,
            "--log" => options.log = Some(value.into()),
            _ => return Err(format!("there is no {name}")),
        }
    }
    if options.bootstrap.as_os_str().is_empty() { Err("--bootstrap is missing".to_owned()) } else { Ok(options) }
}

fn shape(name: &str) -> Result<Shape, String> {
    match name {
        "http" => Ok(Shape::Http),
        "rest" => Ok(Shape::Rest),
        "function-url" => Ok(Shape::FunctionUrl),
        "alb" => Ok(Shape::Alb),
        _ => Err(format!("there is no shape {name}")),
    }
}

async fn make_table() {
    let config = Config::load(ServeOptions::default(), &Environment::from_process()).unwrap_or_else(|error| panic!("{error}"));
    if let StoreSpec::DynamoDb { table, region, endpoint } = &config.store {
        Box::pin(DynamoStore::open(table, region.as_deref(), endpoint.as_deref())).await.unwrap_or_else(|error| panic!("{error}"));
    }
}

#[expect(clippy::print_stdout, reason = "whoever starts it reads where it is")]
fn say(text: &str) {
    println!("{text}");
}
