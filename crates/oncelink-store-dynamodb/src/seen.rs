//! What this process last saw of claims, so that a report needs no read before its write.
//!
//! A hint and nothing more: the write carries the tag of what was seen and fails when that is no longer the present. Must
//! not answer anybody by itself.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::{Arc, Mutex, PoisonError};

use oncelink_core::claim::ClaimRef;
use oncelink_core::holder::ClaimId;
use oncelink_core::link::{Link, Terms};
use oncelink_core::token::LinkId;

use crate::items::Entry;

/// How many claims a generation has; there are two.
const GENERATION: usize = 1_024;
/// Over how many locks the claims are spread.
const LOCKS: usize = 256;

/// A claim and its link, as they were.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    /// The link, without what the rules of delivery don't look at.
    pub(crate) link: Link,
    pub(crate) entry: Entry,
}

/// The last sights.
pub(crate) struct Seen {
    generations: Mutex<Generations>,
    turns: Vec<tokio::sync::Mutex<()>>,
}

/// When the young generation is full, it becomes the old one, and what was old and not looked at since is forgotten.
#[derive(Default)]
struct Generations {
    young: Generation,
    old: Generation,
}

type Generation = HashMap<(LinkId, ClaimId), Arc<Sight>>;

impl Default for Seen {
    fn default() -> Self {
        let turns = (0..LOCKS).map(|_| tokio::sync::Mutex::default()).collect();
        Self { generations: Mutex::default(), turns }
    }
}

impl Seen {
    /// The last sight of a claim.
    pub(crate) fn of(&self, claim: &ClaimRef) -> Option<Arc<Sight>> {
        let key = (claim.link.clone(), claim.claim.clone());
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sight) = generations.young.get(&key) {
            return Some(Arc::clone(sight));
        }
        let sight = generations.old.remove(&key)?;
        generations.keep(key, Arc::clone(&sight));
        Some(sight)
    }

    /// Remembers a sight.
    pub(crate) fn keep(&self, link: &Link, entry: &Entry) {
        let key = (link.id.clone(), entry.claim.id.clone());
        let sight = Arc::new(Sight { link: lean(link), entry: entry.clone() });
        self.generations.lock().unwrap_or_else(PoisonError::into_inner).keep(key, sight);
    }

    /// Waits until no other report on this claim is under way in this process: they would only overtake each other.
    pub(crate) async fn turn(&self, claim: &ClaimRef) -> tokio::sync::MutexGuard<'_, ()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(claim);
        self.turns[usize::try_from(hash % LOCKS as u64).unwrap_or(0)].lock().await
    }
}

impl Generations {
    fn keep(&mut self, key: (LinkId, ClaimId), sight: Arc<Sight>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, sight);
    }
}

/// The link without the sender's own words, which may be many.
fn lean(link: &Link) -> Link {
    let terms = Terms { note: None, metadata: None, webhook: None, allow_from: Vec::new(), ..link.terms.clone() };
    Link { terms, passphrase: None, ..link.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oncelink_core::claim::{Claim, ClaimState, InstanceId};
    use oncelink_core::coverage::Coverage;
    use oncelink_testkit::fixtures::{NOW, a_link, claim_id};

    fn entry(link: &Link, number: u128, tag: u64) -> Entry {
        let claim = Claim {
            link: link.id.clone(),
            id: claim_id(number),
            epoch: 1,
            state: ClaimState::Completed { at: NOW },
            claimed_at: NOW,
            sent: 0,
            coverage: Coverage::new(),
            recorder: InstanceId(1),
        };
        Entry { claim, tag }
    }

    #[test]
    fn the_latest_sight_is_kept_and_the_memory_bounded() {
        let (seen, link) = (Seen::default(), a_link().note("long").build());
        let first = entry(&link, 0, 0).claim.reference();
        for number in 0..3 * GENERATION as u64 {
            seen.keep(&link, &entry(&link, number.into(), number));
            // What is looked at stays.
            assert!(seen.of(&first).is_some());
        }
        seen.keep(&link, &entry(&link, 0, 99));
        let sight = seen.of(&first).expect("it was just seen");
        assert_eq!((sight.entry.tag, &sight.link.terms.note), (99, &None));
        let generations = seen.generations.lock().expect("no panic holds this lock");
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION + 1);
    }
}
