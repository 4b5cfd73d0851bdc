//! The bytes of an open file as a stream: nothing is read before it is asked for, so that a thousand slow readers hold next
//! to nothing in memory.
//!
//! Must not yield a byte of a file that changed: a piece goes out only after the handle has shown, once the piece was
//! read, that the file still is the pinned version.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use oncelink_core::Fault;
use oncelink_core::object::{ByteRange, ObjectError, ObjectKey, ObjectStream, ObjectVersion};
use tokio::task::spawn_blocking;

use crate::{at_once, fault, file};

/// How much is read at once for a slow reader, which holds the piece until the last byte of it is out.
pub(crate) const PIECE: u64 = 16 * 1024;
/// What is read at once for anybody when there is no more: most files are small.
const REST: u64 = 64 * 1024;
/// How much at the most for a quick one: large enough that the hand-over between threads costs little.
const LARGEST_PIECE: u64 = 1024 * 1024;
/// Which part of what was read already a quick one is given at once. At first everybody is quick, until the kernel's buffers
/// are full; whoever turns out slow then mustn't be left with a large piece.
const SHARE: u64 = 256;
/// How much without such a hand-over: what stays in the processor's caches until it is sent, and keeps nobody waiting.
const LARGEST_AT_ONCE: u64 = 256 * 1024;
/// Who asks again within this time is quick.
const QUICK: Duration = Duration::from_millis(10);

/// An open file, and what of it is still to be read.
pub(crate) struct Reader {
    file: File,
    key: ObjectKey,
    pinned: ObjectVersion,
    left: u64,
    read: u64,
    read_at: Instant,
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
        Ok(Self { file, key, pinned, left, read: 0, read_at: Instant::now() })
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
        let quick = self.read_at.elapsed() < QUICK;
        let piece = if quick { (self.read / SHARE).clamp(PIECE, LARGEST_PIECE) } else { PIECE };
        if self.left <= REST { self.left } else { piece }
    }

    fn note(&mut self, read: u64) {
        self.left -= read;
        self.read += read;
        self.read_at = Instant::now();
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

    use futures_util::StreamExt;

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

    /// How much the reader gives after it has read so much, `ago`.
    fn piece_after(read: u64, ago: Duration, left: u64) -> u64 {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (_, reader) = opened(&dir);
        Reader { read, left, read_at: Instant::now() - ago, ..reader }.size_up()
    }

    #[test]
    fn a_quick_reader_gets_larger_pieces_and_a_slow_one_small_ones() {
        const FAR: u64 = 1 << 40;
        let quick = [0, 16 << 20, 64 << 20, 1 << 30].map(|read| piece_after(read, Duration::ZERO, FAR));
        assert_eq!(quick, [PIECE, 64 * 1024, 256 * 1024, LARGEST_PIECE]);
        assert_eq!(piece_after(1 << 30, QUICK, FAR), PIECE, "who stopped reading holds little");
    }

    #[test]
    fn what_is_left_of_a_small_file_is_one_piece() {
        assert_eq!(piece_after(0, QUICK, 50_000), 50_000);
        assert_eq!(piece_after(0, QUICK, REST + 1), PIECE);
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
