//! The body of an answer: drives its connection while it is read, and gives it back to the pool once it was read to its end.
//!
//! A body that is dropped before takes the connection along: what is still to come belongs to no other answer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::line::Line;
use crate::pool::{Origin, Pool};

/// Where a connection belongs when nobody uses it.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) pool: Arc<Pool>,
    pub(crate) origin: Origin,
}

/// The body of an answer, and the connection that it comes by.
#[derive(Debug)]
pub(crate) struct Answer {
    body: Incoming,
    /// Nothing only while this is dropped.
    line: Option<Line>,
    home: Home,
}

impl Answer {
    pub(crate) fn new(body: Incoming, line: Line, home: Home) -> Self {
        Self { body, line: Some(line), home }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { body, line, .. } = &mut *self;
        let frame = Pin::new(&mut *body).poll_frame(context);
        if frame.is_pending()
            && let Some(line) = line
        {
            // Now it knows that more is wanted. What has arrived was given out, so that all the rest is on its way.
            line.drive(body.size_hint().exact(), context);
            return Pin::new(body).poll_frame(context);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(mut line) = self.line.take()
            && line.is_free()
        {
            self.home.pool.put(&self.home.origin, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use hyper::Uri;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpStream;

    use super::*;
    use crate::line::Poison;
    use crate::line::tests::{line, request};

    /// An answer of whose body nothing has come yet, and the other end of its connection.
    async fn begun(announced: &str) -> (Answer, TcpStream) {
        let (mut line, mut far) = line().await;
        far.write_all(format!("HTTP/1.1 200 OK\r\n{announced}\r\n\r\n").as_bytes()).await.expect("a connection");
        let body = line.ask(request(), &Poison::default()).await.expect("a head").into_body();
        let origin = Origin::of(&Uri::from_static("http://a.test")).expect("a host");
        (Answer::new(body, line, Home { pool: Arc::default(), origin }), far)
    }

    /// Reads so many bytes, and then what isn't there.
    async fn read(answer: &mut Answer, count: usize) {
        let mut left = count;
        while left > 0 {
            let frame = poll_fn(|context| Pin::new(&mut *answer).poll_frame(context)).await;
            left -= frame.expect("more").expect("a connection").into_data().expect("bytes").len();
        }
        poll_fn(|context| {
            let _ = Pin::new(&mut *answer).poll_frame(context);
            Poll::Ready(())
        })
        .await;
    }

    fn expected(answer: &Answer) -> u64 {
        answer.line.as_ref().expect("a connection").expected()
    }

    #[tokio::test]
    async fn a_connection_knows_what_is_still_to_come_as_its_answer_is_read() {
        let (mut answer, mut far) = begun("Content-Length: 9").await;
        far.write_all(b"01234").await.expect("a connection");
        read(&mut answer, 5).await;
        assert_eq!(expected(&answer), 4);
        far.write_all(b"5678").await.expect("a connection");
        read(&mut answer, 4).await;
        assert_eq!(expected(&answer), 0);
        let Home { pool, origin } = &answer.home;
        let (pool, origin) = (pool.clone(), origin.clone());
        drop(answer);
        assert_eq!(pool.take(&origin).expect("a free connection").expected(), 0);
    }

    #[tokio::test]
    async fn of_an_answer_without_a_length_nobody_knows_what_is_to_come() {
        let (mut answer, mut far) = begun("Transfer-Encoding: chunked").await;
        far.write_all(b"5\r\n01234\r\n").await.expect("a connection");
        read(&mut answer, 5).await;
        assert_eq!(expected(&answer), 0);
    }
}
