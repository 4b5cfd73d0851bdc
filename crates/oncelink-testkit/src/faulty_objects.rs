//! A source that fails on purpose: when it is opened, in the middle of a stream, or by stalling.
//!
//! It must not change what the source underneath answers when nothing is scripted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use oncelink_core::object::{ByteRange, ObjectError, ObjectInfo, ObjectKey, ObjectPage, ObjectStream, ObjectVersion};
use oncelink_core::ports::{ObjectSource, Presigner};
use oncelink_core::{Fault, FaultKind};

use crate::Gate;

/// What goes wrong with an `open`. Bytes are counted from the beginning of the opened range.
#[derive(Clone, Debug)]
pub enum ObjectTrouble {
    /// It fails.
    FailOpen(FaultKind),
    /// It waits at the gate, then goes on.
    StallOpen(Gate),
    /// The stream fails after so many bytes.
    BreakAt(u64),
    /// The stream ends after so many bytes without an error, against the port's promise.
    EndAt(u64),
    /// The stream waits at the gate after so many bytes, then goes on.
    StallAt(u64, Gate),
}

/// A source with a script of troubles.
pub struct FaultyObjects {
    inner: Arc<dyn ObjectSource>,
    script: Mutex<Script>,
}

impl FaultyObjects {
    /// The source `inner`, with nothing going wrong yet.
    pub fn new(inner: Arc<dyn ObjectSource>) -> Self {
        Self { inner, script: Mutex::default() }
    }

    /// Scripts `trouble` for the `nth` `open` from now on, counted from 1.
    pub fn nth_open(&self, nth: usize, trouble: ObjectTrouble) {
        self.with_script(|script| {
            let place = script.opens + nth;
            script.once.insert(place, trouble);
        });
    }

    /// Scripts `trouble` for the next `open`.
    pub fn next_open(&self, trouble: ObjectTrouble) {
        self.nth_open(1, trouble);
    }

    /// Scripts `trouble` for every `open` that has nothing of its own.
    pub fn every_open(&self, trouble: ObjectTrouble) {
        self.with_script(|script| script.always = Some(trouble));
    }

    /// Lets every `head` fail so, or none any more.
    pub fn fail_heads(&self, kind: Option<FaultKind>) {
        self.with_script(|script| script.heads = kind);
    }

    /// Forgets the whole script: the bad day is over.
    pub fn heal(&self) {
        self.with_script(|script| *script = Script { opens: script.opens, ..Script::default() });
    }

    fn with_script<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.script.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Default)]
struct Script {
    opens: usize,
    once: BTreeMap<usize, ObjectTrouble>,
    always: Option<ObjectTrouble>,
    heads: Option<FaultKind>,
}

impl Script {
    fn step(&mut self) -> Option<ObjectTrouble> {
        self.opens += 1;
        self.once.remove(&self.opens).or_else(|| self.always.clone())
    }
}

#[async_trait]
impl ObjectSource for FaultyObjects {
    async fn head(&self, key: &ObjectKey) -> Result<ObjectInfo, ObjectError> {
        match self.with_script(|script| script.heads) {
            Some(kind) => Err(scripted(kind)),
            None => self.inner.head(key).await,
        }
    }

    async fn open(&self, key: &ObjectKey, version: &ObjectVersion, size: u64, range: ByteRange) -> Result<ObjectStream, ObjectError> {
        let trouble = self.with_script(Script::step);
        match &trouble {
            Some(ObjectTrouble::FailOpen(kind)) => return Err(scripted(*kind)),
            Some(ObjectTrouble::StallOpen(gate)) => gate.pass().await,
            Some(ObjectTrouble::BreakAt(_) | ObjectTrouble::EndAt(_) | ObjectTrouble::StallAt(..)) | None => {}
        }
        let stream = self.inner.open(key, version, size, range).await?;
        Ok(match trouble {
            Some(ObjectTrouble::BreakAt(place)) => {
                Box::pin(take_bytes(stream, place).chain(stream::once(async { Err(scripted(FaultKind::Unavailable)) })))
            }
            Some(ObjectTrouble::EndAt(place)) => take_bytes(stream, place),
            Some(ObjectTrouble::StallAt(place, gate)) => stalling(stream, place, gate),
            Some(ObjectTrouble::FailOpen(_) | ObjectTrouble::StallOpen(_)) | None => stream,
        })
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>, limit: usize) -> Result<ObjectPage, ObjectError> {
        self.inner.list(prefix, cursor, limit).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.inner.ping().await
    }

