//! P10: how much longer a small redeem takes beside large downloads at full speed.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::subject::Subject;
use super::{Bench, SMALL, once, settled};
use crate::client::{self, Connection};
use crate::content::Content;
use crate::load::{Act, Outcome};
use crate::process::Own;
use crate::program::Program;
use crate::stats::Series;

const LARGE: u64 = 100 * 1024 * 1024;
const DOWNLOADERS: usize = 50;
/// How many files one of them may download, more than it has time for.
const EACH: usize = 10;
const CLIENTS: usize = 32;
/// How long it may take until all of them get something.
const PATIENCE: Duration = Duration::from_secs(60);
const MILLIS: f64 = 1e3;
const GB: f64 = 1e9;

/// Small redeems of one kind.
#[derive(Default)]
struct Small {
    subject: Subject,
    /// In ms.
    p99: Series,
}

impl Small {
    fn take(&mut self, outcome: &Outcome) {
        self.subject.take_rate(outcome);
        self.p99.push(outcome.quantile(0.99).as_secs_f64() * MILLIS);
    }
}

/// Small redeems alone, then beside the downloads.
///
/// # Errors
/// The first thing that isn't as it must be.
pub async fn run(bench: &mut Bench) -> io::Result<()> {
    let objects = bench.objects()?;
    bench.content.write(&objects.join("hundred"), LARGE)?;
    let program = bench.program("mixed")?;
    let (mut alone, mut beside, mut crowds) = (Small::default(), Small::default(), Subject::default());
    for _ in 0..bench.plan.rounds {
        let targets = program.create(bench.plan.mixed, "small", "direct").await?;
        alone.take(&bench.redeem(&program, (CLIENTS, SMALL), Act::Get, targets).await?.0);
        let targets = program.create(DOWNLOADERS * EACH, "hundred", "direct").await?;
        let small = program.create(bench.plan.mixed, "small", "direct").await?;
        let (used, counts) = (once::sample(&small), once::Counts::of(&program).await?);
        let crowd = Crowd::new(&program, &bench.content);
        let downloads = crowd.start(targets);
        crowd.all_begun(&downloads).await?;
        let (begin, before) = (Instant::now(), crowd.bytes.load(Ordering::Relaxed));
        beside.take(&bench.load(&program, CLIENTS, SMALL).run(Act::Get, small).await?);
        let (bytes, seconds) = (crowd.bytes.load(Ordering::Relaxed) - before, begin.elapsed().as_secs_f64());
        crowd.is_enough.store(true, Ordering::Relaxed);
        let share = downloads.join().map_err(|_| io::Error::other("the downloaders panicked"))??;
        crowds.take_plain(bytes as f64 / GB / seconds, share);
        settled(&program).await?;
        once::Counts::of(&program).await?.check(counts, bench.plan.mixed + crowd.files.load(Ordering::Relaxed))?;
        once::replay(&program, Act::Get, &used).await?;
    }
    let report = &mut bench.report;
    let what = "p99 of 32 clients' small redeems beside 50 downloads at full speed, by their idle p99";
    report.at_most("P10", what, beside.p99.ratio(&alone.p99), "x", 10.0, "<= 10 x");
    alone.subject.figure(report, "oncelink, p99 of small redeems alone", "ms at p99", alone.p99);
    beside.subject.figure(report, "oncelink, p99 of small redeems beside downloads", "ms at p99", beside.p99);
    crowds.figure(report, "oncelink, the 50 downloads together, beside small redeems", "GB/s", crowds.rate.clone());
    std::fs::remove_file(objects.join("hundred"))?;
    program.stop()
}

/// Those who download large files, apart from whoever measures: reading what they get must not make the small answers wait.
struct Crowd {
    address: SocketAddr,
    content: Arc<Content>,
    is_enough: AtomicBool,
    /// How many of them have received something.
    begun: AtomicUsize,
    /// How much all of them have.
    bytes: AtomicU64,
    /// How many files were downloaded.
    files: AtomicUsize,
}

impl Crowd {
    fn new(program: &Program, content: &Arc<Content>) -> Arc<Self> {
        let (is_enough, bytes) = (AtomicBool::new(false), AtomicU64::new(0));
        let (begun, files) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { address: program.address, content: content.clone(), is_enough, begun, bytes, files })
    }

    /// Each downloads one file after the other until it is enough; the share of a core that they used for it.
    fn start(self: &Arc<Self>, targets: Vec<String>) -> JoinHandle<io::Result<f64>> {
        let crowd = self.clone();
        std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
                let own = Own::start()?;
                let each = targets.chunks(EACH).map(|share| tokio::spawn(crowd.clone().download(share.to_vec())));
                for download in each.collect::<Vec<_>>() {
                    download.await.map_err(io::Error::other)??;
                }
                own.share()
            })
        })
    }

    /// Waits until each has received something.
    async fn all_begun(&self, downloads: &JoinHandle<io::Result<f64>>) -> io::Result<()> {
        let begin = Instant::now();
        while self.begun.load(Ordering::Relaxed) < DOWNLOADERS {
            if downloads.is_finished() || begin.elapsed() > PATIENCE {
                return Err(io::Error::other("the large downloads didn't all begin"));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    async fn download(self: Arc<Self>, targets: Vec<String>) -> io::Result<()> {
        let mut connection = Connection::open(self.address).await?;
        for (place, target) in targets.iter().enumerate() {
            let answer = connection.ask(&client::get(self.address, target), |at, piece| self.take(place, at, piece)).await?;
            if answer.status != 200 || answer.length != LARGE || !answer.verified {
                return Err(io::Error::other(format!("a large download was answered {}, or not the right bytes", answer.status)));
            }
            self.files.fetch_add(1, Ordering::Relaxed);
            if self.is_enough.load(Ordering::Relaxed) {
                return Ok(());
            }
        }
        Err(io::Error::other("the large downloads were over before the small ones"))
    }

    /// Counts and compares a piece of the file at some place of a downloader's list.
    fn take(&self, place: usize, at: u64, piece: &[u8]) -> bool {
        // The first piece of a body may be empty; the next one begins where it did.
        if place == 0 && at == 0 && !piece.is_empty() {
            self.begun.fetch_add(1, Ordering::Relaxed);
        }
        self.bytes.fetch_add(piece.len() as u64, Ordering::Relaxed);
        self.content.is_at(at, piece)
    }
}
