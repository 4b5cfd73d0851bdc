//! A link and a claim as their holders know them: a URL to ask, nothing else.

use std::net::SocketAddr;

use serde_json::Value;

use super::content::holder;
use super::http::{Req, Res};

/// A link that was just created.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) token: String,
    /// The URL's path, base path included.
    pub(crate) path: String,
}

/// A claim as its holder knows it.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) holder: String,
    pub(crate) url: String,
    /// The path of the claim's address, base path included.
    pub(crate) path: String,
    pub(crate) etag: String,
    pub(crate) size: u64,
}

impl Link {
    /// Reads what creation answered.
    pub(crate) fn from_json(value: &Value) -> Self {
        let text = |field: &str| value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned();
        Self::from_url(&text("url"), &text("id"))
    }

    /// Takes a link's URL apart.
    pub(crate) fn from_url(url: &str, id: &str) -> Self {
        let path = path_of(url);
        let (_, token) = path.rsplit_once("/d/").unwrap_or_else(|| panic!("no /d/ in {url}"));
        Self { id: id.to_owned(), url: url.to_owned(), token: token.to_owned(), path: path.clone() }
    }

    /// The JSON claim of `holder`, as a request.
    pub(crate) fn claim_request(&self, holder: &str) -> Req {
        Req::post(&self.path).accept("application/json").form(&[("holder", holder)])
    }

    /// Tries to claim for `holder`.
    pub(crate) async fn try_claim(&self, to: SocketAddr, holder: &str) -> Res {
        self.claim_request(holder).send(to).await
    }

    /// Claims for `holder`, or panics.
    pub(crate) async fn claim_as(&self, to: SocketAddr, holder: &str) -> Claim {
        let answer = self.try_claim(to, holder).await.expect(201, "claim a link");
        Claim::from_json(&answer.json(), holder)
    }

    /// Claims for a new holder, or panics.
    pub(crate) async fn claim(&self, to: SocketAddr) -> Claim {
        self.claim_as(to, &holder()).await
    }
}

impl Claim {
    /// Reads what a JSON claim answered.
    pub(crate) fn from_json(value: &Value, holder: &str) -> Self {
        let text = |field: &str| value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned();
        let url = text("url");
        let size = value["size"].as_u64().expect("a size");
        Self { holder: holder.to_owned(), path: path_of(&url), url, etag: text("etag"), size }
    }

    /// A GET of the claim.
    pub(crate) fn get(&self) -> Req {
        Req::get(&self.path)
    }

    /// A GET of one range, under the condition that the object is still the same.
    pub(crate) fn resume(&self, range: &str) -> Req {
        self.get().range(range).header("If-Range", &self.etag)
    }

    /// The secret part of the claim's address: its last 64 characters.
    pub(crate) fn secret(&self) -> &str {
        &self.path[self.path.len() - 64..]
    }
}

/// The path of an absolute or relative URL.
pub(crate) fn path_of(url: &str) -> String {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or_else(|| "/".to_owned(), |slash| rest[slash..].to_owned()),
        None => url.to_owned(),
    }
}
