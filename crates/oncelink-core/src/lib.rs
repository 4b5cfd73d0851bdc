//! The rules of single-use links: what may be claimed, by whom, until when.
//!
//! This crate must not read a clock, the environment, a file or a socket, and it knows nothing of HTTP or of any
//! database: whatever it needs from outside comes through the [`ports`].
//!
//! Where to look:
//! - [`token`] and [`holder`]: the two secrets, and the public names derived from them;
//! - [`link`], [`claim`] and [`transition`]: what is stored, and the only ways in which it may change;
//! - [`create`], [`redeem`], [`delivery`] and [`manage`]: the use cases, as methods of [`Links`].

pub mod actor;
pub mod apikey;
pub mod appetite;
pub mod claim;
pub mod coverage;
pub mod create;
pub mod delivery;
pub mod disposition;
pub mod event;
pub mod fault;
pub mod holder;
pub mod link;
pub mod manage;
pub mod object;
pub mod policy;
pub mod ports;
pub mod range;
pub mod redeem;
pub mod refusal;
pub mod reports;
pub mod service;
pub mod text;
pub mod time;
pub mod token;
pub mod transition;

mod hash;
mod link_id;
mod lost;
mod short_name;

pub use actor::Actor;
pub use fault::{Fault, FaultKind, Origin};
pub use refusal::{No, Refusal};
pub use service::Links;
pub use time::Timestamp;
