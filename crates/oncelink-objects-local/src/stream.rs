//! The bytes of an open file as a stream: nothing is read before it is asked for, so that a thousand slow readers hold next
//! to nothing in memory.
//!
//! Must not yield a byte of a file that changed: a piece goes out only after the handle has shown, once the piece was
//! read, that the file still is the pinned version.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::Instant;

use bytes::Bytes;
use futures_util::stream;
use oncelink_core::Fault;
use oncelink_core::appetite::Appetite;
use oncelink_core::object::{ByteRange, ObjectError, ObjectKey, ObjectStream, ObjectVersion};
use tokio::task::spawn_blocking;

use crate::{at_once, fault, file};

/// What is read at once for anybody when there is no more: most files are small.
const REST: u64 = 64 * 1024;
/// How much at the most: large enough that the hand-over between threads costs little.
const LARGEST_PIECE: u64 = 1024 * 1024;
/// How much without such a hand-over: what stays in the processor's caches until it is sent, and keeps nobody waiting.
const LARGEST_AT_ONCE: u64 = 256 * 1024;

/// An open file, and what of it is still to be read.
pub(crate) struct Reader {
    file: File,
    key: ObjectKey,
    pinned: ObjectVersion,
    left: u64,
    appetite: Appetite,
    begun: Instant,
}

/// A piece that has been read and checked, and the reader for what comes after it; nothing at the end.
pub(crate) type Piece = Option<(Bytes, Reader)>;

/// What comes next.
pub(crate) enum Next {
    /// A piece that has been read already.
    Read(Piece),
    /// A piece that nobody has asked for.
    Unread(Reader),
}

impl Reader {
    /// A reader of `range` of the open `file`.
    pub(crate) fn begin(mut file: File, key: ObjectKey, pinned: ObjectVersion, range: ByteRange) -> Result<Self, ObjectError> {
        let Some(left) = range.end.checked_sub(range.start) else {
            return Err(Fault::internal("a range ends before it begins").into());
        };
        if range.start > 0 {
            file.seek(SeekFrom::Start(range.start)).map_err(|error| fault::reading(&key, error))?;
        }
        Ok(Self { file, key, pinned, left, appetite: Appetite::default(), begun: Instant::now() })
    }

    /// Reads the next piece. Blocks.
    pub(crate) fn read(mut self) -> Result<Piece, ObjectError> {
        if self.left == 0 {
            return Ok(None);
        }
        let want = self.size_up();
        let mut piece = Vec::with_capacity(usize::try_from(want).unwrap_or_default());
        let got = (&self.file).take(want).read_to_end(&mut piece).map_err(|error| fault::reading(&self.key, error))?;
        let unchanged = file::unchanged(&self.file, &self.pinned).map_err(|error| fault::reading(&self.key, error))?;
        if !unchanged || got as u64 != want {
            return Err(ObjectError::Changed);
        }
        self.note(want);
        Ok(Some((Bytes::from(piece), self)))
    }

    /// Reads the next piece if that needs no waiting. Never blocks.
    fn read_at_once(&mut self) -> Option<Result<Bytes, ObjectError>> {
        let want = self.size_up().min(LARGEST_AT_ONCE);
        let piece = at_once::read(&self.file, usize::try_from(want).ok()?)?;
        self.note(piece.len() as u64);
        let checked = file::unchanged(&self.file, &self.pinned).map_err(|error| fault::reading(&self.key, error).into());
        Some(checked.and_then(|unchanged| if unchanged { Ok(Bytes::from(piece)) } else { Err(ObjectError::Changed) }))
    }

    /// How much to read next.
    fn size_up(&self) -> u64 {
        if self.left <= REST { self.left } else { self.appetite.piece().min(LARGEST_PIECE).min(self.left) }
    }

    fn note(&mut self, read: u64) {
        self.left -= read;
        self.appetite.took(read, self.begun.elapsed());
    }
}

