//! The download: one ranged GET after another until everything is there.

use std::ops::Range;
use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, IF_RANGE, LOCATION, RANGE};
use reqwest::{Client, Response, StatusCode, Url};

use crate::exit::Failure;
use crate::get::claim::Claim;
use crate::get::digest::repr_digest;
use crate::get::ended::Ended;
use crate::get::pace::Pace;
use crate::get::sink::Sink;
use crate::http;
use crate::problem::Problem;
use crate::progress::Progress;

/// How many redirects are followed: the one to the presigned URL, and what a bucket may add.
const HOPS: usize = 5;

/// A claim's bytes on their way.
pub(crate) struct Download<'a> {
    http: &'a Client,
    claim: &'a Claim,
    /// Where a redirect delivery sent us: its address is handed out once, so it is kept for resuming.
    elsewhere: Option<Url>,
    /// The entity tag that every response must have.
    etag: Option<String>,
    digest: Option<[u8; 32]>,
    answered: bool,
}

/// What came of one request.
enum Step {
    /// A response ended or broke; ask again if something is missing.
    Again { why: String, retry_after: Option<Duration> },
    /// A response ended where it said that it would, before the file's end; ask for the next part.
    Next,
    /// The server holds that everything was delivered.
    Completed(Problem),
}

impl<'a> Download<'a> {
    /// A download that may have begun in an earlier run.
    pub(crate) fn new(http: &'a Client, claim: &'a Claim, digest: Option<[u8; 32]>) -> Self {
        Self { http, claim, elsewhere: None, etag: None, digest, answered: false }
    }

    /// Downloads what is missing. Returns the digest that the server promised, if it did.
    ///
    /// # Errors
    /// [`Ended::ForGood`] when the claim is over too early; [`Ended::ForNow`] when the patience is at its end, something
    /// stands in the way, or the content isn't the one that was claimed.
    pub(crate) async fn run(mut self, sink: &mut Sink, pace: Pace, progress: &Progress) -> Result<Option<[u8; 32]>, Ended> {
        let size = self.claim.facts.size;
        let mut patience = pace.begin();
        loop {
            let before = sink.len();
            // An empty file needs one answer too: it is what completes the claim.
            if before == size && (size > 0 || self.answered) {
                return Ok(self.digest);
            }
            let step = self.step(sink, progress).await;
            sink.flush().await?;
            let (why, retry_after) = match step? {
                Step::Next => {
                    patience.progress();
                    continue;
                }
                Step::Again { .. } if sink.len() == size && self.answered => continue,
                Step::Again { why, retry_after } => (why, retry_after),
                Step::Completed(_) if sink.len() == size => return Ok(self.digest),
                Step::Completed(problem) => return Err(Ended::ForGood(too_early(&problem, sink.len(), size))),
            };
            if sink.len() > before {
                patience.progress();
            }
            progress.say(&format!("The download broke at {} of {size} bytes ({why}); going on.", sink.len()));
            if !patience.wait(retry_after).await {
                return Err(Failure::failed(format!("the download broke at {} of {size} bytes: {why}", sink.len())).into());
            }
        }
    }

    async fn step(&mut self, sink: &mut Sink, progress: &Progress) -> Result<Step, Ended> {
        let response = match self.ask(sink.len()).await? {
            Ok(response) => response,
            Err(why) => return Ok(Step::Again { why, retry_after: None }),
        };
        match response.status() {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT => Ok(self.receive(response, sink, progress).await?),
            status => {
                let problem = Problem::read(response).await;
                self.no_bytes(status, problem)
            }
        }
    }

