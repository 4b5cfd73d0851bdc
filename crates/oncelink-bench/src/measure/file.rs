//! P3 and P4: one large file to one client, from a directory and from S3.

use std::io;

use super::subject::{Subject, busy_client};
use super::{Bench, Meter, other_size};
use crate::load::{Act, Load};
use crate::program::{Program, Recipe};
use crate::yardstick::garage::Garage;
use crate::yardstick::nginx::Nginx;

const MIB: u64 = 1024 * 1024;
/// The size that the goals speak of, in MiB.
const GOAL: u64 = 1024;

/// From a directory.
///
/// # Errors
/// The first thing that isn't as it must be.
pub async fn local(bench: &mut Bench) -> io::Result<()> {
    let (objects, size) = (bench.objects()?, bench.plan.large);
    bench.content.write(&objects.join("large"), size)?;
    let program = bench.program("file")?;
    let nginx = Nginx::files(&bench.scratch.join("nginx-large"), &objects)?;
    let (mut ours, mut sendfile) = (Subject::default(), Subject::default());
    for _ in 0..bench.plan.rounds {
        download(bench, &program, "large", size, &mut ours).await?;
        plain(bench, &nginx, nginx.first, size, "/large".to_owned(), &mut sendfile).await?;
    }
    let report = &mut bench.report;
    let sizes = other_size(size / MIB, GOAL, "MiB");
    let ratio = ours.cpu.ratio(&sendfile.cpu);
    report.at_most("P3", "CPU per GB by nginx sendfile's", ratio, "x", 1.5, "<= 1.5 x nginx sendfile").unless(sizes.clone());
    let (what, ratio) = ("CPU per GB of server and client together by nginx sendfile's", ours.both().ratio(&sendfile.both()));
    report.at_most("P3", what, ratio, "x", 1.5, "<= 1.5 x nginx sendfile").unless(sizes.clone());
    let (ratio, busy) = (ours.rate.ratio(&sendfile.rate), busy_client(&[&ours, &sendfile]));
    let wanted = ">= 0.9 x nginx sendfile";
    report.at_least("P3", "rate by nginx sendfile's, one client", ratio, "x", 0.9, wanted).unless(busy).unless(sizes);
    for (name, subject) in [("oncelink, local file", ours), ("nginx sendfile", sendfile)] {
        subject.tell_large(report, name, size);
    }
    std::fs::remove_file(objects.join("large"))?;
    program.stop()
}

/// From S3.
///
/// # Errors
/// The first thing that isn't as it must be.
pub async fn s3(bench: &mut Bench) -> io::Result<()> {
    let size = bench.plan.large_s3;
    let garage = Garage::start(&bench.scratch.join("garage"))?;
    let path = bench.scratch.join("for-s3");
    bench.content.write(&path, size)?;
    garage.put("large", &path).await?;
    std::fs::remove_file(&path)?;
    let recipe = Recipe { source: garage.source(), environment: garage.environment(), ..bench.recipe("s3")? };
    let program = Program::start(&recipe)?;
    let nginx = Nginx::proxies(&bench.scratch.join("nginx-s3"), garage.address)?;
    let (mut ours, mut proxy, mut bare) = (Subject::default(), Subject::default(), Subject::default());
    for _ in 0..bench.plan.rounds {
        download(bench, &program, "large", size, &mut ours).await?;
        plain(bench, &nginx, nginx.second, size, garage.target("large"), &mut proxy).await?;
        let load = Load { address: garage.address, content: bench.content.clone(), size, key: None, connections: 1 };
        bare.take_rate(&load.run(Act::Get, vec![garage.target("large")]).await?);
    }
    let report = &mut bench.report;
    let sizes = other_size(size / MIB, GOAL, "MiB");
    let (ratio, wanted) = (ours.cpu.ratio(&proxy.cpu), "<= 1.0 x nginx proxy_pass");
    report.at_most("P4", "CPU per GB by nginx proxy_pass's with big buffers", ratio, "x", 1.0, wanted).unless(sizes.clone());
    let (what, ratio) = ("CPU per GB of server and client together by nginx proxy_pass's", ours.both().ratio(&proxy.both()));
    report.at_most("P4", what, ratio, "x", 1.0, wanted).unless(sizes.clone());
    let mut rate = |what: &str, other: &Subject, bound: f64, wanted: &'static str| {
        let (ratio, busy) = (ours.rate.ratio(&other.rate), busy_client(&[&ours, other]));
        report.at_least("P4", what, ratio, "x", bound, wanted).unless(busy).unless(sizes.clone());
    };
    rate("rate by nginx proxy_pass's", &proxy, 0.95, ">= 0.95 x nginx proxy_pass");
    rate("rate by the S3 engine's, asked directly", &bare, 0.85, ">= 0.85 x direct");
    for (name, subject) in
        [("oncelink, from S3", ours), ("nginx proxy_pass with big buffers, from S3", proxy), ("S3 engine, asked directly", bare)]
    {
        subject.tell_large(report, name, size);
    }
    program.stop()
}

async fn download(bench: &Bench, program: &Program, key: &str, size: u64, subject: &mut Subject) -> io::Result<()> {
    let targets = program.create(1, key, "direct").await?;
    let (outcome, seconds) = bench.redeem(program, (1, size), Act::Get, targets).await?;
    subject.take(&outcome, seconds);
    Ok(())
}

async fn plain(
    bench: &Bench,
    nginx: &Nginx,
    address: std::net::SocketAddr,
    size: u64,
    target: String,
    subject: &mut Subject,
) -> io::Result<()> {
    let load = Load { address, content: bench.content.clone(), size, key: None, connections: 1 };
    let meter = Meter::start(nginx.pid())?;
    let outcome = load.run(Act::Get, vec![target]).await?;
    subject.take(&outcome, meter.seconds()?);
    Ok(())
}
