//! The rules, simulated.

use oncelink_testkit::simulation::Setup;

#[test]
fn triage() {
    let begun = std::time::Instant::now();
    let n: u64 = std::env::var("N").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let mut seen = std::collections::BTreeMap::<String, (u64, u64)>::new();
    for seed in 0..n {
        if let Err(b) = Setup::sound().run(seed) {
            let key = format!("{} {}", b.promise.name(), b.how);
            let e = seen.entry(key).or_insert((b.seed, 0));
            e.1 += 1;
        }
    }
    println!("{n} in {:?}", begun.elapsed());
    for (k, v) in seen { println!("{v:?} {k}"); }
}

#[test]
fn story() {
    if let Some(seed) = std::env::var("SEED").ok().and_then(|n| n.parse().ok()) {
        for line in Setup::sound().story(seed) { println!("{line}"); }
    }
}
