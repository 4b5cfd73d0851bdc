//! The promise behind the numbers: each link is delivered once, by the clients' word and by the server's own count.
//!
//! Must not measure anything. What isn't as it must be ends the run.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::{Bench, SMALL, metrics};
use crate::client::{self, Answer, Connection};
use crate::content::Content;
use crate::load::Act;
use crate::program::Program;

/// Who asks for one link at once.
const RACERS: usize = 16;
/// For how many links they do.
pub(super) const RACES: usize = 50;
/// How many of a round's links are asked for again.
const SAMPLE: usize = 32;

/// What the server has counted since it started.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    granted: u64,
    completed: u64,
}

impl Counts {
    /// As it says.
    pub(super) async fn of(program: &Program) -> io::Result<Self> {
        let text = metrics(program, &mut Connection::open(program.address).await?).await?;
        Ok(Self { granted: count(&text, "oncelink_claims_granted_total ")?, completed: count(&text, "oncelink_claims_completed_total ")? })
    }

    /// Whether `links` were claimed and delivered as a whole since `before`, no more and no less.
    pub(super) fn check(self, before: Self, links: usize) -> io::Result<()> {
        let (granted, completed) = (self.granted - before.granted, self.completed - before.completed);
        if [granted, completed] == [links as u64; 2] {
            return Ok(());
        }
        Err(io::Error::other(format!("of {links} links, each asked for once, {granted} were claimed and {completed} delivered")))
    }
}

/// Some of the links, from all over the list.
pub(super) fn sample(targets: &[String]) -> Vec<String> {
    targets.iter().step_by(targets.len().div_ceil(SAMPLE).max(1)).cloned().collect()
}

/// Asks again for links that are used up: each is refused.
pub(super) async fn replay(program: &Program, act: Act, used: &[String]) -> io::Result<()> {
    let mut connection = Connection::open(program.address).await?;
    for target in used {
        let request = match act {
            Act::PageFlow => client::submit(program.address, target, ""),
            Act::Get | Act::Create(_) => client::get(program.address, target),
        };
        let status = connection.ask(&request, |_, _| true).await?.status;
        if status != 410 {
            return Err(io::Error::other(format!("a link that was used up was answered {status}")));
        }
    }
    Ok(())
}

/// Of many who ask for one link at once, one gets it, and nobody later.
pub(super) async fn races(bench: &Bench, program: &Program) -> io::Result<()> {
    let targets = program.create(RACES, "small", "direct").await?;
    let before = Counts::of(program).await?;
    for target in &targets {
        let answers = race(program.address, target, &bench.content).await?;
        let (won, lost): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|answer| answer.status == 200);
        if let Some(strange) = lost.iter().find(|answer| answer.status != 410) {
            return Err(io::Error::other(format!("a racer was answered {}", strange.status)));
        }
        match won.as_slice() {
            [answer] if is_whole(answer) => {}
            [_] => return Err(io::Error::other("the winner of a race didn't get the object as it is")),
            _ => return Err(io::Error::other(format!("a link was delivered {} times; no number of this run means anything", won.len()))),
        }
    }
    super::settled(program).await?;
    Counts::of(program).await?.check(before, RACES)?;
    replay(program, Act::Get, &targets).await
}

/// Asks for one target by many connections, all of them open before the first request goes out.
pub(super) async fn race(address: SocketAddr, target: &str, content: &Arc<Content>) -> io::Result<Vec<Answer>> {
    let request: Arc<[u8]> = client::get(address, target).into();
    let mut connections = Vec::new();
    for _ in 0..RACERS {
        connections.push(Connection::open(address).await?);
    }
    let racers: Vec<_> = connections
        .into_iter()
        .map(|mut connection| {
            let (request, content) = (request.clone(), content.clone());
            tokio::spawn(async move { connection.ask(&request, |at, piece| content.is_at(at, piece)).await })
        })
        .collect();
    let mut answers = Vec::new();
    for racer in racers {
        answers.push(racer.await.map_err(io::Error::other)??);
    }
    Ok(answers)
}

/// Whether a racer got the small object, every byte of it.
pub(super) fn is_whole(answer: &Answer) -> bool {
    answer.status == 200 && answer.length == SMALL && answer.verified
}

/// A counter's value; 0 would be a lie where there is none.
fn count(text: &str, name: &str) -> io::Result<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    value.ok_or_else(|| io::Error::other(format!("the server doesn't count {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_delivery_too_many_is_found_out() {
        let text = "# TYPE oncelink_claims_granted counter\noncelink_claims_granted_total 7\noncelink_claims_completed_total 6\n";
        assert_eq!(count(text, "oncelink_claims_granted_total ").expect("it is there"), 7);
        assert!(count(text, "oncelink_faults_total ").is_err());
        let before = Counts { granted: 1, completed: 1 };
        assert!(Counts { granted: 4, completed: 4 }.check(before, 3).is_ok());
        assert!(Counts { granted: 5, completed: 4 }.check(before, 3).is_err());
        assert!(Counts { granted: 4, completed: 3 }.check(before, 3).is_err());
    }

    #[test]
    fn a_sample_is_taken_from_everywhere() {
        let all: Vec<String> = (0..1_000).map(|at| at.to_string()).collect();
        let some = sample(&all);
        assert!(some.len() <= SAMPLE && some.len() > SAMPLE / 2, "{}", some.len());
        assert_eq!((some[0].as_str(), sample(&all[..1]).len(), sample(&[]).len()), ("0", 1, 0));
    }
}
