//! Files of any size, one segment after another, with a client as another program would write it.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::emulator::event::Shape;
use crate::emulator::gateway::Faults;
use crate::house::{House, Plan, content};

/// How often one segment is asked for.
const TRIES: usize = 12;

/// Fetches all of a claim in segments, and tells when it has everything. How many requests it took, and the digest.
async fn fetch(house: &House, claim: &Value) -> (usize, [u8; 32]) {
    let address = house.path(&claim["url"]);
    let (size, segment) = (claim["size"].as_u64().expect("a size"), claim["segment"].as_u64().expect("a segment size"));
    let etag = claim["etag"].as_str().expect("an etag");
    let (mut from, mut requests, mut hash) = (0, 0, Sha256::new());
    while from < size {
        let last = size.min(from + segment) - 1;
        let mut bytes = None;
        for _ in 0..TRIES {
            requests += 1;
            bytes = part(house, &address, etag, from..last + 1, size).await;
            if bytes.is_some() {
                break;
            }
        }
        hash.update(bytes.unwrap_or_else(|| panic!("the segment at {from} doesn't come")));
        from = last + 1;
    }
    done(house, &address).await;
    (requests, hash.finalize().into())
}

/// One segment; nothing when it was lost on its way.
async fn part(house: &House, address: &str, etag: &str, range: std::ops::Range<u64>, size: u64) -> Option<Vec<u8>> {
    let request = Request::get(address)
        .header(header::RANGE, format!("bytes={}-{}", range.start, range.end - 1))
        .header(header::IF_MATCH, etag)
        .header("Oncelink-Acknowledges", "yes");
    let answer = house.send(request.body(Body::empty()).expect("a request")).await;
    if answer.status.is_server_error() {
        return None;
    }
    assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT, "{}", answer.text());
    assert_eq!(answer.header("content-range"), format!("bytes {}-{}/{size}", range.start, range.end - 1));
    (answer.whole && answer.body.len() as u64 == range.end - range.start).then_some(answer.body)
}

/// Says that everything is there, until it is heard. Completed already: it was heard, and the answer was lost.
async fn done(house: &House, address: &str) {
    for _ in 0..TRIES {
        let answer = house.send(Request::post(format!("{address}/done")).body(Body::empty()).expect("a request")).await;
        if !answer.status.is_server_error() {
            assert!(answer.status == StatusCode::NO_CONTENT || answer.json()["type"] == "completed", "{}", answer.text());
            return;
        }
    }
    panic!("nobody hears that everything is there");
}

/// A claim, however often its answer gets lost: the holder stays the same.
async fn claim(house: &House, link: &str) -> Value {
    for _ in 0..TRIES {
        let request =
            Request::post(link).header(header::ACCEPT, "application/json").header("Idempotency-Key", "the-only-holder-of-this-link");
        let answer = house.send(request.body(Body::empty()).expect("a request")).await;
        if answer.status == StatusCode::CREATED && answer.whole {
            return answer.json();
        }
        assert!(answer.status.is_server_error() || !answer.whole, "{}", answer.text());
    }
    panic!("the claim's answer doesn't come");
}

/// Asks until an answer gets through.
async fn persistent(house: &House, make: impl Fn() -> Request<Body>) -> crate::house::Answer {
    for _ in 0..TRIES {
        let answer = house.send(make()).await;
        if answer.whole && !answer.status.is_server_error() {
            return answer;
        }
        tokio::task::yield_now().await;
    }
    panic!("no answer gets through");
}

