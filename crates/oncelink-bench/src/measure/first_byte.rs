//! P7: what a redeem adds to the time until the first byte, one request at a time.

use std::io;
use std::time::Duration;

use super::{Bench, SMALL};
use crate::client::{self, Connection};
use crate::program::{Program, Recipe};
use crate::stats::Series;
use crate::yardstick::disk;
use crate::yardstick::garage::Garage;

const MILLIS: f64 = 1e3;

/// Asks the S3 engine and the program in turn.
///
/// # Errors
/// The first thing that isn't as it must be.
pub async fn run(bench: &mut Bench) -> io::Result<()> {
    let garage = Garage::start(&bench.scratch.join("garage-first-byte"))?;
    garage.put("small", &bench.objects()?.join("small")).await?;
    let recipe = Recipe { source: garage.source(), environment: garage.environment(), ..bench.recipe("first-byte")? };
    let program = Program::start(&recipe)?;
    let (mut direct, mut redeem, mut sync) = (Series::default(), Series::default(), Series::default());
    let mut to_garage = Connection::open(garage.address).await?;
    let mut to_program = Connection::open(program.address).await?;
    for target in program.create(bench.plan.idle_requests, "small", "direct").await? {
        let content = bench.content.clone();
        let one = to_garage.ask(&client::get(garage.address, &garage.target("small")), |at, piece| content.is_at(at, piece)).await?;
        let two = to_program.ask(&client::get(program.address, &target), |at, piece| content.is_at(at, piece)).await?;
        if [one.status, two.status] != [200, 200] || one.length != SMALL || two.length != SMALL || !one.verified || !two.verified {
            return Err(io::Error::other("an object wasn't delivered as it is"));
        }
        direct.push(one.first_byte.as_secs_f64() * MILLIS);
        redeem.push(two.first_byte.as_secs_f64() * MILLIS);
        // The record of the redeem just made is written meanwhile; the disk is asked when that is over.
        sync.push(MILLIS / disk::syncs_per_second(&bench.scratch, Duration::from_millis(10))?);
    }
    let added = redeem.median() - direct.median() - sync.median();
    let report = &mut bench.report;
    report.at_most("P7", "first byte of a direct redeem from S3, beyond a direct GET and one durable write", added, "ms", 1.0, "<= 1 ms");
    report.figure("oncelink, first byte of a direct redeem from S3", "ms", redeem);
    report.figure("S3 engine, first byte", "ms", direct);
    report.figure("fdatasync", "ms", sync);
    program.stop()
}
