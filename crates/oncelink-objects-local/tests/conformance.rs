//! The conformance suite on a real directory, and what only a file system can do to us.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use oncelink_core::object::{ListedObject, ObjectError, ObjectInfo, ObjectKey, ObjectPage};
use oncelink_core::ports::ObjectSource;
use oncelink_objects_local::LocalSource;
use oncelink_testkit::object_suite::{ObjectBench, read_all};
use tempfile::TempDir;

oncelink_testkit::object_suite!(bench);

/// A served folder, with a secret beside it.
struct Folder {
    outer: TempDir,
    source: LocalSource,
    /// Every write gets a time of its own: the kernel's clock may stand still for some milliseconds.
    writes: AtomicU64,
}

impl Folder {
    fn new() -> Self {
        let outer = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(outer.path().join("served")).expect("a folder");
        fs::write(outer.path().join("secret"), "not for you").expect("a file");
        let source = LocalSource::open(&outer.path().join("served")).expect("a folder to serve");
        Self { outer, source, writes: AtomicU64::new(0) }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.outer.path().join("served").join(key)
    }

    fn write(&self, path: &Path, bytes: &[u8]) {
        fs::create_dir_all(path.parent().expect("a folder above")).expect("a folder");
        fs::write(path, bytes).expect("a written file");
        let number = self.writes.fetch_add(1, Ordering::SeqCst);
        let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000) + Duration::from_nanos(number);
        File::options().write(true).open(path).and_then(|file| file.set_modified(time)).expect("a set time");
    }

    async fn head(&self, name: &str) -> Result<ObjectInfo, ObjectError> {
        self.source.head(&key(name)).await
    }

    async fn read(&self, name: &str) -> Result<Bytes, ObjectError> {
        let info = self.head(name).await?;
        read_all(self.source.open(&key(name), &info.version, info.size, 0..info.size).await?).await
    }
}

#[async_trait]
impl ObjectBench for Folder {
    fn source(&self) -> &dyn ObjectSource {
        &self.source
    }

    async fn put(&self, key: &str, bytes: Bytes) {
        self.write(&self.path(key), &bytes);
    }

    async fn delete(&self, key: &str) {
        fs::remove_file(self.path(key)).expect("a file to delete");
    }
}

async fn bench() -> Option<Folder> {
    Some(Folder::new())
}

fn key(text: &str) -> ObjectKey {
    ObjectKey::parse(text).expect("a key")
}

fn keys(page: &ObjectPage) -> Vec<&str> {
    let names = page.entries.iter().map(|entry| match entry {
        ListedObject::Object { key, .. } => key.as_str(),
        ListedObject::Folder(prefix) => prefix.as_str(),
    });
    names.collect()
}

fn refused(result: &Result<impl Sized, ObjectError>) -> bool {
    matches!(result, Err(ObjectError::NotFound | ObjectError::Unfit(_)))
}

#[tokio::test]
async fn symlinks_inside_are_followed_and_ways_out_are_not() {
    let folder = Folder::new();
    let secret = folder.outer.path().join("secret");
    folder.write(&folder.path("real/file"), b"for you");
    for (target, name) in [
        (secret.as_path(), "absolute"),
        (Path::new("../secret"), "relative"),
        (Path::new("real/../../secret"), "winding"),
        (folder.outer.path(), "up"),
        (Path::new("/"), "top"),
        (Path::new("absolute"), "twice"),
        (Path::new("/proc/self/root/etc/passwd"), "magic"),
        (Path::new("loop"), "loop"),
        (Path::new("nowhere"), "dangling"),
    ] {
        symlink(target, folder.path(name)).expect("a symlink");
        assert!(refused(&folder.head(name).await), "{name}");
    }
    for name in ["up/secret", "up/served/real/file", "top/etc/passwd"] {
        assert!(refused(&folder.head(name).await), "{name}");
    }
    symlink("real/file", folder.path("inside")).expect("a symlink");
    symlink("../real", folder.path("real/self")).expect("a symlink");
    assert_eq!(folder.read("inside").await.expect("a link inside"), "for you");
    assert_eq!(folder.read("real/self/file").await.expect("a folder link inside"), "for you");
    let page = folder.source.list("", None, 100).await.expect("a listing");
    assert_eq!(keys(&page), ["inside", "real/"]);
    assert!(refused(&folder.source.list("up/", None, 100).await));
}

