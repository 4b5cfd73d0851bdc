//! The bytes: whole, in ranges, side by side, bounded, and over when they are delivered.

use std::net::SocketAddr;

use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Claim, Dice, Proxy, Req, Res, Server, holder, pattern};

const SIZE: usize = 100_000;

/// A server with one file of [`SIZE`] bytes, and its content.
async fn served() -> (Server, Vec<u8>) {
    let server = Server::start().await;
    let content = pattern(SIZE, 42);
    server.put("a.bin", &content);
    (server, content)
}

async fn claimed(server: &Server) -> Claim {
    server.link_to("a.bin").await.claim(server.addr).await
}

#[tokio::test]
async fn a_whole_download_carries_every_header_of_the_contract() {
    let (server, content) = served().await;
    let claim = claimed(&server).await;
    let answer = claim.get().send(server.addr).await.expect(200, "the bytes");
    assert!(answer.whole && answer.body == content);
    assert_eq!(answer.must("content-length"), SIZE.to_string());
    assert_eq!(answer.must("accept-ranges"), "bytes");
    assert_eq!(answer.must("etag"), claim.etag);
    let disposition = answer.must("content-disposition");
    assert!(disposition.starts_with("attachment;") && disposition.contains("a.bin"), "{disposition}");
    assert!(!answer.must("content-type").is_empty());
    assert_private(&answer);
}

#[tokio::test]
async fn sem_5_a_server_asks_its_own_sockets_whatever_a_client_says_it_will_acknowledge() {
    let (server, content) = served().await;
    let claim = claimed(&server).await;
    let asking = || claim.get().header("Oncelink-Acknowledges", "yes");
    let answer = asking().send(server.addr).await.expect(200, "the bytes");
    assert!(answer.whole && answer.body == content);
    asking().send(server.addr).await.expect(410, "a second copy");
}

#[tokio::test]
async fn every_link_response_is_private_errors_included() {
    let (server, _) = served().await;
    let link = server.link_to("a.bin").await;
    let gone = server.link_to("a.bin").await;
    server.api("DELETE", &format!("/v1/links/{}", gone.id), None).await.expect(200, "revoke");
    let claim = link.claim(server.addr).await;
    let requests = [
        Req::get(&link.path).accept("text/html"),
        Req::get(&link.path).accept("application/json"),
        Req::get(&link.path),
        Req::head(&link.path),
        Req::get("/d/nonsense"),
        Req::get("/d/nonsense").accept("text/html"),
        Req::get("/download?token=nonsense"),
        Req::get(&gone.path),
        Req::get(&gone.path).accept("text/html"),
        Req::post(&gone.path),
        Req::post(&link.path).form(&[("holder", "short")]),
        Req::new("PUT", &link.path),
        Req::get("/c/nonsense"),
        claim.get().range("bytes=999999999-"),
        Req::head(&claim.path),
        Req::new("DELETE", &claim.path),
    ];
    for request in requests {
        let answer = server.send(request.clone()).await;
        assert!(answer.status < 500, "{request:?}: {answer}");
        assert_private(&answer);
    }
}

#[tokio::test]
async fn sem_4_ranges_answer_as_rfc_9110_says() {
    let (server, content) = served().await;
    let claim = claimed(&server).await;
    let cases: &[(&str, usize, usize)] = &[
        ("bytes=0-9", 0, 10),
        ("bytes=5-5", 5, 6),
        ("bytes=-5", SIZE - 5, SIZE),
        ("bytes=99000-", 99_000, SIZE),
        ("bytes=99990-200000", 99_990, SIZE),
        ("bytes=99999-", 99_999, SIZE),
        ("BYTES=0-9", 0, 10),
    ];
    for &(range, from, to) in cases {
        let answer = claim.get().range(range).send(server.addr).await.expect(206, range);
        assert!(answer.body == content[from..to], "{range}: {from}..{to}");
        assert_eq!(answer.must("content-range"), format!("bytes {from}-{}/{SIZE}", to - 1), "{range}");
        assert_eq!(answer.must("content-length"), (to - from).to_string(), "{range}");
        assert_eq!(answer.must("etag"), claim.etag, "{range}");
    }
}

