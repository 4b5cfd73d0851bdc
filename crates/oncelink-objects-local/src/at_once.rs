//! What needs no waiting: files whose names and content are in the kernel's caches are looked at, opened and read where they are asked
//! for, without the way to another thread and back, which costs more than the reading.
//!
//! Must never wait for a disk or a network: the kernel is told so and says no instead (Linux), and where it can't be told,
//! nothing is done at once. Must not explain anything either: what is refused here is asked again the long way.

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{directory, is_near, open_pinned, read, regular};
#[cfg(target_os = "linux")]
pub(crate) use linux::{directory, is_near, open_pinned, read, regular};

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{File, Metadata};
    use std::io::IoSliceMut;
    use std::path::Path;

    use cap_std::fs::Dir;
    use oncelink_core::object::ObjectVersion;
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, fstatfs, openat2};
    use rustix::io::{ReadWriteFlags, preadv2};

    use crate::file;

    /// As `cap-std` opens, but from the cache alone (openat2(2)).
    const BELOW: ResolveFlags =
        ResolveFlags::BENEATH.union(ResolveFlags::NO_MAGICLINKS).union(ResolveFlags::NO_XDEV).union(ResolveFlags::CACHED);
    /// Only a name, which makes nothing act.
    const NAME: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);
    const READING: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);
    /// Where the file's own position is (preadv2(2): an offset of -1).
    const OWN_POSITION: u64 = u64::MAX;

    /// File systems (statfs(2)) that answer from memory when they can: btrfs, ext2 to ext4, f2fs, overlayfs, ramfs, tmpfs, XFS, ZFS.
    /// Others may ask somebody how old a file is, although they have its name (NFS), or leave all to a process (FUSE).
    const NEAR: [u32; 8] = [0x9123_683e, 0xef53, 0xf2f5_2010, 0x794c_7630, 0x8584_58f6, 0x0102_1994, 0x5846_5342, 0x2fc1_2fc1];

    /// Whether looking at what is cached of this directory never waits. The directory itself is held open.
    pub(crate) fn is_near(dir: &Dir) -> bool {
        fstatfs(dir).is_ok_and(|found| u32::try_from(found.f_type).is_ok_and(|kind| NEAR.contains(&kind)))
    }

    /// What there is to say of the directory at `path`.
    pub(crate) fn directory(path: &Path) -> Option<Metadata> {
        File::from(openat2(CWD, path, NAME | OFlags::DIRECTORY, Mode::empty(), ResolveFlags::CACHED).ok()?).metadata().ok()
    }

    /// What there is to say of the regular file at `path`.
    pub(crate) fn regular(dir: &Dir, path: &Path) -> Option<Metadata> {
        let seen = File::from(openat2(dir, path, NAME, Mode::empty(), BELOW).ok()?).metadata().ok()?;
        seen.is_file().then_some(seen)
    }

    /// The regular file at `path` if it is `pinned`, a file of `size` bytes.
    pub(crate) fn open_pinned(dir: &Dir, path: &Path, pinned: &ObjectVersion, size: u64) -> Option<File> {
        regular(dir, path)?;
        let file = File::from(openat2(dir, path, READING, Mode::empty(), BELOW).ok()?);
        // The name may lead elsewhere since the look before.
        let seen = file.metadata().ok()?;
        (seen.is_file() && seen.len() == size && file::is_version(&seen, pinned)).then_some(file)
    }

    /// At least one and at most `most` bytes from where the file stands.
    pub(crate) fn read(file: &File, most: usize) -> Option<Vec<u8>> {
        let mut piece = vec![0; most];
        let got = preadv2(file, &mut [IoSliceMut::new(&mut piece)], OWN_POSITION, ReadWriteFlags::NOWAIT).ok()?;
        piece.truncate(got);
        (got > 0).then_some(piece)
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::fs::{File, Metadata};
    use std::path::Path;

    use cap_std::fs::Dir;
    use oncelink_core::object::ObjectVersion;

    /// No: nobody promises it.
    pub(crate) fn is_near(_: &Dir) -> bool {
        false
    }

    /// Nothing: looking may wait.
    pub(crate) fn directory(_: &Path) -> Option<Metadata> {
        None
    }

    /// Nothing: looking may wait.
    pub(crate) fn regular(_: &Dir, _: &Path) -> Option<Metadata> {
        None
    }

    /// Nothing: opening may wait.
    pub(crate) fn open_pinned(_: &Dir, _: &Path, _: &ObjectVersion, _: u64) -> Option<File> {
        None
    }

    /// Nothing: reading may wait.
    pub(crate) fn read(_: &File, _: usize) -> Option<Vec<u8>> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use cap_std::ambient_authority;
    use cap_std::fs::Dir;
    use oncelink_core::object::ObjectKey;
    use oncelink_core::ports::ObjectSource;

    use super::*;
    use crate::{LocalSource, version};

    /// Opens `name` as the version that `file` has.
    fn opened(folder: &tempfile::TempDir, name: &str, file: &str, size: u64) -> Option<File> {
        let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("a folder");
        let seen = fs::metadata(folder.path().join(file)).expect("a file");
        open_pinned(&dir, Path::new(name), &version::version(seen.len(), seen.modified().ok()), size)
    }

    #[test]
    fn only_the_pinned_regular_file_inside_is_opened() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        fs::write(folder.path().join("file"), b"1234").expect("a writable directory");
        fs::write(folder.path().join("other"), b"12345").expect("a writable directory");
        fs::create_dir(folder.path().join("folder")).expect("a writable directory");
        symlink(folder.path().join("file"), folder.path().join("absolute")).expect("a symlink");
        assert!(opened(&folder, "file", "file", 4).is_some(), "what was just written is in the cache");
        for (name, pinned, size) in
            [("file", "other", 5), ("file", "file", 5), ("folder", "file", 4), ("absolute", "file", 4), ("none", "file", 4)]
        {
            assert!(opened(&folder, name, pinned, size).is_none(), "{name} as {pinned}");
        }
    }

    #[test]
    fn the_end_of_a_file_is_nothing_at_once() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        fs::write(folder.path().join("file"), b"1234").expect("a writable directory");
        let file = opened(&folder, "file", "file", 4).expect("it is in the cache");
        // A file system that can't read without waiting gives nothing at all.
        if let Some(piece) = read(&file, 3) {
            assert_eq!(piece, b"123");
            assert_eq!(read(&file, 3).as_deref(), Some(&b"4"[..]), "from where it stands, and what there is");
        }
        assert_eq!(read(&file, 3), None);
    }

    #[test]
    fn a_look_at_what_is_in_the_cache_waits_for_no_other_thread() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        fs::write(folder.path().join("file.txt"), b"1234").expect("a writable directory");
        if !is_near(&Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("a folder")) {
            return; // This file system may ask somebody.
        }
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime");
        runtime.block_on(async {
            let (release, wait) = std::sync::mpsc::channel::<()>();
            // The only thread that may block does.
            let busy = tokio::task::spawn_blocking(move || wait.recv());
            let source = LocalSource::open(folder.path()).expect("a folder to serve");
            let info = source.head(&ObjectKey::parse("file.txt").expect("a key")).await.expect("it is in the cache");
            assert_eq!((info.size, info.content_type.as_deref()), (4, Some("text/plain")));
            drop(release);
            busy.await.expect("it ends").expect_err("nothing was sent");
        });
    }
}
