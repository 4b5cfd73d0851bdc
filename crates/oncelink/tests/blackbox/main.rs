//! Black-box tests: they start the real binary, talk HTTP to it, cut its connections and kill it.
//!
//! They are written against the product's contract and know nothing of its code. A name `sem_N_...` says which promise of
//! `docs/semantics.md` the test proves. All of them may run side by side: each has its own server, data and address.

mod harness;

mod api;
mod buckets;
mod calls;
mod claims;
mod clients;
mod commands;
mod crashes;
mod delivery;
mod handing_over;
mod hostile;
mod lease;
mod network;
mod objects;
mod passphrases;
mod racers;
mod replicas;
mod safe_methods;
mod secrets;
