//! Links and API keys in PostgreSQL, shared by any number of replicas: every transition is one statement.
//!
//! This crate must not decide what a link allows (that is `oncelink_core::transition`), read a clock or the environment.
//!
//! Where to look:
//! - `sql/*.sql`: every statement, with the transition that it implements and why it holds at READ COMMITTED;
//!   `migrations/*.sql`: the tables;
//! - `store`: the two ports, one line per method; `claiming`, `delivering` and so on: what these lines ask and answer;
//! - `gathering`: how calls that wait at the same moment come to share a statement;
//! - `target`: what a URL says; `tls`: whom a connection trusts; `open`: what is checked before the first request, and
//!   `OpenError`, what may be wrong;
//! - `database`: the pool, time limits, and what is asked again; `failure`: what each error means for an operator.
//!
//! No pooled connection ever begins a transaction: whoever is cancelled in the middle of a call leaves a whole statement
//! behind, or none, and a connection that the next one can use.

mod attempts;
mod claiming;
mod database;
mod delivering;
mod failure;
mod finding;
mod gathering;
mod history;
mod inserting;
mod inspect;
mod keys;
mod listing;
mod migrations;
mod open;
mod open_error;
mod purging;
mod revoking;
mod rows;
mod sql;
mod store;
mod target;
mod tls;

pub use inspect::Schema;
pub use open_error::OpenError;
pub use store::PostgresStore;
