//! The sender's API. Each part of it has a file; what several of them need is here.

use serde_json::Value;

use crate::harness::Server;
use crate::harness::http::percent;

mod creating;
mod keys;
mod listing;
mod revoking;

async fn served() -> Server {
    let server = Server::start().await;
    server.put("a.bin", b"content");
    server
}

/// Every id that a list with this query gives, over all its pages.
async fn list(server: &Server, query: &str) -> Vec<String> {
    let sign = if query.is_empty() { '?' } else { '&' };
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = server.api("GET", &format!("/v1/links{query}{sign}limit=100{cursor}"), None).await.expect(200, query).json();
        ids.extend(ids_of(&answer));
        match answer["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={}", percent(next)),
            None => return ids,
        }
    }
}

fn ids_of(list: &Value) -> Vec<String> {
    let rows = list["links"].as_array().expect("links");
    rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

fn seconds_until(date: &Value) -> i64 {
    let at: jiff::Timestamp = date.as_str().expect("a date").parse().expect("RFC 3339");
    // Rounded up, for a link made a moment ago has a little less than its full life left.
    (at.as_millisecond() - jiff::Timestamp::now().as_millisecond() + 999) / 1_000
}
