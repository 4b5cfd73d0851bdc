//! What the SQLite store promises beyond the rules: that it passes the conformance suite, and what becomes of its file on
//! bad days.

mod batching;
mod conformance;
mod damage;
mod disk_full;
mod durability;
mod logs;
mod older;
mod opening;
mod support;
