//! Testing the tester: the same histories and the same checker against rivals that make one mistake each.

mod rival {
    pub(crate) mod mistake;
    pub(crate) mod server;
    pub(crate) mod store;
}

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use oncelink_prove::campaign::{self, Figures, Plan};
use oncelink_prove::tale::Mix;
use rival::mistake::Mistake;
use rival::server::Rival;

/// A lease, and so the time that the slowest tales take.
const LEASE: Duration = Duration::from_secs(2);
/// Mutants are looked for with this seed first; it is nothing special.
const SEED: u64 = 20_261_125;
/// How many links a mistake may hide behind.
const MOST: u64 = 4_000;

fn plan(tokens: u64, stop_at_breach: bool) -> Plan {
    let mix = Mix { faulty: 2, slow: 4 };
    Plan { seed: SEED, tokens, lease: LEASE, mix, side_by_side: 16, stormy: true, stop_at_breach, only: None }
}

async fn histories(mistake: Option<Mistake>, plan: Plan) -> Figures {
    let rival = Arc::new(Rival::start(2, mistake, LEASE).await);
    campaign::run(rival, plan).await.expect("a rival runs")
}

fn tell(line: &str) {
    // Written past the test harness, which would swallow it: the table is what the test is for.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rival_without_mistakes_breaks_no_promise() {
    let figures = histories(None, plan(600, false)).await;
    let told: Vec<String> =
        figures.told.iter().map(|told| format!("{}: {}\n{}", told.breach.promise, told.breach.how, told.history)).collect();
    assert_eq!((figures.breaches, figures.gave_up), (0, 0), "{}", told.join("\n"));
    assert_eq!(figures.tokens, 600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mistake_is_caught() {
    let mut survivors = Vec::new();
    tell("mistake                             caught by  after     links  how");
    for (mistake, name) in Mistake::ALL {
        let figures = histories(Some(mistake), plan(MOST, true)).await;
        match figures.told.first() {
            Some(told) => {
                let after = told.after.as_secs_f64();
                tell(&format!("{name:<35} {:<9} {after:>5.1} s {:>8}  {}", told.breach.promise, figures.tokens, told.breach.how));
            }
            None => survivors.push(name),
        }
    }
    assert!(survivors.is_empty(), "not caught: {survivors:?}");
}
