//! Histories: real servers on one store, many clients, and everything that can go wrong between them; every request and
//! its answer is written down with times and the bytes that came, and a checker says whether a promise was broken.
//!
//! Nothing here knows the product's code: it starts the program, talks HTTP to it, and kills it. What is shown by it, and
//! what isn't, stands in `docs/reliability.md`.

pub mod campaign;
pub mod checker;
pub mod dice;
pub mod engines;
pub mod fleet;
pub mod history;
pub mod logs;
pub mod message;
pub mod network;
pub mod options;
pub mod persona;
pub mod processes;
pub mod report;
pub mod scene;
pub mod tale;
pub mod throttle;
pub mod weather;