#[tokio::test]
async fn sem_4_a_range_beyond_the_end_is_416_and_spends_nothing_of_the_budget() {
    let (server, content) = served().await;
    let claim = claimed(&server).await;
    for range in ["bytes=100000-", "bytes=100000-100001", "bytes=-0", "bytes=18446744073709551615-"] {
        let answer = claim.get().range(range).send(server.addr).await.expect(416, range);
        assert_eq!(answer.must("content-range"), format!("bytes */{SIZE}"), "{range}");
    }
    assert!(claim.get().send(server.addr).await.body == content);
}

#[tokio::test]
async fn a_range_that_is_none_or_several_is_ignored() {
    let (server, content) = served().await;
    for range in ["bytes=0-1,4-5", "bytes=abc", "items=0-1", "bytes=", "bytes=5-2", "bytes=-", "0-5", "bytes=0-9-"] {
        let claim = claimed(&server).await;
        let answer = claim.get().range(range).send(server.addr).await.expect(200, range);
        assert!(answer.body == content, "{range}");
    }
}

#[tokio::test]
async fn sem_4_if_range_decides_between_the_part_and_the_whole() {
    let (server, content) = served().await;
    let claim = claimed(&server).await;
    let part = claim.resume("bytes=10-19").send(server.addr).await.expect(206, "the right ETag");
    assert_eq!(part.body, content[10..20]);
    let weak = format!("W/{}", claim.etag);
    for validator in ["\"other\"", weak.as_str(), "Tue, 24 Nov 2026 10:00:00 GMT", "nonsense"] {
        let claim = claimed(&server).await;
        let answer = claim.get().range("bytes=10-19").header("If-Range", validator).send(server.addr).await;
        assert!(answer.expect(200, validator).body == content, "{validator}");
    }
}

#[tokio::test]
async fn conditions_are_honoured_and_cost_nothing() {
    let (server, content) = served().await;
    let claim = claimed(&server).await;
    let get = |name: &str, value: &str| claim.get().header(name, value);
    assert_eq!(get("If-Match", "\"other\"").send(server.addr).await.status, 412);
    assert_eq!(get("If-None-Match", &claim.etag).send(server.addr).await.status, 304);
    assert_eq!(get("If-None-Match", "*").send(server.addr).await.status, 304);
    assert_eq!(get("If-Match", &claim.etag).range("bytes=0-9").send(server.addr).await.status, 206);
    assert_eq!(get("If-Match", "*").range("bytes=0-9").send(server.addr).await.status, 206);
    let several = format!("\"x\", {}", claim.etag);
    assert_eq!(get("If-Match", &several).range("bytes=0-9").send(server.addr).await.status, 206);
    assert!(get("If-None-Match", "\"other\"").send(server.addr).await.expect(200, "no match").body == content);
}

#[tokio::test]
async fn head_tells_all_and_takes_nothing() {
    let (server, content) = served().await;
    let claim = claimed(&server).await;
    for _ in 0..3 {
        let answer = Req::head(&claim.path).send(server.addr).await.expect(200, "HEAD");
        assert_eq!((answer.must("content-length"), answer.must("etag")), (SIZE.to_string().as_str(), claim.etag.as_str()));
        assert_eq!(answer.must("accept-ranges"), "bytes");
        assert!(answer.must("content-disposition").starts_with("attachment"));
    }
    assert!(claim.get().send(server.addr).await.expect(200, "GET after HEAD").body == content);
    assert_eq!(Req::head(&claim.path).send(server.addr).await.status, 410);
}

