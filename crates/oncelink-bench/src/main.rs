//! `cargo xtask bench`: runs the measurements and writes what was found.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use oncelink_bench::content::Content;
use oncelink_bench::environment;
use oncelink_bench::measure::{Bench, creation, file, first_byte, growth, memory, mixed, redeem, rival};
use oncelink_bench::plan::Plan;
use oncelink_bench::plot;
use oncelink_bench::report::Report;
use oncelink_bench::yardstick::top;
use serde_json::Value;

const USAGE: &str = "usage: cargo xtask bench [--quick|--full] [--only NAME,...] [--binary FILE] [--scratch DIR]
  NAME is one of: redeem, rival, file, s3, memory, first-byte, creation, mixed, growth
  FILE is the program to measure (default: target/release/oncelink); DIR lies on the disk to measure (default: target/tmp/bench)";
const ALL: [&str; 9] = ["redeem", "rival", "file", "s3", "memory", "first-byte", "creation", "mixed", "growth"];
/// Where the page's data and plots lie, and between which lines of the page the tables stand.
const ASSETS: &str = "docs/benchmarks";
const PAGE: &str = "docs/benchmarks.md";
const MARKS: [&str; 2] = ["<!-- measured: begin -->\n", "<!-- measured: end -->\n"];

/// What was asked for.
struct Wish {
    plan: Plan,
    only: Vec<String>,
    binary: PathBuf,
    scratch: PathBuf,
}

fn main() -> ExitCode {
    let Some(wish) = wish(std::env::args().skip(1)) else {
        say(USAGE);
        return ExitCode::from(2);
    };
    match run(wish) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn wish(mut words: impl Iterator<Item = String>) -> Option<Wish> {
    let mut wish = Wish {
        plan: Plan::quick(),
        only: ALL.map(str::to_owned).to_vec(),
        binary: top().join("target/release/oncelink"),
        scratch: top().join("target/tmp/bench"),
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => wish.plan = Plan::quick(),
            "--full" => wish.plan = Plan::full(),
            "--only" => wish.only = words.next()?.split(',').map(str::to_owned).collect(),
            "--binary" => wish.binary = words.next()?.into(),
            "--scratch" => wish.scratch = words.next()?.into(),
            _ => return None,
        }
    }
    wish.only.iter().all(|name| ALL.contains(&name.as_str())).then_some(wish)
}

fn run(wish: Wish) -> Result<(), Box<dyn Error>> {
    let begin = Instant::now();
    let whole = wish.only.len() == ALL.len();
    fs::create_dir_all(&wish.scratch)?;
    let scratch = Scratch(fs::canonicalize(&wish.scratch)?.join(format!("run-{}", std::process::id())));
    fs::create_dir_all(&scratch.0)?;
    let name = wish.plan.name;
    let mut bench = Bench {
        plan: wish.plan,
        binary: fs::canonicalize(&wish.binary).map_err(|error| format!("{}: {error}; build it first", wish.binary.display()))?,
        scratch: scratch.0.clone(),
        content: Arc::new(Content::default()),
        report: Report::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for name in &wish.only {
        say(&format!("measuring: {name}"));
        if let Err(error) = runtime.block_on(measure(&mut bench, name)) {
            // What was found until then is worth reading, but not publishing.
            show(&bench.report.to_markdown());
            return Err(format!("{name}: {error}").into());
        }
    }
    show(&bench.report.to_markdown());
    let elapsed = begin.elapsed();
    say(&format!("took {:.0} s", elapsed.as_secs_f64()));
    if !whole {
        return Ok(());
    }
    write(&bench.report, name, &environment::describe(&bench.binary, &bench.scratch, elapsed))?;
    // The page tells what a full run has found.
    if name == Plan::full().name { renew(&top().join(PAGE), &bench.report) } else { Ok(()) }
}

async fn measure(bench: &mut Bench, name: &str) -> std::io::Result<()> {
    match name {
        "redeem" => Box::pin(redeem::run(bench)).await,
        "rival" => Box::pin(rival::run(bench)).await,
        "file" => Box::pin(file::local(bench)).await,
        "s3" => Box::pin(file::s3(bench)).await,
        "memory" => Box::pin(memory::run(bench)).await,
        "first-byte" => Box::pin(first_byte::run(bench)).await,
        "creation" => Box::pin(creation::run(bench)).await,
        "mixed" => Box::pin(mixed::run(bench)).await,
        _ => Box::pin(growth::run(bench)).await,
    }
}

/// Writes data and plots.
fn write(report: &Report, plan: &str, environment: &Value) -> Result<(), Box<dyn Error>> {
    let assets = top().join(ASSETS);
    fs::create_dir_all(&assets)?;
    fs::write(assets.join(format!("{plan}.json")), format!("{:#}\n", report.to_json(plan, environment)))?;
    for (file, title, unit) in
        [("rates", "Rates", "/s"), ("cpu", "Server CPU", "us CPU each"), ("files", "CPU of a large file", "CPU s/GB")]
    {
        if let Some(svg) = plot::bars(title, unit, &report.medians(unit)) {
            fs::write(assets.join(format!("{plan}-{file}.svg")), svg)?;
        }
    }
    Ok(())
}

/// Writes the tables into the page, where it has room for them.
fn renew(page: &Path, report: &Report) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(page)?;
    let [begin, end] = MARKS;
    let (before, rest) = text.split_once(begin).ok_or("docs/benchmarks.md has no place for the tables")?;
    let (_, after) = rest.split_once(end).ok_or("docs/benchmarks.md has no end of the tables")?;
    fs::write(page, format!("{before}{begin}{}{end}{after}", report.to_markdown()))?;
    Ok(())
}

/// The run's own folder, which goes with it.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[expect(clippy::print_stderr, reason = "a tool for the terminal")]
fn say(text: &str) {
    eprintln!("{text}");
}

#[expect(clippy::print_stdout, reason = "a tool for the terminal")]
fn show(text: &str) {
    println!("{text}");
}
