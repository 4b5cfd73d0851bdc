//! A proxy in front of DynamoDB that throttles, and that loses answers of requests that were carried out.
//!
//! No engine that runs beside a test does either. It knows HTTP and two error documents, nothing of tables.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::dice::Dice;
use crate::message::{Head, Stream};

/// What DynamoDB says when a table gets more than it is paid for.
const THROTTLED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API."}"#;

/// The running proxy.
#[derive(Debug)]
pub struct Throttle {
    /// Where it listens.
    pub address: SocketAddr,
    rates: Arc<Rates>,
    task: JoinHandle<()>,
}

/// How many requests of a hundred suffer.
#[derive(Debug, Default)]
struct Rates {
    throttled: AtomicU64,
    lost: AtomicU64,
}

impl Throttle {
    /// Opens it before the engine at `engine`; for now it only passes on.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn open(engine: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let rates = Arc::new(Rates::default());
        let task = tokio::spawn(accept(listener, engine, Arc::clone(&rates)));
        Ok(Self { address, rates, task })
    }

    /// So many of a hundred requests are refused as too many.
    pub fn throttle(&self, percent: u64) {
        self.rates.throttled.store(percent, Ordering::Relaxed);
    }

    /// Of so many of a hundred requests the answer is lost, after they were carried out.
    pub fn lose(&self, percent: u64) {
        self.rates.lost.store(percent, Ordering::Relaxed);
    }
}

impl Drop for Throttle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, engine: SocketAddr, rates: Arc<Rates>) {
    let mut number = 0;
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        number += 1;
        let (rates, dice) = (Arc::clone(&rates), Dice::split(number, 3));
        // An error is a cut connection, and that is what the SDK sees of it.
        tokio::spawn(async move { carry(client, engine, &rates, dice).await });
    }
}

/// Carries the requests of one connection.
async fn carry(client: TcpStream, engine: SocketAddr, rates: &Rates, mut dice: Dice) -> io::Result<()> {
    let mut client = Stream::new(client);
    let mut upstream: Option<Stream> = None;
    loop {
        let request = read(&mut client).await?;
        if dice.below(100) < rates.throttled.load(Ordering::Relaxed) {
            let length = THROTTLED.len();
            let head = format!("HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {length}\r\n\r\n");
            client.send(format!("{head}{THROTTLED}").as_bytes()).await?;
            continue;
        }
        let mut engine = match upstream.take() {
            Some(open) => open,
            None => Stream::new(TcpStream::connect(engine).await?),
        };
        engine.send(&request).await?;
        let answer = read(&mut engine).await?;
        if dice.below(100) < rates.lost.load(Ordering::Relaxed) {
            client.reset();
            return Ok(());
        }
        client.send(&answer).await?;
        upstream = Some(engine);
    }
}

/// One message, head and body, as bytes.
async fn read(from: &mut Stream) -> io::Result<Vec<u8>> {
    let head = from.head().await?;
    let mut bytes = written(&head);
    let length = head.length().unwrap_or(0);
    let whole = bytes.len() as u64 + length;
    from.take(length, &mut bytes).await;
    if bytes.len() as u64 == whole { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn written(head: &Head) -> Vec<u8> {
    let lines = head.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    format!("{}\r\n{}\r\n", head.start, lines.collect::<String>()).into_bytes()
}
