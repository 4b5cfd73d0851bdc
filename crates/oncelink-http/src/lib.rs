//! The one router: links, pages, the API and their errors over HTTP.
//!
//! It must not know a store, an SDK or a socket, and holds no rule about links: a handler translates, `oncelink_core::Links`
//! decides. A server and a Lambda serve the same [`router`].
//!
//! Where to look:
//! - `router`: the route table, and what is true of every answer;
//! - `recipient`: links, claims and their bytes; `delivery`: the bytes on their way and the record of them;
//! - `api`: what senders do; `ops`: health, metrics and the OpenAPI document;
//! - `console`: the senders' pages, over the same rules;
//! - `problem`: every error's status; `page`: every page that a person sees.

mod api;
mod app;
mod auth;
mod body;
mod client;
mod console;
mod delivery;
mod json;
mod limit;
mod metrics;
mod negotiate;
mod openapi;
mod ops;
mod page;
mod problem;
mod recipient;
mod router;
mod when;
mod wire;

pub use app::{App, Oversize, Settings, Transport};
pub use auth::Identity;
pub use client::Peer;
pub use console::ShortSecret;
pub use page::{BadBrand, Brand};
pub use problem::{broken_off, failed, misconfigured, too_much};
pub use router::router;
pub use wire::{Socket, Wire};
