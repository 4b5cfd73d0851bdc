//! Where pieces go: a part file that can be thrown away and begun anew, or a pipe that can't.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use crate::exit::Failure;
use crate::get::part::Part;
use crate::get::state::State;

/// Where pieces go.
pub(crate) enum Sink {
    /// Into a file, with its state beside it.
    Part(Part, State),
    /// To standard output, or wherever a test wants them.
    Pipe(Pipe),
}

/// A stream that takes every byte once.
pub(crate) struct Pipe {
    out: Box<dyn Write + Send>,
    hasher: Sha256,
    len: u64,
}

impl Sink {
    /// How much has arrived.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Part(part, _) => part.len(),
            Self::Pipe(pipe) => pipe.len,
        }
    }

    /// Takes a piece.
    pub(crate) async fn write(&mut self, piece: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Part(part, _) => part.write(piece).await,
            Self::Pipe(pipe) => pipe.write(piece).map_err(|error| Failure::failed(format!("can't write to standard output: {error}"))),
        }
    }

    /// Waits until everything taken is where it belongs.
    pub(crate) async fn flush(&mut self) -> Result<(), Failure> {
        match self {
            Self::Part(part, _) => part.flush().await,
            Self::Pipe(pipe) => pipe.out.flush().map_err(|error| Failure::failed(format!("can't write to standard output: {error}"))),
        }
    }

    /// The server begins anew at the first byte.
    pub(crate) async fn restart(&mut self) -> Result<(), Failure> {
        match self {
            Self::Part(part, _) => part.restart().await,
            Self::Pipe(pipe) if pipe.len == 0 => Ok(()),
            Self::Pipe(_) => Err(Failure::failed("the download broke, and the server can't go on where it did")),
        }
    }

    /// Keeps the whole content's digest for a later run.
    pub(crate) fn note_digest(&mut self, digest: &[u8; 32]) -> Result<(), Failure> {
        match self {
            Self::Part(_, state) => match state.facts().cloned() {
                Some(facts) => state.note(facts.with_digest(digest)),
                None => Ok(()),
            },
            Self::Pipe(_) => Ok(()),
        }
    }
}

impl Pipe {
    /// A pipe into `out`.
    pub(crate) fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out, hasher: Sha256::new(), len: 0 }
    }

    /// The digest of everything that went through.
    pub(crate) fn digest(self) -> [u8; 32] {
        self.hasher.finalize().into()
    }

    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.out.write_all(piece)?;
        self.hasher.update(piece);
        self.len += piece.len() as u64;
        Ok(())
    }
}
