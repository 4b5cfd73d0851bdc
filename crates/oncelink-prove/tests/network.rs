//! What the proxies do to a request is what their names say.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use oncelink_prove::dice::Dice;
use oncelink_prove::fleet::{Fleet, Pending};
use oncelink_prove::history::Mishap;
use oncelink_prove::message::Stream;
use oncelink_prove::network::Network;
use oncelink_prove::throttle::Throttle;
use tokio::net::{TcpListener, TcpStream};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
const BODY: &str = "0123456789";

/// A server that counts what it is asked, and always says the same.
struct Counter {
    addresses: Vec<SocketAddr>,
    asked: Arc<AtomicUsize>,
}

impl Counter {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addresses = vec![listener.local_addr().expect("a bound listener has an address")];
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let count = Arc::clone(&count);
                tokio::spawn(async move {
                    let mut stream = Stream::new(tcp);
                    while stream.head().await.is_ok() {
                        count.fetch_add(1, Ordering::SeqCst);
                        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{BODY}", BODY.len());
                        if stream.send(answer.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { addresses, asked }
    }
}

impl Fleet for Counter {
    fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    fn key(&self) -> &str {
        ""
    }

    fn kill(&self, _: usize) {}

    fn revive(&self, _: usize) -> Pending<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }

    fn troubles(&self) -> &'static [&'static str] {
        &[]
    }

    fn upset<'a>(&'a self, _: &'static str, _: &'a mut Dice) -> Pending<'a, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

/// How much of the body came, if an answer did.
async fn heard(mut stream: Stream) -> Option<usize> {
    stream.head().await.ok()?;
    let mut body = Vec::new();
    stream.take(BODY.len() as u64, &mut body).await;
    Some(body.len())
}

#[tokio::test]
async fn each_mishap_does_what_its_name_says() {
    let counter = Arc::new(Counter::start().await);
    let network = Network::open(counter.clone()).await.expect("a free port");
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n".len() as u64;
    let cases = [
        (Mishap::None, 1, Some(10)),
        (Mishap::Late(5), 1, Some(10)),
        (Mishap::Held(5), 1, Some(10)),
        (Mishap::Dropped, 0, None),
        (Mishap::Abandoned, 1, None),
        (Mishap::Swallowed, 1, None),
        (Mishap::Doubled, 2, Some(10)),
        (Mishap::Cut(3), 1, None),
        (Mishap::Cut(head + 4), 1, Some(4)),
    ];
    for (mishap, asked, came) in cases {
        let before = counter.asked.load(Ordering::SeqCst);
        let begin = Instant::now();
        let stream = network.send(0, mishap, REQUEST).await.expect("the proxy listens");
        assert_eq!(heard(stream).await, came, "{mishap:?}");
        if let Mishap::Late(millis) | Mishap::Held(millis) = mishap {
            assert!(begin.elapsed() >= Duration::from_millis(millis), "{mishap:?}");
        }
        // The twin of a doubled request may be on its way still.
        while counter.asked.load(Ordering::SeqCst) < before + asked {
            tokio::task::yield_now().await;
        }
        assert_eq!(counter.asked.load(Ordering::SeqCst) - before, asked, "{mishap:?}");
    }
}

#[tokio::test]
async fn a_throttled_request_is_refused_and_a_lost_answer_was_carried_out() {
    let counter = Counter::start().await;
    let throttle = Throttle::open(counter.addresses[0]).await.expect("a free port");
    let ask = async || {
        let mut stream = Stream::new(TcpStream::connect(throttle.address).await.expect("it listens"));
        stream.send(REQUEST).await.expect("it reads");
        stream.head().await.ok().and_then(|head| head.status())
    };
    assert_eq!(ask().await, Some(200));
    throttle.throttle(100);
    assert_eq!((ask().await, counter.asked.load(Ordering::SeqCst)), (Some(400), 1));
    throttle.throttle(0);
    throttle.lose(100);
    assert_eq!((ask().await, counter.asked.load(Ordering::SeqCst)), (None, 2));
}
