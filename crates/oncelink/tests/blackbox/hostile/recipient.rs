//! What anybody may throw at a link: tokens, forms, ranges, broken HTTP.

use std::time::Duration;

use tokio::time::timeout;

use super::{assert_unharmed, served};
use crate::harness::http::percent;
use crate::harness::{Req, Server, Wire, holder};

/// The connection is closed without an answer; allowed where the bytes are no HTTP at all.
const CUT: u16 = 0;

#[tokio::test]
async fn every_altered_token_is_404() {
    let (mut server, link) = served().await;
    let token = link.token.clone();
    let mut altered: Vec<String> = (0..token.len())
        .map(|place| {
            let mut bytes = token.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).expect("ASCII")
        })
        .collect();
    let swapped = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    altered.push(token.chars().map(swapped).collect());
    altered.extend([
        token[..38].to_owned(),
        format!("{token}A"),
        format!("{token}%20"),
        format!("%20{token}"),
        format!("{token}%00"),
        format!("{token}%0A"),
    ]);
    altered.extend([
        "ol_".to_owned(),
        "x".repeat(39),
        "x".repeat(5_000),
        link.id.clone(),
        percent("\u{1f600}"),
        token.replacen("ol_", "oc_", 1),
    ]);
    for token in &altered {
        for request in [
            Req::get(&format!("/d/{token}")),
            Req::get(&format!("/download?token={token}")),
            Req::post(&format!("/d/{token}")).form(&[("holder", &holder())]),
        ] {
            let answer = request.send(server.addr).await;
            answer.refused(404, "not-found", token);
        }
    }
    let encoded: String = link.token.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let same = Req::get(&format!("/d/{encoded}")).send(server.addr).await;
    assert_eq!(same.status, 200, "percent-encoding is no alteration: {same}");
    assert_unharmed(&mut server, &link).await;
}

