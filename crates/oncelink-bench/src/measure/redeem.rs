//! P1 and P2: redeems per second and CPU per redeem, beside PostgreSQL's bare write, nginx's proxy and the disk.

use std::io;

use super::{Bench, Meter, SMALL, settled};
use crate::client::{self, Connection};
use crate::load::{Act, Load, Outcome};
use crate::program::Program;
use crate::report::Report;
use crate::stats::Series;
use crate::yardstick::disk;
use crate::yardstick::nginx::Nginx;
use crate::yardstick::postgres::Postgres;

/// How many clients ask at a time, as the goals have it.
pub(super) const CLIENTS: usize = 64;
const CROWD: usize = 256;
/// How many requests of nginx weigh as much as one redeem: the kernel tells CPU times in ticks of 10 ms.
const YARDSTICK: usize = 6;
const MICROS: f64 = 1e6;

/// Rates and CPU of one subject.
#[derive(Default)]
pub(super) struct Subject {
    pub(super) rate: Series,
    cpu: Series,
    client: Series,
}

impl Subject {
    /// Adds a round in which a server spent `seconds` of CPU.
    pub(super) fn take(&mut self, outcome: &Outcome, seconds: f64) {
        self.rate.push(outcome.rate);
        self.cpu.push(seconds / outcome.latencies.len().max(1) as f64 * MICROS);
        self.client.push(outcome.client_cpu.as_secs_f64() * MICROS);
    }

    /// Its figures.
    pub(super) fn tell(self, report: &mut Report, name: &str) {
        report.figure(name, "/s", self.rate);
        report.figure(name, "us CPU each", self.cpu);
        report.figure(format!("{name}: the client's own"), "us CPU of the client", self.client);
    }
}

/// Runs the rounds.
///
/// # Errors
/// The first thing that isn't as it must be.
pub async fn run(bench: &mut Bench) -> io::Result<()> {
    let objects = bench.objects()?;
    let program = bench.program("redeem")?;
    let postgres = Postgres::start(&bench.scratch.join("postgres"), CLIENTS as u32)?;
    let files = Nginx::files(&bench.scratch.join("nginx-files"), &objects)?;
    let proxies = Nginx::proxies(&bench.scratch.join("nginx-proxies"), files.first)?;
    let (mut direct, mut crowd, mut pages, mut proxy, mut kept, mut plain) =
        (Subject::default(), Subject::default(), Subject::default(), Subject::default(), Subject::default(), Subject::default());
    let (mut updates, mut syncs) = (Series::default(), Series::default());
    let count = bench.plan.redeems;
    for _ in 0..bench.plan.rounds {
        syncs.push(disk::syncs_per_second(&bench.scratch, bench.plan.span)?);
        redeem(bench, &program, CLIENTS, count, "direct", &mut direct).await?;
        updates.push(postgres.updates(CLIENTS as u32, bench.plan.span)?);
        redeem(bench, &program, CROWD, count, "direct", &mut crowd).await?;
        redeem(bench, &program, CLIENTS, count / 2, "page", &mut pages).await?;
        for (nginx, address, subject) in
            [(&proxies, proxies.first, &mut proxy), (&proxies, proxies.second, &mut kept), (&files, files.first, &mut plain)]
        {
            let load = Load { address, content: bench.content.clone(), size: SMALL, key: None, connections: CLIENTS };
            let meter = Meter::start(nginx.pid())?;
            let outcome = load.run(Act::Get, vec!["/small".to_owned(); count * YARDSTICK]).await?;
            subject.take(&outcome, meter.seconds()?);
        }
    }
    once_each(&program).await?;
    judge(bench, &direct, &pages, &proxy, &updates);
    let report = &mut bench.report;
    for (name, subject) in [
        ("oncelink direct, 64 clients", direct),
        ("oncelink direct, 256 clients", crowd),
        ("oncelink page flow, 64 clients", pages),
        ("nginx proxy_pass, defaults", proxy),
        ("nginx proxy_pass, kept connections", kept),
        ("nginx static", plain),
    ] {
        subject.tell(report, name);
    }
    report.figure("PostgreSQL conditional UPDATE, 64 clients", "/s", updates);
    report.figure("fdatasync, one thread", "/s", syncs);
    program.stop()
}

/// One round of ours: links are made, and each is redeemed once.
pub(super) async fn redeem(
    bench: &Bench,
    program: &Program,
    clients: usize,
    count: usize,
    gate: &str,
    subject: &mut Subject,
) -> io::Result<()> {
    let targets = program.create(count, "small", gate).await?;
    let act = if gate == "direct" { Act::Get } else { Act::PageFlow };
    let meter = Meter::start(program.pid())?;
    let outcome = bench.load(program, clients, SMALL).run(act, targets).await?;
    settled(program).await?;
    subject.take(&outcome, meter.seconds()?);
    Ok(())
}

/// The promise behind the numbers: of many who ask for one link at once, one gets it, and nobody later.
async fn once_each(program: &Program) -> io::Result<()> {
    for target in program.create(50, "small", "direct").await? {
        let mut racers = Vec::new();
        for _ in 0..16 {
            let (mut connection, target, address) = (Connection::open(program.address).await?, target.clone(), program.address);
            racers.push(tokio::spawn(async move { connection.ask(&client::get(address, &target), |_, _| true).await }));
        }
        let mut won = 0;
        for racer in racers {
            match racer.await.map_err(io::Error::other)??.status {
                200 => won += 1,
                410 => {}
                status => return Err(io::Error::other(format!("a racer was answered {status}"))),
            }
        }
        if won != 1 {
            return Err(io::Error::other(format!("a link was delivered {won} times; no number of this run means anything")));
        }
    }
    Ok(())
}

fn judge(bench: &mut Bench, direct: &Subject, pages: &Subject, proxy: &Subject, updates: &Series) {
    let report = &mut bench.report;
    let wanted = ">= 2 x PostgreSQL's bare conditional UPDATE";
    report.at_least("P1", "durable redeems/s by PostgreSQL's bare UPDATEs/s, 64 clients", direct.rate.ratio(updates), "x", 2.0, wanted);
    let wanted = ">= 0.5 x nginx proxy_pass";
    report.at_least("P1", "durable redeems/s by nginx proxy_pass requests/s", direct.rate.ratio(&proxy.rate), "x", 0.5, wanted);
    let wanted = "<= 2 x nginx proxy_pass CPU per request";
    report.at_most("P2", "server CPU per direct redeem by nginx's per proxied request", direct.cpu.ratio(&proxy.cpu), "x", 2.0, wanted);
    report.at_most("P2", "CPU of the page flow by a direct redeem's", pages.cpu.ratio(&direct.cpu), "x", 3.0, "<= 3 x one direct redeem");
}
