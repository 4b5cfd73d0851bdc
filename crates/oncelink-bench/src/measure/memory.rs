//! P5: memory, idle and with many slow readers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Bench, other_size};
use crate::client::{self, Connection};
use crate::content::Content;
use crate::process::{self, Own};
use crate::program::Program;
use crate::stats::Series;

const MIB: f64 = 1024.0 * 1024.0;
/// What a slow reader downloads.
const OBJECT: u64 = 100 * 1024 * 1024;
/// It takes this much at a time ...
const SIP: usize = 16 * 1024;
/// ... this often: 64 KiB per second.
const PAUSE: Duration = Duration::from_millis(250);
/// How many of them the goal speaks of.
const GOAL: u64 = 1_000;

/// Resident memory in MiB, and what the readers got.
#[derive(Default)]
struct Found {
    idle: Series,
    /// Above the idle server.
    grown: Series,
    /// Above the server that has made the links.
    since_creation: Series,
    /// MiB per second of all readers together.
    rate: Series,
    client: Series,
}

/// Looks at the idle server, then at it with all slow readers.
///
/// # Errors
/// The first thing that isn't as it must be.
pub async fn run(bench: &mut Bench) -> io::Result<()> {
    let objects = bench.objects()?;
    bench.content.write(&objects.join("hundred"), OBJECT)?;
    let mut found = Found::default();
    for round in 0..bench.plan.slow_rounds {
        read_slowly(bench, &bench.program(&format!("memory-{round}"))?, &mut found).await?;
    }
    std::fs::remove_file(objects.join("hundred"))?;
    let (clients, report) = (bench.plan.slow_clients, &mut bench.report);
    report.at_most("P5", "resident memory of the idle server", found.idle, "MiB", 20.0, "<= 20 MiB");
    let what = format!("resident memory above the idle server's, {clients} clients at 64 KiB/s");
    let sizes = other_size(clients as u64, GOAL, "clients");
    report.at_most("P5", what, found.grown, "MiB", 64.0, "<= 64 MiB for 1,000 clients").unless(sizes);
    let name = format!("oncelink, {clients} slow readers");
    report.figure(format!("{name}: memory above the server's that has made their links"), "MiB", found.since_creation);
    report.figure(format!("{name} together"), "MiB/s", found.rate).asked_by(&found.client);
    Ok(())
}

/// One round, with a server of its own: memory that was used once is seldom given back.
async fn read_slowly(bench: &Bench, program: &Program, found: &mut Found) -> io::Result<()> {
    let idle = process::resident(program.pid())?;
    let targets = program.create(bench.plan.slow_clients, "hundred", "direct").await?;
    let before = process::resident(program.pid())?;
    let own = Own::start()?;
    let until = Instant::now() + bench.plan.slow_span;
    let readers: Vec<_> =
        targets.into_iter().map(|target| tokio::spawn(Box::pin(sip(program.address, target, bench.content.clone(), until)))).collect();
    let mut most = 0;
    while Instant::now() < until {
        most = most.max(process::resident(program.pid())?);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut taken = 0;
    for reader in readers {
        taken += reader.await.map_err(io::Error::other)??;
    }
    let above = |bytes: u64| most.saturating_sub(bytes) as f64 / MIB;
    found.idle.push(idle as f64 / MIB);
    found.grown.push(above(idle));
    found.since_creation.push(above(before));
    found.rate.push(taken as f64 / MIB / bench.plan.slow_span.as_secs_f64());
    found.client.push(own.share()?);
    Ok(())
}

/// Reads slowly until the time is over, and compares what comes; how many bytes that were.
async fn sip(address: SocketAddr, target: String, content: Arc<Content>, until: Instant) -> io::Result<u64> {
    let mut connection = Connection::open_small(address, SIP).await?;
    let (answer, piece) = connection.begin(&client::get(address, &target)).await?;
    let (mut good, mut taken) = (answer.status == 200 && answer.length == OBJECT && content.is_at(0, piece), piece.len() as u64);
    while good && Instant::now() < until {
        tokio::time::sleep(PAUSE).await;
        let piece = connection.more().await?;
        good = content.is_at(taken, piece);
        taken += piece.len() as u64;
    }
    if good { Ok(taken) } else { Err(io::Error::other(format!("a slow reader was answered {}, or not the right bytes", answer.status))) }
}
