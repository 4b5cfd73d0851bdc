//! The senders' console, in one process: no socket, no disk, a clock turned by hand.

mod browsing;
mod closed;
mod house;
mod keys;
mod linking;
mod news;
mod signing;
