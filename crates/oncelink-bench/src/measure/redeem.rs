//! P1 and P2: redeems per second and CPU per redeem, beside PostgreSQL's bare write, nginx's proxy and the disk.

use std::io;
use std::net::SocketAddr;

use super::subject::{Subject, busy_client};
use super::{Bench, Meter, SMALL, once};
use crate::load::{Act, Load};
use crate::program::Program;
use crate::report::Report;
use crate::stats::Series;
use crate::yardstick::disk::Disk;
use crate::yardstick::nginx::Nginx;
use crate::yardstick::postgres::{self, Postgres};

/// How many clients ask at a time, as the goals have it.
pub(super) const CLIENTS: usize = 64;
const CROWD: usize = 256;
/// How many requests of nginx last about as long as one redeem.
const YARDSTICK: usize = 6;

const TWICE_POSTGRES: &str = ">= 2 x PostgreSQL's bare conditional UPDATE";
const HALF_NGINX: &str = ">= 0.5 x nginx proxy_pass";
const TWICE_NGINX: &str = "<= 2 x nginx proxy_pass CPU per request";

/// Who is measured.
#[derive(Default)]
struct Subjects {
    direct: Subject,
    direct_crowd: Subject,
    pages: Subject,
    proxy: Subject,
    proxy_crowd: Subject,
    kept: Subject,
    plain: Subject,
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
    let disk = Disk::open(&bench.scratch)?;
    let mut all = Subjects::default();
    let (mut updates, mut syncs) = (Subject::asked_by_threads(postgres::THREADS), Series::default());
    let count = bench.plan.redeems;
    for _ in 0..bench.plan.rounds {
        syncs.push(disk.syncs_per_second(bench.plan.span)?);
        redeem(bench, &program, CLIENTS, count, "direct", &mut all.direct).await?;
        let (rate, share) = postgres.updates(CLIENTS as u32, bench.plan.span)?;
        updates.take_plain(rate, share);
        redeem(bench, &program, CROWD, count, "direct", &mut all.direct_crowd).await?;
        redeem(bench, &program, CLIENTS, count / 2, "page", &mut all.pages).await?;
        forward(bench, &proxies, proxies.first, CLIENTS, &mut all.proxy).await?;
        forward(bench, &proxies, proxies.first, CROWD, &mut all.proxy_crowd).await?;
        forward(bench, &proxies, proxies.second, CLIENTS, &mut all.kept).await?;
        forward(bench, &files, files.first, CLIENTS, &mut all.plain).await?;
    }
    once::races(bench, &program).await?;
    judge(&mut bench.report, &all, &updates);
    tell(&mut bench.report, &all, &updates);
    bench.report.figure("fdatasync, one thread", "/s", syncs);
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
    let (outcome, seconds) = bench.redeem(program, (clients, SMALL), act, targets).await?;
    subject.take(&outcome, seconds);
    Ok(())
}

/// One round of nginx, which answers the same target as often as it is asked.
async fn forward(bench: &Bench, nginx: &Nginx, address: SocketAddr, clients: usize, subject: &mut Subject) -> io::Result<()> {
    let load = Load { address, content: bench.content.clone(), size: SMALL, key: None, connections: clients };
    let meter = Meter::start(nginx.pid())?;
    let outcome = load.run(Act::Get, vec!["/small".to_owned(); bench.plan.redeems * YARDSTICK]).await?;
    subject.take(&outcome, meter.seconds()?);
    Ok(())
}

fn judge(report: &mut Report, all: &Subjects, updates: &Subject) {
    let Subjects { direct, direct_crowd, pages, proxy, proxy_crowd, .. } = all;
    let mut rate = |what: &str, own: &Subject, other: &Subject, bound: f64, wanted: &'static str| {
        report.at_least("P1", what, own.rate.ratio(&other.rate), "x", bound, wanted).unless(busy_client(&[own, other]));
    };
    rate("durable redeems/s by PostgreSQL's bare UPDATEs/s, 64 clients", direct, updates, 2.0, TWICE_POSTGRES);
    rate("durable redeems/s of 256 clients by PostgreSQL's bare UPDATEs/s of 64", direct_crowd, updates, 2.0, TWICE_POSTGRES);
    rate("durable redeems/s by nginx proxy_pass requests/s, 64 clients", direct, proxy, 0.5, HALF_NGINX);
    rate("durable redeems/s by nginx proxy_pass requests/s, 256 clients", direct_crowd, proxy_crowd, 0.5, HALF_NGINX);
    let what = "server CPU per direct redeem by nginx's per proxied request, with its defaults: a connection for each request";
    report.at_most("P2", what, direct.cpu.ratio(&proxy.cpu), "x", 2.0, TWICE_NGINX);
    let ratio = pages.cpu.ratio(&direct.cpu);
    report.at_most("P2", "CPU of the page flow by a direct redeem's", ratio, "x", 3.0, "<= 3 x one direct redeem");
}

fn tell(report: &mut Report, all: &Subjects, updates: &Subject) {
    for (name, subject) in [
        ("oncelink direct, 64 clients", &all.direct),
        ("oncelink direct, 256 clients", &all.direct_crowd),
        ("oncelink page flow, 64 clients", &all.pages),
        ("nginx proxy_pass, defaults", &all.proxy),
        ("nginx proxy_pass, defaults, 256 clients", &all.proxy_crowd),
        ("nginx proxy_pass, kept connections", &all.kept),
        ("nginx static", &all.plain),
        ("PostgreSQL conditional UPDATE, 64 clients", updates),
    ] {
        subject.tell(report, name);
    }
}