#[tokio::test]
async fn a_file_swapped_for_a_way_out_after_the_look_stays_closed() {
    let folder = Folder::new();
    folder.write(&folder.path("file"), b"for you");
    let info = folder.head("file").await.expect("a file");
    fs::remove_file(folder.path("file")).expect("a file to delete");
    symlink("../secret", folder.path("file")).expect("a symlink");
    assert!(refused(&folder.source.open(&key("file"), &info.version, info.size, 0..1).await));
}

#[tokio::test]
async fn only_regular_files_are_objects_and_none_blocks() {
    let folder = Folder::new();
    let made = Command::new("mkfifo").arg(folder.path("fifo")).status().expect("mkfifo");
    assert!(made.success());
    let _listener = UnixListener::bind(folder.path("socket")).expect("a socket");
    fs::create_dir(folder.path("dir")).expect("a folder");
    folder.write(&folder.path("file"), b"x");
    let version = folder.head("file").await.expect("a file").version;
    for name in ["fifo", "socket", "dir", "file/below"] {
        let looks = async {
            assert!(matches!(folder.head(name).await, Err(ObjectError::NotFound)), "{name}");
            assert!(matches!(folder.source.open(&key(name), &version, 1, 0..1).await, Err(ObjectError::NotFound)), "{name}");
        };
        tokio::time::timeout(Duration::from_secs(10), looks).await.expect(name);
    }
    let page = folder.source.list("", None, 100).await.expect("a listing");
    assert_eq!(keys(&page), ["dir/", "file"]);
}

#[tokio::test]
async fn a_name_that_is_no_key_is_not_listed() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    for name in [b"bad\xff".as_slice(), b"line\nbreak", b"good"] {
        fs::write(folder.path("").join(std::ffi::OsStr::from_bytes(name)), "x").expect("a file");
    }
    let page = folder.source.list("", None, 100).await.expect("a listing");
    assert_eq!(keys(&page), ["good"]);
}

#[tokio::test]
async fn a_cursor_of_another_listing_is_unfit() {
    let folder = Folder::new();
    folder.write(&folder.path("a/x"), b"x");
    for cursor in ["", "b/x", "a", "a/\0", "a/../b"] {
        let page = folder.source.list("a/", Some(cursor), 10).await;
        assert!(matches!(page, Err(ObjectError::Unfit(_))), "{cursor:?}");
    }
}

#[tokio::test]
async fn a_file_replaced_by_rename_streams_its_old_bytes_to_the_end() {
    let folder = Folder::new();
    let old = oncelink_testkit::object_suite::content(1, 3_000_000);
    folder.write(&folder.path("file"), &old);
    let info = folder.head("file").await.expect("a file");
    let stream = folder.source.open(&key("file"), &info.version, info.size, 0..info.size).await.expect("an open file");
    folder.write(&folder.path("new"), b"other");
    fs::rename(folder.path("new"), folder.path("file")).expect("a rename");
    assert!(read_all(stream).await.expect("the old file") == old);
    let reopened = folder.source.open(&key("file"), &info.version, info.size, 0..1).await;
    assert!(matches!(reopened, Err(ObjectError::Changed)));
}

#[tokio::test]
async fn a_touched_file_is_a_changed_one() {
    let folder = Folder::new();
    folder.write(&folder.path("file"), b"same bytes");
    let info = folder.head("file").await.expect("a file");
    folder.write(&folder.path("file"), b"same bytes");
    let opened = folder.source.open(&key("file"), &info.version, info.size, 0..info.size).await;
    assert!(matches!(opened, Err(ObjectError::Changed)));
}

