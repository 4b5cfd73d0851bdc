//! The archive as those see it who unpack it, resume it, or change a file under it.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use futures_util::TryStreamExt;
use oncelink_core::object::{ObjectError, ObjectInfo, ObjectKey};
use oncelink_core::ports::ObjectSource;
use oncelink_objects_zip::ZipSource;
use tempfile::TempDir;

/// A folder `gift` with files of several kinds.
fn gift() -> (TempDir, std::path::PathBuf) {
    let outer = tempfile::tempdir().expect("a folder");
    let folder = outer.path().join("gift");
    fs::create_dir_all(folder.join("sub/deep")).expect("writable");
    fs::create_dir(folder.join("nothing")).expect("writable");
    fs::write(folder.join("a.txt"), b"first").expect("writable");
    fs::write(folder.join("empty"), b"").expect("writable");
    fs::write(folder.join("sub/\u{fc}ber \u{1f381}.bin"), pattern(700_001)).expect("writable");
    fs::write(folder.join("sub/deep/run.sh"), b"#!/bin/sh\n").expect("writable");
    fs::set_permissions(folder.join("sub/deep/run.sh"), fs::Permissions::from_mode(0o755)).expect("ours");
    for number in 0..300 {
        fs::write(folder.join(format!("sub/{number:03}")), number.to_string()).expect("writable");
    }
    (outer, folder)
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at * 31 % 251).expect("small")).collect()
}

fn open(folder: &Path) -> ZipSource {
    ZipSource::open(folder, &mut |_, _| {}).expect("it can be shared")
}

async fn head(source: &ZipSource) -> ObjectInfo {
    source.head(source.key()).await.expect("it is there")
}

async fn range(source: &ZipSource, info: &ObjectInfo, range: std::ops::Range<u64>) -> Result<Vec<u8>, ObjectError> {
    let stream = source.open(source.key(), &info.version, info.size, range).await?;
    stream
        .try_fold(Vec::new(), async |mut all, piece| {
            all.extend_from_slice(&piece);
            Ok(all)
        })
        .await
}

async fn whole(source: &ZipSource) -> Vec<u8> {
    let info = head(source).await;
    range(source, &info, 0..info.size).await.expect("readable")
}

/// Runs a program; says nothing when the machine doesn't have it.
fn tried(program: &str, args: &[&str], folder: &Path) -> Option<String> {
    let ran = Command::new(program).args(args).current_dir(folder).output().ok()?;
    let text = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{program} {args:?}: {text}");
    Some(text)
}

#[tokio::test]
async fn others_unpack_it_with_names_content_and_permissions() {
    let (_outer, folder) = gift();
    let archive = whole(&open(&folder)).await;
    let place = tempfile::tempdir().expect("a folder");
    fs::write(place.path().join("gift.zip"), &archive).expect("writable");
    if let Some(told) = tried("unzip", &["-t", "gift.zip"], place.path()) {
        assert!(told.contains("No errors detected"), "{told}");
        tried("unzip", &["-q", "gift.zip"], place.path());
        for name in ["a.txt", "empty", "sub/\u{fc}ber \u{1f381}.bin", "sub/deep/run.sh", "sub/299"] {
            assert!(fs::read(place.path().join("gift").join(name)).expect(name) == fs::read(folder.join(name)).expect(name), "{name}");
        }
        assert!(place.path().join("gift/nothing").is_dir(), "empty folders come along");
        let (there, here) = (place.path().join("gift/sub/deep/run.sh"), folder.join("sub/deep/run.sh"));
        assert_eq!(fs::metadata(&there).expect("there").permissions().mode() & 0o777, 0o755);
        let seconds =
            |path: &Path| fs::metadata(path).and_then(|seen| seen.modified()).expect("a time").duration_since(std::time::UNIX_EPOCH);
        assert_eq!(seconds(&there).expect("after 1970").as_secs(), seconds(&here).expect("after 1970").as_secs(), "in UTC, to the second");
    }
    let script = "import zipfile; z = zipfile.ZipFile('gift.zip'); assert z.testzip() is None; print(len(z.infolist()), z.read('gift/a.txt').decode())";
    if let Some(told) = tried("python3", &["-c", script], place.path()) {
        assert_eq!(told.trim(), "308 first");
    }
}

#[tokio::test]
async fn any_range_is_the_range_of_the_whole() {
    let (_outer, folder) = gift();
    let source = open(&folder);
    let (info, all) = (head(&source).await, whole(&source).await);
    assert_eq!(all.len() as u64, info.size, "the size is known before");
    let mut at = 0;
    // A step that shares no factor with anything: begins and ends fall into headers, contents and the directory.
    while at < info.size {
        for len in [0, 1, 97, 300_000, info.size] {
            let end = (at + len).min(info.size);
            let part = range(&source, &info, at..end).await.expect("readable");
            assert!(part == all[usize::try_from(at).expect("small")..usize::try_from(end).expect("small")], "{at}..{end}");
        }
        at += 9_973;
    }
    let tail = range(&source, &info, info.size - 1..info.size).await.expect("readable");
    assert_eq!(tail, all[all.len() - 1..]);
}

