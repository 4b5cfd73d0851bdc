//! Everything that tests of oncelink share: a memory store and memory objects, a clock that is moved by hand, decorators
//! that fail on purpose, builders, and the conformance suites that every engine has to pass.
//!
//! For tests only: no product crate may depend on it outside of `[dev-dependencies]`, and it must not know any engine.
//!
//! Where to look:
//! - [`MemoryStore`] and [`MemoryObjects`]: the model implementations of the ports;
//! - [`fixtures`]: builders with sensible defaults;
//! - [`FaultyStore`], [`FaultyObjects`], [`CountingStore`]: bad days on demand, and proof of what was not called;
//! - [`store_suite!`]: one line in an engine's tests, one test per promise.

pub mod checker;
pub mod fixtures;
pub mod object_suite;
pub mod simulation;
pub mod store_suite;

mod clock;
mod counting_store;
mod entropy;
mod faulty_objects;
mod faulty_store;
mod gate;
mod memory_objects;
mod memory_store;
mod passphrase;
mod store_call;

pub use clock::ManualClock;
pub use counting_store::CountingStore;
pub use entropy::SeededEntropy;
pub use faulty_objects::{FaultyObjects, ObjectTrouble};
pub use faulty_store::{FaultyStore, StoreTrouble};
pub use gate::Gate;
pub use memory_objects::MemoryObjects;
pub use memory_store::MemoryStore;
pub use passphrase::QuickHasher;
pub use store_call::StoreCall;
