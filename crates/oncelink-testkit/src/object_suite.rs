//! The conformance suite of [`ObjectSource`]: one function per promise, [`object_suite!`](crate::object_suite!) makes a
//! test of each.
//!
//! Must not know an engine: what a test needs beside the port comes from its [`ObjectBench`].

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use oncelink_core::object::{ListedObject, ObjectError, ObjectInfo, ObjectKey, ObjectPage, ObjectStream};
use oncelink_core::ports::ObjectSource;

/// A source under test, and the means to put objects into it from outside.
#[async_trait]
pub trait ObjectBench: Send + Sync {
    /// The source.
    fn source(&self) -> &dyn ObjectSource;

    /// What every key of the source begins with: empty, or a prefix that ends with `/`.
    fn root(&self) -> String {
        String::new()
    }

    /// Puts an object in place of whatever had the key before. Other bytes make another version.
    async fn put(&self, key: &str, bytes: Bytes);

    /// Deletes an object that is there.
    async fn delete(&self, key: &str);

    /// How many bytes of objects the source has drawn from where they lie, when that can be measured.
    fn bytes_read(&self) -> Option<u64> {
        None
    }
}

/// Makes one `#[tokio::test]` per promise of [`ObjectSource`]. The argument is an `async fn` that gives a fresh
/// [`ObjectBench`](crate::object_suite::ObjectBench), or nothing when the engine isn't there and the tests are to be
/// skipped.
#[macro_export]
macro_rules! object_suite {
    ($bench:path) => {
        $crate::object_suite!(@tests $bench:
            head_tells_size_and_a_stable_version
            every_range_yields_exactly_its_bytes
            an_empty_range_yields_nothing
            a_changed_object_is_refused_at_open
            a_deleted_object_is_not_found_until_it_is_restored
            a_nasty_key_opens_nothing
            an_odd_name_is_a_name
            a_listing_shows_every_entry_once
            a_listing_stays_below_its_prefix
            a_prefix_that_leaves_the_source_is_unfit
            a_strange_cursor_breaks_nothing
            a_change_during_the_stream_never_mixes_versions
            a_deletion_during_the_stream_never_ends_it_early
            streams_side_by_side_do_not_disturb_each_other
            an_unread_stream_draws_no_bytes
            a_living_source_answers_a_ping
        );
    };
    (@tests $bench:path: $($promise:ident)*) => {
        $(
            #[tokio::test]
            async fn $promise() {
                if let Some(bench) = $bench().await {
                    $crate::object_suite::$promise(&bench).await;
                }
            }
        )*
    };
}

/// Bytes that look random and are the same for the same `seed`; another seed gives others, from the first byte on where
/// there are eight.
pub fn content(seed: u64, size: usize) -> Bytes {
    let mut dice = Dice(seed);
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        bytes.extend_from_slice(&dice.roll().to_le_bytes());
    }
    bytes.truncate(size);
    bytes.into()
}

/// Everything that a stream yields.
///
/// # Errors
/// The stream's own error.
pub async fn read_all(mut stream: ObjectStream) -> Result<Bytes, ObjectError> {
    let mut all = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        all.extend_from_slice(&chunk?);
    }
    Ok(all.freeze())
}

/// `head` says what is there, and says the same as long as nothing changes.
pub async fn head_tells_size_and_a_stable_version(bench: &dyn ObjectBench) {
    for size in [0, 1, 100_000] {
        let key = put(bench, "head.txt", content(1 + size as u64, size)).await;
        let first = head(bench, &key).await;
        assert_eq!(first.size, size as u64);
        assert!(!first.version.etag.is_empty() && !first.version.etag.contains('"'), "{:?}", first.version);
        assert_eq!(first, head(bench, &key).await);
    }
}

/// Whatever range is asked of whatever size: exactly these bytes, in this order.
pub async fn every_range_yields_exactly_its_bytes(bench: &dyn ObjectBench) {
    let mut dice = Dice(20);
    for size in SIZES {
        let bytes = content(size as u64 + 2, size);
        let key = put(bench, "ranges.bin", bytes.clone()).await;
        let info = head(bench, &key).await;
        for (start, end) in ranges(&mut dice, size) {
            let stream = bench.source().open(&key, &info.version, info.size, start as u64..end as u64).await;
            let got = read_all(stream.expect("the pinned version opens")).await.expect("the range can be read");
            assert!(got == bytes[start..end], "{start}..{end} of {size} bytes came as {} bytes, or as others", got.len());
        }
    }
}

