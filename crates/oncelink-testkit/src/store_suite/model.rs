//! An engine beside the model: random sequences of calls, and every answer must be the model's.
//!
//! The model is [`MemoryStore`], which calls the core's transition functions and nothing else. Must not check anything by
//! itself: whatever is right, both must say the same.

mod act;

use std::sync::Arc;

use oncelink_core::claim::{Claim, ClaimRef, InstanceId};
use oncelink_core::coverage::Coverage;
use oncelink_core::holder::ClaimId;
use oncelink_core::link::{Link, LinkState};
use oncelink_core::ports::{ClaimRequest, LinkFilter, LinkStore, NewLink, Progress};
use oncelink_core::token::LinkId;
use oncelink_core::{Actor, Timestamp};

use super::StoreUnderTest;
use crate::fixtures::{NOW, a_link, after, an_actor, claim_id, idempotent, link_id, part};
use crate::{MemoryStore, SeededEntropy};
use act::{Act, Answer};

/// How many sequences are tried; each begins with links of its own.
const SEEDS: u64 = 48;
/// How many calls a sequence has: about as many as its links live.
const STEPS: u32 = 60;
/// After how many sequences the engine is opened anew.
const REOPEN_EVERY: u64 = 8;
/// How many links and holders a sequence has: few, so that they meet.
const LINKS: u64 = 3;
const HOLDERS: u64 = 3;
const SIZE: u64 = 40;
/// What all times are multiples of, in milliseconds: so that "just now" and "just not yet" happen often.
const TICK: i64 = 50;
/// Short beside the steps of the clock: a few calls later a lease may have run out.
const LEASE: i64 = 8 * TICK;

/// The same calls to both: every outcome, and in the end links, claims and events, are the same; also across restarts.
pub async fn random_sequences_behave_like_the_model<S: StoreUnderTest>(mut under: S) {
    // One model for all sequences: an engine's purge sees the links of the earlier ones too.
    let model = MemoryStore::new();
    for seed in 0..SEEDS {
        let mut sequence = Sequence::begin(seed, &model, under.store()).await;
        for step in 0..STEPS {
            sequence.step(step).await;
        }
        drop(sequence);
        if seed % REOPEN_EVERY == 0 {
            under.reopen().await;
        }
        Sequence::end(seed, &model, under.store()).await;
    }
}

/// One sequence on its way.
struct Sequence<'model> {
    seed: u64,
    dice: SeededEntropy,
    model: &'model MemoryStore,
    engine: Arc<dyn LinkStore>,
    now: Timestamp,
}

impl<'model> Sequence<'model> {
    async fn begin(seed: u64, model: &'model MemoryStore, engine: Arc<dyn LinkStore>) -> Self {
        let sequence = Self { seed, dice: SeededEntropy::new(seed), model, engine, now: NOW };
        for number in 0..LINKS {
            let link = idempotent(sequence.a_link(number), &format!("{seed} {number}"), "body");
            sequence.both(0, &Act::Insert(Box::new(link))).await;
        }
        sequence
    }

    /// All that can be read of the sequence's links.
    async fn end(seed: u64, model: &'model MemoryStore, engine: Arc<dyn LinkStore>) {
        let sequence = Self { seed, dice: SeededEntropy::new(0), model, engine, now: NOW };
        for number in 0..LINKS {
            let id = sequence.id(number);
            for act in [Act::Find(id.clone()), Act::Claims(id.clone()), Act::Events(id)] {
                sequence.both(STEPS, &act).await;
            }
        }
        sequence.both(STEPS, &Act::List(sequence.filter())).await;
    }

    async fn step(&mut self, step: u32) {
        self.move_clock();
        let act = self.draw().await;
        self.both(step, &act).await;
    }

    /// Does it to both; the answers must be the same.
    async fn both(&self, step: u32, act: &Act) -> Answer {
        let (expected, got) = (act.run(self.model).await, act.run(&*self.engine).await);
        assert_eq!(got, expected, "the engine differs from the model: seed {}, step {step}, {act:?}", self.seed);
        expected
    }

    /// Mostly on by less than a lease, sometimes far, sometimes back a little: clocks of replicas differ.
    fn move_clock(&mut self) {
        let millis = match self.dice.below(20) {
            0 => -self.millis(2 * TICK),
            1 => self.millis(3 * LEASE),
            2..=8 => 0,
            _ => self.millis(2 * TICK),
        };
        self.now = Timestamp::from_millis(self.now.as_millis() + millis);
    }

    async fn draw(&self) -> Act {
        let link = self.id(self.dice.below(LINKS));
        match self.dice.below(40) {
            0..=10 => Act::Claim(self.wish(&link).await),
            11..=20 => Act::Record(self.report(&link).await),
            21..=22 => Act::Complete(self.reference(&link).await, self.now, self.actor()),
            23..=27 => Act::Release(self.reference(&link).await, self.now, self.actor()),
            28 if self.dice.one_in(8) => Act::Revoke(link, self.now, self.actor()),
            28..=30 => Act::Reserve(link, self.now),
            31 => Act::Refund(link.clone(), self.window(&link).await.unwrap_or(self.now)),
            32 => Act::Note(link, self.now, self.actor()),
            33 if self.dice.one_in(4) => Act::Purge(self.now),
            33 => Act::Insert(Box::new(self.repeat())),
            34 => Act::FindClaim(link, self.holder()),
            35 => Act::Claims(link),
            36 => Act::Events(link),
            37 => Act::Find(link),
            _ => Act::List(self.filter()),
        }
    }

