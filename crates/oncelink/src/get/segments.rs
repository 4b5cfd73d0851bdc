//! The download in parts, where one response can't carry the whole file: a few ranges side by side, written in order.
//!
//! What is in memory is bounded by their number and size. The server doesn't take the last byte for the end then: the end
//! is told, once the file is safe, so that a part that got lost can be asked for again.

use std::cell::Cell;
use std::num::NonZeroU64;
use std::ops::Range;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, IF_MATCH, IF_RANGE, RANGE};
use reqwest::{Client, Response, StatusCode, Url};

use crate::exit::Failure;
use crate::get::claim::Claim;
use crate::get::download::{bare, changed, content_range, other_range, text, too_early, too_much};
use crate::get::ended::Ended;
use crate::get::pace::{Pace, Patience};
use crate::get::sink::Sink;
use crate::http;
use crate::problem::Problem;
use crate::progress::Progress;

/// How many parts are on their way at once.
const LANES: usize = 3;
/// The largest part, however much one response would carry.
const LARGEST: u64 = 8 * 1024 * 1024;
/// Says that the end will be told.
const ACKNOWLEDGES: (&str, &str) = ("Oncelink-Acknowledges", "yes");

/// A claim whose bytes come in parts.
pub(crate) struct Segments<'a> {
    http: &'a Client,
    claim: &'a Claim,
    step: u64,
    /// Bytes that are here, written or not yet.
    have: Cell<u64>,
    progress: &'a Progress,
    pace: Pace,
}

/// What came of one request.
enum Step {
    /// It ended or broke; ask for what is missing.
    Again { why: String, retry_after: Option<Duration> },
    /// It ended where it said that it would.
    Next,
}

impl<'a> Segments<'a> {
    /// The parts of a claim, `most` bytes at once.
    pub(crate) fn new(http: &'a Client, claim: &'a Claim, most: NonZeroU64, progress: &'a Progress, pace: Pace) -> Self {
        Self { http, claim, step: most.get().min(LARGEST), have: Cell::new(0), progress, pace }
    }

    /// Downloads what is missing.
    ///
    /// # Errors
    /// [`Ended::ForGood`] when the claim is over too early; [`Ended::ForNow`] when the patience is at its end, something
    /// stands in the way, or the content isn't the one that was claimed.
    pub(crate) async fn run(self, sink: &mut Sink) -> Result<(), Ended> {
        self.have.set(sink.len());
        let mut parts = stream::iter(ranges(sink.len()..self.claim.facts.size, self.step)).map(|range| self.part(range)).buffered(LANES);
        while let Some(part) = parts.next().await {
            sink.write(&part?).await?;
            sink.flush().await?;
        }
        Ok(())
    }

    /// The bytes of `range`, however many requests that takes.
    async fn part(&self, range: Range<u64>) -> Result<Bytes, Ended> {
        let mut part = BytesMut::new();
        let mut patience = self.pace.begin();
        loop {
            let before = part.len();
            let step = self.step(&mut part, &range).await?;
            if range.start + part.len() as u64 == range.end {
                return Ok(part.freeze());
            }
            if part.len() > before {
                patience.progress();
            }
            if let Step::Again { why, retry_after } = step {
                self.pause(&mut patience, &why, retry_after).await?;
            }
        }
    }

    async fn pause(&self, patience: &mut Patience, why: &str, retry_after: Option<Duration>) -> Result<(), Failure> {
        let (have, size) = (self.have.get(), self.claim.facts.size);
        self.progress.say(&format!("A part broke off at {have} of {size} bytes ({why}); going on."));
        if patience.wait(retry_after).await {
            return Ok(());
        }
        Err(Failure::failed(format!("the download broke at {have} of {size} bytes: {why}")))
    }