/// An empty range is a stream without bytes, also of an empty object; the version is checked all the same.
pub async fn an_empty_range_yields_nothing(bench: &dyn ObjectBench) {
    for size in [0, 10] {
        let key = put(bench, "empty.bin", content(3, size)).await;
        let info = head(bench, &key).await;
        for at in [0, size as u64] {
            let stream = bench.source().open(&key, &info.version, info.size, at..at).await.expect("an empty range opens");
            assert_eq!(read_all(stream).await.expect("nothing to read").len(), 0);
        }
        put(bench, "empty.bin", content(4, 11)).await;
        assert!(matches!(bench.source().open(&key, &info.version, info.size, 0..0).await, Err(ObjectError::Changed)));
        bench.delete(key.as_str()).await;
        assert!(matches!(bench.source().open(&key, &info.version, info.size, 0..0).await, Err(ObjectError::NotFound)));
    }
}

/// SEM-8 at the source: another object under the same key, even of the same size, isn't opened.
pub async fn a_changed_object_is_refused_at_open(bench: &dyn ObjectBench) {
    for (before, after) in [(1000, 1000), (1000, 999), (1000, 0), (0, 1)] {
        let key = put(bench, "changing.bin", content(5, before)).await;
        let pinned = head(bench, &key).await;
        put(bench, "changing.bin", content(6, after)).await;
        assert_ne!(head(bench, &key).await.version, pinned.version);
        for range in [0..pinned.size, 0..pinned.size.min(1), pinned.size..pinned.size] {
            let refused = bench.source().open(&key, &pinned.version, pinned.size, range.clone()).await;
            assert!(matches!(refused, Err(ObjectError::Changed)), "{range:?} of {before} bytes, {after} now: {:?}", refused.err());
        }
    }
}

/// A deleted object is no object; a restored one is, and counts as the old version only when its bytes are the old ones.
pub async fn a_deleted_object_is_not_found_until_it_is_restored(bench: &dyn ObjectBench) {
    let bytes = content(7, 5000);
    let key = put(bench, "lost.bin", bytes.clone()).await;
    let pinned = head(bench, &key).await;
    bench.delete(key.as_str()).await;
    assert!(matches!(bench.source().head(&key).await, Err(ObjectError::NotFound)));
    assert!(matches!(bench.source().open(&key, &pinned.version, pinned.size, 0..1).await, Err(ObjectError::NotFound)));
    put(bench, "lost.bin", bytes.clone()).await;
    let now = head(bench, &key).await;
    let stream = bench.source().open(&key, &now.version, now.size, 0..now.size).await.expect("the restored object opens");
    assert_eq!(read_all(stream).await.expect("the restored object can be read"), bytes);
    match bench.source().open(&key, &pinned.version, pinned.size, 0..pinned.size).await {
        Ok(stream) => assert_eq!(read_all(stream).await.expect("the same bytes"), bytes),
        Err(error) => assert!(matches!(error, ObjectError::Changed), "{error}"),
    }
}

/// A key that is almost another one, or that tries to lead elsewhere, opens nothing and breaks nothing.
pub async fn a_nasty_key_opens_nothing(bench: &dyn ObjectBench) {
    let known = put(bench, "dir/file", content(8, 100)).await;
    let info = head(bench, &known).await;
    let root = bench.root();
    let long = "x".repeat(300);
    for nasty in NASTY_KEYS.iter().copied().chain([long.as_str(), "y".repeat(1025).as_str()]) {
        for text in BTreeSet::from([nasty.to_owned(), format!("{root}{nasty}"), format!("{root}/{nasty}")]) {
            let Ok(key) = ObjectKey::parse(&text) else { continue };
            let seen = bench.source().head(&key).await;
            assert!(matches!(seen, Err(ObjectError::NotFound | ObjectError::Unfit(_))), "head of {text:?}: {seen:?}");
            let opened = bench.source().open(&key, &info.version, info.size, 0..1).await;
            assert!(matches!(opened, Err(ObjectError::NotFound | ObjectError::Unfit(_))), "open of {text:?}: {:?}", opened.err());
        }
    }
}

