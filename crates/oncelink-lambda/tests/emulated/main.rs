//! The function as AWS runs it: real `bootstrap` processes behind the four kinds of gateway with their limits, a real
//! DynamoDB-compatible table and a real S3-compatible bucket.
//!
//! The engines are named by `ONCELINK_TEST_DYNAMODB` and `ONCELINK_TEST_S3_*` (see `scripts/engines/`); without them these
//! tests say so and end.

#[path = "../emulator/mod.rs"]
mod emulator;

mod bytes;
mod classic;
mod house;
mod limits;
mod outages;
mod races;
mod recipient;
mod segments;
mod senders;
mod starting;
