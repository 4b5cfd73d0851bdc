//! A database file of a test's own, small disks, and a hand on the writer's lock.

use std::future::Future;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Command;
use std::task::{Context, Waker};

use oncelink_core::holder::ClaimId;
use oncelink_core::link::Link;
use oncelink_core::ports::{ClaimOutcome, ClaimRequest, InsertOutcome, LinkStore};
use oncelink_core::token::LinkId;
use oncelink_core::{Fault, Timestamp};
use oncelink_store_sqlite::SqliteStore;
use oncelink_testkit::fixtures;
use rusqlite::Connection;
use tempfile::TempDir;

/// A future that a test polls by hand.
pub(crate) type Begun<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A directory with the path of a database in it.
pub(crate) struct Place {
    /// The database file; not there before a store has been opened.
    pub(crate) file: PathBuf,
    _directory: TempDir,
}

impl Place {
    /// An empty directory.
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        Self { file: directory.path().join("links.db"), _directory: directory }
    }

    /// The store in it.
    pub(crate) fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.file).expect("the store opens")
    }

    /// A connection that knows nothing of the store's rules.
    pub(crate) fn raw(&self) -> Connection {
        Connection::open(&self.file).expect("SQLite opens the file")
    }
}

/// A small file system of its own; unmounted when dropped.
pub(crate) struct SmallDisk {
    directory: TempDir,
}

impl SmallDisk {
    /// A disk of so many KiB, or nothing where mounting isn't allowed: then the test is skipped, unless
    /// `ONCELINK_TEST_MOUNTS` is set, which says that it must be possible here.
    pub(crate) fn mount(kib: u32) -> Option<Self> {
        let directory = TempDir::new().expect("a temporary directory");
        let size = format!("size={kib}k");
        let mounted = run("mount", &["-t", "tmpfs", "-o", &size, "oncelink-test"], directory.path());
        if mounted {
            return Some(Self { directory });
        }
        assert!(std::env::var_os("ONCELINK_TEST_MOUNTS").is_none(), "ONCELINK_TEST_MOUNTS is set, but mounting a tmpfs failed");
        let _ = std::io::stderr().write_all(b"skipped: this test needs the right to mount a tmpfs\n");
        None
    }

    /// Where it is mounted.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Takes the right to write away.
    pub(crate) fn make_read_only(&self) {
        assert!(run("mount", &["-o", "remount,ro"], self.path()), "a mounted tmpfs can be remounted");
    }

    /// Leaves so many KiB free, by a file that can be deleted again.
    pub(crate) fn fill_but(&self, kib: usize) -> PathBuf {
        let path = self.path().join("filler");
        let mut filler = std::fs::File::create(&path).expect("there is room for an empty file");
        let mut length: u64 = 0;
        while filler.write_all(&[7; 4096]).is_ok() {
            length += 4096;
        }
        filler.set_len(length.saturating_sub(kib as u64 * 1024)).expect("a file can be cut");
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run("umount", &["-l"], self.directory.path());
    }
}

/// The lock of a writer, taken from outside: the store's writer waits for it with whatever it has gathered.
pub(crate) struct HeldLock(Connection);

impl HeldLock {
    /// Takes the lock.
    pub(crate) fn take(raw: Connection) -> Self {
        raw.execute_batch("BEGIN IMMEDIATE").expect("nobody writes now");
        Self(raw)
    }

    /// Gives it up.
    pub(crate) fn release(self) {
        self.0.execute_batch("ROLLBACK").expect("a transaction can be rolled back");
    }
}

/// Begins a call: when this returns, it has been queued (as long as the queue has room).
pub(crate) fn begin<T>(call: impl Future<Output = T> + Send + 'static) -> Begun<T> {
    // Unconstrained: Tokio's cooperative budget would let the 129th call wait before it is queued.
    let mut begun: Begun<T> = Box::pin(tokio::task::unconstrained(call));
    assert!(begun.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "the writer is held up");
    begun
}

/// Stores a link that must be new; its id.
pub(crate) async fn stored(store: &SqliteStore, link: Link) -> LinkId {
    let id = link.id.clone();
    let outcomes = store.insert(vec![fixtures::new_link(link)]).await.expect("the store inserts");
    assert_eq!(outcomes, vec![InsertOutcome::Created]);
    id
}

/// The link, which must be there.
pub(crate) async fn find(store: &SqliteStore, id: &LinkId) -> Link {
    store.find(id).await.expect("the store finds").expect("the link is there")
}

/// The wish of holder number `holder`, with a lease that outlives the test.
pub(crate) fn wish(link: &LinkId, holder: u32) -> ClaimRequest {
    let end = Timestamp::from_millis(fixtures::NOW.as_millis() + 1_000_000_000);
    ClaimRequest { lease_until: end, ..fixtures::claim_request(link, u128::from(holder)) }
}

/// Whether a claim was granted; a refusal isn't expected.
pub(crate) fn granted(outcome: Result<ClaimOutcome, Fault>) -> Result<ClaimId, Fault> {
    outcome.map(|outcome| match outcome {
        ClaimOutcome::Granted { claim, .. } => claim.id,
        ClaimOutcome::Refused(refusal) => panic!("refused: {refusal:?}"),
    })
}

/// The ids of the claims on a link.
pub(crate) async fn claim_ids(store: &SqliteStore, id: &LinkId) -> Vec<ClaimId> {
    let claims = store.claims(id).await.expect("the store reads claims");
    claims.into_iter().map(|claim| claim.id).collect()
}

fn run(program: &str, arguments: &[&str], place: &Path) -> bool {
    Command::new(program).args(arguments).arg(place).output().is_ok_and(|output| output.status.success())
}
