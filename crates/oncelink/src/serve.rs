//! `oncelink serve`: the server, from its configuration to its end.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use oncelink_config::{Config, Environment, LogFormat, ServeOptions};
use serde_json::json;

use crate::data_dir::DataDir;
use crate::exit::Failure;
use crate::interrupt::Interrupts;
use crate::listener::{Listener, Manners};
use crate::{brand, first_key, logging, output, retention, wiring};

/// What is logged when nobody says otherwise.
const LOG: &str = "info";

/// Runs the server until it is told to stop.
pub(crate) async fn run(options: ServeOptions) -> Result<(), Failure> {
    let config = Config::load(options, &Environment::from_process())?;
    logging::start(config.log_format, LOG);
    let mut interrupts = Interrupts::listen()?;
    let data = DataDir::new(&config.data);
    data.create()?;
    let store = wiring::Store::open(&config.store, config.retention).await?;
    let sources = wiring::open_sources(&config.sources).await?;
    if sources.is_empty() {
        tracing::warn!("no source is configured, so no link can be created: name a folder or s3://BUCKET");
    }
    let links = wiring::links(&store, sources, config.policy.clone());
    let manners = manners(&config)?;
    let listener = Listener::bind(config.listen)?;
    first_key::keep(&links, &data).await?;
    let addr = listener.addr();
    data.write_server(&format!("http://{}", reachable(addr)))?;
    let public_url = config.public_url.unwrap_or_else(|| format!("http://{}", reachable(addr)));
    announce(addr, config.log_format);
    tracing::info!("the console is at {}/console{}", public_url.trim_end_matches('/'), key_hint(&data));
    let stop = async move {
        interrupts.next().await;
        tracing::info!("stopping: running downloads may go on for a while; a second signal stops at once");
        interrupts.exit_at_the_next();
    };
    let tidying = config.retention.map(|retention| tokio::spawn(retention::forget(links.clone(), retention)));
    listener.run(links, public_url, manners, stop).await?;
    if let Some(tidying) = tidying {
        tidying.abort();
    }
    store.close().await;
    Ok(())
}

fn manners(config: &Config) -> Result<Manners, Failure> {
    Ok(Manners {
        trusted_proxies: config.trusted_proxies.clone(),
        rate_limit: config.rate_limit,
        max_connections: config.max_connections,
        drain: config.drain,
        brand: brand::load(&config.brand)?,
        console_secret: config.console_secret.clone(),
    })
}

/// Where the key is that the console asks for, if it was made here.
fn key_hint(data: &DataDir) -> String {
    let path = data.key_path();
    if path.exists() { format!("; sign in with the key in {}", path.display()) } else { String::new() }
}

/// Tells where the server is. This line is a promise to whoever started it, so no log filter may swallow it.
fn announce(addr: SocketAddr, format: LogFormat) {
    let line = format!("listening on http://{addr}");
    match format {
        LogFormat::Text => output::hint(&line),
        LogFormat::Json => output::hint(&json!({ "level": "INFO", "fields": { "message": line }, "target": "oncelink" }).to_string()),
    }
}

/// An address that leads here from this machine: nobody can connect to "everywhere".
pub(crate) fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, addr.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everywhere_is_reached_on_this_machine() {
        for (bound, expected) in
            [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("192.0.2.7:80", "192.0.2.7:80"), ("127.5.6.7:0", "127.5.6.7:0")]
        {
            assert_eq!(reachable(bound.parse().expect("an address")).to_string(), expected);
        }
    }
}
