//! The HTTP client's settings, and its errors without the URL, which may be a secret.

use std::error::Error;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Url};

use crate::exit::Failure;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// A client for `target`. It follows no redirect by itself and never says where it came from. `silence` is how long a
/// server may send nothing.
pub(crate) fn client(target: &Url, silence: Duration) -> Result<Client, Failure> {
    let base = || {
        let builder = ClientBuilder::new().user_agent(concat!("oncelink/", env!("CARGO_PKG_VERSION")));
        // A Referer would carry the link or the claim to another host.
        let builder = builder.redirect(Policy::none()).referer(false).connect_timeout(CONNECT).read_timeout(silence);
        if is_loopback(target) { builder.no_proxy() } else { builder }
    };
    let built = match base().build() {
        // A machine without any certificate can still talk to a server without TLS.
        Err(_) if target.scheme() == "http" => base().tls_certs_only([]).build(),
        other => other,
    };
    built.map_err(|error| Failure::failed(format!("can't make an HTTP client: {}", reason(error))))
}

/// Why a request failed, with the causes underneath and without its URL.
pub(crate) fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

/// Host and port, for messages: never the path.
pub(crate) fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether the URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
