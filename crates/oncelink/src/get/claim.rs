//! Making the claim: the same question with the same holder until there is an answer.

use std::num::NonZeroU64;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, Response, Url};
use serde::Deserialize;

use crate::exit::Failure;
use crate::get::Order;
use crate::get::pace::Patience;
use crate::get::state::Facts;
use crate::http;
use crate::passphrase;
use crate::problem::Problem;
use oncelink_core::holder::Holder;

/// How often a person may be asked for the passphrase.
const ASKED: u32 = 3;
/// The longest answer that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// A claim that is ours.
pub(crate) struct Claim {
    /// Where its bytes are: a secret.
    pub(crate) url: Url,
    /// What it says of the file.
    pub(crate) facts: Facts,
    /// Until when it may be resumed, as the server writes it.
    pub(crate) lease_until: Option<String>,
    /// The most bytes that one response carries, where the file is larger.
    pub(crate) segment: Option<NonZeroU64>,
}

/// Why there is no claim to download from.
pub(crate) enum NoClaim {
    /// This holder's download is over: everything was delivered.
    Completed(Problem),
    /// The server says no. Nothing is claimed that could be resumed.
    Refused(Problem),
    /// The server says no to something that can be mended, and there may be a claim that it keeps for us.
    Held(Problem),
    /// Nobody was reached: nothing can be claimed.
    Unreached(Failure),
    /// There was no answer that settles it: there may be a claim.
    Unsure(Failure),
}

/// The server's answer to a claim.
#[derive(Deserialize)]
struct Answer {
    url: String,
    size: u64,
    etag: String,
    filename: String,
    lease_until: Option<String>,
    sha256: Option<String>,
    segment: Option<NonZeroU64>,
}

/// One answer, or none.
enum Turn {
    Claimed(Claim),
    Problem(Problem),
    Silence { reached: bool, why: String },
}

/// Claims the link of `order` for `holder`. `is_fresh`: nothing can have been claimed with it yet.
pub(crate) async fn claim(http: &Client, order: &Order, holder: &Holder, is_fresh: bool) -> Result<Claim, NoClaim> {
    let mut passphrase = order.passphrase.clone();
    let mut patience = order.pace.begin();
    let (mut asked, mut sure) = (0, is_fresh);
    loop {
        let (why, retry_after) = match turn(http, order, holder, passphrase.as_deref()).await {
            Turn::Claimed(claim) => return Ok(claim),
            Turn::Problem(problem) if problem.is_passing() => (problem.detail, problem.retry_after),
            Turn::Problem(problem) if problem.status == 410 && problem.kind == "completed" => return Err(NoClaim::Completed(problem)),
            Turn::Problem(problem) if problem.status == 401 && asked < ASKED && passphrase::can_ask() => {
                asked += 1;
                crate::output::hint(&problem.detail);
                passphrase = Some(passphrase::ask().map_err(NoClaim::Unsure)?);
                continue;
            }
            // Whoever answers so isn't an oncelink server: a proxy in between doesn't know what may be claimed already.
            Turn::Problem(problem) if problem.kind.is_empty() && !sure => return Err(NoClaim::Unsure(Failure::failed(problem.detail))),
            Turn::Problem(problem) if !sure && !problem.ends_claims() => return Err(NoClaim::Held(problem)),
            Turn::Problem(problem) => return Err(NoClaim::Refused(problem)),
            Turn::Silence { reached, why } => {
                sure &= !reached;
                (why, None)
            }
        };
        if !wait(&mut patience, sure, retry_after).await {
            let failure = Failure::failed(format!("{} doesn't give the file: {why}", order.link.server()));
            return Err(if sure { NoClaim::Unreached(failure) } else { NoClaim::Unsure(failure) });
        }
    }
}

async fn wait(patience: &mut Patience, sure: bool, retry_after: Option<std::time::Duration>) -> bool {
    if sure && retry_after.is_none() {
        patience.only_reach()
    } else {
        patience.in_full()
    }
    patience.wait(retry_after).await
}

async fn turn(http: &Client, order: &Order, holder: &Holder, passphrase: Option<&str>) -> Turn {
    let link = &order.link;
    let fields = [("token", link.token.as_deref()), ("passphrase", passphrase)];
    let given = fields.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    let request = http.post(link.post.clone()).header(ACCEPT, "application/json").header("Idempotency-Key", holder.reveal());
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form(given));
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Turn::Silence { reached: !error.is_connect(), why: http::reason(error) },
    };
    let status = response.status();
    if status.is_redirection() {
        let detail = "the server sends us elsewhere; use the link exactly as it was given (http or https?)".to_owned();
        return Turn::Problem(Problem { status: 400, kind: "redirected".to_owned(), detail, retry_after: None });
    }
    if !status.is_success() {
        return Turn::Problem(Problem::read(response).await);
    }
    read(link.post.clone(), response).await
}

async fn read(base: Url, response: Response) -> Turn {
    let silence = |why: &str| Turn::Silence { reached: true, why: why.to_owned() };
    if response.content_length().is_some_and(|length| length > LONGEST) {
        return silence("it doesn't answer like an oncelink server");
    }
    let body = match response.bytes().await {
        Ok(body) => body,
        Err(error) => return silence(&http::reason(error)),
    };
    let Ok(Answer { url, size, etag, filename, lease_until, sha256, segment }) = serde_json::from_slice(&body) else {
        return silence("it doesn't answer like an oncelink server");
    };
    match base.join(&url) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            let sha256 = sha256.map(|digest| digest.to_ascii_lowercase());
            Turn::Claimed(Claim { url, facts: Facts { size, etag, filename, sha256 }, lease_until, segment })
        }
        _ => silence("the claim's address is no URL"),
    }
}

/// A form's body (`application/x-www-form-urlencoded`).
fn form<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    // A URL's query has the same encoding.
    let mut url = Url::parse("http://form").unwrap_or_else(|_| unreachable!("it is a URL"));
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_encoded() {
        assert_eq!(form([("token", "ol_x"), ("passphrase", "a b&c=\u{fc}+%")].into_iter()), "token=ol_x&passphrase=a+b%26c%3D%C3%BC%2B%25");
        assert_eq!(form(std::iter::empty()), "");
    }
}
