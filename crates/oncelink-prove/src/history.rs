//! What happened to one link, as its clients saw it: every request, when it was sent, and what came back.
//!
//! Plain data. Must not judge anything: [`crate::checker`] does.

use std::fmt;
use std::time::{Duration, Instant};

/// Microseconds on the campaign's own monotonic clock.
pub type Micros = u64;

/// The campaign's clock.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

/// From when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Before anything of it was done.
    pub from: Micros,
    /// After all of it was done.
    pub to: Micros,
}

/// How a link is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// A POST claims.
    Page,
    /// A GET claims and delivers.
    Direct,
}

/// What a link was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How it is opened.
    pub gate: Gate,
    /// Which of the campaign's objects.
    pub object: usize,
    /// The object's size in bytes.
    pub size: u64,
    /// How many claims may be made.
    pub uses: u32,
    /// After how long claiming ends, where that is within the campaign.
    pub expires_in: Option<Duration>,
}

/// Who sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Somebody with a holder secret of its own. On a direct link every first GET is one.
    Holder(u32),
    /// The link's creator.
    Sender,
    /// Somebody who guesses.
    Stranger,
    /// Somebody who only looks: a preview, a scanner.
    Passerby,
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// POST to the link with the holder's secret.
    Claim,
    /// GET of a direct link.
    Take,
    /// GET of the claim's address, from a byte to a byte (exclusive).
    Fetch {
        /// The first byte that was asked for.
        from: u64,
        /// The end of what was asked for.
        to: u64,
    },
    /// HEAD, prefetch, or GET of a page link.
    Look,
    /// HEAD of the claim's address.
    LookAtClaim,
    /// A request with an altered token or claim address.
    Guess,
    /// DELETE of the link.
    Revoke,
}

/// What the network does to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing.
    None,
    /// It is held up, in milliseconds.
    Late(u64),
    /// Its answer is held up when it begins, in milliseconds.
    Held(u64),
    /// It never arrives.
    Dropped,
    /// It arrives, and the connection is cut at once.
    Abandoned,
    /// It arrives, and its answer is swallowed when it begins.
    Swallowed,
    /// It arrives twice, on two connections. The second answer is thrown away.
    Doubled,
    /// The answer is cut after so many bytes, head included.
    Cut(u64),
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The status; 0 when no answer came.
    pub status: u16,
    /// A problem's type.
    pub kind: String,
    /// Whether it said when to try again.
    pub retry_after: bool,
    /// How many bytes of the object came.
    pub received: u64,
    /// The first of them, as the answer's head has it.
    pub at: u64,
    /// Whether they are the object's bytes at that place.
    pub sound: bool,
    /// Whether everything came that the head announced.
    pub whole: bool,
}

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Who asked.
    pub who: Who,
    /// What was asked.
    pub act: Act,
    /// Which server.
    pub server: usize,
    /// What the network did.
    pub mishap: Mishap,
    /// From before it was sent to after its answer was read or given up.
    pub span: Span,
    /// The answer.
    pub reply: Reply,
}

/// All that happened to one link.
#[derive(Clone, Debug)]
pub struct History {
    /// Its number in the campaign: with the campaign's seed it makes the same tale again.
    pub number: u64,
    /// Its terms.
    pub terms: Terms,
    /// The servers' lease.
    pub lease: Micros,
    /// How many servers there are.
    pub servers: usize,
    /// When it was created.
    pub made: Span,
    /// Every request, in the order of their ends.
    pub exchanges: Vec<Exchange>,
}

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has run.
    pub fn now(&self) -> Micros {
        micros(self.0.elapsed())
    }
}

impl Span {
    /// Whether both have a moment in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }
}

impl Reply {
    /// Whether an answer came at all.
    pub fn came(&self) -> bool {
        self.status != 0
    }

    /// Whether it granted what was asked.
    pub fn granted(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether it was a lawful or unlawful no, as opposed to a failure.
    pub fn refused(&self) -> bool {
        (400..500).contains(&self.status)
    }
}

/// A duration in the campaign's unit.
pub fn micros(span: Duration) -> Micros {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Display for Exchange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { who, act, server, mishap, span, reply } = self;
        write!(out, "{:>12}..{:>12} us  {who:?} {act:?} at server {server}", span.from, span.to)?;
        if *mishap != Mishap::None {
            write!(out, " ({mishap:?})")?;
        }
        if !reply.came() {
            return write!(out, ": no answer");
        }
        write!(out, ": {} {}", reply.status, reply.kind)?;
        if reply.received > 0 {
            let sound = if reply.sound { "" } else { ", NOT the object's" };
            let whole = if reply.whole { "" } else { ", broken off" };
            write!(out, " {} bytes from {}{sound}{whole}", reply.received, reply.at)?;
        }
        Ok(())
    }
}

impl fmt::Display for History {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "link {}: {:?}, lease {} us, made {:?}", self.number, self.terms, self.lease, self.made)?;
        self.exchanges.iter().try_for_each(|exchange| writeln!(out, "  {exchange}"))
    }
}