/// Spaces, quotes, percent signs, other scripts: all that a file may be called is found, opened and listed under it.
pub async fn an_odd_name_is_a_name(bench: &dyn ObjectBench) {
    let mut names = BTreeSet::new();
    for (number, name) in (100..).zip(ODD_NAMES) {
        let bytes = content(number, 64);
        let key = put(bench, &format!("odd/{name}"), bytes.clone()).await;
        let info = head(bench, &key).await;
        let stream = bench.source().open(&key, &info.version, info.size, 0..info.size).await.expect(name);
        assert_eq!(read_all(stream).await.expect(name), bytes, "{name:?}");
        names.insert(key.as_str().to_owned());
    }
    let listed = list_all(bench, &format!("{}odd/", bench.root()), 1000).await;
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), names);
}

/// However it is cut into pages, a listing has every entry once, sorted by bytes, one level deep.
pub async fn a_listing_shows_every_entry_once(bench: &dyn ObjectBench) {
    let mut expected = BTreeSet::new();
    for number in 0..9 {
        put(bench, &format!("l/file-{number}"), content(9, 10 + number)).await;
        put(bench, &format!("l/folder-{number}/inside"), content(9, 1)).await;
        expected.insert(format!("{}l/file-{number}", bench.root()));
        expected.insert(format!("{}l/folder-{number}/", bench.root()));
    }
    for name in [".hidden", "file-1.txt", "folder-1", "folder-1.x", "folder-1-x", "Z"] {
        // Around "folder-1/" order by bytes isn't order by name. "folder-1" can't be a file beside the folder.
        let name = if name == "folder-1" { "folder-" } else { name };
        put(bench, &format!("l/{name}"), content(9, 3)).await;
        expected.insert(format!("{}l/{name}", bench.root()));
    }
    let expected: Vec<_> = expected.into_iter().collect();
    for limit in [1, 2, 7, expected.len(), 1000] {
        assert_eq!(list_all(bench, &format!("{}l/", bench.root()), limit).await, expected, "{limit} a page");
    }
    let page = list(bench, &format!("{}l/file-8", bench.root()), None, 10).await;
    assert!(matches!(page.entries.as_slice(), [ListedObject::Object { size: 18, modified: Some(_), .. }]), "{page:?}");
}

/// A listing has what begins with its prefix and nothing else; no prefix at all is the whole source.
pub async fn a_listing_stays_below_its_prefix(bench: &dyn ObjectBench) {
    let root = bench.root();
    for name in ["p/ab", "p/abc", "p/b", "p/ab-dir/x", "q"] {
        put(bench, name, content(10, 1)).await;
    }
    let below = |names: &[&str]| names.iter().map(|name| format!("{root}{name}")).collect::<Vec<_>>();
    assert_eq!(list_all(bench, &format!("{root}p/ab"), 10).await, below(&["p/ab", "p/ab-dir/", "p/abc"]));
    assert_eq!(list_all(bench, &format!("{root}p/"), 10).await, below(&["p/ab", "p/ab-dir/", "p/abc", "p/b"]));
    assert_eq!(list_all(bench, &format!("{root}p"), 10).await, below(&["p/"]));
    assert_eq!(list_all(bench, &format!("{root}none/"), 10).await, below(&[]));
    assert_eq!(list_all(bench, "", 10).await, below(&["p/", "q"]));
}

/// A prefix from which a way leads out is refused.
pub async fn a_prefix_that_leaves_the_source_is_unfit(bench: &dyn ObjectBench) {
    let root = bench.root();
    for prefix in ["../", "..", "a/../../", "./", "a/./b"] {
        let prefix = format!("{root}{prefix}");
        // Names may begin with two dots, so ".." alone is the beginning of a name.
        if let Ok(page) = bench.source().list(&prefix, None, 10).await {
            assert!(prefix.ends_with("..") && page.entries.is_empty(), "{prefix:?}: {page:?}");
        }
    }
    let outside = bench.source().list(&format!("{root}a/../../"), None, 10).await;
    assert!(matches!(outside, Err(ObjectError::Unfit(_))), "{outside:?}");
}

/// A cursor that was never handed out is unfit, or just a place in the listing.
pub async fn a_strange_cursor_breaks_nothing(bench: &dyn ObjectBench) {
    let root = bench.root();
    put(bench, "s/inside", content(11, 1)).await;
    put(bench, "outside", content(11, 1)).await;
    for cursor in ["", "strange", "../../etc", "\0", "%00", "é", "]", "[", "[Li4v", "outside"] {
        match bench.source().list(&format!("{root}s/"), Some(cursor), 10).await {
            Ok(page) => assert!(names(&page).iter().all(|name| *name == format!("{root}s/inside")), "{cursor:?}: {page:?}"),
            Err(error) => assert!(matches!(error, ObjectError::Unfit(_)), "{cursor:?}: {error}"),
        }
    }
}

