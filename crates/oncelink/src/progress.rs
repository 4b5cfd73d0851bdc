//! Progress bars: for people at a terminal only.

use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

/// What is being transferred, how much of it, how quickly, and for how long still.
const BYTES: &str = "{msg} [{bar:24}] {decimal_bytes}/{decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";
/// The same for things that are counted.
const ITEMS: &str = "{msg} [{bar:24}] {pos}/{len}, {eta} left";

/// How far something is.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar for `size` bytes, `done` of which are there already, shown when somebody looks.
    pub(crate) fn bytes(name: &str, size: u64, done: u64) -> Self {
        Self::begin(BYTES, name, size, done)
    }

    /// A bar for `count` things, shown when somebody looks.
    pub(crate) fn items(name: &str, count: u64) -> Self {
        Self::begin(ITEMS, name, count, 0)
    }

    /// No bar.
    pub(crate) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    fn begin(template: &str, name: &str, size: u64, done: u64) -> Self {
        if !output::is_watched() {
            return Self::hidden();
        }
        // What is there already must not count as quickly done.
        let bar = ProgressBar::new(size).with_position(done).with_message(output::tame(name));
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.reset_eta();
        Self(bar)
    }

    /// So much is done.
    pub(crate) fn at(&self, done: u64) {
        self.0.set_position(done);
    }

    /// What the bar is about has changed.
    pub(crate) fn rename(&self, name: &str) {
        self.0.set_message(output::tame(name));
    }

    /// Something to say beside the bar; only to people.
    pub(crate) fn say(&self, text: &str) {
        self.0.suspend(|| {
            if output::is_watched() {
                output::hint(text);
            }
        });
    }

    /// Does something that prints, while the bar is out of the way.
    pub(crate) fn around<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.suspend(work)
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}
