//! Calls that wait at the same moment are asked together: one statement, one round trip and one commit for all of them.
//!
//! A call that meets nobody is asked at once; nobody ever waits for company. What comes while a statement is under way waits
//! for its end, though not for long, and goes with all the others that wait. Must not know what is asked, nor decide
//! anything: a statement that can't answer a call leaves it out, and whoever made the call asks again alone.

use std::collections::HashSet;
use std::hash::Hash;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::database::{Database, IfLost, WAIT};
use crate::failure::Failure;

/// The most calls in one statement: past a few dozen there is little left to be shared, and each waits for all.
const COMPANY: usize = 64;
/// How long a statement keeps those who wait from the next one. A quick commit is worth waiting for, as the more share the
/// next one; a slow one, or a server that hangs, is not.
const PATIENCE: Duration = Duration::from_millis(2);
/// How many statements of a kind may be under way beyond that.
const LATE: usize = 4;

/// A call that can be asked together with others of its kind.
pub(crate) trait Wish: Send + Sync + Sized + 'static {
    /// What it gets.
    type Answer: Send + 'static;
    /// What no two calls of one statement may have in common.
    type Key: Eq + Hash + Send;
    /// Whether a call may be asked again when the answer of their statement was lost.
    const IF_LOST: IfLost;

    /// The key of this call.
    fn key(&self) -> Self::Key;

    /// Asks for all of them, once, without waiting for anybody's row. The answers are in the order of the calls; nothing
    /// for a call that has to be asked alone, and was not carried out.
    ///
    /// # Errors
    /// As the statement: for all of them.
    fn ask(db: &Database, company: &[Arc<Self>]) -> impl Future<Output = Result<Answers<Self::Answer>, Failure>> + Send;
}

/// What came of several calls, in their order.
pub(crate) type Answers<T> = Vec<Option<Result<T, Failure>>>;

/// Brings calls of one kind together.
pub(crate) struct Gathering<W: Wish>(Arc<Shared<W>>);

struct Shared<W: Wish> {
    db: Arc<Database>,
    waiting: Mutex<Waiting<W>>,
}

struct Waiting<W: Wish> {
    calls: Vec<Call<W>>,
    /// Whether somebody will look after the calls soon: a statement is about to go or under way.
    attended: bool,
    /// Statements that are under way and wait for nobody's sake any more.
    late: usize,
}

struct Call<W: Wish> {
    wish: Arc<W>,
    reply: oneshot::Sender<Option<Result<W::Answer, Failure>>>,
}

impl<W: Wish> Gathering<W> {
    /// Nobody waits yet.
    pub(crate) fn new(db: Arc<Database>) -> Self {
        Self(Arc::new(Shared { db, waiting: Mutex::new(Waiting { calls: Vec::new(), attended: false, late: 0 }) }))
    }

    /// The answer to `wish`, asked together with whoever waits too; nothing when it has to be asked alone.
    pub(crate) async fn ask(&self, wish: Arc<W>) -> Result<Option<W::Answer>, Failure> {
        let (reply, mut answer) = oneshot::channel();
        if self.0.enter(Call { wish: wish.clone(), reply }) {
            Turn::begin(self.0.clone());
        }
        let answer = match timeout(WAIT, &mut answer).await {
            Ok(answer) => answer,
            Err(_) if self.0.withdraw(&wish) => return Err(Failure::Late),
            Err(_) => answer.await,
        };
        let lost = Err(Failure::Defect("calls that were asked together got no answer"));
        answer.unwrap_or(Some(lost)).transpose()
    }
}

impl<W: Wish> Shared<W> {
    /// Queues a call; whether somebody has to begin looking after it.
    fn enter(&self, call: Call<W>) -> bool {
        let mut waiting = self.waiting();
        waiting.calls.push(call);
        !std::mem::replace(&mut waiting.attended, true)
    }

