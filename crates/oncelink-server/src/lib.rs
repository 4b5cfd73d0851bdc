//! Sockets: accepting connections, keeping slow and greedy clients within bounds, counting what the client's TCP has
//! acknowledged, and draining at the end.
//!
//! Must not know what a request means: that is `oncelink_http`'s. HTTP/1.1 only; TLS and HTTP/2 are a proxy's.
//!
//! Where to look, in the order of a connection's life:
//! - `listener`, `accept`, `caps`: who gets in;
//! - `connection`: one connection from its first byte to its last acknowledged one;
//! - `io`, `body`: between hyper and the socket: bytes are counted, and none is read ahead of the client;
//! - `pace`, `watch`: where a connection stands, and when it is cut;
//! - `socket`: the socket itself;
//! - `drain`: how it ends.

mod accept;
mod body;
mod caps;
mod connection;
mod drain;
mod files;
mod io;
mod limits;
mod listener;
mod pace;
mod site;
mod socket;
mod watch;

use std::future::Future;

pub use limits::Limits;
pub use listener::Listener;
pub use site::Site;

/// Answers requests until `stop` is done, then drains: nobody new is accepted, idle connections are closed, responses
/// that are on their way get [`Limits::drain`], and the records of what was delivered are written. Returns when all of
/// that is done.
pub async fn serve(listener: Listener, site: impl Into<Site>, limits: Limits, stop: impl Future<Output = ()>) {
    files::make_room(limits.connections);
    let site = site.into();
    let house = accept::House::new(site.router, limits);
    tokio::select! {
        () = stop => {}
        never = house.accept(&listener.0) => match never {},
    }
    drop(listener);
    drain::drain(&house, &site.deliveries).await;
}