    async fn wish(&self, link: &LinkId) -> ClaimRequest {
        let proved = if self.dice.one_in(2) { self.window(link).await } else { None };
        ClaimRequest {
            link: link.clone(),
            claim: self.holder(),
            now: self.now,
            lease_until: Timestamp::from_millis(self.now.as_millis() + LEASE),
            proved,
            completed: self.dice.one_in(10),
            recorder: InstanceId(self.dice.draw()),
            actor: self.actor(),
        }
    }

    async fn report(&self, link: &LinkId) -> Progress {
        let start = self.dice.below(SIZE);
        let end = start + self.dice.below(SIZE + 1 - start);
        // Many reports say that nothing was sent, or nothing delivered, so that releases are met and refused for either.
        let delivered = if self.dice.one_in(2) { Coverage::new() } else { part(start..end) };
        let sent = if self.dice.one_in(2) { 0 } else { self.dice.below(SIZE) };
        Progress {
            claim: self.reference(link).await,
            now: self.now,
            delivered,
            sent,
            lease_until: Timestamp::from_millis(self.now.as_millis() + self.millis(2 * LEASE)),
            may_complete: self.dice.one_in(2),
            ended: self.dice.one_in(2).then_some(sent),
            recorder: InstanceId(self.dice.draw()),
            actor: self.actor(),
        }
    }

    /// Mostly a claim as it is, and sometimes one that isn't: a neighbouring epoch, or a holder that never came.
    async fn reference(&self, link: &LinkId) -> ClaimRef {
        let claims: Vec<Claim> = self.model.claims(link).await.expect("memory never fails");
        if claims.is_empty() || self.dice.one_in(10) {
            return ClaimRef { link: link.clone(), claim: self.holder(), epoch: 1 };
        }
        let now = self.dice.pick(&claims).reference();
        let epoch = if self.dice.one_in(5) { now.epoch + 1 - 2 * u32::from(self.dice.one_in(2)) } else { now.epoch };
        ClaimRef { epoch, ..now }
    }

    fn holder(&self) -> ClaimId {
        claim_id(u128::from(self.dice.below(HOLDERS)))
    }

    /// The window in which the link's attempts are counted now.
    async fn window(&self, link: &LinkId) -> Option<Timestamp> {
        let link: Option<Link> = self.model.find(link).await.expect("memory never fails");
        link.and_then(|link| link.attempts).map(|attempts| attempts.since)
    }

    /// An earlier creation again, with its own body or another one.
    fn repeat(&self) -> NewLink {
        let number = self.dice.below(LINKS);
        let body = *self.dice.pick(&["body", "another body"]);
        idempotent(a_link().id(self.id(100 + self.dice.below(4))).source(&self.source()).build(), &format!("{} {number}", self.seed), body)
    }

    fn filter(&self) -> LinkFilter {
        let state = [LinkState::Active, LinkState::Spent, LinkState::Expired, LinkState::Revoked];
        LinkFilter {
            limit: 1 + usize::try_from(self.dice.below(6)).unwrap_or(0),
            source: Some(self.source()),
            state: self.dice.one_in(2).then(|| (*self.dice.pick(&state), self.now)),
            prefix: self.dice.one_in(4).then(|| "in/".to_owned()),
            ..LinkFilter::default()
        }
    }

    fn a_link(&self, number: u64) -> Link {
        let uses = 1 + u32::try_from(self.dice.below(3)).unwrap_or(0);
        let link = a_link().id(self.id(number)).source(&self.source()).size(SIZE).uses(uses).created_at(after(self.millis(3 * TICK)));
        let link = if self.dice.one_in(3) { link.passphrase("hash") } else { link };
        let link = if self.dice.one_in(3) { link.not_before(after(self.millis(2 * LEASE))) } else { link };
        let link = if self.dice.one_in(2) { link.key("in/file") } else { link };
        link.expires_at(after(LEASE + self.millis(20 * LEASE))).build()
    }

    fn id(&self, number: u64) -> LinkId {
        link_id((u128::from(self.seed) << 32) + u128::from(number))
    }

    fn source(&self) -> String {
        format!("sequence-{}", self.seed)
    }

    fn actor(&self) -> Actor {
        if self.dice.one_in(2) { an_actor() } else { Actor::default() }
    }

    /// Some ticks' milliseconds, from 0 to `most`.
    fn millis(&self, most: i64) -> i64 {
        TICK * i64::try_from(self.dice.below(most.unsigned_abs() / TICK.unsigned_abs() + 1)).unwrap_or(0)
    }
}
