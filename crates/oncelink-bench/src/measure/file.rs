//! P3 and P4: one large file to one client, from a directory and from S3.

use std::io;

use super::{Bench, Meter, settled};
use crate::load::{Act, Load};
use crate::program::{Program, Recipe};
use crate::stats::Series;
use crate::yardstick::garage::Garage;
use crate::yardstick::nginx::Nginx;

const GB: f64 = 1e9;

/// Rates and CPU of one subject.
#[derive(Default)]
struct Subject {
    rate: Series,
    cpu: Series,
}

impl Subject {
    fn take(&mut self, size: u64, seconds: f64, cpu: f64) {
        let size = size as f64 / GB;
        self.rate.push(size / seconds);
        self.cpu.push(cpu / size);
    }
}

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
    report.at_most("P3", "CPU per GB by nginx sendfile's", ours.cpu.ratio(&sendfile.cpu), "x", 1.5, "<= 1.5 x nginx sendfile");
    report.at_least("P3", "rate by nginx sendfile's, one client", ours.rate.ratio(&sendfile.rate), "x", 0.9, ">= 0.9 x nginx sendfile");
    for (name, subject) in [("oncelink, local file", ours), ("nginx sendfile", sendfile)] {
        report.figure(name, "GB/s", subject.rate);
        report.figure(name, "CPU s/GB", subject.cpu);
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
        let outcome = load.run(Act::Get, vec![garage.target("large")]).await?;
        bare.rate.push(size as f64 / GB * outcome.rate);
    }
    let report = &mut bench.report;
    report.at_most(
        "P4",
        "CPU per GB by nginx proxy_pass's with big buffers",
        ours.cpu.ratio(&proxy.cpu),
        "x",
        1.0,
        "<= 1.0 x nginx proxy_pass",
    );
    report.at_least("P4", "rate by nginx proxy_pass's", ours.rate.ratio(&proxy.rate), "x", 0.95, ">= 0.95 x nginx proxy_pass");
    report.at_least("P4", "rate by the S3 engine's, asked directly", ours.rate.ratio(&bare.rate), "x", 0.85, ">= 0.85 x direct");
    for (name, subject) in [("oncelink, from S3", ours), ("nginx proxy_pass with big buffers, from S3", proxy)] {
        report.figure(name, "GB/s", subject.rate);
        report.figure(name, "CPU s/GB", subject.cpu);
    }
    report.figure("S3 engine, asked directly", "GB/s", bare.rate);
    program.stop()
}

async fn download(bench: &Bench, program: &Program, key: &str, size: u64, subject: &mut Subject) -> io::Result<()> {
    let targets = program.create(1, key, "direct").await?;
    let meter = Meter::start(program.pid())?;
    let outcome = bench.load(program, 1, size).run(Act::Get, targets).await?;
    settled(program).await?;
    subject.take(size, 1.0 / outcome.rate, meter.seconds()?);
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
    subject.take(size, 1.0 / outcome.rate, meter.seconds()?);
    Ok(())
}
