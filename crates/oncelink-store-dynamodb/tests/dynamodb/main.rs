//! What the DynamoDB store promises beyond the rules: that it passes the conformance suite over the wire, what it costs, and
//! what becomes of it when answers are lost, the table is throttled, or other replicas write beside it.
//!
//! The engine is named by `ONCELINK_TEST_DYNAMODB` (see `scripts/engines/dynoxide.sh`); without it these tests say so and end.

mod calls;
mod conformance;
mod idempotency;
mod opening;
mod outages;
mod proxy;
mod replicas;
mod rights;
mod sizes;
mod support;