/// The stream that begins with `next`.
pub(crate) fn from(next: Next) -> ObjectStream {
    Box::pin(stream::try_unfold(next, |next| async {
        let piece = match next {
            Next::Read(piece) => piece,
            Next::Unread(reader) if reader.left == 0 => None,
            Next::Unread(mut reader) => match reader.read_at_once() {
                Some(piece) => Some((piece?, reader)),
                None => spawn_blocking(|| reader.read()).await.map_err(fault::lost_thread)??,
            },
        };
        Ok(piece.map(|(bytes, reader)| (bytes, Next::Unread(reader))))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Duration;

    use futures_util::StreamExt;

    /// The least piece.
    const PIECE: u64 = 16 * 1024;
    const SIZE: u64 = 64 * PIECE;

    fn opened(dir: &tempfile::TempDir) -> (File, Reader) {
        let path = dir.path().join("file");
        fs::write(&path, vec![7; usize::try_from(SIZE).expect("a small file")]).expect("a writable directory");
        let file = File::open(&path).expect("the file just written");
        let seen = file.metadata().expect("metadata of an open file");
        let pinned = crate::version::version(seen.len(), seen.modified().ok());
        // A clone shares the position, so it shows how far the reader has come.
        let probe = file.try_clone().expect("a second handle");
        let key = ObjectKey::parse("file").expect("a key");
        (probe, Reader::begin(file, key, pinned, 0..SIZE).expect("a reader"))
    }

    /// Lets everything run that was started: with a single blocking thread, work is done in order.
    async fn settle() {
        for _ in 0..20 {
            tokio::task::yield_now().await;
            spawn_blocking(|| ()).await.expect("an idle thread");
        }
    }

    #[test]
    fn nothing_is_read_before_it_is_asked_for() {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime");
        runtime.block_on(async {
            let dir = tempfile::tempdir().expect("a temporary directory");
            let (mut probe, reader) = opened(&dir);
            let mut bytes = from(Next::Read(reader.read().expect("a first piece")));
            let first = probe.stream_position().expect("a position");
            let mut taken = 0;
            for _ in 0..4 {
                settle().await;
                assert_eq!(probe.stream_position().expect("a position"), first.max(taken), "only what was asked for");
                taken += bytes.next().await.expect("a piece").expect("good bytes").len() as u64;
            }
        });
    }

    #[test]
    fn what_is_in_the_cache_waits_for_no_other_thread() {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime");
        runtime.block_on(async {
            let dir = tempfile::tempdir().expect("a temporary directory");
            let (probe, reader) = opened(&dir);
            if at_once::read(&probe, 1).is_none() {
                return; // This file system can't read without waiting.
            }
            let mut reader = reader;
            reader.file.seek(SeekFrom::Start(0)).expect("a position");
            let (release, wait) = std::sync::mpsc::channel::<()>();
            // The only thread that may block does.
            let busy = spawn_blocking(move || wait.recv());
            let pieces: Vec<_> = from(Next::Unread(reader)).collect().await;
            assert_eq!(pieces.iter().flatten().map(|piece| piece.len() as u64).sum::<u64>(), SIZE);
            drop(release);
            busy.await.expect("it ends").expect_err("nothing was sent");
        });
    }

    #[test]
    fn what_is_left_of_a_small_file_is_one_piece() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (_, reader) = opened(&dir);
        assert_eq!(Reader { left: 50_000, ..reader }.size_up(), 50_000);
    }

    /// Pieces grow beyond what is left, at the end of a file and in its middle; none may ask for more than that.
    #[test]
    fn a_large_range_is_read_to_its_last_byte_by_quick_readers() {
        const LARGE: u64 = 300 * 1024 * 1024;
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("sparse");
        File::create(&path).and_then(|file| file.set_len(LARGE)).expect("a sparse file");
        let seen = fs::metadata(&path).expect("metadata");
        let pinned = crate::version::version(seen.len(), seen.modified().ok());
        for range in [0..LARGE, 1..LARGE - 100_001] {
            for at_once in [false, true] {
                let file = File::open(&path).expect("the file just written");
                let key = ObjectKey::parse("sparse").expect("a key");
                let mut reader = Reader::begin(file, key, pinned.clone(), range.clone()).expect("a reader");
                let mut read = 0;
                while reader.left > 0 {
                    let piece = if at_once { reader.read_at_once() } else { None };
                    if let Some(piece) = piece {
                        read += piece.expect("good bytes").len() as u64;
                    } else {
                        let (piece, rest) = reader.read().expect("good bytes").expect("a piece");
                        (read, reader) = (read + piece.len() as u64, rest);
                    }
                }
                assert_eq!(read, range.end - range.start);
            }
        }
    }

    #[tokio::test]
    async fn a_file_rewritten_underneath_yields_no_new_byte() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (probe, reader) = opened(&dir);
        let mut bytes = from(Next::Read(reader.read().expect("a first piece")));
        let first = bytes.next().await.expect("a piece").expect("good bytes");
        fs::write(dir.path().join("file"), vec![8; usize::try_from(SIZE).expect("a small file")]).expect("a rewrite");
        let later = probe.metadata().and_then(|seen| seen.modified()).expect("a time") + Duration::from_secs(1);
        File::options().write(true).open(dir.path().join("file")).and_then(|file| file.set_modified(later)).expect("a new time");
        let rest: Vec<_> = bytes.collect().await;
        assert!(first.iter().all(|&byte| byte == 7));
        assert!(matches!(rest.last(), Some(Err(ObjectError::Changed))));
        assert!(rest.iter().flatten().flatten().all(|&byte| byte == 7));
    }

    #[tokio::test]
    async fn a_file_cut_short_underneath_is_an_error_even_when_its_time_stays() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (probe, reader) = opened(&dir);
        let time = probe.metadata().and_then(|seen| seen.modified()).expect("a time");
        let mut bytes = from(Next::Read(reader.read().expect("a first piece")));
        bytes.next().await.expect("a piece").expect("good bytes");
        let file = File::options().write(true).open(dir.path().join("file")).expect("the file");
        file.set_len(2 * PIECE).and_then(|()| file.set_modified(time)).expect("a cut");
        let rest: Vec<_> = bytes.collect().await;
        assert!(matches!(rest.last(), Some(Err(ObjectError::Changed))));
    }
}