/// A stream that was begun before a change ends with an error, or with the old object's bytes to the last one.
pub async fn a_change_during_the_stream_never_mixes_versions(bench: &dyn ObjectBench) {
    let bytes = content(12, 8 * MIB);
    let key = put(bench, "moving.bin", bytes.clone()).await;
    let mut stream = open_all(bench, &key).await;
    let first = stream.next().await.expect("a first chunk").expect("good bytes");
    put(bench, "moving.bin", content(13, 8 * MIB)).await;
    let first = first.to_vec();
    assert_old_bytes_or_error(&bytes, first, stream).await;
}

/// A stream whose object is deleted ends with an error, or with the object's last byte: never early and quietly.
pub async fn a_deletion_during_the_stream_never_ends_it_early(bench: &dyn ObjectBench) {
    let bytes = content(14, 8 * MIB);
    let key = put(bench, "going.bin", bytes.clone()).await;
    let mut stream = open_all(bench, &key).await;
    let first = stream.next().await.expect("a first chunk").expect("good bytes").to_vec();
    bench.delete(key.as_str()).await;
    assert_old_bytes_or_error(&bytes, first, stream).await;
}

/// Several ranges of one object may be read at the same time, in any order, and be dropped half-way.
pub async fn streams_side_by_side_do_not_disturb_each_other(bench: &dyn ObjectBench) {
    let bytes = content(15, 3 * MIB);
    let key = put(bench, "shared.bin", bytes.clone()).await;
    let info = head(bench, &key).await;
    let middle = info.size / 2;
    let mut early = open_all(bench, &key).await;
    let first = early.next().await.expect("a first chunk").expect("good bytes");
    let late = bench.source().open(&key, &info.version, info.size, middle..info.size).await.expect("a second stream");
    let mut abandoned = open_all(bench, &key).await;
    abandoned.next().await.expect("a first chunk").expect("good bytes");
    drop(abandoned);
    let half = usize::try_from(middle).expect("a small object");
    assert!(read_all(late).await.expect("the second half") == bytes[half..]);
    let rest = read_all(early).await.expect("the rest");
    assert!([first, rest].concat() == bytes);
}

/// Backpressure: who stops polling stops the reading, and loses nothing by it.
pub async fn an_unread_stream_draws_no_bytes(bench: &dyn ObjectBench) {
    let Some(before) = bench.bytes_read() else { return };
    let bytes = content(16, 48 * MIB);
    let key = put(bench, "large.bin", bytes.clone()).await;
    let mut stream = open_all(bench, &key).await;
    let mut taken = Vec::new();
    while taken.len() < MIB {
        taken.extend_from_slice(&stream.next().await.expect("a chunk").expect("good bytes"));
    }
    // Time for a source that reads without being asked to show it. Sockets on the way may hold some megabytes.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let drawn = bench.bytes_read().unwrap_or_default() - before;
    assert!(drawn < 24 * MIB as u64, "{drawn} bytes were drawn for {} polled", taken.len());
    taken.extend_from_slice(&read_all(stream).await.expect("the rest after a pause"));
    assert!(taken == bytes);
}

/// A source that works says so.
pub async fn a_living_source_answers_a_ping(bench: &dyn ObjectBench) {
    bench.source().ping().await.expect("a living source");
}

const MIB: usize = 1024 * 1024;

/// Around the sizes at which sources tend to cut: 64 KiB, 256 KiB, some MiB.
const SIZES: [usize; 12] = [0, 1, 2, 65_535, 65_536, 65_537, 262_143, 262_144, 262_145, 524_289, MIB + 1, 5 * MIB + 3];

/// None of these may name anything while only `dir/file` is there.
const NASTY_KEYS: [&str; 42] = [
    "dir",
    "dir/",
    "/dir/file",
    "//dir/file",
    "dir//file",
    "dir/file/",
    "dir/file//",
    "dir/./file",
    "./dir/file",
    "dir/../dir/file",
    "dir/file/..",
    "..",
    ".",
    "...",
    "../dir/file",
    "/",
    "//",
    "/etc/passwd",
    "etc/passwd",
    "../../../../etc/passwd",
    "..\\..\\etc\\passwd",
    "dir\\file",
    "\\dir\\file",
    "dir/file\0",
    "dir/file\0.txt",
    "dir%2Ffile",
    "dir%2ffile",
    "%2e%2e/dir/file",
    "..%2fdir%2ffile",
    "dir/%66ile",
    "DIR/FILE",
    "dir/File",
    " dir/file",
    "dir/file ",
    "dir/file.",
    "dir/file\t",
    "dir/file\n",
    "dir/\u{ff46}ile",
    "dir\u{2215}file",
    "dir/fi\u{200b}le",
    "file:dir/file",
    "dir/file?versionId=null",
];