    /// Asks for everything from `offset` on, and follows redirects. The inner error is a connection that failed.
    async fn ask(&mut self, offset: u64) -> Result<Result<Response, String>, Failure> {
        for _ in 0..HOPS {
            let url = self.elsewhere.as_ref().unwrap_or(&self.claim.url).clone();
            let mut request = self.http.get(url.clone());
            if offset > 0 {
                let etag = self.etag.as_ref().unwrap_or(&self.claim.facts.etag);
                request = request.header(RANGE, format!("bytes={offset}-")).header(IF_RANGE, etag);
            }
            let response = match request.send().await {
                Ok(response) => response,
                Err(error) => return Ok(Err(http::reason(error))),
            };
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(Ok(response));
            }
            self.elsewhere = Some(next(&url, response.headers())?);
        }
        Err(Failure::failed("the server sends us from one address to the next without end"))
    }

    async fn receive(&mut self, mut response: Response, sink: &mut Sink, progress: &Progress) -> Result<Step, Failure> {
        let end = self.check(&response, sink).await?;
        let size = self.claim.facts.size;
        self.answered = true;
        loop {
            match response.chunk().await {
                Ok(Some(piece)) if sink.len() + piece.len() as u64 > end => return Err(too_much()),
                Ok(Some(piece)) => {
                    sink.write(&piece).await?;
                    progress.at(sink.len());
                }
                Ok(None) if sink.len() == end && end < size => return Ok(Step::Next),
                Ok(None) => return Ok(Step::Again { why: "the server ended it".to_owned(), retry_after: None }),
                Err(error) => return Ok(Step::Again { why: http::reason(error), retry_after: None }),
            }
        }
    }

    /// Checks that a response is of the content that was claimed, and goes on where we are. Says where it ends: a 206 may
    /// carry less than was asked for (RFC 9110 section 15.3.7).
    async fn check(&mut self, response: &Response, sink: &mut Sink) -> Result<u64, Failure> {
        let size = self.claim.facts.size;
        let headers = response.headers();
        self.check_etag(headers)?;
        if let Some(digest) = text(headers, "repr-digest").and_then(repr_digest) {
            if self.digest.replace(digest).is_some_and(|before| before != digest) {
                return Err(changed());
            }
            sink.note_digest(&digest)?;
        }
        if response.status() == StatusCode::OK {
            if response.content_length().is_some_and(|length| length != size) {
                return Err(changed());
            }
            if sink.len() > 0 {
                sink.restart().await?;
            }
            return Ok(size);
        }
        match text(headers, CONTENT_RANGE.as_str()).and_then(content_range) {
            Some((range, of)) if range.start == sink.len() && of == size => Ok(range.end),
            _ => Err(other_range()),
        }
    }

    /// A strong entity tag that never changes. Elsewhere (at a bucket) it may be another than the claim's, but the same
    /// from answer to answer.
    fn check_etag(&mut self, headers: &HeaderMap) -> Result<(), Failure> {
        let expected = match (&self.etag, &self.elsewhere) {
            (Some(etag), _) => Some(etag.as_str()),
            (None, None) => Some(self.claim.facts.etag.as_str()),
            (None, Some(_)) => None,
        };
        let given = text(headers, ETAG.as_str());
        match (given, expected) {
            (Some(given), Some(expected)) if bare(given) != bare(expected) => Err(changed()),
            (None, Some(_)) => Err(Failure::failed("the server doesn't say which version of the file it sends")),
            (given, _) => {
                self.etag = given.map(str::to_owned);
                Ok(())
            }
        }
    }

    fn no_bytes(&self, status: StatusCode, problem: Problem) -> Result<Step, Ended> {
        if problem.is_passing() {
            return Ok(Step::Again { why: problem.detail, retry_after: problem.retry_after });
        }
        if self.elsewhere.is_some() {
            let what = "the address that the file was to be fetched from works no longer, and it was handed out only once. Ask the sender for a new link.";
            return Err(Ended::ForGood(Failure::refused(format!("{what} ({status})"))));
        }
        match status.as_u16() {
            410 if problem.kind == "completed" => Ok(Step::Completed(problem)),
            _ => Err(Ended::by(problem)),
        }
    }
}

/// Where a redirect leads. Never from https to http: what is fetched there could be read by anyone on the way.
fn next(from: &Url, headers: &HeaderMap) -> Result<Url, Failure> {
    let to = text(headers, LOCATION.as_str()).and_then(|location| from.join(location).ok());
    let to = to.ok_or_else(|| Failure::failed("the server redirects without saying where to"))?;
    match (from.scheme(), to.scheme()) {
        (_, "https") | ("http", "http") => Ok(to),
        ("https", "http") => Err(Failure::failed("the server redirects from https to http, which anyone on the way could read")),
        _ => Err(Failure::failed("the server redirects to something that is neither http nor https")),
    }
}

pub(super) fn too_early(problem: &Problem, have: u64, size: u64) -> Failure {
    Failure::refused(format!(
        "the server holds that this download is complete, but only {have} of {size} bytes are here. {}",
        problem.detail
    ))
}

pub(super) fn changed() -> Failure {
    Failure::failed("the file has changed under the download. Ask the sender for a new link.")
}

pub(super) fn other_range() -> Failure {
    Failure::failed("the server sent another range than was asked for")
}

pub(super) fn too_much() -> Failure {
    Failure::failed("the server sends more bytes than it announced")
}

/// Range and whole size of a `Content-Range`.
pub(super) fn content_range(header: &str) -> Option<(Range<u64>, u64)> {
    let (range, size) = header.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = range.split_once('-')?;
    let (start, end, size): (u64, u64, u64) = (start.parse().ok()?, end.parse().ok()?, size.parse().ok()?);
    (start <= end && end < size).then_some((start..end + 1, size))
}

pub(super) fn bare(etag: &str) -> &str {
    etag.trim().trim_matches('"')
}

pub(super) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_is_understood_or_refused() {
        assert_eq!(content_range("bytes 5-9/20"), Some((5..10, 20)));
        for bad in ["", "bytes */10", "bytes 5-9/*", "bytes 9-5/10", "bytes 5-10/10", "items 5-9/10", "bytes -5/10", "bytes 5-9"] {
            assert_eq!(content_range(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_redirect_never_leads_from_https_to_http() {
        let follow = |from: &str, location: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(LOCATION, location.parse().expect("a header"));
            next(&Url::parse(from).expect("a URL"), &headers).map(|url| url.to_string())
        };
        assert_eq!(follow("http://a/c/x", "https://b/y?z=1"), Ok("https://b/y?z=1".to_owned()));
        assert_eq!(follow("http://a/c/x", "http://b/y"), Ok("http://b/y".to_owned()));
        assert_eq!(follow("https://a/c/x", "/y"), Ok("https://a/y".to_owned()));
        for (from, location) in [("https://a/c/x", "http://b/y"), ("https://a/c/x", "file:///etc/passwd"), ("http://a/c/x", "ftp://b/y")] {
            assert!(follow(from, location).is_err(), "{location}");
        }
        assert!(next(&Url::parse("http://a/").expect("a URL"), &HeaderMap::new()).is_err());
    }
}