#[tokio::test]
async fn a_post_of_the_claim_gives_the_bytes_and_other_methods_are_405() {
    let (server, content) = served().await;
    let claim = claimed(&server).await;
    for method in ["PUT", "DELETE", "PATCH"] {
        let answer = Req::new(method, &claim.path).send(server.addr).await.expect(405, method);
        assert!(answer.must("allow").contains("GET"), "{method}: {answer}");
    }
    let answer = Req::post(&claim.path).send(server.addr).await.expect(200, "POST");
    assert!(answer.body == content);
    claim.get().send(server.addr).await.refused(410, "completed", "after the POST");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_4_one_holder_fetches_ranges_side_by_side_and_then_it_is_over() {
    let server = Server::start().await;
    let content = pattern(4_000_003, 9);
    server.put("a.bin", &content);
    for _ in 0..5 {
        let claim = claimed(&server).await;
        let mut running = JoinSet::new();
        for from in (0..content.len()).step_by(500_000) {
            let to = (from + 500_000).min(content.len());
            let (request, addr) = (claim.resume(&format!("bytes={from}-{}", to - 1)), server.addr);
            running.spawn(async move { (from, request.send(addr).await) });
        }
        let mut parts = running.join_all().await;
        parts.sort_by_key(|(from, _)| *from);
        assert!(parts.iter().all(|(_, part)| part.status == 206 && part.whole));
        assert!(parts.iter().flat_map(|(_, part)| part.body.iter()).eq(content.iter()), "together they are the object");
        claim.get().send(server.addr).await.refused(410, "completed", "after every range");
    }
}

#[tokio::test]
async fn sem_5_a_suffix_counts_for_its_own_bytes_only() {
    let (server, content) = served().await;
    let link = server.link_to("a.bin").await;
    let claim = link.claim(server.addr).await;
    let suffix = claim.get().range("bytes=-60000").send(server.addr).await.expect(206, "the suffix");
    assert_eq!(suffix.body, content[40_000..]);
    let again = claim.get().range("bytes=-10").send(server.addr).await;
    assert_eq!(again.status, 206, "the suffix alone doesn't complete: {again}");
    assert_ne!(server.show(&link).await["claims"][0]["state"], "completed");
    let prefix = claim.get().range("bytes=0-39999").send(server.addr).await.expect(206, "the prefix");
    assert_eq!(prefix.body, content[..40_000]);
    claim.get().send(server.addr).await.refused(410, "completed", "suffix and prefix are the whole");
    assert_eq!(server.show(&link).await["claims"][0]["state"], "completed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_5_the_last_missing_byte_completes_though_its_response_was_hung_up_on() {
    let server = Server::start().await;
    let content = pattern(16 << 20, 14);
    server.put("a.bin", &content);
    let claim = claimed(&server).await;
    let half = content.len() / 2;
    let tail = claim.get().range(&format!("bytes={half}-{}", content.len() - 1)).send(server.addr).await.expect(206, "the tail");
    assert!(tail.body == content[half..]);
    // As clients with several connections do: it asks for everything, and hangs up when it has what was missing.
    let mut open = claim.get().range("bytes=0-").receive_buffer(64 * 1024).open(server.addr).await;
    assert!(open.read(half).await == content[..half]);
    drop(open);
    crate::harness::until("the claim is completed", std::time::Duration::from_secs(20), async || {
        let answer = Req::head(&claim.path).send(server.addr).await;
        (answer.status == 410).then_some(())
    })
    .await;
    claim.get().send(server.addr).await.refused(410, "completed", "after both halves");
}

#[tokio::test]
async fn sem_5_without_a_crash_an_open_ended_range_counts_for_its_own_bytes_only() {
    let (server, content) = served().await;
    let claim = claimed(&server).await;
    let tail = claim.get().range("bytes=60000-").send(server.addr).await.expect(206, "the tail first");
    assert_eq!(tail.body, content[60_000..]);
    let head = claim.get().range("bytes=0-59999").send(server.addr).await.expect(206, "then the head");
    assert_eq!(head.body, content[..60_000]);
    claim.get().send(server.addr).await.refused(410, "completed", "both together are the whole");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_4_a_download_cut_at_any_place_is_finished_from_there() {
    let server = Server::start().await;
    let content = pattern(4 << 20, 12);
    server.put("a.bin", &content);
    let mut dice = Dice::new(77);
    for round in 0..12 {
        // The head of the answer counts too, so the first cuts may fall before the first byte of the body. Three cuts stay well
        // before the end, which the proxy's own TCP could otherwise acknowledge for a client that never sees it.
        let proxy = Proxy::cutting_after(server.addr, dice.below(1 << 20) >> (round % 3 * 8)).await;
        let claim = claimed(&server).await;
        let mut got = Vec::new();
        for _ in 0..3 {
            let range = format!("bytes={}-", got.len());
            let request = if got.is_empty() { claim.get() } else { claim.resume(&range) };
            let Ok(part) = request.try_send(proxy.addr).await else { continue };
            assert!(matches!((part.status, got.is_empty()), (200, true) | (206, false)), "round {round}: {part}");
            got.extend(part.body);
        }
        let rest = claim.resume(&format!("bytes={}-", got.len())).send(server.addr).await.expect(206, "the rest, uncut");
        got.extend(rest.body);
        assert!(got == content, "round {round}: byte-identical");
        claim.get().send(server.addr).await.refused(410, "completed", &format!("round {round}: afterwards"));
    }
}

#[tokio::test]
async fn sem_4_a_stalled_connection_does_not_keep_its_holder_from_resuming() {
    let server = Server::start().await;
    let content = pattern(12 << 20, 13);
    server.put("a.bin", &content);
    let claim = claimed(&server).await;
    let mut stalled = claim.get().receive_buffer(64 * 1024).open(server.addr).await;
    let mut got = stalled.read(500_000).await;
    let rest = claim.resume("bytes=500000-").send(server.addr).await.expect(206, "on a second connection");
    got.extend(rest.body);
    assert!(got == content);
}

#[tokio::test]
async fn sem_5_after_completion_there_is_410_for_everybody_and_every_method() {
    let (server, _) = served().await;
    let link = server.link_to("a.bin").await;
    let claim = link.claim(server.addr).await;
    claim.get().send(server.addr).await.expect(200, "the bytes");
    claim.get().send(server.addr).await.refused(410, "completed", "GET");
    claim.get().range("bytes=99999-").send(server.addr).await.refused(410, "completed", "a range");
    claim.get().range("bytes=100000-").send(server.addr).await.refused(410, "completed", "a range beyond the end");
    Req::post(&claim.path).send(server.addr).await.refused(410, "completed", "POST");
    assert_eq!(Req::head(&claim.path).send(server.addr).await.status, 410);
    link.try_claim(server.addr, &claim.holder).await.refused(410, "completed", "the holder's claim");
    link.try_claim(server.addr, &holder()).await.refused(410, "spent", "another holder");
    let types = server.event_types(&link).await;
    for wanted in ["created", "claimed", "delivered", "completed"] {
        assert_eq!(types.iter().filter(|have| *have == wanted).count(), 1, "{wanted} once in {types:?}");
    }
}

#[tokio::test]
async fn sem_4_stopping_one_byte_early_gives_no_second_copy() {
    let server = Server::start().await;
    let size: u64 = 16 << 20;
    let content = pattern(usize::try_from(size).expect("small"), 2);
    server.put("a.bin", &content);
    let claim = claimed(&server).await;
    let allowed = 2 * size + (8 << 20);
    let mut total = 0;
    for attempt in 0.. {
        let answer = claim.get().range(&format!("bytes=0-{}", size - 2)).send(server.addr).await;
        if answer.status == 410 {
            answer.refused(410, "budget-spent", "the budget");
            break;
        }
        assert!(attempt < 3, "the budget allows fewer than three copies: {}", answer.status);
        total += answer.expect(206, "almost everything").body.len() as u64;
    }
    assert!(total > size && total <= allowed, "{total} bytes of {allowed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_4_the_budget_is_one_for_all_connections() {
    let server = Server::start().await;
    let size: u64 = 16 << 20;
    server.put("a.bin", &pattern(usize::try_from(size).expect("small"), 2));
    let claim = claimed(&server).await;
    let mut running = JoinSet::new();
    for _ in 0..10 {
        let (request, addr) = (claim.get().range(&format!("bytes=0-{}", size - 2)), server.addr);
        running.spawn(async move { request.try_send(addr).await });
    }
    let total: u64 = running.join_all().await.iter().flatten().filter(|part| part.status == 206).map(|part| part.body.len() as u64).sum();
    assert!(total <= 2 * size + (8 << 20), "{total} bytes went out side by side");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_of_every_size_arrive_whole_by_both_gates() {
    let server = Server::start().await;
    for size in [0, 1, 65_535, 65_536, (1 << 20) + 1, 64 << 20] {
        let content = pattern(size, size as u64);
        server.put("a.bin", &content);
        let link = server.link_to("a.bin").await;
        let claim = link.claim(server.addr).await;
        assert_eq!(claim.size, size as u64);
        let answer = claim.get().send(server.addr).await.expect(200, "page gate");
        assert!(answer.whole && answer.must("content-length") == size.to_string() && answer.body == content, "page gate, {size} bytes");
        claim.get().send(server.addr).await.refused(410, "completed", &format!("{size} bytes, again"));
        let link = server.link(json!({"source": "files", "key": "a.bin", "gate": "direct"})).await;
        let answer = Req::get(&link.path).send(server.addr).await.expect(200, "direct gate");
        assert!(answer.whole && answer.body == content, "direct gate, {size} bytes");
        assert_eq!(Req::get(&link.path).send(server.addr).await.status, 410, "direct gate, {size} bytes, again");
    }
}

#[tokio::test]
async fn an_empty_object_has_no_satisfiable_range() {
    let server = Server::start().await;
    server.put("a.bin", b"");
    let claim = claimed(&server).await;
    let answer = claim.get().range("bytes=0-").send(server.addr).await.expect(416, "a range of nothing");
    assert_eq!(answer.must("content-range"), "bytes */0");
    assert_eq!(claim.get().send(server.addr).await.expect(200, "the empty whole").must("content-length"), "0");
    claim.get().send(server.addr).await.refused(410, "completed", "after the empty whole");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gibibyte_streams_through_flat_memory() {
    let server = Server::start().await;
    let size: u64 = 1 << 30;
    server.put_sparse("a.bin", size);
    let claim = claimed(&server).await;
    let idle = server.memory_kib("VmHWM");
    let mut open = claim.get().open(server.addr).await;
    assert_eq!((open.head.status, open.head.must("content-length")), (200, size.to_string().as_str()));
    let zeros = vec![0_u8; 1 << 20];
    let mut total = 0_u64;
    loop {
        let piece = open.read(1 << 20).await;
        if piece.is_empty() {
            break;
        }
        assert!(piece == zeros[..piece.len()], "a sparse file is all zeros");
        total += piece.len() as u64;
    }
    assert_eq!(total, size);
    claim.get().send(server.addr).await.refused(410, "completed", "after the last byte");
    let grown = server.memory_kib("VmHWM") - idle;
    assert!(grown < 64 * 1024, "the server grew by {grown} KiB for one download");
}

#[tokio::test]
async fn sem_4_a_direct_download_names_where_to_resume() {
    let (server, content) = served().await;
    let link = server.link(json!({"source": "files", "key": "a.bin", "gate": "direct"})).await;
    let answer = Req::get(&link.path).range("bytes=5-9").send(server.addr).await.expect(200, "Range on the first GET is ignored");
    assert!(answer.body == content);
    assert_private(&answer);
    let location = answer.must("content-location");
    assert!(location.starts_with("/c/"), "{location}");
    Req::get(location).send(server.addr).await.refused(410, "completed", "all of it was delivered");
    let classic = server.link(json!({"source": "files", "key": "a.bin", "gate": "direct"})).await;
    let answer = Req::get(&format!("/download?token={}", classic.token)).send(server.addr).await.expect(200, "the classic route");
    assert!(answer.body == content);
    let posted = server.link(json!({"source": "files", "key": "a.bin", "gate": "direct"})).await;
    let claim = posted.claim(server.addr).await;
    assert!(claim.get().send(server.addr).await.body == content, "POST claims as on any link");
}

#[tokio::test]
async fn no_content_type_is_one_that_a_browser_runs() {
    let server = Server::start().await;
    let runs = ["html", "xml", "svg", "javascript", "ecmascript", "xhtml", "multipart", "text/css"];
    for name in ["a.html", "a.htm", "a.xhtml", "a.svg", "a.xml", "a.js", "a.mjs", "a.shtml", "a.mht", "a.xsl", "a", "a.php"] {
        server.put(name, b"<script>alert(1)</script>");
        let answer = fetch(server.addr, &server.link_to(name).await.claim(server.addr).await).await;
        let kind = answer.must("content-type").to_ascii_lowercase();
        assert!(!runs.iter().any(|bad| kind.contains(bad)), "{name}: {kind}");
    }
    for kind in ["text/html", "TEXT/HTML; charset=utf-8", "image/svg+xml", "application/xhtml+xml", "text/javascript"] {
        let terms = json!({"source": "files", "key": "a", "content_type": kind});
        let made = server.api("POST", "/v1/links", Some(&terms)).await;
        if made.status == 400 {
            continue;
        }
        let link = crate::harness::Link::from_json(&made.expect(201, kind).json());
        let answer = fetch(server.addr, &link.claim(server.addr).await).await;
        let sent = answer.must("content-type").to_ascii_lowercase();
        assert!(!runs.iter().any(|bad| sent.contains(bad)), "{kind}: {sent}");
    }
    let link = server.link(json!({"source": "files", "key": "a", "content_type": "application/pdf"})).await;
    let answer = fetch(server.addr, &link.claim(server.addr).await).await;
    assert_eq!(answer.must("content-type"), "application/pdf");
}

#[tokio::test]
async fn file_names_of_every_script_survive_in_the_disposition() {
    let server = Server::start().await;
    let cases = [
        ("plain.txt", "plain.txt"),
        ("with space.txt", "with%20space.txt"),
        ("na\u{ef}ve \u{20ac}.txt", "na%C3%AFve%20%E2%82%AC.txt"),
        ("\u{65e5}\u{672c}\u{8a9e}.pdf", "%E6%97%A5%E6%9C%AC%E8%AA%9E.pdf"),
        ("100%.txt", "100%25.txt"),
        ("a;b,c'd.txt", "a%3Bb%2Cc%27d.txt"),
    ];
    for (name, encoded) in cases {
        server.put(name, b"x");
        let answer = fetch(server.addr, &server.link_to(name).await.claim(server.addr).await).await;
        let disposition = answer.must("content-disposition");
        assert!(disposition.is_ascii(), "{disposition}");
        assert!(disposition.starts_with("attachment; filename="), "{disposition}");
        assert!(disposition.contains(&format!("filename*=UTF-8''{encoded}")), "{name}: {disposition}");
    }
    server.put("plain.txt", b"x");
    let link = server.link(json!({"source": "files", "key": "plain.txt", "filename": "quoted \" name.txt"})).await;
    let answer = fetch(server.addr, &link.claim(server.addr).await).await;
    let disposition = answer.must("content-disposition");
    let fallback = disposition.split("filename*=").next().expect("a first part").replace("\\\"", "");
    assert_eq!(fallback.matches('"').count() % 2, 0, "no quote breaks out: {disposition}");
}

async fn fetch(addr: SocketAddr, claim: &Claim) -> Res {
    claim.get().send(addr).await.expect(200, "the bytes")
}

/// The four headers that keep a link out of caches, referrers, sniffers and search engines.
#[track_caller]
fn assert_private(answer: &Res) {
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{answer}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer}");
    assert_eq!(answer.header("x-robots-tag"), Some("noindex"), "{answer}");
}
