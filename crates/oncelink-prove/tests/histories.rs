//! The histories themselves, few of them, against the real program with its embedded store. `cargo xtask prove` runs the
//! others.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use oncelink_prove::campaign::{self, Plan};
use oncelink_prove::engines::Kind;
use oncelink_prove::processes::{Processes, Setup};
use oncelink_prove::tale::Mix;
use oncelink_prove::{logs, report};

const LEASE: Duration = Duration::from_secs(2);
const LINKS: u64 = 250;

/// The program: the one that is named in the environment, or the one beside this test, brought up to date.
fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("ONCELINK_BIN") {
        return named.into();
    }
    let own = std::env::current_exe().expect("a test has a path");
    let folder = own.parent().and_then(Path::parent).expect("it lies in TARGET/PROFILE/deps");
    let profile = folder.file_name().and_then(|name| name.to_str()).expect("a profile's name");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "oncelink", "--profile", if profile == "debug" { "dev" } else { profile }]);
    cargo.arg("--target-dir").arg(folder.parent().expect("it lies in a target folder"));
    assert!(cargo.status().expect("cargo runs").success(), "the program can't be built");
    folder.join("oncelink")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_history_of_the_embedded_store_breaks_a_promise() {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/engines");
    let setup = Setup { binary: binary(), scripts, kind: Kind::Sqlite, servers: 1, lease: LEASE };
    let fleet = Arc::new(Processes::start(setup).await.expect("the program starts"));
    let seed = u64::from(std::process::id());
    let mix = Mix { faulty: 2, slow: 6 };
    let plan = Plan { seed, tokens: LINKS, lease: LEASE, mix, side_by_side: 16, stormy: true, stop_at_breach: false, only: None };
    let figures = campaign::run(fleet.clone(), plan).await.expect("the program runs");
    let told = report::of("sqlite", 1, &figures);
    assert_eq!((figures.tokens, figures.breaches, figures.gave_up), (LINKS, 0, 0), "seed {seed}\n{told}");
    assert_eq!(logs::findings(&fleet.logs(), &figures.secrets).expect("logs can be read"), Vec::<String>::new());
    assert!(figures.troubled > 0 && figures.repeated > 0 && figures.resumed > 0, "nothing hard was met, so little is shown\n{told}");
}
