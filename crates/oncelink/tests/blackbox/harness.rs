//! What every black-box test stands on: the running binary, a plain HTTP client, faults on the wire.
//!
//! Nothing here knows the product's code: only its command line, its HTTP and its data folder.

pub(crate) mod cli;
pub(crate) mod content;
pub(crate) mod http;
pub(crate) mod link;
pub(crate) mod proxy;
pub(crate) mod s3;
pub(crate) mod server;
pub(crate) mod store;
pub(crate) mod tap;
pub(crate) mod wait;

pub(crate) use content::{Dice, holder, pattern};
pub(crate) use http::{Req, Res, Wire};
pub(crate) use link::{Claim, Link};
pub(crate) use proxy::{Cable, Proxy};
pub(crate) use server::{Server, Setup};
pub(crate) use store::SharedStore;
pub(crate) use wait::{until, within};
