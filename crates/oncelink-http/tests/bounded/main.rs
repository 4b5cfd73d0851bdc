//! A transport that bounds its responses, and has no socket to ask: segments, the last word of the holder, and one write.

mod house;
mod hung_up;
mod pages;
mod segments;
mod slow_store;
mod whole;
