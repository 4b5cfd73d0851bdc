//! What does exactly-once cost? The program's numbers beside physical limits and well-known servers, in one run on one machine.
//!
//! Must not depend on the product's crates: it is started and asked as anybody would. Rounds alternate between subjects, and
//! ratios are taken within rounds, so that what slows the machine for a while slows both. Every token is used once, every
//! body is verified, and one answer that is wrong ends the run.

pub mod client;
pub mod content;
pub mod environment;
pub mod load;
pub mod measure;
pub mod plan;
pub mod plot;
pub mod process;
pub mod program;
pub mod report;
pub mod stats;
pub mod yardstick;
