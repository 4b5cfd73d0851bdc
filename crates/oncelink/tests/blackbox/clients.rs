//! Slow, silent and greedy clients: they are cut or capped, and everybody else is served.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::harness::{Req, Server, Wire, holder, pattern, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_and_silent_connections_are_cut() {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link_to("a.bin").await;
    let half_body = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nholder=",
        link.path
    );
    let half_json = format!(
        "POST /v1/links HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{",
        server.key
    );
    tokio::join!(
        cut_within(&server, "a silent connection", b"", None, 20),
        cut_within(&server, "one byte of a head", b"G", None, 20),
        cut_within(&server, "half a head", b"GET /healthz HTTP/1.1\r\nHost: x\r\n", None, 20),
        cut_within(&server, "a dripping head", b"GET /healthz HTTP/1.1\r\n", Some(b'x'), 20),
        cut_within(&server, "half a form", half_body.as_bytes(), None, 35),
        cut_within(&server, "a dripping form", half_body.as_bytes(), Some(b'x'), 35),
        cut_within(&server, "half a JSON body", half_json.as_bytes(), None, 35),
        others_are_served(&server),
    );
    server.assert_unspent(&link, "half a form claims nothing").await;
}

/// Sends `first`, then a byte per second when there is a `drip`, and expects the server to end the connection.
async fn cut_within(server: &Server, what: &str, first: &[u8], drip: Option<u8>, seconds: u64) {
    let mut wire = Wire::connect(server.addr).await.expect("the server accepts");
    wire.write(first).await.expect("it takes the first bytes");
    let begin = Instant::now();
    let limit = Duration::from_secs(seconds);
    let answer = match drip {
        None => timeout(limit, wire.read_to_the_end()).await.ok(),
        Some(byte) => loop {
            if let Ok(end) = timeout(Duration::from_secs(1), wire.read_to_the_end()).await {
                break Some(end);
            }
            if begin.elapsed() > limit {
                break None;
            }
            let _ = wire.write(&[byte]).await;
        },
    };
    let answer = answer.unwrap_or_else(|| panic!("{what}: still open after {:?}", begin.elapsed()));
    assert!(begin.elapsed() > Duration::from_secs(2), "{what}: an honest slow client has some time, not {:?}", begin.elapsed());
    let status = String::from_utf8_lossy(&answer[..answer.len().min(12)]).into_owned();
    assert!(answer.is_empty() || status.starts_with("HTTP/1.1 4"), "{what}: {status}");
}

async fn others_are_served(server: &Server) {
    for _ in 0..10 {
        within("a request beside the slow ones", Duration::from_secs(5), Req::get("/healthz").send(server.addr))
            .await
            .expect(200, "healthz");
        sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_cannot_take_all_connections() {
    raise_file_limit();
    let server = Server::start().await;
    server.put("a.bin", b"content");
    let link = server.link_to("a.bin").await;
    let greedy = [127, 0, 7, 1].into();
    let mut held = Vec::new();
    let mut turned_away = 0;
    for _ in 0..1_100 {
        match Wire::connect_from(server.addr, Some(greedy), None).await {
            Ok(wire) => held.push(wire),
            Err(_) => turned_away += 1,
        }
    }
    let mut asking = JoinSet::new();
    for mut wire in held {
        let host = server.addr.to_string();
        asking.spawn(async move {
            let answer = timeout(Duration::from_secs(5), wire.send(&Req::get("/healthz"), &host)).await;
            let served = matches!(answer, Ok(Ok(answer)) if answer.status == 200);
            (served, wire)
        });
    }
    let answers = asking.join_all().await;
    let served = answers.iter().filter(|(served, _)| *served).count();
    assert!(served > 0 && served < 1_100, "{served} of 1,100 connections of one address were served, {turned_away} not even accepted");
    let other = link.claim_request(&holder()).from([127, 0, 8, 1]);
    within("another address beside the greedy one", Duration::from_secs(10), other.send(server.addr)).await.expect(201, "claim");
    drop(answers);
    let back = crate::harness::until("the greedy one may come back", Duration::from_secs(20), async || {
        Req::get("/healthz").from([127, 0, 7, 1]).try_send(server.addr).await.ok().filter(|answer| answer.status == 200)
    });
    back.await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_slow_readers_do_not_fill_memory() {
    raise_file_limit();
    let server = Server::start().await;
    server.put_sparse("a.bin", 100 << 20);
    let link = server.link(json!({"source": "files", "key": "a.bin", "gate": "direct", "uses": 200})).await;
    let idle = server.memory_kib("VmRSS");
    let mut readers = JoinSet::new();
    for number in 0..200_u8 {
        let request = Req::get(&link.path).from([127, 0, 9, number + 1]).receive_buffer(64 * 1024);
        let addr = server.addr;
        readers.spawn(async move { read_slowly(request, addr, Duration::from_secs(12)).await });
    }
    let mut peak = idle;
    while !readers.is_empty() {
        peak = peak.max(server.memory_kib("VmRSS"));
        let _ = timeout(Duration::from_millis(200), async {
            if let Some(reader) = readers.join_next().await {
                let read = reader.expect("a reader doesn't panic");
                assert!(read > 64 * 1024, "every reader moves on: {read} bytes");
            }
        })
        .await;
    }
    let grown = peak - idle;
    assert!(grown < 64 * 1024, "{grown} KiB for 200 slow readers");
    assert_eq!(server.show(&link).await["claimed"], 200);
}

/// Reads about 64 KiB a second; how much came.
async fn read_slowly(request: Req, addr: std::net::SocketAddr, time: Duration) -> usize {
    let mut open = request.open(addr).await;
    assert_eq!(open.head.status, 200, "{}", open.head);
    let begin = Instant::now();
    let mut total = 0;
    while begin.elapsed() < time {
        total += open.read(16 * 1024).await.len();
        sleep(Duration::from_millis(250)).await;
    }
    total
}

#[tokio::test]
async fn a_pausing_reader_gets_everything_in_the_end() {
    let server = Server::start().await;
    let content = pattern(8 << 20, 4);
    server.put("a.bin", &content);
    let claim = server.link_to("a.bin").await.claim(server.addr).await;
    let mut open = claim.get().receive_buffer(64 * 1024).open(server.addr).await;
    let mut got = open.read(100_000).await;
    sleep(Duration::from_secs(8)).await;
    got.extend(open.read(content.len()).await);
    assert!(got == content, "{} of {} bytes", got.len(), content.len());
}

/// Lets this process, and the servers that it starts, hold as many files as the system allows.
fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("the soft limit may rise to the hard one");
}
