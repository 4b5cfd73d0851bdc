//! Links and API keys in one SQLite file: durable commits in WAL mode, shared by concurrent requests.
//!
//! This crate must not decide what a link allows (that is `oncelink_core::transition`), read a clock or the environment,
//! or create directories.
//!
//! Where to look:
//! - `open`: everything that is checked before the first request, and `OpenError`, what may be wrong with a file;
//! - `writer`: the one thread that writes, and group commit; `finder`: the one that finds single rows; `readers`: the pool
//!   that reads more beside them; `known_keys`: API keys that needn't be read again;
//! - `store`: the two ports, one line per method; `claiming`, `delivering` and so on: what these lines do in SQL;
//! - `sql/*.sql`: every statement, with the transition that it implements; `migrations/*.sql`: the tables.

mod attempts;
mod claiming;
mod delivering;
mod failure;
mod finder;
mod history;
mod inserting;
mod inspect;
mod keys;
mod known_keys;
mod listing;
mod lock;
mod migrations;
mod open;
mod open_error;
mod purging;
mod query;
mod readers;
mod revoking;
mod rows;
mod sql;
mod store;
mod writer;

pub use inspect::Schema;
pub use open_error::OpenError;
pub use store::SqliteStore;
