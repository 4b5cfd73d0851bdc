//! P7: what a redeem adds to the time until the first byte, one request at a time.

use std::io;
use std::time::Duration;

use super::{Bench, SMALL, once, settled};
use crate::client::{self, Connection};
use crate::content::Content;
use crate::load::Act;
use crate::program::{Program, Recipe};
use crate::stats::Series;
use crate::yardstick::disk::Disk;
use crate::yardstick::garage::Garage;

const MILLIS: f64 = 1e3;

/// How many rounds the requests are, for the spread.
const ROUNDS: usize = 5;

/// What was asked, a value each per request, in ms.
#[derive(Default)]
struct Times {
    direct: Series,
    redeem: Series,
    sync: Series,
}

impl Times {
    /// What a redeem takes beyond the others, by the medians.
    fn added(&self) -> f64 {
        self.redeem.median() - self.direct.median() - self.sync.median()
    }

    fn push(&mut self, direct: f64, redeem: f64, sync: f64) {
        self.direct.push(direct);
        self.redeem.push(redeem);
        self.sync.push(sync);
    }
}

/// Asks the S3 engine and the program in turn, now the one first and now the other.
///
/// # Errors
/// The first thing that isn't as it must be.
pub async fn run(bench: &mut Bench) -> io::Result<()> {
    let garage = Garage::start(&bench.scratch.join("garage-first-byte"))?;
    garage.put("small", &bench.objects()?.join("small")).await?;
    let recipe = Recipe { source: garage.source(), environment: garage.environment(), ..bench.recipe("first-byte")? };
    let program = Program::start(&recipe)?;
    let disk = Disk::open(&bench.scratch)?;
    let (mut all, mut added) = (Times::default(), Series::default());
    let mut to_garage = Connection::open(garage.address).await?;
    let mut to_program = Connection::open(program.address).await?;
    let targets = program.create(bench.plan.idle_requests, "small", "direct").await?;
    let (used, counts) = (once::sample(&targets), once::Counts::of(&program).await?);
    for targets in targets.chunks(targets.len().div_ceil(ROUNDS).max(1)) {
        let mut times = Times::default();
        for (place, target) in targets.iter().enumerate() {
            let plain = client::get(garage.address, &garage.target("small"));
            let redeem = client::get(program.address, target);
            // Whoever comes second, and the disk, are asked when the record of the redeem is written.
            let (one, two) = if place % 2 == 0 {
                let one = first_byte(&mut to_garage, &plain, &bench.content).await?;
                let two = first_byte(&mut to_program, &redeem, &bench.content).await?;
                settled(&program).await?;
                (one, two)
            } else {
                let two = first_byte(&mut to_program, &redeem, &bench.content).await?;
                settled(&program).await?;
                (first_byte(&mut to_garage, &plain, &bench.content).await?, two)
            };
            let sync = MILLIS / disk.syncs_per_second(Duration::from_millis(10))?;
            times.push(one, two, sync);
            all.push(one, two, sync);
        }
        added.push(times.added());
    }
    once::Counts::of(&program).await?.check(counts, targets.len())?;
    once::replay(&program, Act::Get, &used).await?;
    let report = &mut bench.report;
    report.at_most("P7", "first byte of a direct redeem from S3, beyond a direct GET and one durable write", added, "ms", 1.0, "<= 1 ms");
    report.figure("oncelink, first byte of a direct redeem from S3", "ms", all.redeem);
    report.figure("S3 engine, first byte", "ms", all.direct);
    report.figure("fdatasync", "ms", all.sync);
    program.stop()
}

/// How long the first byte of the small object takes, in ms.
async fn first_byte(connection: &mut Connection, request: &[u8], content: &Content) -> io::Result<f64> {
    let answer = connection.ask(request, |at, piece| content.is_at(at, piece)).await?;
    let good = answer.status == 200 && answer.length == SMALL && answer.verified;
    if good { Ok(answer.first_byte.as_secs_f64() * MILLIS) } else { Err(io::Error::other("an object wasn't delivered as it is")) }
}