    fn presigner(&self) -> Option<&dyn Presigner> {
        self.inner.presigner()
    }
}

fn scripted(kind: FaultKind) -> ObjectError {
    Fault::new(kind, "the source failed, as the test wants").into()
}

/// The first `count` bytes of a stream, cutting a chunk where needed; the rest is never asked for.
fn take_bytes(stream: ObjectStream, count: u64) -> ObjectStream {
    Box::pin(stream::unfold((stream, count), |(mut stream, left)| async move {
        if left == 0 {
            return None;
        }
        let item = stream.next().await?.map(|chunk| first(&chunk, left));
        let taken = item.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Some((item, (stream, left - taken)))
    }))
}

/// The whole stream, with a stop at the gate once `place` bytes are out.
fn stalling(stream: ObjectStream, place: u64, gate: Gate) -> ObjectStream {
    let start = (stream, Bytes::new(), Some((place, gate)));
    Box::pin(stream::unfold(start, |(mut stream, kept, stall)| async move {
        let Some((left, gate)) = stall else {
            let item = if kept.is_empty() { stream.next().await? } else { Ok(kept) };
            return Some((item, (stream, Bytes::new(), None)));
        };
        if left == 0 {
            gate.pass().await;
            let item = if kept.is_empty() { stream.next().await? } else { Ok(kept) };
            return Some((item, (stream, Bytes::new(), None)));
        }
        let chunk = match stream.next().await? {
            Ok(chunk) => chunk,
            Err(error) => return Some((Err(error), (stream, Bytes::new(), None))),
        };
        let head = first(&chunk, left);
        let rest = chunk.slice(head.len()..);
        let left = left - head.len() as u64;
        Some((Ok(head), (stream, rest, Some((left, gate)))))
    }))
}

fn first(chunk: &Bytes, count: u64) -> Bytes {
    chunk.slice(..chunk.len().min(usize::try_from(count).unwrap_or(usize::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryObjects;
    use crate::fixtures::object_key;

    async fn open(source: &FaultyObjects, memory: &MemoryObjects) -> Result<ObjectStream, ObjectError> {
        let version = memory.head(&object_key("a")).await.expect("it was put").version;
        source.open(&object_key("a"), &version, 10, 0..10).await
    }

    fn source() -> (FaultyObjects, Arc<MemoryObjects>) {
        let memory = Arc::new(MemoryObjects::new());
        memory.set_chunk_size(4);
        memory.put("a", "0123456789");
        (FaultyObjects::new(memory.clone()), memory)
    }

    async fn read(stream: ObjectStream) -> (String, bool) {
        let items: Vec<_> = stream.collect().await;
        let failed = items.iter().any(Result::is_err);
        let bytes: Vec<u8> = items.into_iter().flatten().flatten().collect();
        (String::from_utf8(bytes).expect("the test's own digits"), failed)
    }

    #[tokio::test]
    async fn each_trouble_happens_once_at_its_place() {
        let (source, memory) = source();
        source.nth_open(1, ObjectTrouble::FailOpen(FaultKind::Unavailable));
        source.nth_open(2, ObjectTrouble::BreakAt(5));
        source.nth_open(3, ObjectTrouble::EndAt(6));
        assert!(open(&source, &memory).await.is_err());
        assert_eq!(read(open(&source, &memory).await.expect("it opens")).await, ("01234".to_owned(), true));
        assert_eq!(read(open(&source, &memory).await.expect("it opens")).await, ("012345".to_owned(), false));
        assert_eq!(read(open(&source, &memory).await.expect("it opens")).await, ("0123456789".to_owned(), false));
    }

    #[tokio::test]
    async fn a_stalled_stream_goes_on_when_the_gate_opens() {
        let (source, memory) = source();
        for place in [0, 5, 8, 10] {
            let gate = Gate::new();
            source.next_open(ObjectTrouble::StallAt(place, gate.clone()));
            let stream = open(&source, &memory).await.expect("it opens");
            let reading = tokio::spawn(read(stream));
            gate.arrival().await;
            assert!(!reading.is_finished());
            gate.open();
            assert_eq!(reading.await.expect("no panic"), ("0123456789".to_owned(), false));
        }
    }
}
