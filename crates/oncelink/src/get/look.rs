//! A look at the link before it is claimed: what its file is called, or why there is none. Must not change the link.

use std::time::Duration;

use reqwest::Client;
use reqwest::header::ACCEPT;
use serde::Deserialize;

use crate::get::address::LinkAddress;
use crate::problem::Problem;

/// How long the look may take. It only saves a claim, so nobody waits for it long.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const LONGEST: usize = 64 * 1024;
/// Says that nothing is asked for yet: even a link of one step (`gate=direct`) isn't spent by it. The older name is said
/// as well, for proxies that let only that one through.
const AHEAD: [(&str, &str); 2] = [("Sec-Purpose", "prefetch"), ("Purpose", "prefetch")];

/// What a link offers.
#[derive(Deserialize)]
struct Offer {
    filename: String,
}

/// What the link's file is called; nothing when that can't be found out, which the claim then has to.
///
/// # Errors
/// The server's refusal, which the claim would meet too.
pub(crate) async fn look(http: &Client, link: &LinkAddress) -> Result<Option<String>, Problem> {
    let mut request = http.get(link.page()).header(ACCEPT, "application/json").timeout(PATIENCE);
    for (name, value) in AHEAD {
        request = request.header(name, value);
    }
    let Ok(mut response) = request.send().await else { return Ok(None) };
    if !response.status().is_success() {
        let problem = Problem::read(response).await;
        return if problem.is_refusal() { Err(problem) } else { Ok(None) };
    }
    let mut body = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() > LONGEST {
            return Ok(None);
        }
    }
    Ok(serde_json::from_slice(&body).ok().map(|Offer { filename }| filename))
}