/// A file of `size` bytes through such a gateway: identical, once, and over afterwards.
async fn carried(plan: Plan, size: usize) {
    let faults = plan.faults;
    let Some(house) = plan.build().await else { return };
    let bytes = content(size);
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    house.put("large.bin", bytes).await;
    let wish = json!({"key": house.object("large.bin")}).to_string();
    let create = || {
        let request = house.sender("POST", "/v1/links").header(header::CONTENT_TYPE, "application/json");
        request.body(Body::from(wish.clone())).expect("a request")
    };
    let created = persistent(&house, create).await.json();
    let link = house.path(&created["url"]);
    let claimed = claim(&house, &link).await;
    let segments = size.div_ceil(usize::try_from(claimed["segment"].as_u64().expect("a segment size")).expect("a size"));
    let (requests, found) = fetch(&house, &claimed).await;
    assert_eq!(found, digest);
    assert!(requests >= segments && (faults.lose_every == 0) == (requests == segments), "{requests} requests for {segments} segments");
    let second = persistent(&house, || Request::post(&link).body(Body::empty()).expect("a request")).await;
    assert_eq!(second.status, StatusCode::GONE, "{}", second.text());
    let address = house.path(&claimed["url"]);
    let after =
        persistent(&house, || Request::get(&address).header(header::RANGE, "bytes=0-0").body(Body::empty()).expect("a request")).await;
    assert_eq!(after.status, StatusCode::GONE, "{}", after.text());
    let id = created["id"].as_str().expect("an id");
    let record =
        persistent(&house, || house.sender("GET", &format!("/v1/links/{id}")).body(Body::empty()).expect("a request")).await.json();
    assert_eq!((&record["claimed"], &record["claims"][0]["state"]), (&json!(1), &json!("completed")), "one use, once");
    let figures = house.gateway.figures();
    assert_eq!(
        (figures.lost > 0, figures.killed > 0),
        (faults.lose_every > 0, faults.kill_every > 0),
        "{figures:?}: the faults took place"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_300_mib_file_comes_whole_and_once_through_a_6_mb_gateway() {
    carried(Plan::buffered(Shape::Http), 300 << 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_4_it_comes_whole_though_functions_are_killed_and_answers_get_lost() {
    let faults = Faults { lose_every: 10, kill_every: 7 };
    carried(Plan { faults, ..Plan::buffered(Shape::Http) }, 300 << 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_beyond_200_mb_comes_whole_and_once_through_a_streaming_gateway() {
    // 1 GiB, or what ONCELINK_TEST_LARGE_MIB says.
    let mib = std::env::var("ONCELINK_TEST_LARGE_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(1024_usize);
    carried(Plan::streaming(Shape::FunctionUrl), mib << 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn segments_side_by_side_share_one_claim() {
    let Some(house) = Plan::buffered(Shape::Rest).build().await else { return };
    let bytes = content(30 << 20);
    house.put("large.bin", bytes.clone()).await;
    let claimed = house.claim(&house.link("large.bin", json!({})).await).await;
    let (address, etag) = (house.path(&claimed["url"]), claimed["etag"].as_str().expect("an etag"));
    let (size, segment) = (bytes.len() as u64, claimed["segment"].as_u64().expect("a segment size"));
    let starts = (0..size).step_by(usize::try_from(segment).expect("a size"));
    let parts = starts.map(|from| part(&house, &address, etag, from..size.min(from + segment), size));
    let parts = futures_util::future::join_all(parts).await;
    let whole: Vec<u8> = parts.into_iter().flat_map(|part| part.expect("nothing is lost here")).collect();
    assert!(whole == bytes);
    done(&house, &address).await;
    assert_eq!(house.range(&address, "bytes=0-0").await.status, StatusCode::GONE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sem_5_segments_end_with_the_lease() {
    let Some(house) = Plan::buffered(Shape::Http).with("ONCELINK_LEASE", "5s").build().await else { return };
    house.put("large.bin", content(6 << 20)).await;
    let address = house.address(&house.link("large.bin", json!({})).await).await;
    assert_eq!(house.range(&address, "bytes=0-99").await.status, StatusCode::PARTIAL_CONTENT);
    let gone = async {
        while house.send(Request::head(&address).body(Body::empty()).expect("a request")).await.status != StatusCode::GONE {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.expect("the lease runs out");
}
