//! A proxy before the engine that counts calls by their names, loses replies, and answers in the engine's place.
//!
//! It speaks as much HTTP/1.1 as DynamoDB's protocol needs: requests and answers with a `Content-Length`.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use oncelink_testkit::Gate;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The proxy; its tasks end with the test's runtime.
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

/// What is done with a call instead of handing it on.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// It is carried out, and the connection ends before the answer.
    LoseReply,
    /// It is carried out, and the connection ends when the gate opens.
    LoseReplyAt(Gate),
    /// It is answered with this status and this JSON, and the engine never sees it.
    Answer(u16, String),
}

#[derive(Default)]
struct Shared {
    calls: Mutex<Vec<String>>,
    troubles: Mutex<VecDeque<(String, Trouble)>>,
}

/// One request or answer.
struct Message {
    head: String,
    body: Vec<u8>,
}

impl Proxy {
    /// A proxy before the engine at `endpoint`.
    pub(crate) async fn before(endpoint: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let server = endpoint.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let shared = Arc::new(Shared::default());
        let proxy = Self { port, shared: Arc::clone(&shared) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, shared) = (server.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    // An ending connection is all the trouble that there can be here.
                    let _ = serve(client, &server, &shared).await;
                });
            }
        });
        proxy
    }

    /// Where it listens.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The names of the calls since the last time that this was asked, in order.
    pub(crate) fn taken_calls(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.shared.calls))
    }

    /// The next calls of this name meet trouble, so many of them.
    pub(crate) fn trouble(&self, call: &str, trouble: &Trouble, times: usize) {
        lock(&self.shared.troubles).extend((0..times).map(|_| (call.to_owned(), trouble.clone())));
    }

    /// From now on all goes well.
    pub(crate) fn calm(&self) {
        lock(&self.shared.troubles).clear();
    }
}

impl Trouble {
    /// The service's own "no" of this code.
    pub(crate) fn refusal(status: u16, code: &str) -> Self {
        Self::Answer(status, format!("{{\"__type\":\"com.amazonaws.dynamodb.v20120810#{code}\",\"message\":\"a test says so\"}}"))
    }
}

impl Shared {
    fn trouble_of(&self, call: &str) -> Option<Trouble> {
        let mut troubles = lock(&self.troubles);
        let place = troubles.iter().position(|(name, _)| name == call)?;
        troubles.remove(place).map(|(_, trouble)| trouble)
    }
}

async fn serve(mut client: TcpStream, server: &str, shared: &Shared) -> io::Result<()> {
    let mut upstream = TcpStream::connect(server).await?;
    loop {
        let request = Message::read(&mut client).await?;
        let call = request.call();
        lock(&shared.calls).push(call.clone());
        let trouble = shared.trouble_of(&call);
        if let Some(Trouble::Answer(status, json)) = trouble {
            let answer =
                format!("HTTP/1.1 {status} No\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {}\r\n\r\n{json}", json.len());
            client.write_all(answer.as_bytes()).await?;
            continue;
        }
        request.write(&mut upstream).await?;
        let answer = Message::read(&mut upstream).await?;
        match trouble {
            Some(Trouble::LoseReplyAt(gate)) => {
                gate.pass().await;
                return Ok(());
            }
            Some(Trouble::LoseReply | Trouble::Answer(..)) => return Ok(()),
            None => {}
        }
        answer.write(&mut client).await?;
    }
}

impl Message {
    async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(from.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        from.read_exact(&mut body).await?;
        Ok(Self { head, body })
    }

    async fn write(&self, to: &mut TcpStream) -> io::Result<()> {
        to.write_all(&[self.head.as_bytes(), &self.body].concat()).await
    }

    /// `UpdateItem`, of `X-Amz-Target: DynamoDB_20120810.UpdateItem`.
    fn call(&self) -> String {
        let target = header(&self.head, "x-amz-target").unwrap_or_default();
        target.rsplit('.').next().unwrap_or_default().to_owned()
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
