//! P10: how much longer a small redeem takes beside large downloads at full speed.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Bench, SMALL};
use crate::content::Content;
use crate::load::{Act, Load};
use crate::stats::Series;

const LARGE: u64 = 100 * 1024 * 1024;
const DOWNLOADERS: usize = 50;
const CLIENTS: usize = 32;
const MILLIS: f64 = 1e3;

/// Small redeems alone, then beside the downloads.
///
/// # Errors
/// The first thing that isn't as it must be.
pub async fn run(bench: &mut Bench) -> io::Result<()> {
    let objects = bench.objects()?;
    bench.content.write(&objects.join("hundred"), LARGE)?;
    let program = bench.program("mixed")?;
    let (mut alone, mut beside) = (Series::default(), Series::default());
    let load = bench.load(&program, CLIENTS, SMALL);
    for _ in 0..bench.plan.rounds {
        let targets = program.create(bench.plan.mixed, "small", "direct").await?;
        alone.push(load.run(Act::Get, targets).await?.quantile(0.99).as_secs_f64() * MILLIS);
        let (large, small) = (program.create(500, "hundred", "direct").await?, program.create(bench.plan.mixed, "small", "direct").await?);
        let enough = Arc::new(AtomicBool::new(false));
        let crowd = Crowd { address: program.address, content: bench.content.clone(), targets: large, enough: enough.clone() };
        let downloads = std::thread::spawn(move || crowd.download());
        beside.push(load.run(Act::Get, small).await?.quantile(0.99).as_secs_f64() * MILLIS);
        enough.store(true, Ordering::Relaxed);
        downloads.join().map_err(|_| io::Error::other("the downloaders panicked"))??;
    }
    let report = &mut bench.report;
    let what = "p99 of 32 clients' small redeems beside 50 downloads at full speed, by their idle p99";
    report.at_most("P10", what, beside.ratio(&alone), "x", 10.0, "<= 10 x");
    report.figure("oncelink, p99 of small redeems alone", "ms at p99", alone);
    report.figure("oncelink, p99 of small redeems beside downloads", "ms at p99", beside);
    std::fs::remove_file(objects.join("hundred"))?;
    program.stop()
}

/// Those who download large files, apart from whoever measures: reading what they get must not make the small answers wait.
struct Crowd {
    address: SocketAddr,
    content: Arc<Content>,
    targets: Vec<String>,
    enough: Arc<AtomicBool>,
}

impl Crowd {
    /// Each one file after the other, until it is enough.
    fn download(self) -> io::Result<()> {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            let mut downloads = Vec::new();
            for share in self.targets.chunks(self.targets.len() / DOWNLOADERS) {
                let load = Load { address: self.address, content: self.content.clone(), size: LARGE, key: None, connections: 1 };
                let (share, enough) = (share.to_vec(), self.enough.clone());
                downloads.push(tokio::spawn(async move {
                    for target in share {
                        if enough.load(Ordering::Relaxed) {
                            break;
                        }
                        load.run(Act::Get, vec![target]).await?;
                    }
                    Ok::<_, io::Error>(())
                }));
            }
            for download in downloads {
                download.await.map_err(io::Error::other)??;
            }
            Ok(())
        })
    }
}