/// All of these may be names.
const ODD_NAMES: [&str; 24] = [
    "a b",
    " leading",
    "a+b",
    "a%20b",
    "a%2Fb",
    "%",
    "q?x=1&y=2",
    "hash#1",
    "semi;colon",
    "co:lon",
    "at@",
    "'single'",
    "\"double\"",
    "<angle>&amp;",
    "~tilde",
    ".hidden",
    "a..b",
    "-dash",
    "ünïcödé",
    "e\u{301}",
    "日本語.txt",
    "\u{1f600}.bin",
    "star*",
    "{brace}|pipe^`",
];

/// A small generator (SplitMix64): the same rolls for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of `0..=most`.
    fn up_to(&mut self, most: usize) -> usize {
        usize::try_from(self.roll() % (most as u64 + 1)).unwrap_or(most)
    }
}

/// The whole, the ends, the edges, and some at random.
fn ranges(dice: &mut Dice, size: usize) -> Vec<(usize, usize)> {
    let mut ranges = vec![(0, size), (0, size.min(1)), (size.saturating_sub(1), size), (size, size), (size / 2, size / 2)];
    ranges.extend([(size.min(1), size), (0, size.saturating_sub(1))].into_iter().filter(|(start, end)| start <= end));
    for _ in 0..5 {
        let (one, other) = (dice.up_to(size), dice.up_to(size));
        ranges.push((one.min(other), one.max(other)));
    }
    ranges
}

/// Puts an object called `name` below the source's root; gives its key.
async fn put(bench: &dyn ObjectBench, name: &str, bytes: Bytes) -> ObjectKey {
    let key = ObjectKey::parse(&format!("{}{name}", bench.root())).expect("a good key");
    bench.put(key.as_str(), bytes).await;
    key
}

async fn head(bench: &dyn ObjectBench, key: &ObjectKey) -> ObjectInfo {
    match bench.source().head(key).await {
        Ok(info) => info,
        Err(error) => panic!("head of {key}: {error}"),
    }
}

async fn open_all(bench: &dyn ObjectBench, key: &ObjectKey) -> ObjectStream {
    let info = head(bench, key).await;
    match bench.source().open(key, &info.version, info.size, 0..info.size).await {
        Ok(stream) => stream,
        Err(error) => panic!("open of {key}: {error}"),
    }
}

async fn list(bench: &dyn ObjectBench, prefix: &str, cursor: Option<&str>, limit: usize) -> ObjectPage {
    match bench.source().list(prefix, cursor, limit).await {
        Ok(page) => page,
        Err(error) => panic!("list of {prefix:?} from {cursor:?}: {error}"),
    }
}

/// The names on all pages; checks that no page is too long.
async fn list_all(bench: &dyn ObjectBench, prefix: &str, limit: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let page = list(bench, prefix, cursor.as_deref(), limit).await;
        assert!(page.entries.len() <= limit, "{} entries on a page of {limit}", page.entries.len());
        all.extend(names(&page));
        assert!(all.len() <= 10_000, "the listing of {prefix:?} doesn't end");
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
}

fn names(page: &ObjectPage) -> Vec<String> {
    let name = |entry: &ListedObject| match entry {
        ListedObject::Object { key, .. } => key.clone(),
        ListedObject::Folder(prefix) => prefix.clone(),
    };
    page.entries.iter().map(name).collect()
}

/// Reads on after `got`: every byte is the old object's, and a stream that ends without an error has all of them.
async fn assert_old_bytes_or_error(old: &Bytes, mut got: Vec<u8>, mut stream: ObjectStream) {
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(chunk) => got.extend_from_slice(&chunk),
            Err(_) => {
                assert!(got.len() < old.len() && got == old[..got.len()], "foreign bytes, or an error after the last one");
                assert!(stream.next().await.is_none(), "the stream goes on after its error");
                return;
            }
        }
    }
    assert!(got == old[..], "{} of {} bytes, or foreign ones, without an error", got.len(), old.len());
}
