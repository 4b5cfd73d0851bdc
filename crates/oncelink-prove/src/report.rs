//! What a campaign's figures look like in a terminal.

use std::fmt::Write;

use crate::campaign::Figures;

/// The figures of one campaign, and every broken promise with its history.
pub fn of(name: &str, servers: usize, figures: &Figures) -> String {
    let mut text = String::new();
    let seconds = figures.took.as_secs_f64();
    let Figures { tokens, requests, grants, bytes, unanswered, gave_up, breaches, .. } = figures;
    let mib = bytes >> 20;
    let _ = writeln!(text, "{name}, {servers} server(s): {tokens} links, {requests} requests in {seconds:.1} s");
    let _ = writeln!(text, "  claims granted {grants}, content {mib} MiB, without an answer {unanswered}, clients that gave up {gave_up}");
    let Figures { troubled, repeated, resumed, .. } = figures;
    let _ = writeln!(text, "  in trouble: {troubled} links; granted on a repeated request: {repeated}; delivered in pieces: {resumed}");
    let _ = writeln!(text, "  on the network: {}", list(figures.mishaps.iter().map(|(name, count)| (*name, *count))));
    let _ = writeln!(text, "  answers: {}", list(figures.answers.iter().map(|(name, count)| (name.as_str(), *count))));
    let _ = writeln!(text, "  troubles: {}", list(figures.troubles.iter().map(|(name, count)| (*name, *count as u64))));
    if !figures.missed.is_empty() {
        let _ = writeln!(text, "  never came, as the storm was too short: {}", figures.missed.join(", "));
    }
    let _ = writeln!(text, "  promises broken: {breaches}");
    let _ = write!(text, "{}", figures.story.as_deref().unwrap_or_default());
    for told in &figures.told {
        let _ = writeln!(text, "\n{} after {:.1} s: {}\n{}", told.breach.promise, told.after.as_secs_f64(), told.breach.how, told.history);
    }
    text
}

fn list<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> String {
    let words: Vec<String> = counts.map(|(name, count)| format!("{name} {count}")).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}
