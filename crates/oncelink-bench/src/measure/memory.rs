//! P5: memory, idle and with many slow readers.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Bench;
use crate::client::{self, Connection};
use crate::process;
use crate::stats::Series;

const MIB: f64 = 1024.0 * 1024.0;
/// What a slow reader downloads.
const OBJECT: u64 = 100 * 1024 * 1024;
/// It takes this much at a time ...
const SIP: usize = 16 * 1024;
/// ... this often: 64 KiB per second.
const PAUSE: Duration = Duration::from_millis(250);

/// Looks at the idle server, then at it with all slow readers.
///
/// # Errors
/// The first thing that isn't as it must be.
pub async fn run(bench: &mut Bench) -> io::Result<()> {
    let objects = bench.objects()?;
    bench.content.write(&objects.join("hundred"), OBJECT)?;
    let program = bench.program("memory")?;
    let idle = process::resident(program.pid())?;
    // Links are made beforehand: what that leaves behind isn't the readers'.
    let targets = program.create(bench.plan.slow_clients, "hundred", "direct").await?;
    let before = process::resident(program.pid())?;
    let until = Instant::now() + bench.plan.slow_span;
    let readers: Vec<_> = targets.into_iter().map(|target| tokio::spawn(sip(program.address, target, until))).collect();
    let mut most = 0;
    while Instant::now() < until {
        most = most.max(process::resident(program.pid())?);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut taken = 0;
    for reader in readers {
        taken += reader.await.map_err(io::Error::other)??;
    }
    let (clients, grown) = (bench.plan.slow_clients, most.saturating_sub(before) as f64 / MIB);
    let report = &mut bench.report;
    report.at_most("P5", "resident memory of the idle server", idle as f64 / MIB, "MiB", 20.0, "<= 20 MiB");
    let what = format!("resident memory above idle, {clients} clients at 64 KiB/s");
    let wanted = "<= 64 MiB for 1,000 clients";
    report.at_most("P5", what, grown, "MiB", 64.0 * clients as f64 / 1000.0, wanted);
    let mut rate = Series::default();
    rate.push(taken as f64 / MIB / bench.plan.slow_span.as_secs_f64());
    report.figure(format!("oncelink, {clients} slow readers together"), "MiB/s", rate);
    std::fs::remove_file(objects.join("hundred"))?;
    drop(program);
    Ok(())
}

/// Reads slowly until the time is over; how many bytes came.
async fn sip(address: SocketAddr, target: String, until: Instant) -> io::Result<u64> {
    let mut connection = Connection::open(address).await?;
    connection.send(&client::get(address, &target)).await?;
    let mut taken = 0;
    while Instant::now() < until {
        taken += connection.read_some(SIP).await? as u64;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(taken)
}