#[tokio::test]
async fn the_media_type_comes_from_the_name() {
    let folder = Folder::new();
    for (name, kind) in [("a.pdf", Some("application/pdf")), ("A.PNG", Some("image/png")), ("a", None), ("a.nosuchtype", None)] {
        folder.write(&folder.path(name), b"x");
        assert_eq!(folder.head(name).await.expect("a file").content_type.as_deref(), kind, "{name}");
    }
}

#[tokio::test]
async fn a_single_file_is_all_that_its_source_shows() {
    let folder = Folder::new();
    folder.write(&folder.path("one.txt"), b"for you");
    folder.write(&folder.path("two.txt"), b"not for you");
    let source = LocalSource::single(&folder.path("one.txt")).expect("a file");
    let only = source.only_key().expect("one key").clone();
    assert_eq!(only.as_str(), "one.txt");
    let info = source.head(&only).await.expect("the file");
    let stream = source.open(&only, &info.version, info.size, 0..info.size).await.expect("the file");
    assert_eq!(read_all(stream).await.expect("the bytes"), "for you");
    for other in ["two.txt", "served/one.txt", "x/one.txt", "one.txt/"] {
        assert!(refused(&source.head(&key(other)).await), "{other}");
        assert!(refused(&source.open(&key(other), &info.version, info.size, 0..1).await), "{other}");
    }
    let listed = async |prefix| source.list(prefix, None, 10).await.expect("a listing");
    assert_eq!(keys(&listed("").await), ["one.txt"]);
    assert_eq!(keys(&listed("one").await), ["one.txt"]);
    assert!(listed("two").await.entries.is_empty());
}

#[tokio::test]
async fn a_single_file_behind_a_symlink_has_the_symlinks_name() {
    let folder = Folder::new();
    symlink("../secret", folder.path("latest.txt")).expect("a symlink");
    let source = LocalSource::single(&folder.path("latest.txt")).expect("whoever starts the program may name any file");
    assert_eq!(source.only_key().map(ObjectKey::as_str), Some("latest.txt"));
    assert_eq!(source.head(&key("latest.txt")).await.expect("the file").size, 11);
    assert!(refused(&source.head(&key("secret")).await));
}

#[test]
fn a_single_file_with_an_impossible_name_gets_a_possible_one() {
    let folder = Folder::new();
    for (name, shown) in [("line\nbreak.txt", "linebreak.txt"), ("a\\..\\b", "a_.._b"), ("\u{7f}", "file")] {
        folder.write(&folder.path(name), b"x");
        let source = LocalSource::single(&folder.path(name)).expect("a file");
        assert_eq!(source.only_key().map(ObjectKey::as_str), Some(shown));
    }
}

#[test]
fn what_is_no_folder_or_no_file_is_refused_with_its_name() {
    let folder = Folder::new();
    let missing = folder.path("missing");
    for fault in [
        LocalSource::open(&missing).expect_err("no folder"),
        LocalSource::single(&missing).expect_err("no file"),
        LocalSource::open(&folder.outer.path().join("secret")).expect_err("a file is no folder"),
        LocalSource::single(folder.outer.path()).expect_err("a folder is no file"),
    ] {
        assert!(fault.to_string().contains(folder.outer.path().to_str().expect("a path")), "{fault}");
    }
}

#[tokio::test]
async fn a_folder_that_went_away_fails_the_ping_and_the_one_in_its_place_is_served() {
    let folder = Folder::new();
    folder.source.ping().await.expect("a living source");
    fs::rename(folder.path(""), folder.outer.path().join("moved")).expect("a rename");
    folder.source.ping().await.expect_err("the folder is gone");
    fs::create_dir(folder.path("")).expect("a folder");
    folder.source.ping().await.expect("another folder");
    folder.write(&folder.path("new"), b"of the new one");
    assert_eq!(folder.read("new").await.expect("a file of the new folder"), "of the new one");
}
