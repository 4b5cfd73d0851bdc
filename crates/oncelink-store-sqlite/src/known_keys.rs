//! API keys as they were last read: every request of a sender needs its key, and hardly any changes one.
//!
//! No other oncelink writes the file while the store is open, so what was read holds until a change begins here. From then
//! on until the change is committed or undone nothing is known, and what was read before it isn't learnt. Must not know a
//! key that isn't there: strangers could fill the memory with those.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use oncelink_core::apikey::{ApiKey, ApiKeyHash};
use rusqlite::Connection;

/// The keys that are known.
#[derive(Default)]
pub(crate) struct KnownKeys(Mutex<State>);

#[derive(Default)]
struct State {
    keys: HashMap<ApiKeyHash, ApiKey>,
    /// How many changes have begun and not ended.
    running: usize,
    /// How many have ended.
    ended: u64,
}

/// A look at the file that began when so many changes had ended.
pub(crate) struct Reading(u64);

/// A change of some key, until it is dropped.
pub(crate) struct Change(Arc<KnownKeys>);

impl KnownKeys {
    /// The key with this hash, or leave to read it.
    pub(crate) fn find(&self, hash: &ApiKeyHash) -> Result<ApiKey, Reading> {
        let state = self.state();
        state.keys.get(hash).cloned().ok_or(Reading(state.ended))
    }

    /// Keeps what that reading found, unless it may be old by now.
    pub(crate) fn learn(&self, key: &ApiKey, reading: Reading) {
        let mut state = self.state();
        if state.running == 0 && state.ended == reading.0 {
            state.keys.insert(key.hash.clone(), key.clone());
        }
    }

    /// Forgets everything, and learns nothing until the change ends.
    pub(crate) fn change(self: Arc<Self>) -> Change {
        self.close();
        Change(self)
    }

    /// Forgets everything, and learns nothing any more.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.keys.clear();
        state.running += 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Change {
    /// The same `work`, which has the change with it as long as it lives: a job of the writer lives until it has been
    /// committed or undone, whether or not somebody still waits for it.
    pub(crate) fn within<T>(self, mut work: impl FnMut(&Connection) -> T) -> impl FnMut(&Connection) -> T {
        move |db| {
            let _running = &self;
            work(db)
        }
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running -= 1;
        state.ended += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use oncelink_core::Timestamp;
    use oncelink_core::apikey::{KeyId, Scope};

    fn key(name: &str) -> ApiKey {
        ApiKey {
            id: KeyId::of_identity(name),
            hash: ApiKeyHash([7; 32]),
            name: name.to_owned(),
            scope: Scope::full(),
            created_at: Timestamp::from_millis(0),
            last_used_at: None,
            revoked_at: None,
        }
    }

    fn reading(known: &KnownKeys) -> Reading {
        known.find(&key("any").hash).expect_err("nothing is known")
    }

    #[test]
    fn what_was_read_is_known_until_a_change_begins() {
        let known = Arc::new(KnownKeys::default());
        known.learn(&key("old"), reading(&known));
        assert_eq!(known.find(&key("old").hash).ok(), Some(key("old")));
        let change = known.clone().change();
        let during = reading(&known);
        known.learn(&key("old"), during);
        drop(change);
        known.learn(&key("new"), reading(&known));
        assert_eq!(known.find(&key("new").hash).ok(), Some(key("new")));
    }

    #[test]
    fn what_was_read_before_a_change_ended_is_not_learnt() {
        let known = Arc::new(KnownKeys::default());
        let before = reading(&known);
        let change = known.clone().change();
        known.learn(&key("old"), before);
        let (one, other) = (reading(&known), reading(&known));
        known.learn(&key("old"), one);
        drop(change);
        known.learn(&key("old"), other);
        assert!(known.find(&key("old").hash).is_err());
    }

    #[test]
    fn while_one_of_two_changes_runs_nothing_is_learnt() {
        let known = Arc::new(KnownKeys::default());
        let (first, second) = (known.clone().change(), known.clone().change());
        drop(first);
        known.learn(&key("old"), reading(&known));
        assert!(known.find(&key("old").hash).is_err());
        drop(second);
    }

    #[test]
    fn a_closed_store_knows_no_key() {
        let known = KnownKeys::default();
        known.learn(&key("old"), reading(&known));
        known.close();
        known.learn(&key("old"), reading(&known));
        assert!(known.find(&key("old").hash).is_err());
    }
}