    /// Asks for what is missing of `range`, and adds what comes.
    async fn step(&self, part: &mut BytesMut, range: &Range<u64>) -> Result<Step, Ended> {
        let missing = range.start + part.len() as u64..range.end;
        let etag = &self.claim.facts.etag;
        let request = self.http.get(self.claim.url.clone()).header(RANGE, format!("bytes={}-{}", missing.start, missing.end - 1));
        let request = request.header(IF_RANGE, etag).header(IF_MATCH, etag).header(ACKNOWLEDGES.0, ACKNOWLEDGES.1);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Ok(Step::Again { why: http::reason(error), retry_after: None }),
        };
        if response.status() != StatusCode::PARTIAL_CONTENT {
            return self.no_part(response).await;
        }
        let end = self.check(response.headers(), &missing)?;
        Ok(self.receive(response, part, end - missing.start).await?)
    }

    /// Adds the `left` bytes of a response to `part`.
    async fn receive(&self, mut response: Response, part: &mut BytesMut, mut left: u64) -> Result<Step, Failure> {
        loop {
            match response.chunk().await {
                Ok(Some(piece)) => {
                    let length = piece.len() as u64;
                    left = left.checked_sub(length).ok_or_else(too_much)?;
                    part.extend_from_slice(&piece);
                    self.have.set(self.have.get() + length);
                    self.progress.at(self.have.get());
                }
                Ok(None) if left == 0 => return Ok(Step::Next),
                Ok(None) => return Ok(Step::Again { why: "the server ended it".to_owned(), retry_after: None }),
                Err(error) => return Ok(Step::Again { why: http::reason(error), retry_after: None }),
            }
        }
    }

    /// Checks that a response is of the version that was claimed, and of the range; it may carry less than was asked for
    /// (RFC 9110 section 15.3.7). Says where it ends.
    fn check(&self, headers: &HeaderMap, missing: &Range<u64>) -> Result<u64, Failure> {
        match text(headers, ETAG.as_str()) {
            Some(etag) if bare(etag) == bare(&self.claim.facts.etag) => {}
            Some(_) => return Err(changed()),
            None => return Err(Failure::failed("the server doesn't say which version of the file it sends")),
        }
        match text(headers, CONTENT_RANGE.as_str()).and_then(content_range) {
            Some((range, size)) if range.start == missing.start && range.end <= missing.end && size == self.claim.facts.size => {
                Ok(range.end)
            }
            _ => Err(other_range()),
        }
    }

    async fn no_part(&self, response: Response) -> Result<Step, Ended> {
        let problem = Problem::read(response).await;
        match problem.status {
            _ if problem.is_passing() => Ok(Step::Again { why: problem.detail, retry_after: problem.retry_after }),
            410 if problem.kind == "completed" => Err(Ended::ForGood(too_early(&problem, self.have.get(), self.claim.facts.size))),
            412 => Err(changed().into()),
            _ => Err(Ended::by(problem)),
        }
    }
}

/// Tells the server that the file is here and safe. When it can't be told, its claim ends with its lease.
pub(crate) async fn acknowledge(http: &Client, claim: &Claim, pace: Pace) {
    let Ok(done) = Url::parse(&format!("{}/done", claim.url)) else { return };
    let mut patience = pace.begin();
    loop {
        let retry_after = match http.post(done.clone()).send().await {
            Ok(response) if response.status().is_success() => return,
            Ok(response) => match Problem::read(response).await {
                problem if problem.is_passing() => problem.retry_after,
                // Completed already: it was told, and the answer got lost. Anything else has ended it too.
                _ => return,
            },
            Err(_) => None,
        };
        if !patience.wait(retry_after).await {
            return;
        }
    }
}

/// `range` in parts of `step` bytes.
fn ranges(range: Range<u64>, step: u64) -> impl Iterator<Item = Range<u64>> {
    let mut from = range.start;
    std::iter::from_fn(move || {
        let part = from..range.end.min(from.saturating_add(step));
        from = part.end;
        (!part.is_empty()).then_some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_what_is_missing_once() {
        assert_eq!(ranges(0..10, 4).collect::<Vec<_>>(), [0..4, 4..8, 8..10]);
        assert_eq!(ranges(7..12, 4).collect::<Vec<_>>(), [7..11, 11..12]);
        assert_eq!(ranges(9..9, 4).next(), None);
        assert_eq!(ranges(0..u64::MAX, u64::MAX).count(), 1);
    }
}
