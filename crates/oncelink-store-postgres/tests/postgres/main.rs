//! What the PostgreSQL store promises beyond the rules: that it passes the conformance suite on a real server, that each
//! transition is one statement on the wire, and what becomes of it on bad days.
//!
//! The server is the one that `ONCELINK_TEST_POSTGRES` names (`scripts/engines/postgres.sh start DIR` prints it); its role
//! must be a superuser. Without the variable these tests do nothing, unless `ONCELINK_TEST_REQUIRE_ENGINES=1` makes its
//! absence a failure.

mod conformance;
mod logs;
mod opening;
mod outages;
mod racing;
mod support;
mod together;
mod wire;
mod wire_proxy;
