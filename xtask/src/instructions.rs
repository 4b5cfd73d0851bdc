//! How many instructions a redeem takes, counted by valgrind, beside what was committed: the same on a busy machine as on a
//! quiet one, so that a check can compare run to run.
//!
//! Two runs with different numbers of redeems, and their difference: what start and end take falls out.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::files;

const BASELINE: &str = "docs/benchmarks/instructions.json";
const LOGS: &str = "target/callgrind";
/// How many redeems the two runs make. The first ones fill caches and are in both.
const RUNS: [u64; 2] = [100, 400];
/// How far a count may be from what was committed, in percent. The standard library picks SHA-256, memchr and memcpy by what
/// the processor has (valgrind hides most of that, not all), and the compiler's version and its cutting into units move
/// inlined calls about.
const TOLERANCE: f64 = 5.0;

/// What a count means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Same,
    Fewer,
    More,
}

/// Counts, and holds the count against what was committed, or commits it.
///
/// # Errors
/// More instructions than the tolerance allows, or nothing that can count them.
pub fn run(update: bool, say: impl Fn(&str)) -> Result<(), Box<dyn Error>> {
    let counts = [count(RUNS[0])?, count(RUNS[1])?];
    let now = counts[1].saturating_sub(counts[0]) / (RUNS[1] - RUNS[0]);
    let path = files::top().join(BASELINE);
    if update {
        let baseline = json!({ "machine": std::env::consts::ARCH, "instructions per direct redeem": now });
        fs::write(&path, format!("{baseline:#}\n"))?;
        say(&format!("{now} instructions per direct redeem, written to {BASELINE}"));
        return Ok(());
    }
    let Some(before) = baseline(&serde_json::from_str(&fs::read_to_string(&path)?)?) else {
        say(&format!("{now} instructions per direct redeem; {BASELINE} has no count for {}", std::env::consts::ARCH));
        return Ok(());
    };
    let (change, verdict) = judge(before, now);
    let told = format!("{now} instructions per direct redeem, {change:+.1} % of {before}");
    match verdict {
        Verdict::Same => say(&format!("{told}: the same within {TOLERANCE} %")),
        Verdict::Fewer => say(&format!("{told}: fewer; keep it with: cargo xtask instructions --update")),
        Verdict::More => {
            let see = format!("see where with: callgrind_annotate {LOGS}/{}.out", RUNS[1]);
            return Err(format!("{told}: more than {TOLERANCE} %; {see}; if it has to be: cargo xtask instructions --update").into());
        }
    }
    Ok(())
}

/// The instructions of a run with so many redeems.
fn count(redeems: u64) -> Result<u64, Box<dyn Error>> {
    let logs = files::top().join(LOGS);
    fs::create_dir_all(&logs)?;
    let (log, out) = (logs.join(format!("{redeems}.log")), logs.join(format!("{redeems}.out")));
    let runner = [
        "valgrind".to_owned(),
        "--tool=callgrind".to_owned(),
        format!("--log-file={}", text(&log)?),
        format!("--callgrind-out-file={}", text(&out)?),
    ];
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--locked", "--profile", "proof", "-p", "oncelink-bench", "--example", "redeems"]);
    cargo.arg("--config").arg(format!("target.'cfg(all())'.runner = {}", json!(runner)));
    let status = cargo.arg("--").arg(redeems.to_string()).current_dir(files::top()).status()?;
    let told = fs::read_to_string(&log).unwrap_or_default();
    match collected(&told) {
        Some(count) if status.success() => Ok(count),
        _ => Err(format!("nothing was counted; is valgrind installed (Debian: apt install valgrind)?\n{told}").into()),
    }
}

fn text(path: &Path) -> Result<&str, String> {
    path.to_str().ok_or_else(|| format!("{} isn't UTF-8", path.display()))
}

/// What callgrind says at its end: `==12== Collected : 4711`.
fn collected(log: &str) -> Option<u64> {
    log.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

/// The committed count, if it was made on such a machine.
fn baseline(file: &Value) -> Option<u64> {
    if file["machine"] == std::env::consts::ARCH { file["instructions per direct redeem"].as_u64() } else { None }
}

/// By how many percent `now` differs from `before`, and what that means.
fn judge(before: u64, now: u64) -> (f64, Verdict) {
    let change = (now as f64 / before as f64 - 1.0) * 100.0;
    let verdict = match change {
        change if change > TOLERANCE => Verdict::More,
        change if change < -TOLERANCE => Verdict::Fewer,
        _ => Verdict::Same,
    };
    (change, verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callgrinds_count_is_found() {
        assert_eq!(collected("==7== Callgrind, a call-graph\n==7== Events    : Ir\n==7== Collected : 123456\n"), Some(123_456));
        assert_eq!(collected("==7== valgrind: no\n"), None);
    }

    #[test]
    fn only_more_than_the_tolerance_is_too_much() {
        let verdicts = [94_999, 95_001, 100_000, 104_999, 105_001].map(|now| judge(100_000, now).1);
        assert_eq!(verdicts, [Verdict::Fewer, Verdict::Same, Verdict::Same, Verdict::Same, Verdict::More]);
    }

    #[test]
    fn another_machines_count_is_no_measure() {
        assert_eq!(baseline(&json!({ "machine": "another", "instructions per direct redeem": 5 })), None);
        assert_eq!(baseline(&json!({ "machine": std::env::consts::ARCH, "instructions per direct redeem": 5 })), Some(5));
    }
}