#[tokio::test]
async fn odd_forms_claim_nothing() {
    let (mut server, link) = served().await;
    let form = "application/x-www-form-urlencoded";
    let large = format!("passphrase={}", "x".repeat(70_000));
    let fine = holder();
    let rows: Vec<(&str, String, &[u16])> = vec![
        (form, format!("holder={fine}&holder={fine}x"), &[400]),
        (form, "holder=%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff".to_owned(), &[400]),
        (form, "holder=%00aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned(), &[400]),
        (form, "holder=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%0d%0a".to_owned(), &[400]),
        (form, "holder=%zzaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned(), &[400]),
        (form, large, &[413, 400]),
        ("application/json", "{\"holder\":\"x\"}".to_owned(), &[400, 415]),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"holder\"\r\n\r\nx\r\n--x--\r\n".to_owned(),
            &[400, 415],
        ),
        ("text/plain", format!("holder={fine}"), &[400, 415]),
    ];
    for (media, body, allowed) in rows {
        let short: String = body.chars().take(60).collect();
        let answer = Req::post(&link.path).header("Content-Type", media).body(&body).send(server.addr).await;
        assert!(allowed.contains(&answer.status), "{media} {short}: {answer}");
    }
    for (field, value) in [("token", ""), ("token", "nonsense"), ("nothing", "x")] {
        let answer = Req::post("/download").form(&[(field, value)]).send(server.addr).await;
        assert!(matches!(answer.status, 400 | 404), "{field}={value}: {answer}");
    }
    let doubled = format!("token={0}&token={0}", link.token);
    let answer = Req::post("/download").header("Content-Type", form).body(doubled).send(server.addr).await;
    assert_eq!(answer.status, 400, "the token twice: {answer}");
    assert_unharmed(&mut server, &link).await;
    let bare = Req::post(&link.path).send(server.addr).await;
    assert_eq!(bare.status, 303, "an empty POST without Content-Type claims, as `wget --post-data=''` sends it: {bare}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_http_is_answered_or_cut() {
    let (mut server, link) = served().await;
    let path = &link.path;
    let long = "x".repeat(100_000);
    let many: String = (0..300).map(|number| format!("X-{number}: y\r\n")).collect();
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let rows: Vec<(&str, Vec<u8>, &[u16])> = vec![
        ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS hello\r\n\r\n".to_vec(), &[400, CUT]),
        ("NULs", vec![0; 1_000], &[400, CUT]),
        ("only line ends", b"\r\n\r\n\r\n\r\nX\r\n\r\n".to_vec(), &[400, CUT]),
        ("HTTP/0.9", b"GET /\r\n\r\n".to_vec(), &[400, 505, CUT]),
        ("HTTP/9.9", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n".to_vec(), &[400, 505, CUT]),
        ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), &[400, 505, CUT]),
        ("a NUL in a header", format!("GET {path} HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n").into_bytes(), &[400]),
        ("a folded header", format!("GET {path} HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n").into_bytes(), &[400, 200]),
        ("a space before the colon", format!("GET {path} HTTP/1.1\r\nHost : x\r\n\r\n").into_bytes(), &[400]),
        ("a header without a name", format!("GET {path} HTTP/1.1\r\n: x\r\n\r\n").into_bytes(), &[400]),
        ("three hundred headers", format!("GET {path} HTTP/1.1\r\nHost: x\r\n{many}\r\n").into_bytes(), &[400, 431]),
        ("a header of 100 kB", format!("GET {path} HTTP/1.1\r\nHost: x\r\nX: {long}\r\n\r\n").into_bytes(), &[200, 400, 431]),
        ("a target of 100 kB", format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes(), &[400, 404, 414, 431]),
        ("a method of 100 kB", format!("{long} / HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes(), &[400, 404, 405, 431, 501, CUT]),
        ("an unknown method", format!("FETCH {path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes(), &[405, 501]),
        ("a lower-case method", format!("post {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").into_bytes(), &[400, 405, 501]),
        ("CONNECT", b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), &[400, 404, 405, 501, CUT]),
        ("TRACE", format!("TRACE {path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes(), &[405, 501]),
        ("a target in absolute form", format!("GET http://evil.example{path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes(), &[200, 400, 404]),
        ("a target without a slash", b"GET d HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), &[400, 404, CUT]),
        ("raw bytes in the target", b"GET /d/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), &[400, 404]),
        ("a space in the target", b"GET /d/a b HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), &[400]),
        ("a length that is no number", format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n").into_bytes(), &[400]),
        ("a negative length", format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n").into_bytes(), &[400]),
        ("two lengths", format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab").into_bytes(), &[400]),
        ("a length beyond 64 bits", format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n").into_bytes(), &[400, 413]),
        ("a huge form announced", format!("POST {path} HTTP/1.1\r\nHost: x\r\n{form}Content-Length: 9999999999\r\n\r\nx").into_bytes(), &[413]),
        (
            "a huge JSON announced",
            format!("POST /v1/links HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 9999999999\r\n\r\n{{", server.key).into_bytes(),
            &[413],
        ),
        ("length and chunks", format!("POST {path} HTTP/1.1\r\nHost: x\r\n{form}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nzzz").into_bytes(), &[400]),
        ("garbage for chunks", format!("POST {path} HTTP/1.1\r\nHost: x\r\n{form}Transfer-Encoding: chunked\r\n\r\nzz\r\nholder=x\r\n0\r\n\r\n").into_bytes(), &[400]),
        ("an endless chunk size", format!("POST {path} HTTP/1.1\r\nHost: x\r\n{form}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffffff\r\n").into_bytes(), &[400, 413]),
        ("an unknown transfer coding", format!("POST {path} HTTP/1.1\r\nHost: x\r\n{form}Transfer-Encoding: gzip\r\n\r\nx").into_bytes(), &[400, 501]),
        ("a huge chunked body", huge_chunks(path), &[413, 400]),
        ("an expectation nobody knows", format!("GET {path} HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n").into_bytes(), &[200, 417]),
        ("bad UTF-8 in Accept", [format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: ").as_bytes(), b"\xff\xfe\r\n\r\n"].concat(), &[200, 400, 406]),
        ("bad UTF-8 in User-Agent", [format!("GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: ").as_bytes(), b"\xff\xfe\r\n\r\n"].concat(), &[200]),
        ("bad UTF-8 in Cookie", [format!("GET {path} HTTP/1.1\r\nHost: x\r\nCookie: ").as_bytes(), b"\xff\xfe=\xff\r\n\r\n"].concat(), &[200]),
        ("bad UTF-8 as API key", b"GET /v1/links HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n".to_vec(), &[400, 401]),
        ("an upgrade", format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n").into_bytes(), &[200, 400, 426]),
    ];
    for (row, bytes, allowed) in rows {
        let status = raw_status(&server, row, &bytes).await;
        assert!(allowed.contains(&status), "{row}: {status}, allowed {allowed:?}");
    }
    assert_unharmed(&mut server, &link).await;
}

#[tokio::test]
async fn odd_ranges_on_a_claim_never_break_it() {
    let (server, link) = served().await;
    let claim = link.claim(server.addr).await;
    let rows: &[(&[u8], &[u16])] = &[
        (b"bytes=7-", &[416]),
        (b"bytes=18446744073709551615-", &[416]),
        (b"bytes=99999999999999999999999-", &[416, 304]),
        (b"bytes=-0", &[416]),
        (b"bytes=1-2", &[206]),
        (b"bytes= 1-2", &[206, 304]),
        (b"bytes=1-99999999999999999999999", &[206, 304]),
        (b"bytes=--1", &[304]),
        (b"bytes=1--2", &[304]),
        (b"bytes=+1-2", &[304]),
        (b"bytes=0x1-2", &[304]),
        (b"bytes=1-2;3-4", &[304]),
        (b"bytes=\xff-\xfe", &[304]),
        (b"", &[304]),
        (b"bytes", &[304]),
        (b"=1-2", &[304]),
    ];
    for (range, allowed) in rows {
        // A range that is ignored would complete the claim; the condition turns that answer into 304.
        let request = claim.get().header("Range", range).header("If-None-Match", "\"other\"");
        let request =
            if allowed.contains(&304) { claim.get().header("Range", range).header("If-None-Match", &claim.etag) } else { request };
        let answer = request.send(server.addr).await;
        assert!(allowed.contains(&answer.status), "{}: {answer}", String::from_utf8_lossy(range));
    }
    let many = (0..10_000).map(|number| format!("{number}-{number}")).collect::<Vec<_>>().join(",");
    let answer = claim.get().range(&format!("bytes={}", &many[..8_000])).header("If-None-Match", &claim.etag).send(server.addr).await;
    assert!(matches!(answer.status, 304 | 400 | 431), "thousands of ranges: {answer}");
    assert_eq!(claim.get().send(server.addr).await.expect(200, "after all that").body, b"content");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let (server, link) = served().await;
    let mut wire = Wire::connect(server.addr).await.expect("the server accepts");
    let last = Req::get("/nothing").header("Connection", "close");
    let requests = [Req::get("/healthz"), Req::get(&link.path), last];
    let bytes: Vec<u8> = requests.iter().flat_map(|request| request.bytes("x", false)).collect();
    wire.write(&bytes).await.expect("it takes three requests at once");
    let all = String::from_utf8_lossy(&wire.read_to_the_end().await).into_owned();
    let statuses: Vec<&str> = all.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "200", "404"], "{all}");
}

fn huge_chunks(path: &str) -> Vec<u8> {
    let mut bytes =
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n")
            .into_bytes();
    for _ in 0..50 {
        bytes.extend_from_slice(format!("1000\r\n{}\r\n", "x".repeat(0x1000)).as_bytes());
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

/// The status that raw bytes get; [`CUT`] when the connection ends without one.
async fn raw_status(server: &Server, row: &str, bytes: &[u8]) -> u16 {
    let mut wire = Wire::connect(server.addr).await.expect("the server accepts");
    // The server may answer and close before it has read everything; its answer counts all the same.
    let _ = wire.write(bytes).await;
    match timeout(Duration::from_secs(40), wire.open("HEAD")).await {
        Ok(Ok(open)) => open.head.status,
        Ok(Err(_)) => CUT,
        Err(_) => panic!("{row}: neither answered nor cut"),
    }
}
