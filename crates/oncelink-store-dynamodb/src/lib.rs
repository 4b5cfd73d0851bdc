//! Links, claims, events and API keys in one DynamoDB table: every change of a link is one conditional `UpdateItem`.
//!
//! This crate must not decide what a link allows (that is `oncelink_core::transition`), read a clock, or log. It uses no
//! transactions and no time to live for anything but tidying up, so that it is as right on a global table with multi-Region
//! strong consistency, which has neither.
//!
//! # The items
//!
//! Keys are `pk` and `sk`. A link and all that its rules look at is *one* item, because a condition sees one item only:
//!
//! | `pk` | `sk` | what |
//! |---|---|---|
//! | `link#ID` | `link` | the link: what never changes (`about`), what conditions look at, its `claims` and its latest events (`history`) |
//! | `link#ID` | `log#SEQ#K` | an event that has moved out of `history` (`K` = 0), or a best-effort one (`K` counts them) |
//! | `idem#NAME` | `idem` | an idempotency key: the body's hash and the link that was made |
//! | `keys` | `key#HASH` | an API key |
//! | `keys` | `first` | how the first API key of a store came to be |
//! | `oncelink` | `schema`, `pulse` | the layout's version; the item that `ping` writes |
//!
//! Two sparse indexes that hold keys only, on attributes that a claim never touches: `by-creation` (`list`, `list_at`) for
//! pages of links, and `by-end` (`ends`, `ends_at`) for the purge. Both are spread over eight partitions.
//!
//! `docs/guides/dynamodb.md` has every attribute, what a redeem costs, and why a link of 1,000 uses fits into an item.
//!
//! Where to look:
//! - `expressions`: every condition and update, with the transition that it implements;
//! - `table`: the few calls that are made, bounded in number and time; `failure`: what their errors mean;
//! - `store`: the two ports, one line per method; `claiming`, `delivering` and so on: what these lines do;
//! - `items`: records to items and back; `layout`: keys, index keys and bounds;
//! - `open`, `schema`: what is checked before the first request, and how a table is made.

mod attempts;
mod change;
mod claiming;
mod delivering;
mod engine;
mod expressions;
mod failure;
mod fan;
mod history;
mod inserting;
mod items;
mod keys;
mod layout;
mod listing;
mod open;
mod open_error;
mod purging;
mod revoking;
mod schema;
mod seen;
mod store;
mod table;

pub use open::{RETENTION, connect};
pub use open_error::OpenError;
pub use store::DynamoStore;
