//! The command line by itself: what it prints, in a terminal and elsewhere, and what it makes of what a server says.
//!
//! The server here follows a script, so that each test says in full what it stands on. What needs the real server is in
//! `blackbox`.

mod doctor;
mod golden;
mod harness;
mod links;
mod proxies;
mod shells;
mod terminal;
