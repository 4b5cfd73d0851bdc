//! How far one response has come: bytes handed over, written and acknowledged, and how it ended.
//!
//! Must not wait for anything: it is shared between the body, the connection and the supervisor.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::wire::Wire;

const UNKNOWN: u64 = u64::MAX;

/// One response's progress.
pub(crate) struct Flow {
    start: u64,
    length: u64,
    /// Bytes of the body that were handed to the transport.
    yielded: AtomicU64,
    /// What the connection had written when this response was begun.
    written_before: u64,
    /// What the connection had written before this response's body began; known from the first flush on.
    base: AtomicU64,
    /// What the connection had written when all of this response was out.
    end: AtomicU64,
    stage: AtomicU8,
    cut: AtomicBool,
    changed: Notify,
}

/// How a response stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// On its way.
    Running,
    /// Every byte was handed to the transport.
    Finished,
    /// The transport gave up, or the object could not be read on.
    Broken,
}

impl Flow {
    /// A response of `length` bytes from `start` on.
    pub(crate) fn new(start: u64, length: u64, written_before: u64) -> Self {
        Self {
            start,
            length,
            yielded: AtomicU64::new(0),
            written_before,
            base: AtomicU64::new(UNKNOWN),
            end: AtomicU64::new(UNKNOWN),
            stage: AtomicU8::new(0),
            cut: AtomicBool::new(false),
            changed: Notify::new(),
        }
    }

    /// The first byte's place in the object.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// How many bytes the response has.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// How many bytes were handed to the transport.
    pub(crate) fn yielded(&self) -> u64 {
        self.yielded.load(Ordering::Acquire)
    }

    /// `count` more bytes are being handed to the transport.
    pub(crate) fn advance(&self, count: u64) {
        self.yielded.fetch_add(count, Ordering::AcqRel);
    }

    /// Every byte has been handed over.
    pub(crate) fn finish(&self) {
        self.set(1);
    }

    /// The transport dropped the body. Does nothing to a finished response.
    pub(crate) fn abandon(&self) {
        if self.stage() == Stage::Running {
            self.set(2);
        }
    }

    /// How the response stands.
    pub(crate) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Acquire) {
            0 => Stage::Running,
            1 => Stage::Finished,
            _ => Stage::Broken,
        }
    }

    /// Waits until the response is no longer running.
    pub(crate) async fn ended(&self) -> Stage {
        loop {
            let changed = self.changed.notified();
            match self.stage() {
                Stage::Running => changed.await,
                ended @ (Stage::Finished | Stage::Broken) => return ended,
            }
        }
    }

    /// Tells the body to stop.
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
    }

    /// Whether the body was told to stop.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    /// The connection's buffers are empty after `written` bytes in all. Says whether this response is out as a whole.
    ///
    /// With empty buffers the bytes handed over so far are the last ones written: that is where the body's place in the
    /// connection's bytes becomes known, whatever the head's length was.
    pub(crate) fn flushed(&self, written: u64) -> bool {
        let yielded = self.yielded();
        if yielded > 0 && self.base.load(Ordering::Acquire) == UNKNOWN {
            self.base.store(written - yielded.min(written), Ordering::Release);
        }
        let out = self.stage() == Stage::Finished && written > self.written_before;
        if out {
            self.end.store(written, Ordering::Release);
            self.changed.notify_one();
        }
        out
    }

    /// How many bytes of the body the client's TCP has acknowledged, at least.
    pub(crate) fn acknowledged(&self, wire: &Wire) -> u64 {
        let base = self.base.load(Ordering::Acquire);
        if base == UNKNOWN {
            return 0;
        }
        wire.acknowledged().saturating_sub(base).min(self.yielded())
    }

    /// How many bytes of the body the client may have got, at most: those that were sent, acknowledged or not.
    pub(crate) fn sent(&self, wire: &Wire) -> u64 {
        let base = self.base.load(Ordering::Acquire);
        // As long as nobody knows where the body begins among the bytes written, it is taken to begin at once.
        let begin = if base == UNKNOWN { self.written_before } else { base };
        wire.sent().saturating_sub(begin).min(self.yielded())
    }

    /// Whether any of the response may have left, be it of its head only: that names the claim's address already.
    pub(crate) fn may_have_left(&self, wire: &Wire) -> bool {
        wire.sent() > self.written_before
    }

    /// Whether all of the response, head included, has been acknowledged.
    pub(crate) fn is_acknowledged(&self, wire: &Wire) -> bool {
        let end = self.end.load(Ordering::Acquire);
        end != UNKNOWN && wire.acknowledged() >= end
    }

    fn set(&self, stage: u8) {
        self.stage.store(stage, Ordering::Release);
        self.changed.notify_one();
    }
}
