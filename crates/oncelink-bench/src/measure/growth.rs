//! P6 and P11: what a store of very many links does to redeems, creation and the start.

use std::io;
use std::time::Instant;

use super::subject::Subject;
use super::{Bench, Meter, SMALL, other_size, rested, settled};
use crate::client::{self, Connection};
use crate::load::{Act, Outcome};
use crate::process::Own;
use crate::program::{self, Program};
use crate::report::{Report, short};
use crate::stats::Series;

const CLIENTS: usize = 64;
const LINK: &str = r#"{"key":"small"}"#;
/// The store that a grown one is compared with.
const YOUNG: usize = 10_000;
/// The store of the goal for the start.
const STARTED: usize = 1_000_000;
/// How far apart two old links lie that are redeemed one after the other. A prime, so that none comes twice.
const STRIDE: usize = 5_562_317;

const MICROS: f64 = 1e6;

/// What a store of some size does.
#[derive(Default)]
struct State {
    redeem: Work,
    creation: Work,
    /// Links created in batches; a job is a link.
    batch: Subject,
    /// Redeems of links that were made long before.
    aged: Work,
}

/// CPU and p50 of one kind of request.
#[derive(Default)]
struct Work {
    subject: Subject,
    median: Series,
}

/// Measures young stores, then grows one and measures again.
///
/// # Errors
/// The first thing that isn't as it must be.
pub async fn run(bench: &mut Bench) -> io::Result<()> {
    let grown = bench.plan.grown;
    let recipe = bench.recipe("growth")?;
    let program = Program::start(&recipe)?;
    program.create(STARTED.min(grown.max(YOUNG)), "small", "page").await?;
    program.stop()?;
    if grown == 0 {
        bench.report.open("P6", "a grown store", "only with --full", "<= 1.2 x at 10,000,000 links");
        return start(bench, YOUNG).await;
    }
    let young = young(bench).await?;
    start(bench, STARTED.min(grown)).await?;
    let program = Program::start(&recipe)?;
    let links = program.create(grown.saturating_sub(STARTED), "small", "direct").await?;
    let bytes = program::stored(&recipe.data)? as f64 / grown as f64;
    let mut old = State::default();
    for round in 0..bench.plan.rounds {
        old.measure(bench, &program).await?;
        let rank = round * bench.plan.redeems..(round + 1) * bench.plan.redeems;
        let aged = rank.map(|rank| links[rank * STRIDE % links.len().max(1)].clone()).collect();
        old.aged.redeem(bench, &program, aged).await?;
    }
    program.stop()?;
    tell(bench, &young, &old);
    bench.report.notes.push(format!("A stored link takes {bytes:.0} bytes of the database file, indexes and its first event included."));
    Ok(())
}

/// Each round in a store of its own: even a few thousand links more are a good part of a young one.
async fn young(bench: &Bench) -> io::Result<State> {
    let mut state = State::default();
    for round in 0..bench.plan.rounds {
        let recipe = bench.recipe(&format!("young-{round}"))?;
        let program = Program::start(&recipe)?;
        program.create(YOUNG, "small", "page").await?;
        state.measure(bench, &program).await?;
        program.stop()?;
        std::fs::remove_dir_all(&recipe.data)?;
    }
    Ok(state)
}

/// Minutes lie between the two, so each round of the old store is held against the median of the young ones.
fn tell(bench: &mut Bench, young: &State, old: &State) {
    let (many, few) = (short(bench.plan.grown as f64), short(YOUNG as f64));
    let report = &mut bench.report;
    let mut row = |what: &str, old: &Series, young: &Series| {
        let ratio = old.times(1.0 / young.median());
        report.at_most("P6", format!("{what} at {many} links by at {few}"), ratio, "x", 1.2, "<= 1.2 x");
    };
    row("CPU per redeem", &old.redeem.subject.cpu, &young.redeem.subject.cpu);
    row("p50 of redeems", &old.redeem.median, &young.redeem.median);
    row("CPU per redeem of links of every age", &old.aged.subject.cpu, &young.redeem.subject.cpu);
    row("p50 of redeems of links of every age", &old.aged.median, &young.redeem.median);
    row("CPU per single creation", &old.creation.subject.cpu, &young.creation.subject.cpu);
    row("p50 of single creations", &old.creation.median, &young.creation.median);
    row("time per link created in batches", &old.batch.time(), &young.batch.time());
    for (state, links) in [(young, &few), (old, &many)] {
        state.tell(report, links);
    }
}

impl State {
    async fn measure(&mut self, bench: &Bench, program: &Program) -> io::Result<()> {
        let count = bench.plan.redeems;
        rested(program).await?;
        let own = Own::start()?;
        let targets = program.create(count, "small", "direct").await?;
        self.batch.take_plain(count as f64 / own.elapsed().as_secs_f64(), own.share()?);
        self.redeem.redeem(bench, program, targets).await?;
        self.creation.create(bench, program, count).await
    }

    fn tell(&self, report: &mut Report, links: &str) {
        self.redeem.tell(report, &format!("oncelink at {links} links, direct redeem"));
        self.aged.tell(report, &format!("oncelink at {links} links, direct redeem of links of every age"));
        self.creation.tell(report, &format!("oncelink at {links} links, single creation"));
        let name = format!("oncelink at {links} links, creation in batches");
        self.batch.figure(report, &name, "us per link", self.batch.time().times(MICROS));
    }
}

impl Work {
    async fn redeem(&mut self, bench: &Bench, program: &Program, targets: Vec<String>) -> io::Result<()> {
        let (outcome, seconds) = bench.redeem(program, (CLIENTS, SMALL), Act::Get, targets).await?;
        self.take(&outcome, seconds);
        Ok(())
    }

    async fn create(&mut self, bench: &Bench, program: &Program, count: usize) -> io::Result<()> {
        rested(program).await?;
        let meter = Meter::start(program.pid())?;
        let targets = vec!["/v1/links".to_owned(); count];
        let outcome = bench.load(program, CLIENTS, SMALL).run(Act::Create(LINK), targets).await?;
        settled(program).await?;
        self.take(&outcome, meter.seconds()?);
        Ok(())
    }

    fn take(&mut self, outcome: &Outcome, seconds: f64) {
        self.subject.take(outcome, seconds);
        self.median.push(outcome.quantile(0.5).as_secs_f64());
    }

    fn tell(&self, report: &mut Report, name: &str) {
        self.subject.figure(report, name, "us of CPU", self.subject.cpu.times(MICROS));
        self.subject.figure(report, name, "us at p50", self.median.times(MICROS));
    }
}

/// From exec until the first answer, on the store that is there.
async fn start(bench: &mut Bench, links: usize) -> io::Result<()> {
    let mut first = Series::default();
    let recipe = bench.recipe("growth")?;
    for _ in 0..bench.plan.rounds {
        let begin = Instant::now();
        let program = Program::start(&recipe)?;
        let answer = Connection::open(program.address).await?.ask(&client::get(program.address, "/healthz"), |_, _| true).await?;
        first.push(begin.elapsed().as_secs_f64() * 1e3);
        if answer.status != 200 {
            return Err(io::Error::other("the server isn't well"));
        }
        program.stop()?;
    }
    let what = format!("from exec to the first answer, {} links", short(links as f64));
    let sizes = other_size(links as u64, STARTED as u64, "links");
    bench.report.at_most("P11", what, first.clone(), "ms", 50.0, "<= 50 ms at 1,000,000 links").unless(sizes);
    bench.report.figure("oncelink, from exec to the first answer", "ms to start", first);
    Ok(())
}
