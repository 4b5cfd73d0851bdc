//! `oncelink-prove`: histories against the real program, store by store. `cargo xtask prove` builds both and calls it.
//!
//! Exit code 0: no promise was broken; 1: one was, or something didn't run; 2: wrong usage.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use oncelink_prove::campaign::{self, Figures, Plan, print_of};
use oncelink_prove::engines::Kind;
use oncelink_prove::fleet::Fleet;
use oncelink_prove::options::{Options, Size, USAGE};
use oncelink_prove::processes::{Processes, Setup};
use oncelink_prove::tale::Mix;
use oncelink_prove::{logs, report};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--help") {
        say(USAGE);
        return ExitCode::SUCCESS;
    }
    let options = match Options::parse(words.into_iter(), RandomState::new().build_hasher().finish() >> 16) {
        Ok(options) => options,
        Err(wrong) => {
            complain(&format!("oncelink-prove: {wrong}\n\n{USAGE}"));
            return ExitCode::from(2);
        }
    };
    let proved = tokio::select! {
        proved = prove(&options) => proved,
        // Returning drops what was started: servers and engines end.
        () = interrupted() => Err("interrupted".to_owned()),
    };
    match proved {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&format!("oncelink-prove: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Waits for somebody to end this program.
async fn interrupted() {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// Runs every store's campaign; whether all held.
async fn prove(options: &Options) -> Result<bool, String> {
    say(&format!("seed {}", options.seed));
    let mut verdicts = Vec::new();
    for kind in &options.kinds {
        for (seed, tokens) in (options.seed..).zip(options.size.rounds(*kind)) {
            verdicts.push(prove_on(*kind, seed, tokens, options).await?);
        }
    }
    let verdict = verdicts.into_iter().max().unwrap_or(Verdict::Held);
    say(match verdict {
        Verdict::Held => "every promise held",
        Verdict::NotShown => "no promise was broken, but too little happened to say that all hold",
        Verdict::Broken => "PROMISES WERE BROKEN",
    });
    Ok(verdict == Verdict::Held)
}

async fn prove_on(kind: Kind, seed: u64, tokens: u64, options: &Options) -> Result<Verdict, String> {
    let servers = if kind == Kind::Sqlite { 1 } else { options.servers.unwrap_or(kind.servers()) };
    let binary = options.binary.clone().map_or_else(beside, Ok)?;
    let setup = Setup { binary: whole(&binary)?, scripts: whole(&options.scripts)?, kind, servers, lease: options.lease };
    let fleet = Arc::new(Processes::start(setup).await?);
    let plan = Plan {
        seed,
        tokens,
        lease: options.lease,
        mix: Mix { faulty: 12, slow: 6 },
        side_by_side: options.side_by_side.unwrap_or(options.size.side_by_side()),
        stormy: true,
        stop_at_breach: false,
        only: options.only,
    };
    let mut figures = campaign::run(fleet.clone(), plan).await?;
    figures.secrets.insert(print_of(fleet.key()));
    let found = logs::findings(&fleet.logs(), &figures.secrets)?;
    say(&report::of(kind.name(), servers, &figures));
    for line in &found {
        say(&format!("  in a log: {line}"));
    }
    Ok(match () {
        () if figures.breaches > 0 || figures.gave_up > 0 || !found.is_empty() => Verdict::Broken,
        () if was_hard(kind, &figures) => Verdict::Held,
        () => Verdict::NotShown,
    })
}

/// What a run shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Held,
    /// Nothing was broken, but little happened that could have.
    NotShown,
    Broken,
}

/// Whether a run met all that one of its length should: every trouble, and failures where the store is shared.
fn was_hard(kind: Kind, figures: &Figures) -> bool {
    let failed = kind == Kind::Sqlite || figures.answers.keys().any(|answer| answer.starts_with("503"));
    figures.tokens < Size::Quick.on(kind) || (figures.missed.is_empty() && failed)
}

/// The `oncelink` that was built with this program.
fn beside() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let binary = own.with_file_name("oncelink");
    if binary.exists() { Ok(binary) } else { Err(format!("there is no {}; name it with --binary", binary.display())) }
}

/// The whole path: servers and engines run in folders of their own.
fn whole(path: &Path) -> Result<PathBuf, String> {
    path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))
}

#[expect(clippy::print_stdout, reason = "a tool for the terminal")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "a tool for the terminal")]
fn complain(text: &str) {
    eprintln!("{text}");
}