    /// Takes a call back; whether it was still waiting for its turn.
    fn withdraw(&self, wish: &Arc<W>) -> bool {
        let mut waiting = self.waiting();
        let place = waiting.calls.iter().position(|call| Arc::ptr_eq(&call.wish, wish));
        place.map(|place| waiting.calls.remove(place)).is_some()
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting<W>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks after those who wait: one statement after the other, until nobody waits or one was late.
struct Turn<W: Wish> {
    shared: Arc<Shared<W>>,
    role: Role,
}

/// What a turn counts as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The one that looks after those who wait.
    Attends,
    /// Its statement was late: somebody else looks after them.
    Late,
    /// It has ended.
    Over,
}

impl<W: Wish> Turn<W> {
    /// As a task of its own: whoever stops waiting takes nobody along.
    fn begin(shared: Arc<Shared<W>>) {
        tokio::spawn(Self { shared, role: Role::Attends }.run());
    }

    async fn run(mut self) {
        // Those for whom the runtime has news already come along.
        yield_now().await;
        while let Some(calls) = self.next() {
            let (company, others) = without_repeats(calls);
            let wishes: Vec<Arc<W>> = company.iter().map(|call| call.wish.clone()).collect();
            answer(company, self.ask(&wishes).await);
            // Only now: the first of them has let the row go that they all want.
            answer_all(others, || None);
        }
    }

    /// Those whose turn it is; nothing when nobody waits, or when somebody else looks after them.
    fn next(&mut self) -> Option<Vec<Call<W>>> {
        let mut waiting = self.shared.waiting();
        if self.role == Role::Late {
            waiting.late -= 1;
            self.role = Role::Over;
            return None;
        }
        // What was given up before it began is not begun.
        waiting.calls.retain(|call| !call.reply.is_closed());
        let count = waiting.calls.len().min(COMPANY);
        if count == 0 {
            waiting.attended = false;
            self.role = Role::Over;
            return None;
        }
        Some(waiting.calls.drain(..count).collect())
    }

    /// Asks, and gives way when it takes long.
    async fn ask(&mut self, wishes: &[Arc<W>]) -> Result<Answers<W::Answer>, Failure> {
        let shared = self.shared.clone();
        let mut asking = pin!(W::ask(&shared.db, wishes));
        match timeout(PATIENCE, &mut asking).await {
            Ok(outcome) => outcome,
            Err(_) => {
                self.give_way();
                asking.await
            }
        }
    }

    /// Leaves those who wait to somebody else, unless too many have done so.
    fn give_way(&mut self) {
        let mut waiting = self.shared.waiting();
        if waiting.late == LATE {
            return;
        }
        waiting.late += 1;
        self.role = Role::Late;
        waiting.attended = !waiting.calls.is_empty();
        let leaves_somebody = waiting.attended;
        drop(waiting);
        if leaves_somebody {
            Self::begin(self.shared.clone());
        }
    }
}

/// A defect has ended it: whoever counted on it is told, and the next who comes begins anew.
impl<W: Wish> Drop for Turn<W> {
    fn drop(&mut self) {
        let mut waiting = self.shared.waiting();
        match self.role {
            Role::Attends => {
                waiting.attended = false;
                waiting.calls.clear();
            }
            Role::Late => waiting.late -= 1,
            Role::Over => {}
        }
    }
}

/// The first call of each key, and the others.
fn without_repeats<W: Wish>(calls: Vec<Call<W>>) -> (Vec<Call<W>>, Vec<Call<W>>) {
    let mut keys = HashSet::new();
    calls.into_iter().partition(|call| keys.insert(call.wish.key()))
}

fn answer<W: Wish>(calls: Vec<Call<W>>, outcome: Result<Answers<W::Answer>, Failure>) {
    match outcome {
        Ok(answers) => {
            for (call, answer) in calls.into_iter().zip(answers) {
                let _ = call.reply.send(answer);
            }
        }
        Err(failure) if failure.was_undone() || (failure.is_lost() && W::IF_LOST == IfLost::Repeat) => answer_all(calls, || None),
        Err(failure) => {
            let failure = Arc::new(failure);
            answer_all(calls, || Some(Err(Failure::Together(failure.clone()))));
        }
    }
}

fn answer_all<W: Wish>(calls: Vec<Call<W>>, answer: impl Fn() -> Option<Result<W::Answer, Failure>>) {
    for call in calls {
        // Nobody waits any more for what was given up meanwhile.
        let _ = call.reply.send(answer());
    }
}
