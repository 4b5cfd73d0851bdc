//! Bad weather: servers are killed and started again, the store suffers, and it is written down when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::dice::Dice;
use crate::fleet::Fleet;
use crate::history::{Micros, Span, Stopwatch};

/// How long it is calm between two troubles at the most, in milliseconds.
const LONGEST_CALM: u64 = 2_000;

/// All troubles of a campaign so far.
pub struct Weather {
    watch: Stopwatch,
    troubles: Mutex<Vec<Trouble>>,
}

#[derive(Clone, Copy, Debug)]
struct Trouble {
    what: &'static str,
    from: Micros,
    /// Absent while it lasts.
    to: Option<Micros>,
}

/// The trouble that is a server's death.
pub const KILL: &str = "server killed";

impl Weather {
    /// No trouble yet.
    pub fn new(watch: Stopwatch) -> Self {
        Self { watch, troubles: Mutex::default() }
    }

    /// How many troubles there were in a span of time.
    pub fn troubles_in(&self, span: Span) -> usize {
        let of = |trouble: &&Trouble| span.overlaps(Span { from: trouble.from, to: trouble.to.unwrap_or(Micros::MAX) });
        // They come one after another, so those that matter are the last ones.
        let recent = self.lock();
        recent.iter().rev().take_while(|trouble| trouble.to.is_none_or(|to| to >= span.from)).filter(of).count()
    }

    /// How often each trouble came.
    pub fn counts(&self) -> Vec<(&'static str, usize)> {
        let mut counts: Vec<(&'static str, usize)> = Vec::new();
        for trouble in self.lock().iter() {
            match counts.iter_mut().find(|(what, _)| *what == trouble.what) {
                Some((_, count)) => *count += 1,
                None => counts.push((trouble.what, 1)),
            }
        }
        counts
    }

    fn begin(&self, what: &'static str) {
        self.lock().push(Trouble { what, from: self.watch.now(), to: None });
    }

    fn end(&self) {
        let now = self.watch.now();
        if let Some(trouble) = self.lock().last_mut() {
            trouble.to = Some(now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Trouble>> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One trouble after another, until told to stop; then everything runs.
///
/// # Errors
/// When a server or the store doesn't come back.
pub async fn storm(fleet: Arc<dyn Fleet>, weather: Arc<Weather>, mut dice: Dice, mut stop: watch::Receiver<bool>) -> Result<(), String> {
    // Each kind comes once before chance has its way, and the first one at once, however short the storm is.
    let mut due = due(fleet.as_ref());
    let mut calm = Duration::ZERO;
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            () = tokio::time::sleep(calm) => {}
        }
        let what = if due.is_empty() { any(fleet.as_ref(), &mut dice) } else { due.swap_remove(dice.index(due.len())) };
        if what == KILL {
            kill(fleet.as_ref(), &weather, &mut dice).await?;
        } else {
            weather.begin(what);
            fleet.upset(what, &mut dice).await?;
            weather.end();
        }
        calm = Duration::from_millis(100 + dice.below(LONGEST_CALM));
    }
}

/// What must come at least once.
pub fn due(fleet: &dyn Fleet) -> Vec<&'static str> {
    let mut due = [&[KILL], fleet.troubles()].concat();
    due.sort_unstable();
    due.dedup();
    due
}

/// One trouble; every other one is a server's death.
fn any(fleet: &dyn Fleet, dice: &mut Dice) -> &'static str {
    let troubles = fleet.troubles();
    if troubles.is_empty() || dice.one_in(2) { KILL } else { troubles[dice.index(troubles.len())] }
}

/// Kills a server, sometimes all, and starts them again after a moment.
async fn kill(fleet: &dyn Fleet, weather: &Weather, dice: &mut Dice) -> Result<(), String> {
    let count = fleet.addresses().len();
    let victims = if dice.one_in(4) { 0..count } else { Some(dice.index(count)).map_or(0..0, |one| one..one + 1) };
    weather.begin(KILL);
    for server in victims.clone() {
        fleet.kill(server);
    }
    tokio::time::sleep(Duration::from_millis(dice.below(300))).await;
    for server in victims {
        fleet.revive(server).await?;
    }
    weather.end();
    Ok(())
}