#[tokio::test]
async fn the_same_folder_makes_the_same_archive_in_another_process() {
    let (_outer, folder) = gift();
    let (one, other) = (open(&folder), open(&folder));
    assert_eq!(head(&one).await, head(&other).await);
    assert!(whole(&one).await == whole(&other).await);
}

#[tokio::test]
async fn a_changed_file_is_refused_where_it_is_needed_and_before_the_first_byte() {
    let (_outer, folder) = gift();
    // What changes lies far behind what is read when the archive is opened.
    fs::write(folder.join("a-large.bin"), pattern(2_000_000)).expect("writable");
    let changes: [fn(&Path); 2] = [
        |folder| fs::write(folder.join("sub/\u{fc}ber \u{1f381}.bin"), b"another").expect("writable"),
        |folder| fs::remove_file(folder.join("sub/299")).expect("it is there"),
    ];
    for change in changes {
        let source = open(&folder);
        let info = head(&source).await;
        change(&folder);
        let opened = source.open(source.key(), &info.version, info.size, 0..info.size).await;
        assert!(matches!(opened, Err(ObjectError::Changed)), "known before the first byte");
        assert!(range(&source, &info, 0..50).await.is_ok(), "what doesn't need the file doesn't mind");
        let problem = source.head(source.key()).await.expect_err("it has changed").to_string();
        assert!(problem.contains("has changed since") && problem.contains("sub/"), "{problem}");
    }
    let (_other_outer, other) = gift();
    let (source, info) = (open(&folder), head(&open(&other)).await);
    assert!(matches!(range(&source, &info, 0..1).await, Err(ObjectError::Changed)), "another version");
}

#[tokio::test]
async fn a_file_that_changes_under_a_running_download_yields_no_new_byte() {
    let (_outer, folder) = gift();
    let path = folder.join("z.bin");
    fs::write(&path, vec![7; 4 << 20]).expect("writable");
    let source = open(&folder);
    let info = head(&source).await;
    let mut stream = source.open(source.key(), &info.version, info.size, 0..info.size).await.expect("unchanged");
    let mut got = stream.try_next().await.expect("good").expect("a piece").to_vec();
    fs::write(&path, vec![8; 4 << 20]).expect("writable");
    let broken = loop {
        match stream.try_next().await {
            Ok(Some(piece)) => got.extend_from_slice(&piece),
            Ok(None) => panic!("it ended as if nothing had been"),
            Err(error) => break error,
        }
    };
    assert!(matches!(broken, ObjectError::Changed), "{broken}");
    assert!(!got.windows(8).any(|window| window == [8; 8]), "no byte of the new content");
}

#[tokio::test]
async fn what_is_no_part_of_it_isnt_there() {
    let (_outer, folder) = gift();
    std::os::unix::fs::symlink("/etc/passwd", folder.join("link")).expect("a symlink");
    let source = open(&folder);
    assert_eq!((source.key().as_str(), source.files(), source.skipped().len()), ("gift.zip", 304, 1));
    for other in ["a.txt", "gift/a.txt", "other.zip"] {
        let key = ObjectKey::parse(other).expect("a key");
        assert!(matches!(source.head(&key).await, Err(ObjectError::NotFound)), "{other}");
    }
    assert!(!whole(&source).await.windows(4).any(|window| window == b"link"));
    assert!(ZipSource::open(&folder.join("a.txt"), &mut |_, _| {}).is_err(), "a file is no folder");
    assert!(ZipSource::open(&folder.join("missing"), &mut |_, _| {}).is_err());
}

#[tokio::test]
async fn an_archive_of_more_than_four_gigabytes_is_one_that_others_read() {
    let outer = tempfile::tempdir().expect("a folder");
    let folder = outer.path().join("big");
    fs::create_dir(&folder).expect("writable");
    // A hole of 4 GiB and a little, which takes no room on disk.
    let hole = (4_u64 << 30) + 5;
    fs::File::create(folder.join("hole")).and_then(|file| file.set_len(hole)).expect("sparse files");
    fs::write(folder.join("small"), b"behind it").expect("writable");
    let source = open(&folder);
    let info = head(&source).await;
    assert!(info.size > hole);
    // Only what isn't the hole is fetched: its zeros are there already.
    let place = tempfile::tempdir().expect("a folder");
    let mut file = fs::File::create(place.path().join("big.zip")).expect("writable");
    file.set_len(info.size).expect("sparse files");
    for part in [0..10_000, hole..info.size] {
        file.seek(SeekFrom::Start(part.start)).expect("a file");
        file.write_all(&range(&source, &info, part).await.expect("readable")).expect("writable");
    }
    let script =
        "import zipfile; z = zipfile.ZipFile('big.zip'); i = z.getinfo('big/hole'); print(i.file_size, z.read('big/small').decode())";
    if let Some(told) = tried("python3", &["-c", script], place.path()) {
        assert_eq!(told.trim(), format!("{hole} behind it"));
    }
    if let Some(told) = tried("unzip", &["-p", "big.zip", "big/small"], place.path()) {
        assert_eq!(told, "behind it");
    }
    let mut first = [0; 4];
    fs::File::open(place.path().join("big.zip")).and_then(|mut file| file.read_exact(&mut first)).expect("readable");
    assert_eq!(&first, b"PK\x03\x04");
}
