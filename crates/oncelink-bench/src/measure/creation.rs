//! P8 and P9: creating links, and redeeming on PostgreSQL.

use std::io;
use std::time::Instant;

use super::{Bench, SMALL, settled};
use crate::load::Act;
use crate::program::{Program, Recipe};
use crate::stats::Series;
use crate::yardstick::postgres::Postgres;

const CLIENTS: usize = 64;
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
    let [mut batch, mut single, mut inserts, mut redeems, mut updates] = [(); 5].map(|()| Series::default());
    for round in 0..bench.plan.rounds {
        batch.push(batches(bench, round).await?);
        let targets = vec!["/v1/links".to_owned(); bench.plan.redeems];
        single.push(bench.load(&program, CLIENTS, SMALL).run(Act::Create(LINK), targets).await?.rate);
        inserts.push(postgres.inserts(CLIENTS as u32, bench.plan.span)?);
        let targets = on_postgres.create(bench.plan.redeems, "small", "direct").await?;
        redeems.push(bench.load(&on_postgres, CLIENTS, SMALL).run(Act::Get, targets).await?.rate);
        settled(&on_postgres).await?;
        updates.push(postgres.updates(CLIENTS as u32, bench.plan.span)?);
    }
    let report = &mut bench.report;
    report.at_least(
        "P8",
        "links/s created in batches, durable, SQLite, into an empty store",
        batch.median(),
        "/s",
        50_000.0,
        ">= 50,000/s",
    );
    let wanted = ">= 1.5 x PostgreSQL's bare INSERT";
    report.at_least("P8", "single creations/s by PostgreSQL's bare INSERTs/s, 64 clients", single.ratio(&inserts), "x", 1.5, wanted);
    let wanted = ">= 0.8 x the bare conditional UPDATE";
    report.at_least("P9", "redeems/s on PostgreSQL by its bare UPDATEs/s, 64 clients", redeems.ratio(&updates), "x", 0.8, wanted);
    for (name, series) in [
        ("oncelink creations in batches of 1,000", batch),
        ("oncelink single creations, 64 clients", single),
        ("PostgreSQL INSERT, 64 clients", inserts),
        ("oncelink direct on PostgreSQL, 64 clients", redeems),
        ("PostgreSQL conditional UPDATE beside it", updates),
    ] {
        report.figure(name, "/s", series);
    }
    on_postgres.stop()?;
    program.stop()
}

/// Links created per second in batches, into a store of their own: what many links do to it is measured elsewhere (P6).
async fn batches(bench: &Bench, round: usize) -> io::Result<f64> {
    let recipe = bench.recipe(&format!("batches-{round}"))?;
    let program = Program::start(&recipe)?;
    let begin = Instant::now();
    program.create(bench.plan.batch, "small", "page").await?;
    let rate = bench.plan.batch as f64 / begin.elapsed().as_secs_f64();
    program.stop()?;
    std::fs::remove_dir_all(&recipe.data)?;
    Ok(rate)
}
