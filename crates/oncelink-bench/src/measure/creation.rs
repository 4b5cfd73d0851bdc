//! P8 and P9: creating links, and redeeming on PostgreSQL.

use std::io;

use super::subject::{Subject, busy_client};
use super::{Bench, SMALL, once, other_size};
use crate::load::Act;
use crate::process::Own;
use crate::program::{Program, Recipe};
use crate::yardstick::postgres::{self, Postgres};

const CLIENTS: usize = 64;
/// How many links in batches the goal speaks of.
const GOAL: u64 = 100_000;
const LINK: &str = r#"{"key":"small"}"#;

/// Runs the rounds.
///
/// # Errors
/// The first thing that isn't as it must be.
pub async fn run(bench: &mut Bench) -> io::Result<()> {
    let program = bench.program("creation")?;
    let postgres = Postgres::start(&bench.scratch.join("postgres-creation"), CLIENTS as u32)?;
    let store = format!("{}?sslmode=disable", postgres.url());
    let recipe = bench.recipe("on-postgres")?;
    let on_postgres = Program::start(&Recipe { flags: vec!["--store".to_owned(), store], ..recipe })?;
    let [mut batch, mut single, mut redeems] = [(); 3].map(|()| Subject::default());
    let [mut inserts, mut updates] = [(); 2].map(|()| Subject::asked_by_threads(postgres::THREADS));
    for round in 0..bench.plan.rounds {
        batches(bench, round, &mut batch).await?;
        let targets = vec!["/v1/links".to_owned(); bench.plan.redeems];
        single.take_rate(&bench.load(&program, CLIENTS, SMALL).run(Act::Create(LINK), targets).await?);
        let (rate, share) = postgres.inserts(CLIENTS as u32, bench.plan.span)?;
        inserts.take_plain(rate, share);
        let targets = on_postgres.create(bench.plan.redeems, "small", "direct").await?;
        redeems.take_rate(&bench.redeem(&on_postgres, (CLIENTS, SMALL), Act::Get, targets).await?.0);
        let (rate, share) = postgres.updates(CLIENTS as u32, bench.plan.span)?;
        updates.take_plain(rate, share);
    }
    once::races(bench, &on_postgres).await?;
    let report = &mut bench.report;
    // A client at its limit would make the rate lower, not higher.
    let what = "links/s created in batches, durable, SQLite, into an empty store";
    let sizes = other_size(bench.plan.batch as u64, GOAL, "links");
    report.at_least("P8", what, batch.rate.clone(), "/s", 50_000.0, ">= 50,000/s").unless(sizes);
    let mut rate = |goal: &'static str, what: &str, own: &Subject, other: &Subject, bound: f64, wanted: &'static str| {
        report.at_least(goal, what, own.rate.ratio(&other.rate), "x", bound, wanted).unless(busy_client(&[own, other]));
    };
    let what = "single creations/s by PostgreSQL's bare INSERTs/s, 64 clients";
    rate("P8", what, &single, &inserts, 1.5, ">= 1.5 x PostgreSQL's bare INSERT");
    let what = "redeems/s on PostgreSQL by its bare UPDATEs/s, 64 clients";
    rate("P9", what, &redeems, &updates, 0.8, ">= 0.8 x the bare conditional UPDATE");
    for (name, subject) in [
        ("oncelink creations in batches of 1,000", batch),
        ("oncelink single creations, 64 clients", single),
        ("PostgreSQL INSERT, 64 clients", inserts),
        ("oncelink direct on PostgreSQL, 64 clients", redeems),
        ("PostgreSQL conditional UPDATE beside it", updates),
    ] {
        subject.tell(report, name);
    }
    on_postgres.stop()?;
    program.stop()
}

/// Links created in batches, into a store of their own: what many links do to it is measured elsewhere (P6).
async fn batches(bench: &Bench, round: usize, subject: &mut Subject) -> io::Result<()> {
    let recipe = bench.recipe(&format!("batches-{round}"))?;
    let program = Program::start(&recipe)?;
    let own = Own::start()?;
    program.create(bench.plan.batch, "small", "page").await?;
    subject.take_plain(bench.plan.batch as f64 / own.elapsed().as_secs_f64(), own.share()?);
    program.stop()?;
    std::fs::remove_dir_all(&recipe.data)
}
