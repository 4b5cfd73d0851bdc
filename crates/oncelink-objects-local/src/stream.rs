//! The bytes of an open file as a stream: at most one piece is read ahead of whoever polls.
//!
//! Must not yield a byte of a file that changed: a piece goes out only after the handle has shown, once the piece was
//! read, that the file still is the pinned version.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use bytes::Bytes;
use futures_util::stream;
use oncelink_core::Fault;
use oncelink_core::object::{ByteRange, ObjectError, ObjectKey, ObjectStream, ObjectVersion};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::{fault, file};

/// How much is read at once: large enough that the hand-over between threads costs little.
pub(crate) const PIECE: u64 = 256 * 1024;

/// An open file, and what of it is still to be read.
pub(crate) struct Reader {
    file: File,
    key: ObjectKey,
    pinned: ObjectVersion,
    left: u64,
}

/// A piece that has been read and checked, and the reader for what comes after it; nothing at the end.
pub(crate) type Piece = Option<(Bytes, Reader)>;

/// A read that is under way.
type Reading = JoinHandle<Result<Piece, ObjectError>>;

/// What comes next.
enum Next {
    /// The first piece, which has been read already.
    Ready(Piece),
    /// A piece that is being read.
    Coming(Reading),
}

impl Reader {
    /// A reader of `range` of the open `file`.
    pub(crate) fn begin(mut file: File, key: ObjectKey, pinned: ObjectVersion, range: ByteRange) -> Result<Self, ObjectError> {
        let Some(left) = range.end.checked_sub(range.start) else {
            return Err(Fault::internal("a range ends before it begins").into());
        };
        file.seek(SeekFrom::Start(range.start)).map_err(|error| fault::reading(&key, error))?;
        Ok(Self { file, key, pinned, left })
    }

    /// Reads the next piece. Blocks.
    pub(crate) fn read(mut self) -> Result<Piece, ObjectError> {
        if self.left == 0 {
            return Ok(None);
        }
        let want = self.left.min(PIECE);
        let mut piece = Vec::with_capacity(usize::try_from(want).unwrap_or_default());
        let got = (&self.file).take(want).read_to_end(&mut piece).map_err(|error| fault::reading(&self.key, error))?;
        let unchanged = file::unchanged(&self.file, &self.pinned).map_err(|error| fault::reading(&self.key, error))?;
        if !unchanged || got as u64 != want {
            return Err(ObjectError::Changed);
        }
        self.left -= want;
        Ok(Some((Bytes::from(piece), self)))
    }
}

/// The stream that begins with `first`. The next read starts when a piece is taken, so that it runs while that piece is
/// being sent, and no further one until then.
pub(crate) fn from(first: Piece) -> ObjectStream {
    Box::pin(stream::try_unfold(Next::Ready(first), |next| async {
        let piece = match next {
            Next::Ready(piece) => piece,
            Next::Coming(reading) => reading.await.map_err(fault::lost_thread)??,
        };
        Ok(piece.map(|(bytes, reader)| (bytes, Next::Coming(spawn_blocking(|| reader.read())))))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Duration;

    use futures_util::StreamExt;

    const SIZE: u64 = 16 * PIECE;

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
    fn no_more_than_one_piece_is_read_ahead() {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime");
        runtime.block_on(async {
            let dir = tempfile::tempdir().expect("a temporary directory");
            let (mut probe, reader) = opened(&dir);
            let mut bytes = from(reader.read().expect("a first piece"));
            for taken in 0..=3 {
                settle().await;
                assert_eq!(probe.stream_position().expect("a position"), PIECE * (taken + 1));
                bytes.next().await.expect("a piece").expect("good bytes");
            }
        });
    }

    #[tokio::test]
    async fn a_file_rewritten_underneath_yields_no_new_byte() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (probe, reader) = opened(&dir);
        let mut bytes = from(reader.read().expect("a first piece"));
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
        let mut bytes = from(reader.read().expect("a first piece"));
        bytes.next().await.expect("a piece").expect("good bytes");
        let file = File::options().write(true).open(dir.path().join("file")).expect("the file");
        file.set_len(PIECE).and_then(|()| file.set_modified(time)).expect("a cut");
        let rest: Vec<_> = bytes.collect().await;
        assert!(matches!(rest.last(), Some(Err(ObjectError::Changed))));
    }
}
