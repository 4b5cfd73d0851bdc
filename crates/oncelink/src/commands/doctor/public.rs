//! The public URL: what links begin with must lead to this server.

use std::time::Duration;

use oncelink_config::Config;
use reqwest::Url;

use crate::commands::doctor::finding::Finding;
use crate::http;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
const CHECK: &str = "public URL";

/// Asks `PUBLIC_URL/healthz`, and looks at what goes with a proxy.
pub(crate) async fn examine(config: &Config) -> Vec<Finding> {
    let Some(base) = &config.public_url else {
        let remedy = "For links that work elsewhere, set --public-url to the address that recipients reach.";
        return vec![if config.listen.ip().is_loopback() {
            Finding::warn(CHECK, format!("links begin with http://{}, which works on this machine only", config.listen), remedy)
        } else {
            Finding::warn(CHECK, format!("links begin with http://{}, without encryption", config.listen), remedy)
        }];
    };
    let mut findings = vec![ask(base).await];
    if base.starts_with("https:") && config.trusted_proxies.is_empty() {
        let detail =
            "links begin with https, so a proxy stands in front, but none is trusted: every client will seem to have the proxy's address";
        findings.push(Finding::warn(
            "trusted proxies",
            detail,
            "Set --trusted-proxies to the proxy's address, so that events, allow_from and limits see the clients'.",
        ));
    }
    findings
}

async fn ask(base: &str) -> Finding {
    let remedy = "If no server is running yet, start it and run doctor again. Else check the name, the proxy and the firewall.";
    let url = match Url::parse(&format!("{base}/healthz")) {
        Ok(url) => url,
        Err(error) => return Finding::fail(CHECK, format!("{base} is no URL: {error}"), "Correct --public-url."),
    };
    let client = match http::client(&url, PATIENCE) {
        Ok(client) => client,
        Err(failure) => return Finding::fail(CHECK, failure.to_string(), remedy),
    };
    match client.get(url).timeout(PATIENCE).send().await {
        Ok(answer) if answer.status().is_success() => Finding::ok(CHECK, format!("{base} leads to a server")),
        Ok(answer) if answer.status().is_redirection() => {
            let detail = format!("{base} answers with a redirect ({})", answer.status());
            Finding::fail(
                CHECK,
                detail,
                "Set --public-url to the address that it leads to (https, or another host): a claim must not be redirected.",
            )
        }
        Ok(answer) => Finding::warn(CHECK, format!("{base}/healthz answers {}", answer.status()), remedy),
        Err(error) => Finding::warn(CHECK, format!("{base} doesn't answer: {}", http::reason(error)), remedy),
    }
}
