//! P1 beside a rival: the same redeems from a server of one-shot uploads, as it is built and made as durable as ours.

use std::io;

use super::once::{self, RACES};
use super::redeem::{CLIENTS, redeem};
use super::subject::{Subject, busy_client};
use super::{Bench, Meter, SMALL};
use crate::load::{Act, Load, Outcome};
use crate::stats::Series;
use crate::yardstick::rustypaste::Rustypaste;

/// How many pastes lie in its folder at a time, which it reads from end to end for every request. Kindness to it: spent pastes
/// stay there, and the goals are judged as if somebody always swept.
const FOLDER: usize = 200;
/// How many spent ones lie there beside them after a while in which nobody did.
const SPENT: usize = 2_000;

const AS_BUILT: &str = "direct redeems/s by rustypaste's one-shot pastes, as it is built";
const AS_DURABLE: &str = "direct redeems/s by rustypaste's one-shot pastes, made as durable";
const WANTED_AS_BUILT: &str = ">= 6 x any rival as built";
const WANTED_AS_DURABLE: &str = ">= 10 x the best rival made as durable";

/// Runs the rounds, or says why there are none.
///
/// # Errors
/// The first thing that isn't as it must be.
pub async fn run(bench: &mut Bench) -> io::Result<()> {
    let built = match Rustypaste::start(&bench.scratch.join("rustypaste")) {
        Ok(rival) => rival,
        Err(error) => {
            let why = format!("no rival: {error}; install one with scripts/engines/rustypaste.sh install");
            bench.report.open("P1", AS_BUILT, &why, WANTED_AS_BUILT);
            bench.report.open("P1", AS_DURABLE, why, WANTED_AS_DURABLE);
            return Ok(());
        }
    };
    let durable = Rustypaste::start(&bench.scratch.join("rustypaste-durable"))?;
    let trouble = durable.make_durable().err();
    let program = bench.program("rival")?;
    let (mut direct, mut as_built, mut as_durable, mut aged) =
        (Subject::default(), Subject::default(), Subject::default(), Subject::default());
    for _ in 0..bench.plan.rounds {
        redeem(bench, &program, CLIENTS, bench.plan.redeems, "direct", &mut direct).await?;
        fetch(bench, &built, bench.plan.redeems, &mut as_built).await?;
        if trouble.is_none() {
            fetch(bench, &durable, bench.plan.redeems, &mut as_durable).await?;
        }
        built.age(SPENT, bench.content.head(SMALL as usize))?;
        fetch(bench, &built, FOLDER, &mut aged).await?;
    }
    let copies = race(bench, &built).await?;
    let report = &mut bench.report;
    let ratio = direct.rate.ratio(&as_built.rate);
    report.at_least("P1", AS_BUILT, ratio, "x", 6.0, WANTED_AS_BUILT).unless(busy_client(&[&direct, &as_built]));
    if let Some(error) = &trouble {
        report.open("P1", AS_DURABLE, error.to_string(), WANTED_AS_DURABLE);
    } else {
        let ratio = direct.rate.ratio(&as_durable.rate);
        report.at_least("P1", AS_DURABLE, ratio, "x", 10.0, WANTED_AS_DURABLE).unless(busy_client(&[&direct, &as_durable]));
    }
    direct.tell(report, "oncelink direct, beside the rival");
    as_built.tell(report, "rustypaste, one-shot pastes");
    as_durable.tell(report, "rustypaste, one-shot pastes, renames synced");
    aged.tell(report, "rustypaste, one-shot pastes beside 2,000 spent ones");
    report.figure("rustypaste, 16 clients ask for one paste at once", "copies", copies);
    program.stop()
}

/// One round: each paste is fetched once and compared, a folder full at a time. Uploads and tidying up aren't counted.
async fn fetch(bench: &Bench, rival: &Rustypaste, count: usize, subject: &mut Subject) -> io::Result<()> {
    let load = Load { address: rival.address, content: bench.content.clone(), size: SMALL, key: None, connections: CLIENTS };
    let (mut sum, mut seconds) = (Outcome::none(), 0.0);
    while sum.latencies.len() < count {
        let targets = rival.upload(FOLDER, bench.content.head(SMALL as usize)).await?;
        let meter = Meter::start(rival.pid)?;
        sum = sum.and(load.run(Act::Get, targets).await?);
        seconds += meter.seconds()?;
        rival.clear()?;
    }
    subject.take(&sum, seconds);
    Ok(())
}

/// How many whole copies of one paste are given to those who ask for it at once.
async fn race(bench: &Bench, rival: &Rustypaste) -> io::Result<Series> {
    let mut copies = Series::default();
    for target in rival.upload(RACES, bench.content.head(SMALL as usize)).await? {
        let answers = once::race(rival.address, &target, &bench.content).await?;
        copies.push(answers.iter().filter(|answer| once::is_whole(answer)).count() as f64);
    }
    rival.clear()?;
    Ok(copies)
}
