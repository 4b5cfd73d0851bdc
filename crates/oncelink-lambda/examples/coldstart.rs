//! Measures cold starts of the real function: from the process's start until it asks for work, the CPU time that took, its
//! memory then, and its first redeem: a direct link to the object `KEY`. The figures of `docs/guides/aws-lambda.md` come from
//! here.
//!
//! ```text
//! coldstart target/lambda/bootstrap small.txt 30
//! ```
//!
//! The function gets this program's environment (`ONCELINK_STORE`, `ONCELINK_SOURCE`, ...); its table is made when it is missing.

#[path = "../tests/emulator/mod.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod emulator;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use emulator::event::Shape;
use emulator::function::Function;
use emulator::gateway::{Faults, Gateway};
use oncelink_config::{Config, Environment, ServeOptions, StoreSpec};
use oncelink_core::apikey::ApiKeySecret;
use oncelink_store_dynamodb::DynamoStore;
use oncelink_system::OsEntropy;

#[tokio::main]
async fn main() {
    let mut words = std::env::args().skip(1);
    let (Some(bootstrap), Some(object)) = (words.next().map(PathBuf::from), words.next()) else {
        say("usage: coldstart BOOTSTRAP KEY [ROUNDS]");
        std::process::exit(2);
    };
    let rounds = words.next().and_then(|text| text.parse().ok()).unwrap_or(20);
    make_table().await;
    let key = ApiKeySecret::create(&OsEntropy);
    let hash = data_encoding::HEXLOWER.encode(&key.hash().0);
    let variables = vec![("ONCELINK_API_KEY_HASHES".to_owned(), hash), ("ONCELINK_GATE".to_owned(), "direct".to_owned())];
    let sender = Gateway::new(Function::new(bootstrap.clone(), variables.clone(), None), Shape::Http, None, Faults::default());
    let (mut wall, mut cpu, mut first, mut warm, mut memory) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let function = Function::new(bootstrap.clone(), variables.clone(), None);
        let instance = function.start().await.expect("the function starts");
        wall.push(instance.init);
        cpu.push(Duration::from_nanos(instance.cpu_nanoseconds()));
        memory.push(instance.resident_kilobytes());
        function.keep(instance);
        let gateway = Gateway::new(function, Shape::Http, None, Faults::default());
        let link = link(&sender, &key, &object).await;
        for (times, status) in [(&mut first, 200), (&mut warm, 410)] {
            let request = Request::get(&link).body(Body::empty()).expect("a request");
            let begin = Instant::now();
            let answer = gateway.call(request).await;
            times.push(begin.elapsed());
            assert_eq!(answer.status(), status);
        }
    }
    say(&format!("of {rounds}: median (most)"));
    for (name, times) in
        [("start to ready", &mut wall), ("CPU of that", &mut cpu), ("first redeem", &mut first), ("then a refusal", &mut warm)]
    {
        times.sort_unstable();
        let shown = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1_000.0);
        say(&format!("{name:15} {:>9} ({})", shown(times[times.len() / 2]), shown(times[times.len() - 1])));
    }
    memory.sort_unstable();
    say(&format!("{:15} {:>6} KiB", "memory", memory[memory.len() / 2]));
}

/// A fresh link's path.
async fn link(sender: &Gateway, key: &ApiKeySecret, object: &str) -> String {
    let request = Request::get(format!("/get-link?file={object}")).header("authorization", format!("Bearer {}", key.reveal()));
    let answer = sender.call(request.body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.status(), 200, "no link to {object}");
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
    let url = String::from_utf8(body.to_vec()).expect("text");
    url.trim().find("/d/").map(|at| url.trim()[at..].to_owned()).expect("a link's address")
}

async fn make_table() {
    let config = Config::load(ServeOptions::default(), &Environment::from_process()).unwrap_or_else(|error| panic!("{error}"));
    if let StoreSpec::DynamoDb { table, region, endpoint } = &config.store {
        Box::pin(DynamoStore::open(table, region.as_deref(), endpoint.as_deref())).await.unwrap_or_else(|error| panic!("{error}"));
    }
}

#[expect(clippy::print_stdout, reason = "these are its results")]
fn say(text: &str) {
    println!("{text}");
}
