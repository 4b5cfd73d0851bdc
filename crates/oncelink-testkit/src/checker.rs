//! A small explicit-state model checker: every state that a machine can reach, breadth first, and the shortest way to
//! one that must not be.
//!
//! States are told apart by 64 bits of hash: with ten million states the chance that two are taken for one is about
//! three in a million. Must not know what the states mean.

use std::collections::{HashMap, VecDeque};
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What is explored.
pub trait Machine {
    /// A state. Equal states have equal futures.
    type State: Clone + Hash;
    /// What leads from one state to another.
    type Step: Debug;

    /// Where it begins.
    fn initial(&self) -> Self::State;

    /// Adds every step that is possible, with the state that it leads to.
    fn steps(&self, state: &Self::State, into: &mut Vec<(Self::Step, Self::State)>);

    /// What is wrong with a state, if anything.
    fn breach(&self, state: &Self::State) -> Option<String>;
}

/// How much was explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explored {
    /// How many states there are.
    pub states: usize,
    /// How many steps lead from one to another.
    pub steps: u64,
    /// How many steps the state is away that is farthest from the beginning.
    pub depth: u32,
}

/// A state that must not be, and the shortest way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// What is wrong.
    pub breach: String,
    /// Each step, as it prints itself.
    pub steps: Vec<String>,
}

/// Explores all of it.
///
/// # Errors
/// The first state met that must not be.
pub fn explore<M: Machine>(machine: &M) -> Result<Explored, Counterexample> {
    let first = machine.initial();
    let mut parents = HashMap::from([(print_of(&first), None)]);
    let mut frontier = VecDeque::from([(first, 0_u32)]);
    let (mut steps, mut depth, mut next) = (0, 0, Vec::new());
    while let Some((state, away)) = frontier.pop_front() {
        depth = away;
        let print = print_of(&state);
        if let Some(breach) = machine.breach(&state) {
            return Err(Counterexample { breach, steps: way_to(machine, print, &parents) });
        }
        machine.steps(&state, &mut next);
        steps += next.len() as u64;
        for (_, reached) in next.drain(..) {
            parents.entry(print_of(&reached)).or_insert_with(|| {
                frontier.push_back((reached, away + 1));
                Some(print)
            });
        }
    }
    Ok(Explored { states: parents.len(), steps, depth })
}

fn print_of(state: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

/// The steps from the beginning to a state: its ancestors are walked again, because only their hashes were kept.
fn way_to<M: Machine>(machine: &M, to: u64, parents: &HashMap<u64, Option<u64>>) -> Vec<String> {
    let mut prints = vec![to];
    while let Some(Some(parent)) = prints.last().and_then(|print| parents.get(print)) {
        prints.push(*parent);
    }
    let (mut state, mut told) = (machine.initial(), Vec::new());
    for print in prints.into_iter().rev().skip(1) {
        let mut next = Vec::new();
        machine.steps(&state, &mut next);
        let Some((step, reached)) = next.into_iter().find(|(_, reached)| print_of(reached) == print) else { break };
        told.push(format!("{step:?}"));
        state = reached;
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A counter up to 10 that goes up by 1 or by 3.
    struct Counter(u32);

    impl Machine for Counter {
        type State = u32;
        type Step = u32;

        fn initial(&self) -> u32 {
            0
        }

        fn steps(&self, state: &u32, into: &mut Vec<(u32, u32)>) {
            into.extend([1, 3].into_iter().filter(|by| state + by <= 10).map(|by| (by, state + by)));
        }

        fn breach(&self, state: &u32) -> Option<String> {
            (*state == self.0).then(|| format!("{state} is reached"))
        }
    }

    #[test]
    fn every_state_is_explored_once() {
        assert_eq!(explore(&Counter(99)), Ok(Explored { states: 11, steps: 18, depth: 4 }));
    }

    #[test]
    fn the_shortest_way_to_a_breach_is_told() {
        let found = explore(&Counter(7)).expect_err("7 can be reached");
        assert_eq!((found.breach.as_str(), found.steps.len()), ("7 is reached", 3));
    }
}
