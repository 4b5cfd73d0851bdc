//! A range of the archive as a stream: at most one piece is made ahead of whoever polls.
//!
//! Must not yield a byte of a file that changed: a piece goes out only after the open file has shown, once it was read, that
//! it still is what it was.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use oncelink_core::Fault;
use oncelink_core::object::{ByteRange, ObjectError, ObjectStream};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::layout::Part;
use crate::{Archive, fault, pinned};

/// How much is made at once: large enough that the hand-over between threads costs little, and many small files make one.
const PIECE: u64 = 256 * 1024;

/// What of the archive is still to be made.
pub(crate) struct Reader {
    archive: Arc<Archive>,
    at: u64,
    end: u64,
    /// The file that `at` lies in, when an earlier piece ended inside of it.
    open: Option<File>,
}

/// A piece that has been made and checked, and the reader for what comes after it; nothing at the end.
pub(crate) type Piece = Option<(Bytes, Reader)>;

/// What comes next.
enum Next {
    /// The first piece, which has been made already.
    Ready(Piece),
    /// A piece that is being made.
    Coming(JoinHandle<Result<Piece, ObjectError>>),
}

impl Reader {
    /// A reader of `range`.
    pub(crate) fn begin(archive: Arc<Archive>, range: ByteRange) -> Result<Self, ObjectError> {
        if range.start > range.end || range.end > archive.layout.size() {
            return Err(Fault::internal("a range lies outside of the archive").into());
        }
        Ok(Self { archive, at: range.start, end: range.end, open: None })
    }

    /// Makes the next piece. Blocks.
    pub(crate) fn read(mut self) -> Result<Piece, ObjectError> {
        if self.at == self.end {
            return Ok(None);
        }
        let stop = self.end.min(self.at + PIECE);
        let mut piece = Vec::with_capacity(usize::try_from(stop - self.at).unwrap_or_default());
        while self.at < stop {
            let archive = Arc::clone(&self.archive);
            let (part, extent) = archive.layout.part_at(self.at);
            let until = extent.end.min(stop);
            match part {
                Part::Content(number) => self.content(number, self.at - extent.start, until - self.at, &mut piece)?,
                Part::Local(_) | Part::Central(_) | Part::Ending => {
                    let within = |at: u64| usize::try_from(at - extent.start).unwrap_or(usize::MAX);
                    piece.extend_from_slice(archive.layout.record(part).get(within(self.at)..within(until)).unwrap_or_default());
                }
            }
            if until == extent.end {
                self.open = None;
            }
            self.at = until;
        }
        Ok(Some((Bytes::from(piece), self)))
    }

    /// Adds `count` bytes from `offset` on of an entry's content.
    fn content(&mut self, number: usize, offset: u64, count: u64, piece: &mut Vec<u8>) -> Result<(), ObjectError> {
        let archive = Arc::clone(&self.archive);
        let Some((entry, pinned)) = archive.layout.entry(number).and_then(|entry| Some((entry, entry.pinned?))) else {
            return Err(Fault::internal("an entry without content has some").into());
        };
        let failed = |error| ObjectError::from(fault::reading(&entry.path, error));
        let file = match self.open.take() {
            Some(file) => file,
            None => match pinned::open(&entry.path) {
                Ok(mut file) => {
                    file.seek(SeekFrom::Start(offset)).map_err(failed)?;
                    file
                }
                // It was there when the range was opened.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(ObjectError::Changed),
                Err(error) => return Err(failed(error)),
            },
        };
        let got = (&file).take(count).read_to_end(piece).map_err(failed)?;
        if got as u64 != count || !pinned.holds(&file).map_err(failed)? {
            return Err(ObjectError::Changed);
        }
        self.open = Some(file);
        Ok(())
    }
}

/// The stream that begins with `first`. The next piece is begun when one is taken, and no further one until then.
pub(crate) fn from(first: Piece) -> ObjectStream {
    Box::pin(stream::try_unfold(Next::Ready(first), |next| async {
        let piece = match next {
            Next::Ready(piece) => piece,
            Next::Coming(making) => making.await.map_err(fault::lost_thread)??,
        };
        Ok(piece.map(|(bytes, reader)| (bytes, Next::Coming(spawn_blocking(|| reader.read())))))
    }))
}
